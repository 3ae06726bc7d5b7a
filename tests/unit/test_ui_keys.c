/* What every key does, one row a key; a key of ui/key.def without a row fails. */
#include "tests/support/rows.h"

#include "test_ui_pages.h"
#include "ui/keymap.h"
#include "test_ui_key_rows.h"

/* A place is typed: "t" opens the line. */
static const struct row seek_rows[] = {
    {"place_typed", SEEK, "t", "5", NULL, "go to 5 ", NULL, false},
    {"place_erased", SEEK, "t50", "{Backspace}", NULL, "go to 5 ", "go to 50", false},
    {"place_line_closes", SEEK, "t", "{Backspace}", NULL, "paused", "go to  ", false},
    {"place_erased_whole", SEEK, "t50", "{Ctrl-U}", NULL, "go to  ", "go to 5", false},
    {"place_redraw", SEEK, "t5", "{Ctrl-L}", NULL, "go to 5 ", NULL, true},
    {"place_dropped", SEEK, "t50%", "{Esc}", NULL, "paused", "go to 50%", false},
};

/* What keys ask of a file that is played. */
static const struct wish_row {
    const char *name;
    int context;
    const char *before, *key;
    enum screen_request_kind kind;
    double number;
    const char *text;
} wish_rows[] = {
    {"play", REPLAY, "", "p", SCREEN_REQUEST_PLAY, 0, ""},
    {"play_on_a_page", REPLAY, "h", "{Space}", SCREEN_REQUEST_PLAY, 0, ""},
    {"slower", REPLAY, "", "[", SCREEN_REQUEST_SPEED, -1, ""},
    {"faster", REPLAY, "", "]", SCREEN_REQUEST_SPEED, 1, ""},
    {"step", REPLAY, "", ".", SCREEN_REQUEST_STEP, TRANSPORT_STEP_PACKET, ""},
    {"step_back", REPLAY, "", ",", SCREEN_REQUEST_STEP, TRANSPORT_STEP_BACK, ""},
    {"step_event", REPLAY, "", ";", SCREEN_REQUEST_STEP, TRANSPORT_STEP_EVENT, ""},
    {"next_failure", REPLAY, "", "}", SCREEN_REQUEST_SEEK, 0, "next"},
    {"failure_before", REPLAY, "", "{{}", SCREEN_REQUEST_SEEK, 0, "previous"},
    {"further", REPLAY, "", "{Right}", SCREEN_REQUEST_SEEK, 0, "+1%"},
    {"back", REPLAY, "", "{Left}", SCREEN_REQUEST_SEEK, 0, "-1%"},
    {"go_to", SEEK, "t50%", "{Enter}", SCREEN_REQUEST_SEEK, 0, "50%"},
    {"go_to_nothing", REPLAY, "t", "{Enter}", SCREEN_REQUEST_NONE, 0, ""},
    {"line_opens", REPLAY, "", "t", SCREEN_REQUEST_NONE, 0, ""},
};

static const struct transport_state transport = {
    .mode = TRANSPORT_PAUSED,
    .speed = 1,
    .place_ns = 5 * CLOCK_NS_PER_S,
    .time_ns = WORLD_BEGIN_NS + 5 * CLOCK_NS_PER_S,
    .end_ns = 10 * CLOCK_NS_PER_S,
    .packets = 50,
    .known = 100,
    .is_known_whole = true,
    .density = &(const struct density){0},
};

static void expect_text(const char *text, const char *part, bool present)
{
    if (part && (strstr(text, part) != NULL) != present)
        fail_msg("\"%s\" %s in:\n%s", part, present ? "is not" : "is", text);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    struct port_list *ports = pages_ports(world->status.now_ns);
    world->status.ports = ports;
    world_draw(world);
    (void)world_press(world, row->before);
    char *before = grid_dump(&world->grid);
    assert_int_equal(world_press(world, row->key), SCREEN_STAY);
    char *after = grid_dump(&world->grid);
    char marked[WORLD_TEXT_MAX];
    world_marked(world, marked);
    expect_text(marked, row->marked, true);
    expect_text(after, row->shown, true);
    expect_text(after, row->missing, false);
    if (row->same)
        assert_string_equal(before, after);
    free(before);
    free(after);
    free(ports);
    world_close(world);
}

static void test_seek_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open(80, 24, true);
    world->status.live = false;
    world->status.transport = &transport;
    world_draw(world);
    (void)world_press(world, row->before);
    char *before = grid_dump(&world->grid);
    (void)world_press(world, row->key);
    char *after = grid_dump(&world->grid);
    expect_text(after, row->shown, true);
    expect_text(after, row->missing, false);
    if (row->same)
        assert_string_equal(before, after);
    free(before);
    free(after);
    world_close(world);
}

static void test_wish(void **state)
{
    const struct wish_row *row = *state;
    struct world *world = world_open(80, 24, true);
    struct screen_request request = {.kind = SCREEN_REQUEST_NONE};
    world->status.live = false;
    world->status.transport = &transport;
    world_draw(world);
    (void)world_press(world, row->before);
    assert_false(screen_take_request(world->screen, &request));
    (void)world_press(world, row->key);
    assert_int_equal(screen_take_request(world->screen, &request), row->kind != 0);
    assert_int_equal(request.kind, row->kind);
    if (row->kind != SCREEN_REQUEST_NONE) {
        assert_true(request.number == row->number);
        assert_string_equal(request.text, row->text);
    }
    assert_false(screen_take_request(world->screen, &request));
    world_close(world);
}

static void test_quit(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    for (const char *tab = "1234"; *tab != '\0'; tab++) {
        const char keys[] = {*tab, 'q', '\0'};
        assert_int_equal(world_press(world, keys), SCREEN_QUIT);
    }
    (void)world_press(world, "1");
    assert_int_equal(world_press(world, "hq"), SCREEN_STAY);
    assert_int_equal(world_press(world, "/q"), SCREEN_STAY);
    assert_int_equal(world_press(world, "{Esc}:quit{Enter}"), SCREEN_QUIT);
    world_close(world);
}

static bool presses(const char *key, const char *name)
{
    char braced[32];
    (void)snprintf(braced, sizeof braced, "{%s}", name);
    return strcmp(key, name) == 0 || strcmp(key, braced) == 0;
}

static void test_every_key_has_a_row(void **state)
{
    (void)state;
    static const struct {
        int contexts;
        uint32_t code;
        const char *name;
    } keys[] = {
#define KEY(contexts, code, NAME, name) {contexts, code, name},
#include "ui/key.def"
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        int pressed = keys[i].code == 'q' ? LIST | EVENTS | PORTS | ABOUT : 0; /* test_quit */
        for (size_t j = 0; j < COUNT(rows); j++)
            pressed |= presses(rows[j].key, keys[i].name) ? rows[j].context : 0;
        for (size_t j = 0; j < COUNT(seek_rows); j++)
            pressed |= presses(seek_rows[j].key, keys[i].name) ? seek_rows[j].context : 0;
        for (size_t j = 0; j < COUNT(wish_rows); j++)
            pressed |= presses(wish_rows[j].key, keys[i].name) ? wish_rows[j].context : 0;
        if ((pressed & keys[i].contexts) != keys[i].contexts)
            fail_msg("no row presses %s everywhere", keys[i].name);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD(&set, seek_rows, test_seek_row);
    ROWS_ADD(&set, wish_rows, test_wish);
    ROWS_ADD_ONE(&set, test_quit);
    ROWS_ADD_ONE(&set, test_every_key_has_a_row);
    return rows_run(&set, "ui_keys");
}
