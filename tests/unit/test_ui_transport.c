/* The bar of a file that is played: whole screens against tests/golden/ui/replay_*.txt, and where a click
 * on its timeline leads. */
#include "test_ui_golden.h"

#include "ui/transport_bar.h"

#define MS CLOCK_NS_PER_MS
#define S  CLOCK_NS_PER_S

/* A minute: a quiet beginning, a burst with failures, a silence, a steady rest. */
static void fill(struct density *density)
{
    for (int64_t at_ns = 0; at_ns < 20 * S; at_ns += 500 * MS)
        density_add(density, at_ns, false);
    for (int64_t at_ns = 20 * S; at_ns < 25 * S; at_ns += 2 * MS)
        density_add(density, at_ns, at_ns % (700 * MS) == 0);
    for (int64_t at_ns = 40 * S; at_ns <= 60 * S; at_ns += 20 * MS)
        density_add(density, at_ns, at_ns == 50 * S);
}

static const struct transport_state paused = {
    .mode = TRANSPORT_PAUSED,
    .speed = 1,
    .place_ns = 22500 * MS,
    .time_ns = WORLD_BEGIN_NS + 22500 * MS,
    .end_ns = 60 * S,
    .packets = 1290,
    .known = 3541,
    .is_known_whole = true,
    .read_percent = 100,
};

static struct transport_state state_of(enum transport_mode mode)
{
    struct transport_state state = paused;
    state.mode = mode;
    return state;
}

static struct transport_state playing(void)
{
    struct transport_state state = state_of(TRANSPORT_PLAYING);
    state.speed = 10;
    return state;
}

static struct transport_state silent(void)
{
    struct transport_state state = state_of(TRANSPORT_PLAYING);
    state.speed = 0.25;
    state.place_ns = 30 * S;
    state.time_ns = WORLD_BEGIN_NS + 30 * S;
    state.wait_ns = 40 * S;
    return state;
}

static struct transport_state seeking(void)
{
    struct transport_state state = state_of(TRANSPORT_SEEKING);
    state.goal = 0.43;
    return state;
}

static struct transport_state ended(void)
{
    struct transport_state state = state_of(TRANSPORT_ENDED);
    state.packets = state.known;
    state.place_ns = state.end_ns;
    state.time_ns = WORLD_BEGIN_NS + 60 * S;
    return state;
}

/* Half of the file was read so far. */
static struct transport_state reading(void)
{
    struct transport_state state = state_of(TRANSPORT_PLAYING);
    state.speed = 0;
    state.is_known_whole = false;
    state.read_percent = 50;
    state.packets = state.known;
    state.place_ns = state.end_ns;
    return state;
}

static struct transport_state through_a_pipe(void)
{
    struct transport_state state = state_of(TRANSPORT_PAUSED);
    state.one_way = true;
    state.is_known_whole = false;
    state.read_percent = -1;
    return state;
}

static struct transport_state at_the_beginning(void)
{
    struct transport_state state = state_of(TRANSPORT_PAUSED);
    state.packets = 0;
    state.place_ns = 0;
    state.time_ns = WORLD_BEGIN_NS;
    return state;
}

static struct transport_state halted(void)
{
    return paused;
}

static const struct row {
    const char *name;
    int width, height;
    bool utf8;
    struct transport_state (*state)(void);
    const char *keys;
} rows[] = {
    {"replay_paused_80x24", 80, 24, true, halted, ""},
    {"replay_paused_40x12", 40, 12, true, halted, ""},
    {"replay_paused_40x24", 40, 24, true, halted, ""},
    {"replay_paused_120x40", 120, 40, true, halted, ""},
    {"replay_paused_ascii_80x24", 80, 24, false, halted, ""},
    {"replay_playing_80x24", 80, 24, true, playing, ""},
    {"replay_playing_40x12", 40, 12, true, playing, ""},
    {"replay_silent_120x40", 120, 40, true, silent, ""},
    {"replay_seeking_80x24", 80, 24, true, seeking, ""},
    {"replay_ended_80x24", 80, 24, true, ended, ""},
    {"replay_ended_40x12", 40, 12, true, ended, ""},
    {"replay_reading_80x24", 80, 24, true, reading, ""},
    {"replay_pipe_120x40", 120, 40, true, through_a_pipe, ""},
    {"replay_begin_80x24", 80, 24, true, at_the_beginning, ""},
    {"replay_typing_80x24", 80, 24, true, halted, "t1m30"},
    {"replay_typing_40x12", 40, 12, true, halted, "t1m30"},
    {"replay_help_80x24", 80, 24, true, halted, "hGkkkkkkkkkkkk"},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open(row->width, row->height, row->utf8);
    struct density density = {0};
    fill(&density);
    struct transport_state transport = row->state();
    transport.density = &density;
    world_crowd(world);
    world->status.live = false;
    world->status.name = "/srv/captures/checkout-fails.pcap";
    world->status.ended = transport.mode == TRANSPORT_ENDED;
    world->status.percent = 50;
    world->status.packets = transport.packets;
    world->status.transport = &transport;
    world_draw(world);
    (void)world_press(world, row->keys);
    golden_check(&world->grid, row->name);
    world_close(world);
}

/* From cell to part of the capture and back. */
static void test_hits(void **state)
{
    (void)state;
    struct density density = {0};
    struct transport transport = {.utf8 = true};
    struct transport_state shown = paused;
    struct grid grid = {0};
    struct err err;
    fill(&density);
    shown.density = &density;
    assert_int_equal(grid_resize(&grid, 80, 24, &err), 0);
    assert_int_equal(transport_draw(&transport, &grid, 23, &shown), 2);
    assert_true(transport_hit(&transport, 22, 0) == 0);
    assert_true(transport_hit(&transport, 22, 79) == 1);
    assert_true(transport_hit(&transport, 21, 10) < 0);
    assert_true(transport_hit(&transport, 23, 10) < 0);
    assert_true(transport_hit(&transport, 22, 80) < 0);
    assert_true(transport_hit(&transport, 22, -1) < 0);
    assert_int_equal(grid_resize(&grid, 40, 12, &err), 0);
    assert_int_equal(transport_draw(&transport, &grid, 11, &shown), 1);
    assert_true(transport_hit(&transport, 10, 0) < 0);
    assert_true(transport_hit(&transport, 10, 39) == 1);
    assert_int_equal(grid_resize(&grid, 5, 2, &err), 0);
    assert_int_equal(transport_draw(&transport, &grid, 1, &shown), 0);
    assert_true(transport_hit(&transport, 0, 1) < 0);
    grid_free(&grid);
}

/* Nothing is lost while the buckets widen. */
static void test_density(void **state)
{
    (void)state;
    struct density density = {0};
    uint64_t packets = 0, failures = 0;
    for (int64_t at_ns = 0; at_ns < 3600 * S; at_ns += at_ns / 7 + 13) {
        density_add(&density, at_ns, packets % 3 == 0);
        failures += packets++ % 3 == 0;
        struct density_part all = density_between(&density, 0, at_ns + 1);
        assert_int_equal(all.packets, packets);
        assert_int_equal(all.failures, failures);
    }
    density_add(&density, INT64_C(3000000000000000000), true);
    struct density_part all = density_between(&density, 0, INT64_MAX / 2);
    assert_int_equal(all.packets, packets + 1);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_hits);
    ROWS_ADD_ONE(&set, test_density);
    return rows_run(&set, "ui_transport");
}
