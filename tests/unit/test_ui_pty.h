/*
 * Purpose: a terminal for tests: a child shows a grid and reads keys on a pseudo-terminal, the
 *          parent plays the terminal with libvterm and looks at what a user would see.
 * Owns:    the child and the pseudo-terminal, from session_begin to session_end.
 * Used by: tests/unit/test_ui_term.c, after cmocka.h.
 */
#ifndef LOFLOW_TEST_UI_PTY_H
#define LOFLOW_TEST_UI_PTY_H

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <vterm.h>

#include "base/clock.h"
#include "ui/screen.h"
#include "ui/term.h"

#define WIDTH       60
#define HEIGHT      8
#define PATIENCE_NS (20 * CLOCK_NS_PER_S)
#define ROW_MAX     1024

enum {
    LINE_STYLES, /* cell i is a letter in style i */
    LINE_TEXT,
    LINE_KEY,
    LINE_SIZE,
    LINE_CLOSED, /* what the child prints by itself, anywhere */
};

/* ---- the child ---- */

static inline void draw(struct grid *grid, uint32_t key)
{
    char line[ROW_MAX];
    grid_clear(grid);
    for (int style = 0; style < STYLE_COUNT; style++) {
        char letter[2] = {(char)('a' + style), '\0'};
        (void)grid_text(grid, LINE_STYLES, style, 1, (enum style)style, letter);
    }
    (void)grid_text(grid, LINE_TEXT, 0, grid->width, STYLE_NORMAL, "日本 → x");
    (void)snprintf(line, sizeof line, "key=%x.", key);
    (void)grid_text(grid, LINE_KEY, 0, grid->width, STYLE_NORMAL, line);
    (void)snprintf(line, sizeof line, "size=%dx%d.", grid->width, grid->height);
    (void)grid_text(grid, LINE_SIZE, 0, grid->width, STYLE_NORMAL, line);
}

static inline void show(struct term *term, struct grid *grid, uint32_t key)
{
    int width = 0;
    int height = 0;
    struct err err;
    term_size(term, &width, &height);
    if ((width != grid->width || height != grid->height) &&
        grid_resize(grid, width, height, &err) != 0)
        _exit(10);
    draw(grid, key);
    term_blit(term, grid);
}

static inline void crash(int number)
{
    (void)number;
    term_emergency_restore();
    _exit(9);
}

/* Shows keys until 'q'; 'x' crashes, 'b' shows the same picture again. */
static inline void serve(bool colour)
{
    struct term *term = NULL;
    struct err err = {""};
    struct term_options options = {STDIN_FILENO, STDOUT_FILENO, colour};
    int failed = term_open(&term, &options, &err);
    if (failed) {
        (void)printf("failed=%d %s\n", failed, err.text);
        return;
    }
    struct grid grid = {0};
    uint32_t shown = 0;
    for (;;) {
        uint32_t key = term_key(term);
        if (key == 'q')
            break;
        if (key == 'x')
            (void)raise(SIGSEGV);
        if (key != SCREEN_KEY_NONE && key != SCREEN_KEY_RESIZE && key != 'b')
            shown = key;
        show(term, &grid, shown);
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (key == SCREEN_KEY_NONE)
            (void)poll(&input, 1, 10);
    }
    term_close(term);
    grid_free(&grid);
}

struct setting {
    const char *name;
    const char *type; /* TERM; NULL: not set */
    const char *locale;
    bool colour;
    int times; /* the terminal is opened and closed that often */
};

static inline void be_child(const struct setting *setting)
{
    if (setting->type)
        (void)setenv("TERM", setting->type, 1);
    else
        (void)unsetenv("TERM");
    (void)setlocale(LC_ALL, setting->locale);
    struct sigaction action = {.sa_handler = crash};
    (void)sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < setting->times; i++)
        serve(setting->colour);
    (void)printf("closed utf8=%d\n", term_is_utf8());
    (void)fflush(stdout);
    _exit(0);
}

/* ---- the parent ---- */

struct session {
    pid_t child;
    int master;
    VTerm *vterm;
    VTermScreen *screen;
    bool alternate, cursor_hidden;
    size_t received;
    struct termios before;
};

static inline int note_property(VTermProp property, VTermValue *value, void *user)
{
    struct session *session = user;
    if (property == VTERM_PROP_ALTSCREEN)
        session->alternate = value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE)
        session->cursor_hidden = !value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = note_property};

static inline void session_begin(struct session *session, const struct setting *setting)
{
    *session = (struct session){0};
    session->vterm = vterm_new(HEIGHT, WIDTH);
    vterm_set_utf8(session->vterm, 1);
    session->screen = vterm_obtain_screen(session->vterm);
    vterm_screen_set_callbacks(session->screen, &callbacks, session);
    vterm_screen_enable_altscreen(session->screen, 1);
    vterm_screen_reset(session->screen, 1);
    struct winsize size = {.ws_row = HEIGHT, .ws_col = WIDTH};
    int slave = -1;
    assert_int_equal(openpty(&session->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &session->before), 0);
    session->child = fork();
    assert_true(session->child >= 0);
    if (session->child == 0) {
        (void)close(session->master);
        (void)login_tty(slave);
        be_child(setting);
    }
    (void)close(slave);
}

/* Reads what there is, for at most `ms`; false when nothing came. */
static inline bool pump(struct session *session, int ms)
{
    struct pollfd output = {.fd = session->master, .events = POLLIN};
    if (poll(&output, 1, ms) <= 0)
        return false;
    char bytes[4096];
    ssize_t len = read(session->master, bytes, sizeof bytes);
    if (len <= 0)
        return false;
    (void)vterm_input_write(session->vterm, bytes, (size_t)len);
    session->received += (size_t)len;
    return true;
}

static inline VTermScreenCell cell_at(const struct session *session, int row, int column)
{
    VTermScreenCell cell;
    VTermPos place = {.row = row, .col = column};
    assert_true(vterm_screen_get_cell(session->screen, place, &cell));
    return cell;
}

static inline void read_rows(const struct session *session, int rows, int columns, char *text)
{
    VTermRect all = {.start_row = 0, .end_row = rows, .start_col = 0, .end_col = columns};
    size_t len = vterm_screen_get_text(session->screen, text, ROW_MAX * HEIGHT - 1, all);
    text[len] = '\0';
}

static inline void wait_for(struct session *session, const char *part)
{
    int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    char text[ROW_MAX * HEIGHT];
    int rows = 0;
    int columns = 0;
    do {
        vterm_get_size(session->vterm, &rows, &columns);
        read_rows(session, rows, columns, text);
        if (strstr(text, part))
            return;
        (void)pump(session, 50);
    } while (clock_monotonic_ns() < until_ns);
    fail_msg("\"%s\" did not appear:\n%s", part, text);
}

static inline void type(const struct session *session, const char *bytes)
{
    assert_int_equal(write(session->master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

static inline void session_end(struct session *session, int status)
{
    int ended = 0;
    while (pump(session, 50))
        continue;
    assert_int_equal(waitpid(session->child, &ended, 0), session->child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), status);
    (void)close(session->master);
    vterm_free(session->vterm);
}

static inline void expect_restored(const struct session *session)
{
    struct termios now;
    assert_int_equal(tcgetattr(session->master, &now), 0);
    assert_int_equal(now.c_lflag, session->before.c_lflag);
    assert_int_equal(now.c_iflag, session->before.c_iflag);
    assert_int_equal(now.c_oflag, session->before.c_oflag);
    assert_false(session->alternate);
    assert_false(session->cursor_hidden);
}

#endif
