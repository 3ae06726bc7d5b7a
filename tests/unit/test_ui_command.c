/* Commands, the configuration, keys that the user maps, and the mouse on the screen. */
#include "tests/support/rows.h"

#include <errno.h>

#include "test_ui_world.h"
#include "ui/command.h"
#include "ui/preferences.h"

#define SAID_MAX 2048

#define CONFIG COMMAND_IN_CONFIG
#define SCREEN COMMAND_IN_SCREEN

/* `wrong` NULL: the command is good, and `name` is what it is. */
static const struct parse_row {
    const char *name;
    const char *line;
    enum command_place place;
    const char *wrong;
    enum command_name command;
} parse_rows[] = {
    {"parse_theme", "theme light", CONFIG, NULL, COMMAND_THEME},
    {"parse_spaces", "  theme \t light ", CONFIG, NULL, COMMAND_THEME},
    {"parse_case", "Theme LIGHT", CONFIG, NULL, COMMAND_THEME},
    {"parse_theme_missing", "theme", CONFIG, "theme wants dark, light, contrast or mono", 0},
    {"parse_theme_unknown", "theme lite", CONFIG,
     "theme wants dark, light, contrast or mono, not \"lite\"", 0},
    {"parse_theme_more", "theme light dark", CONFIG, "theme wants nothing more, not \"dark\"", 0},
    {"parse_mouse", "mouse off", SCREEN, NULL, COMMAND_MOUSE},
    {"parse_mouse_wrong", "mouse maybe", SCREEN, "mouse wants on or off, not \"maybe\"", 0},
    {"parse_utf8", "utf8 off", CONFIG, NULL, COMMAND_UTF8},
    {"parse_utf8_on_screen", "utf8 off", SCREEN, NULL, COMMAND_UTF8},
    {"parse_sort", "sort bytes-sent", CONFIG, NULL, COMMAND_SORT},
    {"parse_sort_reverse", "sort age reverse", CONFIG, NULL, COMMAND_SORT},
    {"parse_sort_wrong", "sort size", CONFIG,
     "sort wants COLUMN, not \"size\"; the manual lists them all", 0},
    {"parse_sort_wrong_way", "sort age backwards", CONFIG, "sort wants reverse, not \"backwards\"",
     0},
    {"parse_columns", "columns client server state", CONFIG, NULL, COMMAND_COLUMNS},
    {"parse_columns_none", "columns", CONFIG, NULL, COMMAND_COLUMNS},
    {"parse_columns_twice", "columns client age client", CONFIG,
     "columns wants each column once, and client is there twice", 0},
    {"parse_columns_wrong", "columns client x", CONFIG,
     "columns wants COLUMN, not \"x\"; the manual lists them all", 0},
    {"parse_closed_age", "closed-age 30s", CONFIG, NULL, COMMAND_CLOSED_AGE},
    {"parse_closed_age_on_screen", "closed-age 30s", SCREEN, NULL, COMMAND_CLOSED_AGE},
    {"parse_closed_age_never", "closed-age Never", SCREEN, NULL, COMMAND_CLOSED_AGE},
    {"parse_closed_age_of_two_units", "closed-age 1m30s", SCREEN, NULL, COMMAND_CLOSED_AGE},
    {"parse_closed_age_of_one_unit_twice", "closed-age 1m2m", SCREEN,
     "closed-age wants a time such as 30s, or never, not \"1m2m\"", 0},
    {"parse_closed_age_missing", "closed-age", SCREEN,
     "closed-age wants a time such as 30s, or never", 0},
    {"parse_closed_age_wrong", "closed-age soon", CONFIG,
     "closed-age wants a time such as 30s, or never, not \"soon\"", 0},
    {"parse_closed_age_huge", "closed-age 9999999h", CONFIG,
     "closed-age wants a time such as 30s, or never, not \"9999999h\"", 0},
    {"parse_closed_age_unit", "closed-age 30", CONFIG,
     "closed-age wants a time such as 30s, or never, not \"30\"", 0},
    {"parse_closed_age_negative", "closed-age -1s", SCREEN,
     "closed-age wants a time such as 30s, or never, not \"-1s\"", 0},
    {"parse_group", "group none", CONFIG, NULL, COMMAND_GROUP},
    {"parse_group_wrong", "group port", CONFIG, "group wants server, client or none, not \"port\"",
     0},
    {"parse_map", "map flows x quit", CONFIG, NULL, COMMAND_MAP},
    {"parse_map_named", "map flows Ctrl-X page-down", CONFIG, NULL, COMMAND_MAP},
    {"parse_map_hash", "map flows # quit", CONFIG, NULL, COMMAND_MAP},
    {"parse_map_where", "map x quit", CONFIG, "map wants ", 0},
    {"parse_map_no_key", "map flows xx quit", CONFIG,
     "map wants KEY, not \"xx\"; the manual lists them all", 0},
    {"parse_map_no_action", "map flows x leave", CONFIG,
     "map wants ACTION, not \"leave\"; the manual lists them all", 0},
    {"parse_unmap", "unmap flows q", CONFIG, NULL, COMMAND_UNMAP},
    {"parse_filter", "filter tcp  :3000 ", SCREEN, NULL, COMMAND_FILTER},
    {"parse_filter_none", "filter", SCREEN, NULL, COMMAND_FILTER},
    {"parse_filter_in_config", "filter tcp", CONFIG,
     "there is no command \"filter\" here; the manual lists them all", 0},
    {"parse_copy", "copy wireshark", SCREEN, NULL, COMMAND_COPY},
    {"parse_copy_wrong", "copy all", SCREEN,
     "copy wants tuple, tcpdump, wireshark, ss, pids, diagnosis or advice, not \"all\"", 0},
    {"parse_save", "save ~/a b.pcap ", SCREEN, NULL, COMMAND_SAVE},
    {"parse_save_all", "save-all x.pcapng", SCREEN, NULL, COMMAND_SAVE_ALL},
    {"parse_save_nowhere", "save  ", SCREEN, "save wants FILE", 0},
    {"parse_save_in_config", "save x", CONFIG,
     "there is no command \"save\" here; the manual lists them all", 0},
    {"parse_action", "page-down", SCREEN, NULL, COMMAND_ACTION},
    {"parse_action_underscore", "page_down", SCREEN, "there is no command \"page_down\"", 0},
    {"parse_action_in_config", "quit", CONFIG,
     "there is no command \"quit\" here; the manual lists them all", 0},
    {"parse_action_more", "quit now", SCREEN, "quit wants nothing more, not \"now\"", 0},
    {"parse_action_of_a_line", "line-erase", SCREEN, "there is no command \"line-erase\"", 0},
    {"parse_nothing", "", SCREEN, "there is no command \"\"", 0},
};

static void test_parse(void **state)
{
    const struct parse_row *row = *state;
    struct command command;
    struct err err = {""};
    int failed = command_parse(&command, row->line, row->place, &err);
    if (!row->wrong) {
        assert_int_equal(failed, 0);
        assert_int_equal(command.name, row->command);
        return;
    }
    assert_int_equal(failed, -EINVAL);
    assert_memory_equal(err.text, row->wrong, strlen(row->wrong));
}

static const struct choose_row {
    const char *name;
    const char *line;
    size_t begin;
    const char *words;
} choose_rows[] = {
    {"choose_command", "the", 0, "theme "},
    {"choose_action_and_command", "copy-t", 0, "copy-tuple copy-tcpdump "},
    {"choose_theme", "theme ", 6, "dark light contrast mono "},
    {"choose_theme_begun", "theme l", 6, "light "},
    {"choose_switch", "mouse o", 6, "on off "},
    {"choose_closed_age", "clo", 0, "closed-age "},
    {"choose_span", "closed-age ", 11, "never "},
    {"choose_column", "sort bytes-", 5, "bytes-sent bytes-back "},
    {"choose_columns", "columns client ser", 15, "server "},
    {"choose_context", "map p", 4, "page ports prompt pages "},
    {"choose_key", "map page Ctrl-L", 9, "Ctrl-Left "},
    {"choose_action", "map page x page-", 11, "page-close page-up page-down "},
    {"choose_copy", "copy t", 5, "tuple tcpdump "},
    {"choose_nothing", "theme dark ", 11, ""},
    {"choose_of_nothing", "nonsense x", 9, ""},
};

static void test_choose(void **state)
{
    const struct choose_row *row = *state;
    static struct command_choices choices;
    char words[SAID_MAX];
    struct text text = text_begin(words, sizeof words);
    command_choose(&choices, row->line, strlen(row->line));
    for (unsigned at = 0; at < choices.count; at++)
        text_add(&text, "%s ", choices.words[at]);
    assert_string_equal(words, row->words);
    assert_int_equal(choices.begin, row->begin);
}

static void note_said(void *context, const char *sentence)
{
    struct text *said = context;
    text_add(said, "%s|", sentence);
}

static const struct config_row {
    const char *name;
    const char *file;
    const char *said;
    const char *set; /* theme mouse utf8 sorted reversed */
} config_rows[] = {
    {"config_empty", "", "", "dark 1 1 AGE 0"},
    {"config_comments", "# theme light\n\n   # mouse off\n", "", "dark 1 1 AGE 0"},
    {"config_all", "theme mono\nmouse off\nutf8 off\nsort rate reverse\n", "", "mono 0 0 RATE 1"},
    {"config_no_last_newline", "theme light", "", "light 1 1 AGE 0"},
    {"config_dos", "theme light\r\nmouse off\r\n", "", "light 0 1 AGE 0"},
    {"config_last_wins", "theme light\ntheme mono\n", "", "mono 1 1 AGE 0"},
    {"config_goes_on", "thme light\nmouse off\nsort x\n",
     "config:1: there is no command \"thme\" here; the manual lists them all|"
     "config:3: sort wants COLUMN, not \"x\"; the manual lists them all|",
     "dark 0 1 AGE 0"},
    {"config_no_text", "theme light\n\x01\x02\nmouse off", "config:2: the line is no text|",
     "light 0 1 AGE 0"},
    {"config_hash_is_a_key", "map flows # quit\n", "", "dark 1 1 AGE 0"},
};

static void test_config(void **state)
{
    const struct config_row *row = *state;
    struct preferences preferences;
    char said[SAID_MAX];
    char set[128];
    struct text text = text_begin(said, sizeof said);
    preferences_begin(&preferences);
    unsigned wrong = preferences_read(&preferences, row->file, strlen(row->file), note_said, &text);
    unsigned bars = 0;
    for (const char *at = said; *at != '\0'; at++)
        bars += *at == '|';
    assert_string_equal(said, row->said);
    assert_int_equal(wrong, bars);
    (void)snprintf(set, sizeof set, "%s %d %d %s %d", theme_name(preferences.theme),
                   preferences.mouse, preferences.utf8, column_name(preferences.sorted),
                   preferences.reversed);
    assert_string_equal(set, row->set);
}

static void test_config_bounds(void **state)
{
    (void)state;
    static char file[PREFERENCES_LINE_MAX + 32];
    char said[SAID_MAX];
    struct text text = text_begin(said, sizeof said);
    struct preferences preferences;
    preferences_begin(&preferences);
    memset(file, 'x', PREFERENCES_LINE_MAX);
    static const char next[] = {'\n', 'm', 'o', 'u', 's', 'e', ' ', 'o', 'f', 'f'};
    memcpy(file + PREFERENCES_LINE_MAX, next, sizeof next);
    assert_int_equal(
        preferences_read(&preferences, file, PREFERENCES_LINE_MAX + sizeof next, note_said, &text),
        1);
    assert_string_equal(said, "config:1: the line is longer than 511 bytes|");
    assert_false(preferences.mouse);
    assert_int_equal(preferences_read(&preferences, "\0\0", 2, note_said, &text), 1);
    /* More keys than there is room for. */
    preferences_begin(&preferences);
    unsigned wrong = 0;
    for (uint32_t key = 0x4e00; key < 0x4e00 + 2 * KEYMAP_MAX; key++) {
        char line[64] = "map flows ";
        size_t len = strlen(line);
        len += utf8_encode(key, line + len);
        (void)snprintf(line + len, sizeof line - len, " quit");
        text = text_begin(said, sizeof said);
        wrong += preferences_read(&preferences, line, len + 5, note_said, &text);
    }
    assert_true(wrong > 0);
    assert_string_equal(said, "config:1: there are more keys than fit; unmap some|");
    assert_int_equal(preferences.keymap.count, KEYMAP_MAX);
}

/* What a key does after the lines, by name; "" for nothing. */
static const struct map_row {
    const char *name;
    const char *lines;
    unsigned context;
    uint32_t key;
    const char *action;
} map_rows[] = {
    {"map_default", "", KEY_IN_LIST, 'q', "quit"},
    {"map_new", "map flows x quit", KEY_IN_LIST, 'x', "quit"},
    {"map_elsewhere", "map flows x quit", KEY_IN_PAGE, 'x', ""},
    {"map_over", "map flows q pause", KEY_IN_LIST, 'q', "pause"},
    {"map_over_elsewhere", "map flows q pause", KEY_IN_PAGE, 'q', "page-close"},
    {"map_shared_key", "map flows k pause", KEY_IN_PAGE, 'k', "up"},
    {"map_twice", "map flows x quit\nmap flows x pause", KEY_IN_LIST, 'x', "pause"},
    {"unmap", "unmap flows q", KEY_IN_LIST, 'q', ""},
    {"unmap_elsewhere", "unmap flows k", KEY_IN_PAGE, 'k', "up"},
    {"map_function_key", "map flows F5 redraw", KEY_IN_LIST, SCREEN_KEY_F5, "redraw"},
    {"map_control", "map flows Ctrl-N down", KEY_IN_LIST, 'N' - '@', "down"},
};

static void test_map(void **state)
{
    const struct map_row *row = *state;
    struct preferences preferences;
    char said[SAID_MAX];
    struct text text = text_begin(said, sizeof said);
    preferences_begin(&preferences);
    assert_int_equal(
        preferences_read(&preferences, row->lines, strlen(row->lines), note_said, &text), 0);
    enum key_action action = keymap_find(&preferences.keymap, row->context, row->key);
    text = text_begin(said, sizeof said);
    if (action != ACTION_NONE)
        keymap_write_action(action, &text);
    assert_string_equal(said, row->action);
}

/* The table's own names of keys are those that the configuration understands. */
static void test_key_names(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *name;
    } keys[] = {
#define KEY(contexts, code, NAME, name) {code, name},
#include "ui/key.def"
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        uint32_t key = 0;
        char name[KEYCODE_NAME_MAX];
        struct text text = text_begin(name, sizeof name);
        keycode_write(&text, keys[i].code);
        assert_string_equal(name, keys[i].name);
        assert_true(keycode_parse(name, text.len, &key));
        assert_int_equal(key, keys[i].code);
    }
    for (int action = 0; action < ACTION_COUNT; action++) {
        char word[64];
        enum key_action found = ACTION_NONE;
        struct text text = text_begin(word, sizeof word);
        keymap_write_action((enum key_action)action, &text);
        assert_true(text.len < COMMAND_WORD_MAX);
        assert_true(keymap_parse_action(word, text.len, &found));
        assert_int_equal(found, action);
    }
}

static const struct request_row {
    const char *name;
    const char *keys;
    const char *copied; /* NULL: nothing is asked for */
} request_rows[] = {
    {"request_tuple", "yy", "tcp 127.0.0.1:50010 > 127.0.0.1:4008"},
    {"request_by_command", ":copy tuple{Enter}", "tcp 127.0.0.1:50010 > 127.0.0.1:4008"},
    {"request_by_action", ":copy-tuple{Enter}", "tcp 127.0.0.1:50010 > 127.0.0.1:4008"},
    {"request_of_details", "j{Enter}yy", "tcp 127.0.0.1:50009 > 127.0.0.1:4008"},
    {"request_of_a_group", "vGyy", "tcp 127.0.0.1:3000"},
    {"request_of_pids_of_a_group", "vGyp", NULL},
    {"request_without_rows", "/nothing{Enter}yy", NULL},
    {"request_cancelled", "y{Esc}", NULL},
};

static void test_request(void **state)
{
    const struct request_row *row = *state;
    struct world *world = world_open(80, 24, true);
    struct screen_request request;
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, row->keys);
    assert_int_equal(screen_take_request(world->screen, &request), row->copied != NULL);
    if (row->copied) {
        assert_int_equal(request.kind, SCREEN_REQUEST_COPY);
        assert_string_equal(request.text, row->copied);
        assert_false(screen_take_request(world->screen, &request));
    }
    world_close(world);
}

/* Keys, then a click; the row with the cursor, and what is or is not on the screen. Columns and rows
 * are those of an 80x24 screen of world_crowd: tabs in row 1, the heading in row 2, flows from row 3
 * on, failures from row 17 on, the footer in row 23. */
static const struct click_row {
    const char *name;
    const char *keys;
    struct screen_mouse mouse;
    const char *marked, *shown, *missing;
} click_rows[] = {
    {"click_row", "", {5, 5, MOUSE_PRESS}, ":50008", NULL, NULL},
    {"click_row_above", "jjjj", {5, 3, MOUSE_PRESS}, ":50010", NULL, NULL},
    {"click_twice", "", {5, 5, MOUSE_DOUBLE}, NULL, "127.0.0.1:50008", "FAILURES"},
    {"click_drag", "", {5, 5, MOUSE_DRAG}, ":50010", NULL, NULL},
    {"click_release", "", {5, 5, MOUSE_RELEASE}, ":50010", NULL, NULL},
    {"click_failure", "", {5, 19, MOUSE_PRESS}, ":4007", NULL, NULL},
    {"click_back_to_flows", "{Tab}", {5, 5, MOUSE_PRESS}, ":50008", NULL, NULL},
    {"click_heading", "", {1, 2, MOUSE_PRESS}, ":40001", "CLIENT▲", NULL},
    {"click_heading_of_order", ":sort client{Enter}", {1, 2, MOUSE_PRESS}, NULL, "CLIENT▼", NULL},
    {"click_footer", "", {9, 23, MOUSE_PRESS}, NULL, "KEYS", "FAILURES"},
    {"click_footer_gap", "", {7, 23, MOUSE_PRESS}, ":50010", "FAILURES", "KEYS"},
    {"click_tab", "", {10, 1, MOUSE_PRESS}, NULL, "showing all events", "FAILURES"},
    {"click_title", "", {3, 0, MOUSE_PRESS}, ":50010", "FAILURES", NULL},
    {"click_far_away", "", {999, 499, MOUSE_PRESS}, ":50010", "FAILURES", NULL},
    {"wheel_down", "", {5, 6, MOUSE_WHEEL_DOWN}, ":50007", NULL, NULL},
    {"wheel_up", "jjjjj", {5, 6, MOUSE_WHEEL_UP}, ":50008", NULL, NULL},
    {"wheel_on_a_page", "h", {5, 6, MOUSE_WHEEL_DOWN}, NULL, " 4-", NULL},
};

static void test_click(void **state)
{
    const struct click_row *row = *state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, row->keys);
    assert_int_equal(screen_mouse(world->screen, &row->mouse), SCREEN_STAY);
    world_draw(world);
    char marked[WORLD_TEXT_MAX];
    world_marked(world, marked);
    if (row->marked && !strstr(marked, row->marked))
        fail_msg("the cursor is on: %s", marked);
    char *dump = grid_dump(&world->grid);
    if ((row->shown && !strstr(dump, row->shown)) || (row->missing && strstr(dump, row->missing)))
        fail_msg("%s", dump);
    free(dump);
    world_close(world);
}

static void test_click_quits(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_draw(world);
    assert_int_equal(screen_mouse(world->screen, &(struct screen_mouse){0, 23, MOUSE_PRESS}),
                     SCREEN_QUIT);
    world_close(world);
}

/* Every cell of every size can be clicked, whatever is shown there. */
static void test_click_everywhere(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {20, 3}, {40, 12}, {80, 24}};
    static const char *const keys[] = {"", "h{Esc}", "{Tab}", ":so{Tab}", "{Esc}y", "{Esc}v"};
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    for (size_t size = 0; size < COUNT(sizes); size++) {
        world_resize(world, sizes[size][0], sizes[size][1]);
        for (size_t i = 0; i < COUNT(keys); i++) {
            (void)world_press(world, keys[i]);
            for (int cell = 0; cell < sizes[size][0] * sizes[size][1]; cell += 3) {
                struct screen_mouse mouse = {cell % sizes[size][0], cell / sizes[size][0],
                                             (enum mouse_kind)(cell % 6)};
                (void)screen_mouse(world->screen, &mouse);
                world_draw(world);
            }
        }
    }
    world_close(world);
}

static void test_footer_follows_the_map(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    (void)world_press(world, ":map flows x quit{Enter}");
    assert_true(is_shown(world, "x quit"));
    assert_int_equal(world_press(world, "x"), SCREEN_QUIT);
    (void)world_press(world, ":unmap flows x{Enter}:unmap flows q{Enter}");
    assert_false(is_shown(world, "quit"));
    assert_int_equal(world_press(world, "q"), SCREEN_STAY);
    (void)world_press(world, "h");
    assert_true(is_shown(world, "Esc"));
    world_close(world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, parse_rows, test_parse);
    ROWS_ADD(&set, choose_rows, test_choose);
    ROWS_ADD(&set, config_rows, test_config);
    ROWS_ADD(&set, map_rows, test_map);
    ROWS_ADD(&set, request_rows, test_request);
    ROWS_ADD(&set, click_rows, test_click);
    ROWS_ADD_ONE(&set, test_config_bounds);
    ROWS_ADD_ONE(&set, test_key_names);
    ROWS_ADD_ONE(&set, test_click_quits);
    ROWS_ADD_ONE(&set, test_click_everywhere);
    ROWS_ADD_ONE(&set, test_footer_follows_the_map);
    return rows_run(&set, "ui_command");
}
