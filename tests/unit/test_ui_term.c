/* The terminal as its user sees it: text, colours, keys, sizes, and how it is given back. */
#include "tests/support/rows.h"

#include <errno.h>

#include "test_ui_pty.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct setting colours = {"colours", "xterm-256color", "C.UTF-8", true, 1,
                                       false,     THEME_DARK};
static const struct setting plain = {"plain", "xterm-256color", "C.UTF-8", false, 1,
                                     false,   THEME_DARK};
static const struct setting vt100 = {"vt100", "vt100", "C.UTF-8", true, 1, false, THEME_DARK};
static const struct setting ascii = {"ascii", "xterm", "C", true, 1, false, THEME_DARK};
static const struct setting thrice = {"thrice", "xterm", "C.UTF-8", true, 3, false, THEME_DARK};

static const struct setting light = {"light", "xterm-256color", "C.UTF-8", true, 1,
                                     true,    THEME_LIGHT};
static const struct setting eight = {"eight", "xterm", "C.UTF-8", true, 1, false, THEME_DARK};

static void test_screen_and_close(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    wait_for(&session, "日本 → x");
    assert_true(session.alternate);
    assert_true(session.cursor_hidden);
    struct termios modes;
    assert_int_equal(tcgetattr(session.master, &modes), 0);
    assert_int_equal(modes.c_lflag & (ICANON | ECHO), 0);
    assert_true(modes.c_lflag & ISIG);
    type(&session, "q");
    wait_for(&session, "closed utf8=1");
    expect_restored(&session);
    session_end(&session, 0);
}

static void test_colours(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    VTermScreenCell failure = cell_at(&session, LINE_STYLES, STYLE_FAILURE);
    assert_int_equal(failure.chars[0], 'a' + STYLE_FAILURE);
    assert_true(VTERM_COLOR_IS_INDEXED(&failure.fg));
    assert_int_equal(failure.fg.indexed.idx, theme_look(THEME_DARK, STYLE_FAILURE).colour256);
    assert_true(failure.attrs.bold);
    assert_true(VTERM_COLOR_IS_DEFAULT_BG(&failure.bg));
    VTermScreenCell good = cell_at(&session, LINE_STYLES, STYLE_GOOD);
    assert_int_equal(good.fg.indexed.idx, theme_look(THEME_DARK, STYLE_GOOD).colour256);
    assert_true(cell_at(&session, LINE_STYLES, STYLE_SELECTED).attrs.reverse);
    VTermScreenCell normal = cell_at(&session, LINE_STYLES, STYLE_NORMAL);
    assert_true(VTERM_COLOR_IS_DEFAULT_FG(&normal.fg));
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_eight_colours(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &eight);
    wait_for(&session, "size=60x8.");
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct look look = theme_look(THEME_DARK, (enum style)style);
        VTermScreenCell cell = cell_at(&session, LINE_STYLES, style);
        assert_int_equal(VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) != 0, look.colour16 < 0);
        if (look.colour16 >= 0)
            assert_int_equal(cell.fg.indexed.idx % 8, look.colour16);
    }
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_theme_changes(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    type(&session, "L");
    wait_for(&session, "key=4c.");
    while (pump(&session, 200))
        continue;
    VTermScreenCell failure = cell_at(&session, LINE_STYLES, STYLE_FAILURE);
    assert_int_equal(failure.fg.indexed.idx, theme_look(THEME_LIGHT, STYLE_FAILURE).colour256);
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

/* "日本 → x " takes nine columns; then an e with two marks, a space and a point. */
static void test_marks(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    VTermScreenCell marked = cell_at(&session, LINE_TEXT, 9);
    assert_int_equal(marked.chars[0], 'e');
    assert_int_equal(marked.chars[1], 0x301);
    assert_int_equal(marked.chars[2], 0x302);
    assert_int_equal(cell_at(&session, LINE_TEXT, 11).chars[0], '.');
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_mouse(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &light);
    wait_for(&session, "mouse=0,0,0.");
    assert_int_equal(session.mouse, VTERM_PROP_MOUSE_DRAG);
    type(&session, "\x1b[<0;12;3M");
    wait_for(&session, "mouse=11,2,0.");
    type(&session, "\x1b[<32;13;4M\x1b[<0;14;4m");
    wait_for(&session, "mouse=13,3,3.");
    type(&session, "\x1b[<64;2;"); /* the rest comes later */
    while (pump(&session, 100))
        continue;
    type(&session, "1M");
    wait_for(&session, "mouse=1,0,4.");
    type(&session, "\x1b[<junkA");
    wait_for(&session, "key=41.");
    type(&session, "M");
    wait_for(&session, "key=4d.");
    assert_int_equal(session.mouse, VTERM_PROP_MOUSE_NONE);
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_mouse_is_given_back(void **state)
{
    (void)state;
    static const char *const ends[] = {"q", "x"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct session session;
        session_begin(&session, HEIGHT, WIDTH, be_child, &light);
        wait_for(&session, "mouse=0,0,0.");
        assert_int_equal(session.mouse, VTERM_PROP_MOUSE_DRAG);
        type(&session, ends[i]);
        int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
        while (session.alternate && clock_monotonic_ns() < until_ns)
            (void)pump(&session, 50);
        session_end(&session, ends[i][0] == 'q' ? 0 : 9);
        assert_int_equal(session.mouse, VTERM_PROP_MOUSE_NONE);
    }
}

static void test_copy(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    type(&session, "C");
    wait_for(&session, "key=43.");
    assert_string_equal(session.command, "52;c;dGNwIHBvcnQgMzAwMA==");
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void expect_no_colours(const struct setting *setting)
{
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, setting);
    wait_for(&session, "size=60x8.");
    for (int style = 0; style < STYLE_COUNT; style++) {
        VTermScreenCell cell = cell_at(&session, LINE_STYLES, style);
        assert_int_equal(cell.chars[0], 'a' + style);
        assert_true(VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
        assert_true(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
    }
    assert_true(cell_at(&session, LINE_STYLES, STYLE_FAILURE).attrs.bold);
    assert_true(cell_at(&session, LINE_STYLES, STYLE_FAILURE).attrs.underline);
    assert_true(cell_at(&session, LINE_STYLES, STYLE_SELECTED).attrs.reverse);
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_no_colours_wanted(void **state)
{
    (void)state;
    expect_no_colours(&plain);
}

static void test_no_colours_to_be_had(void **state)
{
    (void)state;
    expect_no_colours(&vt100);
}

/* Whatever the grid holds, a terminal that is not UTF-8 gets ASCII. */
static void test_ascii_locale(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &ascii);
    wait_for(&session, "size=60x8.");
    wait_for(&session, "? ?  ? x");
    type(&session, "q");
    wait_for(&session, "closed utf8=0");
    session_end(&session, 0);
}

static const struct key_row {
    const char *bytes;
    uint32_t key;
} key_rows[] = {
    {"a", 'a'},
    {"é", 0xe9},
    {"😀", 0x1f600},
    {"\r", SCREEN_KEY_ENTER},
    {"\t", SCREEN_KEY_TAB},
    {"\x7f", SCREEN_KEY_BACKSPACE},
    {"\x08", SCREEN_KEY_BACKSPACE},
    {"\x0c", 0x0c},
    {"\x15", 0x15},
    {"\x1bOA", SCREEN_KEY_UP},
    {"\x1bOB", SCREEN_KEY_DOWN},
    {"\x1bOC", SCREEN_KEY_RIGHT},
    {"\x1bOD", SCREEN_KEY_LEFT},
    {"\x1bOH", SCREEN_KEY_HOME},
    {"\x1bOF", SCREEN_KEY_END},
    {"\x1b[5~", SCREEN_KEY_PAGE_UP},
    {"\x1b[6~", SCREEN_KEY_PAGE_DOWN},
    {"\x1b[Z", SCREEN_KEY_SHIFT_TAB},
    {"\x1b[2~", SCREEN_KEY_INSERT},
    {"\x1b[3~", SCREEN_KEY_DELETE},
    {"\x1b[1;5C", SCREEN_KEY_CTRL_RIGHT},
    {"\x1b[1;5D", SCREEN_KEY_CTRL_LEFT},
    {"\x1b[1;2A", SCREEN_KEY_SHIFT_UP},
    {"\x1bOP", SCREEN_KEY_F1},
    {"\x1b[15~", SCREEN_KEY_F5},
    {"\x1b[24~", SCREEN_KEY_F12},
    {"\x1b[H", SCREEN_KEY_HOME},
    {"\x1b[1~", SCREEN_KEY_HOME},
    {"\x1b[A", SCREEN_KEY_UP},
    {"\x1b", SCREEN_KEY_ESCAPE},
};

static void test_keys(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    for (size_t i = 0; i < COUNT(key_rows); i++) {
        char wanted[32];
        type(&session, "z");
        wait_for(&session, "key=7a.");
        type(&session, key_rows[i].bytes);
        (void)snprintf(wanted, sizeof wanted, "key=%x.", key_rows[i].key);
        wait_for(&session, wanted);
    }
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_resize(void **state)
{
    (void)state;
    static const struct winsize sizes[] = {
        {.ws_row = 7, .ws_col = 40}, {.ws_row = 5, .ws_col = 20}, {.ws_row = 12, .ws_col = 100}};
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char wanted[32];
        vterm_set_size(session.vterm, sizes[i].ws_row, sizes[i].ws_col);
        assert_int_equal(ioctl(session.master, TIOCSWINSZ, &sizes[i]), 0);
        (void)snprintf(wanted, sizeof wanted, "size=%dx%d.", sizes[i].ws_col, sizes[i].ws_row);
        wait_for(&session, wanted);
        wait_for(&session, "日本 → x");
    }
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

/* The same picture again costs nothing, one other letter next to nothing. */
static void test_only_changes_are_sent(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    type(&session, "a");
    wait_for(&session, "key=61.");
    while (pump(&session, 200))
        continue;
    size_t before = session.received;
    type(&session, "bbb");
    while (pump(&session, 300))
        continue;
    assert_int_equal(session.received, before);
    type(&session, "c");
    wait_for(&session, "key=63.");
    assert_true(session.received - before < 40);
    before = session.received;
    type(&session, "\x0c");
    wait_for(&session, "key=c.");
    while (pump(&session, 200))
        continue;
    assert_true(session.received - before > 80); /* the user asked for all of it */
    type(&session, "q");
    wait_for(&session, "closed");
    session_end(&session, 0);
}

static void test_crash(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &colours);
    wait_for(&session, "size=60x8.");
    assert_true(session.alternate);
    type(&session, "x");
    int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    while (session.alternate && clock_monotonic_ns() < until_ns)
        (void)pump(&session, 50);
    int ended = 0;
    assert_int_equal(waitpid(session.child, &ended, 0), session.child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 9);
    expect_restored(&session);
    (void)close(session.master);
    vterm_free(session.vterm);
}

static void test_open_again(void **state)
{
    (void)state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &thrice);
    for (int i = 0; i < thrice.times; i++) {
        char letter[2] = {(char)('1' + i), '\0'};
        char wanted[32];
        type(&session, letter);
        (void)snprintf(wanted, sizeof wanted, "key=%x.", letter[0]);
        wait_for(&session, wanted);
        type(&session, "q");
    }
    wait_for(&session, "closed");
    expect_restored(&session);
    session_end(&session, 0);
}

static const struct refusal_row {
    struct setting setting;
    const char *sentence;
} refusal_rows[] = {
    {{"no_term", NULL, "C.UTF-8", true, 1, false, THEME_DARK}, "failed=-22 TERM is not set"},
    {{"empty_term", "", "C.UTF-8", true, 1, false, THEME_DARK}, "failed=-22 TERM is not set"},
    {{"unknown_term", "no\x1bsuch", "C.UTF-8", true, 1, false, THEME_DARK},
     "'no\\x1bsuch' is unknown"},
    {{"dumb_term", "dumb", "C.UTF-8", true, 1, false, THEME_DARK}, "'dumb' cannot show a screen"},
};

static void test_refusal(void **state)
{
    const struct refusal_row *row = *state;
    struct session session;
    session_begin(&session, HEIGHT, WIDTH, be_child, &row->setting);
    wait_for(&session, row->sentence);
    wait_for(&session, "closed");
    expect_restored(&session);
    session_end(&session, 0);
}

static void test_no_terminal(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct term *term = NULL;
    struct err err = {""};
    struct term_options options = {.input_fd = ends[0], .output_fd = ends[1], .colour = true};
    assert_int_equal(term_open(&term, &options, &err), -ENOTTY);
    assert_non_null(strstr(err.text, "needs a terminal"));
    term_emergency_restore(); /* nothing is open: nothing may be written */
    struct pollfd output = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&output, 1, 0), 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, refusal_rows, test_refusal);
    ROWS_ADD_ONE(&set, test_screen_and_close);
    ROWS_ADD_ONE(&set, test_colours);
    ROWS_ADD_ONE(&set, test_eight_colours);
    ROWS_ADD_ONE(&set, test_theme_changes);
    ROWS_ADD_ONE(&set, test_marks);
    ROWS_ADD_ONE(&set, test_mouse);
    ROWS_ADD_ONE(&set, test_mouse_is_given_back);
    ROWS_ADD_ONE(&set, test_copy);
    ROWS_ADD_ONE(&set, test_no_colours_wanted);
    ROWS_ADD_ONE(&set, test_no_colours_to_be_had);
    ROWS_ADD_ONE(&set, test_ascii_locale);
    ROWS_ADD_ONE(&set, test_keys);
    ROWS_ADD_ONE(&set, test_resize);
    ROWS_ADD_ONE(&set, test_only_changes_are_sent);
    ROWS_ADD_ONE(&set, test_crash);
    ROWS_ADD_ONE(&set, test_open_again);
    ROWS_ADD_ONE(&set, test_no_terminal);
    return rows_run(&set, "ui_term");
}
