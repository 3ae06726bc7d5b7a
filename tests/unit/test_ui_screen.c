/* What the screen keeps to, whatever happens: the cursor stays on its flow, a paused picture stays,
 * no size and no hostile text breaks it. */
#include "tests/support/rows.h"

#include "test_ui_world.h"
#include "flows/failure_log.h"
#include "ui/flow_pane.h"

/* Keys pressed while the cursor is on a flow; it has to be there still. */
static const char *const keeps_cursor[] = {
    "s",      "ss",           "<",     "r", "sr", "c", "e", "/:3000{Enter}", "p", "psr",
    "h{Esc}", "{Tab}jj{Tab}", "<<<<<r"};

static void test_cursor_stays(void **state)
{
    const char *keys = *(const char *const *)*state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "{PgDn}{PgDn}");
    expect_marked(world, ":40025");
    (void)world_press(world, keys);
    expect_marked(world, ":40025");
    world_close(world);
}

static void test_cursor_stays_among_new_flows(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "jjj");
    expect_marked(world, ":50007");
    for (int i = 0; i < 40; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 30000 + i);
        (void)world_establish(world, client, "127.0.0.1:80");
        world_draw(world);
        expect_marked(world, ":50007");
    }
    (void)world_press(world, "{Home}");
    expect_marked(world, ":30039");
    (void)world_establish(world, "127.0.0.1:30040", "127.0.0.1:80");
    world_draw(world);
    expect_marked(world, ":30040");
    world_close(world);
}

static void test_failure_cursor_stays(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "{Tab}jj");
    expect_marked(world, ":4006");
    for (int i = 0; i < 20; i++) {
        char server[32];
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 7000 + i);
        world_refuse(world, "127.0.0.1:30000", server);
        world_draw(world);
        expect_marked(world, ":4006");
    }
    world_close(world);
}

static void test_pause_keeps_the_picture(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "p");
    char *before = grid_dump(&world->grid);
    for (int i = 0; i < 50; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 30000 + i);
        world_refuse(world, client, "127.0.0.1:80");
        world_wait(world, CLOCK_NS_PER_S);
        world_draw(world);
    }
    char *after = grid_dump(&world->grid);
    assert_string_not_equal(before, after); /* the top line counts on */
    assert_string_equal(strchr(before, '\n'), strchr(after, '\n'));
    (void)world_press(world, "p");
    assert_true(is_shown(world, "x50"));
    free(before);
    free(after);
    world_close(world);
}

static void test_paused_rows_can_be_searched(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "p/:3001");
    assert_true(is_shown(world, "1 row "));
    expect_marked(world, ":60001");
    (void)world_press(world, "{Esc}{End}");
    expect_marked(world, ":40001");
    world_close(world);
}

/* 60 MB/s for three seconds, then nothing. */
static void test_rate(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    struct connection busy = world_establish(world, "127.0.0.1:40001", "127.0.0.1:80");
    world_draw(world);
    for (int i = 0; i < 3000; i++) {
        world_send(world, &busy, 1, TCP_ACK, 60000);
        world_wait(world, CLOCK_NS_PER_MS - 10 * CLOCK_NS_PER_US);
        if (i % 100 == 0)
            world_draw(world);
    }
    assert_true(is_shown(world, " 60.0M "));
    world_wait(world, 2 * CLOCK_NS_PER_S);
    world_draw(world);
    world_wait(world, 2 * CLOCK_NS_PER_S);
    world_draw(world);
    assert_false(is_shown(world, "60.0M"));
    world_close(world);
}

/* A failure belongs to the kind and server of others, whoever the client is. */
static void test_failures_beyond_the_log(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    char server[32];
    for (int i = 0; i < FAILURE_LOG_MAX + 500; i++) {
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 10000 + i);
        world_refuse(world, "127.0.0.1:9", server);
    }
    world_draw(world);
    assert_true(is_shown(world, "FAILURES  1,500"));
    (void)world_press(world, "{Tab}G");
    expect_marked(world, ":10500 ");
    world_refuse(world, "127.0.0.1:8", "127.0.0.1:10500");
    world_refuse(world, "127.0.0.1:7", "127.0.0.1:10499");
    world_draw(world);
    (void)world_press(world, "g");
    expect_marked(world, ":10499 ");
    (void)world_press(world, "j");
    expect_marked(world, "x2 ");
    world_close(world);
}

/* More flows than are kept around the cursor: all of them can be reached. */
static void test_all_rows_can_be_reached(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    char client[32];
    for (int i = 1; i <= 3500; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 10000 + i);
        (void)world_establish(world, client, "127.0.0.1:80");
    }
    world_draw(world);
    expect_marked(world, ":13500");
    for (int i = 0; i < 100; i++)
        (void)world_press(world, "{PgDn}");
    expect_marked(world, ":12200");
    (void)world_press(world, "{End}");
    expect_marked(world, ":10001");
    (void)world_press(world, "{PgUp}{PgUp}");
    expect_marked(world, ":10027");
    (void)world_press(world, "r");
    expect_marked(world, ":10027");
    (void)world_press(world, "{Home}");
    expect_marked(world, ":10001");
    world_close(world);
}

/* Its flow may change places by thousands of rows between two draws. */
static void test_cursor_follows_a_leap(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    struct connection oldest = world_establish(world, "127.0.0.1:10000", "127.0.0.1:80");
    char client[32];
    for (int i = 1; i <= 3500; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 10000 + i);
        (void)world_establish(world, client, "127.0.0.1:80");
    }
    world_draw(world);
    (void)world_press(world, "<<<<<<G");
    expect_marked(world, ":10000 ");
    world_send(world, &oldest, 0, TCP_ACK | TCP_PSH, 5000);
    world_draw(world);
    expect_marked(world, ":10000 ");
    (void)world_press(world, "{Up}");
    expect_marked(world, ":10000 "); /* nothing is above it */
    world_close(world);
}

/* A table that takes more than one draw to look through: the order comes when it was seen whole,
 * and the cursor stays where keys put it meanwhile. */
static void test_order_comes_in_slices(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    static const struct known known;
    struct flow_pane *pane = calloc(1, sizeof *pane);
    struct err err;
    assert_non_null(pane);
    assert_int_equal(flow_pane_open(pane, &known, WORLD_FLOWS, &err), 0);
    pane->budget_ns = 0;
    flow_pane_group(pane, GROUP_NONE);
    for (int i = 0; i < 10000; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 10000 + i);
        struct connection made = world_connection(client, "127.0.0.1:80");
        world_send(world, &made, 0, TCP_SYN, 0);
    }
    for (int look = 1; look <= 6; look++) {
        flow_pane_collect(pane, world->tracker, world->status.now_ns, true);
        assert_int_equal(pane->matching, look < 3 ? 0 : 10000);
        assert_int_equal(pane->order_count, look < 3 ? 0 : SELECT_KEPT);
        if (look == 4)
            flow_pane_move(pane, 5);
    }
    assert_int_equal(pane->position, 5);
    assert_int_equal(pane->cursor_row.cold.id, 10000 - 5);
    /* Rows stay until the groups have places. */
    flow_pane_group(pane, GROUP_BY_SERVER);
    for (int look = 1; look <= 9; look++) {
        flow_pane_collect(pane, world->tracker, world->status.now_ns, true);
        assert_true(pane->order_count > 0);
    }
    assert_int_equal(pane->order_count, 1);
    flow_pane_close(pane);
    free(pane);
    world_close(world);
}

static const struct hostile_row {
    const char *name;
    const char *text;
} hostile_rows[] = {
    {"hostile_escape_sequence", "\x1b[2J\x1b]0;title\x07"},
    {"hostile_line_ends", "lo\r\nlo\x7f"},
    {"hostile_c1_control", "\xc2\x9b\x33\x31m"},
    {"hostile_right_to_left", "\xe2\x80\xaegnp.exe"},
    {"hostile_invalid", "\xff\xfe\xc3"},
    {"hostile_wide", "日本語のインターフェース"},
};

/* No control character reaches a cell, and an ASCII screen is ASCII. */
static void test_hostile_text(void **state)
{
    const struct hostile_row *row = *state;
    const char *text = row->text;
    for (int utf8 = 0; utf8 < 2; utf8++) {
        struct world *world = world_open(120, 24, utf8);
        world_crowd(world);
        world->status.name = text;
        world->status.filter = text;
        world->status.trouble = text;
        world_draw(world);
        (void)world_press(world, "/");
        for (const char *at = text; *at != '\0'; at++)
            (void)screen_key(world->screen, (uint8_t)*at);
        world_draw(world);
        for (int i = 0; i < world->grid.width * world->grid.height; i++) {
            uint32_t code = world->grid.cells[i].code;
            assert_false(code > 0 && code < 0x20);
            assert_false(code >= 0x7f && code < 0xa0);
            assert_false(code == 0x202e);
            assert_true(utf8 || (code >= 0x20 && code < 0x7f));
        }
        world_close(world);
    }
}

static void test_name_is_shown_escaped(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world->status.name = "lo\x1b[31m";
    world_draw(world);
    assert_true(is_shown(world, "lo\\x1b[31m"));
    world_close(world);
}

/* All small sizes, in all modes, with the cursor at either end. */
static void test_tiny_screens(void **state)
{
    (void)state;
    static const char *const modes[] = {"",       "{End}", "h",   "{Esc}/x",  "{Esc}/prt:1{Enter}",
                                        "{Esc}p", "{Tab}", "ecs", "/is:{Tab}"};
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world->status.trouble = "the interface went away; start again when it is back";
    world_draw(world);
    for (size_t mode = 0; mode < COUNT(modes); mode++) {
        (void)world_press(world, modes[mode]);
        for (int height = 1; height <= 14; height++) {
            for (int width = 1; width <= 45; width += 2) {
                world_resize(world, width, height);
                world_draw(world);
                (void)world_press(world, "j{PgDn}k");
            }
        }
    }
    world_close(world);
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    char *before = grid_dump(&world->grid);
    uint32_t random = 1;
    for (int i = 0; i < 300; i++) {
        random = random * 1664525 + 1013904223;
        world_resize(world, 1 + (int)(random >> 16) % GRID_WIDTH_MAX,
                     1 + (int)(random >> 8) % (GRID_HEIGHT_MAX / 10));
        world_draw(world);
    }
    world_resize(world, 80, 24);
    world_draw(world);
    char *after = grid_dump(&world->grid);
    assert_string_equal(before, after);
    free(before);
    free(after);
    world_close(world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, keeps_cursor, test_cursor_stays);
    ROWS_ADD(&set, hostile_rows, test_hostile_text);
    ROWS_ADD_ONE(&set, test_cursor_stays_among_new_flows);
    ROWS_ADD_ONE(&set, test_failure_cursor_stays);
    ROWS_ADD_ONE(&set, test_pause_keeps_the_picture);
    ROWS_ADD_ONE(&set, test_paused_rows_can_be_searched);
    ROWS_ADD_ONE(&set, test_rate);
    ROWS_ADD_ONE(&set, test_failures_beyond_the_log);
    ROWS_ADD_ONE(&set, test_all_rows_can_be_reached);
    ROWS_ADD_ONE(&set, test_name_is_shown_escaped);
    ROWS_ADD_ONE(&set, test_tiny_screens);
    ROWS_ADD_ONE(&set, test_resize_storm);
    ROWS_ADD_ONE(&set, test_cursor_follows_a_leap);
    ROWS_ADD_ONE(&set, test_order_comes_in_slices);
    return rows_run(&set, "ui_screen");
}
