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

/* With a refused connection and its diagnosis; {Tab}{Enter} is the page about it. */
static const struct row trouble_rows[] = {
    {"trouble_help", TROUBLE, "{Tab}{Enter}", "h", NULL, "show this help", "WHAT TO DO", false},
    {"trouble_help_by_question_mark", TROUBLE, "{Tab}{Enter}", "?", NULL, "show this help",
     "WHAT TO DO", false},
    {"trouble_pause", TROUBLE, "{Tab}{Enter}", "p", NULL, "PAUSED", NULL, false},
    {"trouble_pause_by_space", TROUBLE, "{Tab}{Enter}", "{Space}", NULL, "PAUSED", NULL, false},
    {"trouble_down", TROUBLE, "{Tab}{Enter}", "{Down}", "was refused", NULL, NULL, false},
    {"trouble_down_by_letter", TROUBLE, "{Tab}{Enter}", "j", "was refused", NULL, NULL, false},
    {"trouble_up", TROUBLE, "{Tab}{Enter}jj", "{Up}", "was refused", NULL, NULL, false},
    {"trouble_up_by_letter", TROUBLE, "{Tab}{Enter}jj", "k", "was refused", NULL, NULL, false},
    {"trouble_page_down", TROUBLE, "{Tab}{Enter}", "{PgDn}", NULL, "EVIDENCE", NULL, false},
    {"trouble_page_up", TROUBLE, "{Tab}{Enter}G", "{PgUp}", NULL, "WHAT TO DO", NULL, false},
    {"trouble_first", TROUBLE, "{Tab}{Enter}G", "{Home}", "refused (seen)", NULL, NULL, false},
    {"trouble_first_by_letter", TROUBLE, "{Tab}{Enter}G", "g", "refused (seen)", NULL, NULL, false},
    {"trouble_last", TROUBLE, "{Tab}{Enter}", "{End}", "attempts", NULL, "(seen)", false},
    {"trouble_last_by_letter", TROUBLE, "{Tab}{Enter}", "G", "attempts", NULL, "(seen)", false},
    {"trouble_redraw", TROUBLE, "{Tab}{Enter}j", "{Ctrl-L}", "was refused", NULL, NULL, true},
    {"trouble_chooses_nothing", TROUBLE, "{Tab}{Enter}", "{Enter}", "(seen)", "choose a line of",
     NULL, false},
    {"trouble_copies_advice", TROUBLE, "{Tab}{Enter}jjjj", "{Enter}", "sudo ss", "Esc back", NULL,
     false},
    {"trouble_shows_flow", TROUBLE, "{Tab}{Enter}jjjjjjjjjjjj", "{Enter}", NULL, " Overview ",
     "WHAT TO DO", false},
    {"trouble_back_from_flow", FLOW, "{Tab}{Enter}jjjjjjjjjjjj{Enter}", "q", "41234", "WHAT TO DO",
     NULL, false},
    {"trouble_of_failure", LIST, "{Tab}j", "{Enter}", NULL, "answered with RST or an ICMP error",
     NULL, false},
    {"trouble_left", TROUBLE, "{Tab}{Enter}", "{Esc}", "was refused", "FAILURES", NULL, false},
    {"trouble_left_by_q", TROUBLE, "{Tab}{Enter}", "q", "was refused", "FAILURES", NULL, false},
    {"trouble_command", TROUBLE, "{Tab}{Enter}", ":", NULL, "Enter run", NULL, false},
    {"trouble_to_flows", TROUBLE, "{Tab}{Enter}", "1", NULL, "FAILURES", "WHAT TO DO", false},
    {"trouble_to_events", TROUBLE, "{Tab}{Enter}", "2", NULL, "showing all", "WHAT TO DO", false},
    {"trouble_to_ports", TROUBLE, "{Tab}{Enter}", "3", NULL, "clients get ports", "WHAT TO DO",
     false},
    {"trouble_to_about", TROUBLE, "{Tab}{Enter}", "4", NULL, "not known yet", "WHAT TO DO", false},
    {"trouble_copy", TROUBLE, "{Tab}{Enter}", "y", NULL, "d diagnosis  a advice", "t tcpdump",
     false},
    {"copy_diagnosis", COPY_DIAGNOSIS, "{Tab}{Enter}y", "d", NULL, "Esc back", "a advice", false},
    {"copy_diagnosis_again", COPY_DIAGNOSIS, "{Tab}{Enter}y", "y", NULL, "Esc back", "a advice",
     false},
    {"copy_advice", COPY_DIAGNOSIS, "{Tab}{Enter}y", "a", NULL, "Esc back", "a advice", false},
    {"copy_diagnosis_not", COPY_DIAGNOSIS, "{Tab}{Enter}y", "{Esc}", NULL, "Esc back", "a advice",
     false},
    {"copy_diagnosis_not_by_q", COPY_DIAGNOSIS, "{Tab}{Enter}y", "q", NULL, "Esc back", "a advice",
     false},
    {"copy_diagnosis_redraw", COPY_DIAGNOSIS, "{Tab}{Enter}y", "{Ctrl-L}", NULL, "a advice", NULL,
     true},
    {"copy_of_flow_and_diagnosis", FLOW, "{Enter}", "y", NULL, "d diagnosis", "Esc back", false},
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

static void check_row(struct world *world, const struct row *row)
{
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
    check_row(world, row);
    free(ports);
    world_close(world);
}

static void test_trouble_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open_known(80, 24, true);
    struct port_list *ports = pages_ports(world->status.now_ns);
    struct connection curl = world_connection("127.0.0.1:41234", "127.0.0.1:3000");
    world->status.ports = ports;
    world_refuse(world, "127.0.0.1:41234", "127.0.0.1:3000");
    world_name(world, &curl, 0, world_process("curl", 4711, "curl http://localhost:3000/"));
    world_draw(world);
    (void)world_press(world, row->before);
    world_draw(world);
    check_row(world, row);
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
        for (size_t j = 0; j < COUNT(trouble_rows); j++)
            pressed |= presses(trouble_rows[j].key, keys[i].name) ? trouble_rows[j].context : 0;
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
    ROWS_ADD(&set, trouble_rows, test_trouble_row);
    ROWS_ADD(&set, wish_rows, test_wish);
    ROWS_ADD_ONE(&set, test_quit);
    ROWS_ADD_ONE(&set, test_every_key_has_a_row);
    return rows_run(&set, "ui_keys");
}
