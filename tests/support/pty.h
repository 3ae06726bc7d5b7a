/*
 * Purpose: a terminal for tests: a child runs on a pseudo-terminal, the parent plays the terminal
 *          with libvterm and looks at what a user would see.
 * Owns:    the child and the pseudo-terminal, from session_begin to session_end.
 * Used by: tests/unit/test_ui_term.c, tests/unit/test_app_screen.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_PTY_H
#define LOFLOW_TESTS_SUPPORT_PTY_H

#include "tests/support/rows.h"

#include <poll.h>
#include <pty.h>
#include <stdbool.h>
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

#define PATIENCE_NS     (20 * CLOCK_NS_PER_S)
#define SCREEN_TEXT_MAX 65536

struct session {
    pid_t child;
    int master;
    VTerm *vterm;
    VTermScreen *screen;
    bool alternate, cursor_hidden;
    int mouse;         /* VTERM_PROP_MOUSE_* */
    char command[128]; /* the latest that libvterm does not know: OSC 52 is one */
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
    if (property == VTERM_PROP_MOUSE)
        session->mouse = value->number;
    return 1;
}

static inline int note_command(const char *command, size_t len, void *user)
{
    struct session *session = user;
    (void)snprintf(session->command, sizeof session->command, "%.*s", (int)len, command);
    return 1;
}

static const VTermParserCallbacks unknown_callbacks = {.osc = note_command};

static const VTermScreenCallbacks callbacks = {.settermprop = note_property};

/* `child` runs in the terminal and never returns. */
static inline void session_begin(struct session *session, int height, int width,
                                 void (*child)(const void *context), const void *context)
{
    *session = (struct session){0};
    session->vterm = vterm_new(height, width);
    vterm_set_utf8(session->vterm, 1);
    session->screen = vterm_obtain_screen(session->vterm);
    vterm_screen_set_callbacks(session->screen, &callbacks, session);
    vterm_screen_set_unrecognised_fallbacks(session->screen, &unknown_callbacks, session);
    vterm_screen_enable_altscreen(session->screen, 1);
    vterm_screen_reset(session->screen, 1);
    struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
    int slave = -1;
    assert_int_equal(openpty(&session->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &session->before), 0);
    session->child = fork();
    assert_true(session->child >= 0);
    if (session->child == 0) {
        (void)close(session->master);
        (void)login_tty(slave);
        child(context);
        _exit(99);
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
    size_t len = vterm_screen_get_text(session->screen, text, SCREEN_TEXT_MAX - 1, all);
    text[len] = '\0';
}

static inline void wait_for(struct session *session, const char *part)
{
    int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    static char text[SCREEN_TEXT_MAX];
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
