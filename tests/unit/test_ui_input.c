/* What is typed, clicked and copied: names of keys, the mouse, a line being edited, the clipboard,
 * themes. */
#include "tests/support/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/clipboard.h"
#include "ui/keycode.h"
#include "ui/line_edit.h"
#include "ui/mouse.h"
#include "ui/theme.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* `printed` NULL: no key. */
static const struct key_row {
    const char *name;
    uint32_t key;
    const char *printed;
} key_rows[] = {
    {"q", 'q', "q"},
    {"Q", 'Q', "Q"},
    {"/", '/', "/"},
    {"é", 0xe9, "é"},
    {"日", 0x65e5, "日"},
    {"Space", ' ', "Space"},
    {"space", ' ', "Space"},
    {"Enter", SCREEN_KEY_ENTER, "Enter"},
    {"return", SCREEN_KEY_ENTER, "Enter"},
    {"Esc", SCREEN_KEY_ESCAPE, "Esc"},
    {"Escape", SCREEN_KEY_ESCAPE, "Esc"},
    {"Backspace", SCREEN_KEY_BACKSPACE, "Backspace"},
    {"PgUp", SCREEN_KEY_PAGE_UP, "PgUp"},
    {"PAGEUP", SCREEN_KEY_PAGE_UP, "PgUp"},
    {"F5", SCREEN_KEY_F5, "F5"},
    {"f12", SCREEN_KEY_F12, "F12"},
    {"F13", 0, NULL},
    {"Shift-Tab", SCREEN_KEY_SHIFT_TAB, "Shift-Tab"},
    {"Ctrl-Left", SCREEN_KEY_CTRL_LEFT, "Ctrl-Left"},
    {"Ctrl-X", 'X' - '@', "Ctrl-X"},
    {"ctrl-x", 'X' - '@', "Ctrl-X"},
    {"^l", 'L' - '@', "Ctrl-L"},
    {"Ctrl-I", SCREEN_KEY_TAB, "Tab"},
    {"Ctrl-M", SCREEN_KEY_ENTER, "Enter"},
    {"Ctrl-H", SCREEN_KEY_BACKSPACE, "Backspace"},
    {"Ctrl-1", 0, NULL},
    {"Ctrl-", 0, NULL},
    {"^", '^', "^"},
    {"", 0, NULL},
    {" ", 0, NULL},
    {"qq", 0, NULL},
    {"\x1b", 0, NULL},
    {"\xff", 0, NULL},
    {"\xc2\x9b", 0, NULL},
};

static void test_key_name(void **state)
{
    const struct key_row *row = *state;
    uint32_t key = 0;
    char printed[KEYCODE_NAME_MAX];
    assert_int_equal(keycode_parse(row->name, strlen(row->name), &key), row->printed != NULL);
    if (!row->printed)
        return;
    assert_int_equal(key, row->key);
    struct text text = text_begin(printed, sizeof printed);
    keycode_write(&text, key);
    assert_string_equal(printed, row->printed);
}

/* Reports one after the other, 100 ms apart; '~' waits a second. What they make, as kind:column,row. */
static const struct mouse_row {
    const char *name;
    const char *reports;
    const char *events;
} mouse_rows[] = {
    {"mouse_press", "0;1;1M", "press:0,0 "},
    {"mouse_click", "0;10;20M 0;10;20m", "press:9,19 release:9,19 "},
    {"mouse_double", "0;5;5M 0;5;5m 0;6;5M 0;6;5m",
     "press:4,4 release:4,4 double:5,4 release:5,4 "},
    {"mouse_triple", "0;5;5M 0;5;5m 0;5;5M 0;5;5m 0;5;5M",
     "press:4,4 release:4,4 double:4,4 release:4,4 press:4,4 "},
    {"mouse_twice_elsewhere", "0;5;5M 0;5;5m 0;5;6M", "press:4,4 release:4,4 press:4,5 "},
    {"mouse_twice_slowly", "0;5;5M 0;5;5m ~ 0;5;5M", "press:4,4 release:4,4 press:4,4 "},
    {"mouse_drag", "0;5;5M 32;6;5M 32;7;5M 0;7;5m", "press:4,4 drag:5,4 drag:6,4 release:6,4 "},
    {"mouse_drag_is_no_click", "0;5;5M 32;6;5M 0;5;5m 0;5;5M",
     "press:4,4 drag:5,4 release:4,4 press:4,4 "},
    {"mouse_motion_alone", "35;5;5M 32;5;5M", ""},
    {"mouse_release_alone", "0;5;5m", ""},
    {"mouse_wheel", "64;3;4M 65;3;4M", "up:2,3 down:2,3 "},
    {"mouse_wheel_with_shift", "68;3;4M", "up:2,3 "},
    {"mouse_wheel_sideways", "66;3;4M 67;3;4M", ""},
    {"mouse_other_buttons", "1;3;4M 2;3;4M 128;3;4M", ""},
    {"mouse_press_with_ctrl", "16;3;4M", "press:2,3 "},
    {"mouse_huge", "0;99999;1M 0;1;99999999999999M 0;0;1M", ""},
    {"mouse_cut_short", "0;1M M 0M ;;M 0;1;M 0;1;1;1M", ""},
    {"mouse_garbage", "0;1x 0;1;1M", "press:0,0 "},
    {"mouse_too_long", "0000000000000000000000;1;1M 0;2;2M", "press:1,1 "},
};

static void test_mouse(void **state)
{
    static const char *const kinds[] = {
        [MOUSE_PRESS] = "press",     [MOUSE_DOUBLE] = "double", [MOUSE_DRAG] = "drag",
        [MOUSE_RELEASE] = "release", [MOUSE_WHEEL_UP] = "up",   [MOUSE_WHEEL_DOWN] = "down",
    };
    const struct mouse_row *row = *state;
    struct mouse mouse = {0};
    struct screen_mouse event = {0};
    char events[256];
    struct text text = text_begin(events, sizeof events);
    int64_t now_ns = 0;
    mouse_begin(&mouse);
    for (const char *at = row->reports; *at != '\0'; at++) {
        if (*at == '~')
            now_ns += CLOCK_NS_PER_S;
        if (*at == ' ') {
            now_ns += 100 * CLOCK_NS_PER_MS;
            mouse_begin(&mouse);
        } else if (mouse.reading && *at != '~' &&
                   mouse_take(&mouse, (uint8_t)*at, now_ns, &event) == MOUSE_EVENT) {
            text_add(&text, "%s:%d,%d ", kinds[event.kind], event.column, event.row);
        }
    }
    assert_string_equal(events, row->events);
}

static const struct clipboard_row {
    const char *name;
    const char *text;
    const char *sent; /* between "ESC ]52;c;" and BEL */
} clipboard_rows[] = {
    {"clipboard_three", "abc", "YWJj"},
    {"clipboard_two", "ab", "YWI="},
    {"clipboard_one", "a", "YQ=="},
    {"clipboard_high", "\xff\xfe\xfd", "//79"},
    {"clipboard_filter", "tcp port 3000", "dGNwIHBvcnQgMzAwMA=="},
};

static void test_clipboard(void **state)
{
    const struct clipboard_row *row = *state;
    static char out[CLIPBOARD_OUT_MAX];
    char wanted[128];
    size_t len = clipboard_write(row->text, strlen(row->text), false, out);
    (void)snprintf(wanted, sizeof wanted, "\033]52;c;%s\007", row->sent);
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(out, wanted, len);
    len = clipboard_write(row->text, strlen(row->text), true, out);
    (void)snprintf(wanted, sizeof wanted, "\033P\033]52;c;%s\007\033\\", row->sent);
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(out, wanted, len);
}

static void test_clipboard_bounds(void **state)
{
    (void)state;
    static char text[CLIPBOARD_TEXT_MAX + 1];
    static char out[CLIPBOARD_OUT_MAX];
    memset(text, 'x', sizeof text);
    assert_int_equal(clipboard_write(text, 0, false, out), 0);
    assert_int_equal(clipboard_write(text, sizeof text, false, out), 0);
    assert_true(clipboard_write(text, CLIPBOARD_TEXT_MAX, false, out) > CLIPBOARD_TEXT_MAX);
    size_t len = clipboard_write(text, CLIPBOARD_TEXT_MAX, true, out);
    assert_true(len > CLIPBOARD_TEXT_MAX);
    size_t piece = 0;
    for (size_t at = 0; at < len; at++) {
        piece = out[at] == '\033' && at + 1 < len && out[at + 1] == 'P' ? 0 : piece + 1;
        assert_true(piece <= 256);
    }
}

/* Steps: letters are typed; <>() go left, right, a word left, a word right; [] to the ends; B and D
 * erase left and right, W and K a word left and the rest. '|' in what results is the cursor. */
static const struct edit_row {
    const char *name;
    const char *steps;
    const char *result;
} edit_rows[] = {
    {"edit_type", "abc", "abc|"},
    {"edit_insert", "ac<b", "ab|c"},
    {"edit_ends", "abc[x]y", "xabcy|"},
    {"edit_left_of_the_begin", "a<<<<b", "b|a"},
    {"edit_right_of_the_end", "a>>b", "ab|"},
    {"edit_erase_left", "abcB", "ab|"},
    {"edit_erase_right", "abc[D", "|bc"},
    {"edit_erase_nothing", "[B]D", "|"},
    {"edit_words", "one two:three((x", "one x|two:three"},
    {"edit_word_right", "one two[)x", "onex| two"},
    {"edit_erase_word", "port:3000 stateW", "port:3000 |"},
    {"edit_erase_word_and_space", "one  W", "|"},
    {"edit_erase_rest", "one two(K", "one |"},
    {"edit_two_bytes", "éà<<x", "x|éà"},
    {"edit_marks_are_one_step", "ae\u0301b<<x", "ax|e\u0301b"},
    {"edit_erase_with_marks", "ae\u0301B", "a|"},
    {"edit_controls", "a\tb\x7f", "ab|"},
};

static void step(struct line_edit *edit, uint32_t code)
{
    static const struct {
        char letter;
        bool erases;
        enum line_step step;
    } steps[] = {
        {'<', false, LINE_LEFT},       {'>', false, LINE_RIGHT}, {'(', false, LINE_WORD_LEFT},
        {')', false, LINE_WORD_RIGHT}, {'[', false, LINE_BEGIN}, {']', false, LINE_END},
        {'B', true, LINE_LEFT},        {'D', true, LINE_RIGHT},  {'W', true, LINE_WORD_LEFT},
        {'K', true, LINE_END},
    };
    for (size_t i = 0; i < COUNT(steps); i++) {
        if (code == (uint32_t)steps[i].letter && steps[i].erases)
            (void)line_edit_erase(edit, steps[i].step);
        else if (code == (uint32_t)steps[i].letter)
            line_edit_move(edit, steps[i].step);
        else
            continue;
        return;
    }
    (void)line_edit_type(edit, code);
}

static void test_edit(void **state)
{
    const struct edit_row *row = *state;
    struct line_edit edit;
    line_edit_clear(&edit);
    const char *at = row->steps;
    while (*at != '\0') {
        uint32_t code = 0;
        at += utf8_decode(at, strlen(at), &code);
        step(&edit, code);
    }
    (void)line_edit_type(&edit, '|');
    assert_string_equal(edit.text, row->result);
    assert_int_equal(edit.len, strlen(edit.text));
}

static void test_edit_is_bounded(void **state)
{
    (void)state;
    struct line_edit edit;
    line_edit_clear(&edit);
    for (int i = 0; i < LINE_EDIT_MAX; i++)
        (void)line_edit_type(&edit, 0x65e5);
    assert_int_equal(edit.len, (LINE_EDIT_MAX - 1) / 3 * 3);
    assert_false(line_edit_type(&edit, 0x65e5));
    line_edit_set(&edit, "a\xff\x1b[2Jb");
    assert_string_equal(edit.text, "a?[2Jb");
}

static void test_edit_drawn(void **state)
{
    (void)state;
    struct err err;
    struct grid grid = {0};
    struct line_edit edit;
    assert_int_equal(grid_resize(&grid, 10, 1, &err), 0);
    line_edit_set(&edit, "abcdefghijklmnop");
    (void)line_edit_draw(&edit, &grid, 0, 0, 10);
    assert_int_equal(grid_cell(&grid, 0, 7)->code, 'p');
    assert_int_equal(grid_cell(&grid, 0, 8)->style, STYLE_CURSOR);
    line_edit_move(&edit, LINE_BEGIN);
    (void)line_edit_draw(&edit, &grid, 0, 0, 10);
    assert_int_equal(grid_cell(&grid, 0, 0)->code, 'a');
    assert_int_equal(grid_cell(&grid, 0, 0)->style, STYLE_CURSOR);
    assert_int_equal(grid_cell(&grid, 0, 9)->code, 'j');
    for (int room = 0; room <= 10; room++)
        assert_true(line_edit_draw(&edit, &grid, 0, 0, room) <= room);
    grid_free(&grid);
}

static void test_history(void **state)
{
    (void)state;
    struct line_edit edit;
    static struct line_history history;
    line_edit_set(&edit, "typing");
    assert_false(line_history_step(&history, &edit, 1));
    line_history_keep(&history, "one");
    line_history_keep(&history, "two");
    line_history_keep(&history, "two");
    line_history_keep(&history, "");
    assert_int_equal(history.count, 2);
    assert_true(line_history_step(&history, &edit, 1));
    assert_string_equal(edit.text, "two");
    assert_true(line_history_step(&history, &edit, 1));
    assert_string_equal(edit.text, "one");
    assert_false(line_history_step(&history, &edit, 1));
    assert_true(line_history_step(&history, &edit, -1));
    assert_true(line_history_step(&history, &edit, -1));
    assert_string_equal(edit.text, "typing");
    assert_false(line_history_step(&history, &edit, -1));
    for (int i = 0; i < 3 * LINE_HISTORY_MAX; i++) {
        char line[16];
        (void)snprintf(line, sizeof line, "line %d", i);
        line_history_keep(&history, line);
    }
    for (int i = 0; i < LINE_HISTORY_MAX; i++)
        assert_true(line_history_step(&history, &edit, 1));
    assert_false(line_history_step(&history, &edit, 1));
    assert_string_equal(edit.text, "line 64");
}

static double linear(double part)
{
    double value = part / 255;
    double cubed = (value + 0.055) / 1.055;
    return value <= 0.04045 ? value / 12.92 : cubed * cubed * (0.4 + 0.6 * cubed);
}

/* Luminance of a colour of xterm's palette (WCAG 2). */
static double luminance(int colour)
{
    static const int system[][3] = {{0, 0, 0},   {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
                                    {0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229}};
    int rgb[3];
    for (int i = 0; i < 3; i++) {
        static const int divisors[] = {36, 6, 1};
        int part = (colour - 16) / divisors[i] % 6;
        rgb[i] = colour < 8 ? system[colour][i] : part == 0 ? 0 : 55 + 40 * part;
        if (colour >= 232)
            rgb[i] = 8 + 10 * (colour - 232);
    }
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

static double contrast(int colour, double background)
{
    double one = luminance(colour) + 0.05;
    double other = background + 0.05;
    return one > other ? one / other : other / one;
}

/* Every coloured style can be read on the background its theme is for. */
static void test_themes_are_legible(void **state)
{
    (void)state;
    static const struct {
        double background, least16, least256;
    } themes[THEME_COUNT] = {
        [THEME_DARK] = {0.0095, 2.8, 4.5}, /* #191919: terminals are rarely black */
        [THEME_LIGHT] = {0.955, 3.9, 4.5}, /* #fafafa */
        [THEME_CONTRAST] = {0, 3.0, 7},
        [THEME_MONO] = {0, 21, 21},
    };
    for (int theme = 0; theme < THEME_COUNT; theme++) {
        for (int style = 0; style < STYLE_COUNT; style++) {
            struct look look = theme_look((enum theme)theme, (enum style)style);
            assert_in_range(look.colour16 + 1, 0, 8);
            double seen16 =
                look.colour16 < 0 ? 21 : contrast(look.colour16, themes[theme].background);
            double seen256 =
                look.colour256 < 0 ? 21 : contrast(look.colour256, themes[theme].background);
            if (seen16 < themes[theme].least16 || seen256 < themes[theme].least256)
                fail_msg("theme %s, style %d: contrast %.1f and %.1f",
                         theme_name((enum theme)theme), style, seen16, seen256);
        }
    }
}

/* Without colours the meanings that matter differ all the same. */
static void test_mono_differs(void **state)
{
    (void)state;
    static const enum style styles[] = {STYLE_NORMAL, STYLE_SELECTED, STYLE_NEW, STYLE_WARNING,
                                        STYLE_FAILURE};
    for (size_t i = 0; i < COUNT(styles); i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(theme_look(THEME_MONO, styles[i]).attributes,
                                 theme_look(THEME_MONO, styles[j]).attributes);
    }
}

static const struct background_row {
    const char *name;
    const char *colorfgbg;
    enum theme theme;
} background_rows[] = {
    {"background_unknown", NULL, THEME_DARK},
    {"background_empty", "", THEME_DARK},
    {"background_black", "15;0", THEME_DARK},
    {"background_white", "0;15", THEME_LIGHT},
    {"background_grey", "0;default;7", THEME_LIGHT},
    {"background_default", "15;default", THEME_DARK},
    {"background_huge", "0;99999", THEME_DARK},
    {"background_dark_grey", "7;8", THEME_DARK},
};

static void test_background(void **state)
{
    const struct background_row *row = *state;
    assert_int_equal(theme_for_background(row->colorfgbg), row->theme);
}

static void test_theme_names(void **state)
{
    (void)state;
    for (int theme = 0; theme < THEME_COUNT; theme++) {
        enum theme found = THEME_COUNT;
        const char *name = theme_name((enum theme)theme);
        assert_true(theme_parse(name, strlen(name), &found));
        assert_int_equal(found, theme);
        assert_false(theme_parse(name, strlen(name) - 1, &found));
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, key_rows, test_key_name);
    ROWS_ADD(&set, mouse_rows, test_mouse);
    ROWS_ADD(&set, clipboard_rows, test_clipboard);
    ROWS_ADD(&set, edit_rows, test_edit);
    ROWS_ADD(&set, background_rows, test_background);
    ROWS_ADD_ONE(&set, test_clipboard_bounds);
    ROWS_ADD_ONE(&set, test_edit_is_bounded);
    ROWS_ADD_ONE(&set, test_edit_drawn);
    ROWS_ADD_ONE(&set, test_history);
    ROWS_ADD_ONE(&set, test_themes_are_legible);
    ROWS_ADD_ONE(&set, test_mono_differs);
    ROWS_ADD_ONE(&set, test_theme_names);
    return rows_run(&set, "ui_input");
}
