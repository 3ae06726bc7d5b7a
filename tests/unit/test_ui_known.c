/* Processes and diagnoses on the screen: what changes stays in its place, what holds no more goes, and
 * no name of a process breaks anything. */
#include "tests/support/rows.h"

#include "diagnose/rules.h"
#include "test_ui_world.h"
#include "ui/known.h"

static void expect_shown(const struct world *world, const char *part, bool shown)
{
    if (is_shown(world, part) == shown)
        return;
    char *dump = grid_dump(&world->grid);
    print_error("%s\n", dump);
    free(dump);
    fail_msg("\"%s\" is %s", part, shown ? "missing" : "there");
}

/* The line that begins first with this text, counted from the top; -1: none. */
static int line_with(const struct world *world, const char *part)
{
    char text[WORLD_TEXT_MAX];
    for (int row = 0; row < world->grid.height; row++) {
        (void)grid_row_text(&world->grid, row, text);
        if (strstr(text, part))
            return row;
    }
    return -1;
}

static struct finding *find(struct world *world, enum code code, uint16_t port)
{
    struct finding *found = findings_find(&world->diagnoser->findings,
                                          (struct finding_key){.code = code, .port = port});
    assert_non_null(found);
    return found;
}

static struct finding *add(struct world *world, enum code code, uint16_t port)
{
    return findings_add(&world->diagnoser->findings,
                        (struct finding_key){.code = code, .port = port}, world->status.now_ns);
}

static void test_newest_first_and_in_place(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    world_refuse(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_wait(world, CLOCK_NS_PER_S);
    world_refuse(world, "127.0.0.1:40002", "127.0.0.1:4000");
    world_draw(world);
    int above = line_with(world, "connecting to 127.0.0.1:4000");
    assert_int_equal(line_with(world, "connecting to 127.0.0.1:3000"), above + 1);
    for (int i = 0; i < 20; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 50000 + i);
        world_refuse(world, client, "127.0.0.1:3000");
        world_wait(world, CLOCK_NS_PER_S);
        world_draw(world);
        assert_int_equal(line_with(world, "connecting to 127.0.0.1:4000"), above);
        assert_int_equal(line_with(world, "connecting to 127.0.0.1:3000"), above + 1);
    }
    expect_shown(world, "refused      x21 connecting to 127.0.0.1:3000", true);
    world_wait(world, 2 * KNOWN_QUIET_NS);
    world_draw(world);
    world_refuse(world, "127.0.0.1:40004", "127.0.0.1:3000");
    world_draw(world);
    assert_int_equal(line_with(world, "connecting to 127.0.0.1:3000"), above);
    world_close(world);
}

static void test_superseded_disappears(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    world_refuse(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_draw(world);
    (void)world_press(world, "{Tab}{Enter}");
    expect_shown(world, "refused (seen)", true);
    struct finding *better = add(world, CODE_REFUSED_NO_LISTENER, 3000);
    findings_withdraw(&world->diagnoser->findings, find(world, CODE_REFUSED, 3000), better);
    better->diagnosis.supersedes |= code_bit(CODE_REFUSED);
    world_draw(world);
    expect_shown(world, "refused-no-listener", true);
    expect_shown(world, "SEEN", true);
    (void)world_press(world, "{Esc}");
    expect_shown(world, "tcp no-listener", true);
    expect_shown(world, "DIAGNOSES  1", true);
    expect_shown(world, "no program listens on", true);
    findings_withdraw(&world->diagnoser->findings, better, NULL);
    (void)world_press(world, "{Enter}");
    world_draw(world);
    (void)world_press(world, "{Esc}");
    expect_shown(world, "tcp refused ", true);
    expect_shown(world, "DIAGNOSES  0", true);
    world_close(world);
}

/* A code of a flow that no diagnosis of its port stands for any more. */
static void test_row_without_its_diagnosis(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    char client[32];
    for (int i = 0; i < 2 * DIAGNOSIS_FLOWS; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 40000 + i);
        struct connection lost = world_establish(world, client, "127.0.0.1:3000");
        world_send(world, &lost, 0, TCP_ACK | TCP_PSH, 10);
        world_send(world, &lost, 1, TCP_RST, 0);
    }
    (void)add(world, CODE_STALE_CONNECTION, 4000);
    world_draw(world);
    expect_shown(world, "tcp stale", true);
    findings_withdraw(&world->diagnoser->findings, find(world, CODE_STALE_CONNECTION, 3000), NULL);
    world_draw(world);
    expect_shown(world, "tcp stale", false);
    expect_shown(world, "tcp reset", true);
    world_close(world);
}

static void test_cursor_stays_on_a_diagnosis(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    char server[32];
    for (int i = 0; i < 5; i++) {
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 3000 + i);
        world_refuse(world, "127.0.0.1:40001", server);
        world_wait(world, CLOCK_NS_PER_MS);
    }
    world_draw(world);
    (void)world_press(world, "{Tab}jj");
    expect_marked(world, "connecting to 127.0.0.1:3002");
    for (int i = 0; i < 9; i++) {
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 5000 + i);
        world_refuse(world, "127.0.0.1:40002", server);
        world_wait(world, CLOCK_NS_PER_MS);
        world_draw(world);
        expect_marked(world, "connecting to 127.0.0.1:3002");
    }
    (void)world_press(world, "G");
    expect_marked(world, "RST after");
    (void)world_press(world, "g");
    expect_marked(world, "connecting to 127.0.0.1:5008");
    world_close(world);
}

static void test_pause_keeps_diagnoses(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    world_refuse(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_draw(world);
    (void)world_press(world, "p");
    world_refuse(world, "127.0.0.1:40002", "127.0.0.1:3000");
    world_refuse(world, "127.0.0.1:40003", "127.0.0.1:4000");
    world_draw(world);
    expect_shown(world, "DIAGNOSES  1  FAILURES  1", true);
    expect_shown(world, "x2", false);
    (void)world_press(world, "p");
    expect_shown(world, "DIAGNOSES  2  FAILURES  3", true);
    world_close(world);
}

/* The page stays when its flow is gone, and says so. */
static void test_details_of_a_flow_that_goes(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 30, true);
    struct connection made = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_name(world, &made, 1, world_process("node", 42, "node server.js"));
    world_draw(world);
    (void)world_press(world, "{Enter}");
    expect_shown(world, "node(42)  127.0.0.1:3000", true);
    expect_shown(world, "node server.js", true);
    world_send(world, &made, 0, TCP_ACK | TCP_PSH, 777);
    world_draw(world);
    expect_shown(world, "BYTE>         777", true);
    for (int i = 0; i < 3; i++) /* retired by one call, free with the next */
        (void)tracker_finish(world->tracker, &world->events);
    world_draw(world);
    expect_shown(world, "gone from the table", true);
    expect_shown(world, "BYTE>         777", true);
    world_close(world);
}

static void test_nothing_to_choose(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    world_draw(world);
    (void)world_press(world, "{Enter}{Tab}{Enter}");
    expect_shown(world, "DIAGNOSES  0", true);
    world_close(world);
}

static void test_filter_by_name_and_diagnosis(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    struct connection made = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_name(world, &made, 0, world_process("Web Server", 42, ""));
    world_refuse(world, "127.0.0.1:40002", "127.0.0.1:4000");
    world_draw(world);
    (void)world_press(world, "/web server(42){Enter}");
    expect_shown(world, "1 row ", true);
    expect_marked(world, ":40001");
    (void)world_press(world, "{Esc}/!web{Enter}");
    expect_shown(world, "1 row ", true);
    expect_marked(world, ":40002");
    struct finding *better = add(world, CODE_REFUSED_NO_LISTENER, 4000);
    findings_withdraw(&world->diagnoser->findings, find(world, CODE_REFUSED, 4000), better);
    (void)world_press(world, "{Esc}/no-listener{Enter}");
    expect_shown(world, "1 row ", true);
    (void)world_press(world, "{Esc}/refused-no-l{Enter}");
    expect_marked(world, ":40002");
    world_close(world);
}

/* Names of processes: no cell holds a control character, and rows do not leave their columns. */
static const struct hostile_row {
    const char *name;
    const char *comm;
} hostile_rows[] = {
    {"hostile_title", "\x1b]0;owned\a"},
    {"hostile_clear", "\x1b[2J\x1b[H"},
    {"hostile_white", "\r\n\t\b\x7f"},
    {"hostile_c1", "\xc2\x9b"
                   "31m"},
    {"hostile_wide", "日本語日本"},
    {"hostile_combining", "e\u0301\u0301\u0301\u0301"},
    {"hostile_override", "\u202egnp.exe"},
    {"hostile_invalid", "\xff\xfe\xc3"},
    {"hostile_no_width", "\u200b\u200b\u200b"},
    {"hostile_like_ends", "a b -> c:80"},
    {"hostile_format", "{client}[%s%n]"},
    {"hostile_space", " "},
};

static void expect_harmless(const struct world *world)
{
    for (int row = 0; row < world->grid.height; row++) {
        for (int column = 0; column < world->grid.width; column++) {
            uint32_t code = grid_cell(&world->grid, row, column)->code;
            assert_false((code > 0 && code < 0x20) || (code >= 0x7f && code < 0xa0));
            assert_false(code >= 0x200b && code <= 0x202e && code != 0x2026);
        }
    }
}

static void test_hostile_name(void **state)
{
    const struct hostile_row *row = *state;
    struct world *world = world_open_known(80, 24, true);
    struct connection made = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    for (int end = 0; end < 2; end++)
        world_name(world, &made, end, world_process(row->comm, 2147483647, row->comm));
    world_refuse(world, "127.0.0.1:40002", "127.0.0.1:4000");
    struct finding *finding = add(world, CODE_REFUSED_NO_LISTENER, 4000);
    struct party party = {.pid = 2147483647, .count = 1};
    (void)snprintf(party.comm, sizeof party.comm, "%s", row->comm);
    diagnosis_tally(&finding->diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &party);
    for (int width = 1; width <= 200; width++) {
        world_resize(world, width, 24);
        world_draw(world);
        expect_harmless(world);
        if (width >= 40)
            expect_shown(world, ":3000", true);
        (void)world_press(world, "{Tab}{Enter}");
        expect_harmless(world);
        (void)world_press(world, "{Esc}{Tab}G{Enter}");
        expect_harmless(world);
        (void)world_press(world, "{Esc}");
    }
    world_close(world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_newest_first_and_in_place);
    ROWS_ADD_ONE(&set, test_superseded_disappears);
    ROWS_ADD_ONE(&set, test_row_without_its_diagnosis);
    ROWS_ADD_ONE(&set, test_cursor_stays_on_a_diagnosis);
    ROWS_ADD_ONE(&set, test_pause_keeps_diagnoses);
    ROWS_ADD_ONE(&set, test_details_of_a_flow_that_goes);
    ROWS_ADD_ONE(&set, test_nothing_to_choose);
    ROWS_ADD_ONE(&set, test_filter_by_name_and_diagnosis);
    ROWS_ADD(&set, hostile_rows, test_hostile_name);
    return rows_run(&set, "ui_known");
}
