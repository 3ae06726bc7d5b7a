#include "tests/support/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ui/screen.h"

#define CURSOR_SHARE 2 /* a row is the cursor's when one cell of so many stands out */
#define WHEEL        4 /* first button that has no release */

static int note_property(VTermProp property, VTermValue *value, void *user)
{
    struct terminal *terminal = user;
    if (property == VTERM_PROP_ALTSCREEN)
        terminal->alternate = value->boolean;
    if (property == VTERM_PROP_MOUSE)
        terminal->mouse = value->number;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = note_property};

static void show(void *to, const char *bytes, size_t len)
{
    struct terminal *terminal = to;
    (void)vterm_input_write(terminal->vterm, bytes, len);
}

void terminal_bytes(struct terminal *terminal, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(terminal->master, bytes, len);
        if (written <= 0)
            return;
        bytes += written;
        len -= (size_t)written;
    }
}

static void answer(const char *bytes, size_t len, void *user)
{
    terminal_bytes(user, bytes, len);
}

static void open_emulator(struct terminal *terminal)
{
    terminal->vterm = vterm_new(terminal->height, terminal->width);
    vterm_set_utf8(terminal->vterm, 1);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
    vterm_output_set_callback(terminal->vterm, answer, terminal);
    terminal->escapes.out = show;
    terminal->escapes.to = terminal;
}

bool terminal_open(struct terminal *terminal, const struct terminal_options *options)
{
    int slave = -1;
    memset(terminal, 0, sizeof *terminal);
    terminal->width = options->width;
    terminal->height = options->height;
    terminal->master = -1;
    struct winsize size = {.ws_row = (unsigned short)options->height,
                           .ws_col = (unsigned short)options->width};
    open_emulator(terminal);
    if (openpty(&terminal->master, &slave, NULL, NULL, &size) != 0)
        return false;
    (void)fcntl(terminal->master, F_SETFD, FD_CLOEXEC);
    bool good = tcgetattr(slave, &terminal->before) == 0 &&
                job_begin(&terminal->job, slave, options->type, options->argv);
    (void)close(slave);
    return good;
}

void terminal_hang_up(struct terminal *terminal)
{
    if (terminal->master >= 0)
        (void)close(terminal->master);
    terminal->master = -1;
}

void terminal_close(struct terminal *terminal)
{
    terminal_hang_up(terminal);
    job_end(&terminal->job);
    vterm_free(terminal->vterm);
    terminal->vterm = NULL;
}

bool terminal_pump(struct terminal *terminal, int ms)
{
    struct pollfd output = {.fd = terminal->master, .events = POLLIN};
    if (poll(&output, 1, ms) <= 0)
        return false;
    char bytes[65536];
    ssize_t len = read(terminal->master, bytes, sizeof bytes);
    if (len <= 0)
        return false;
    escapes_feed(&terminal->escapes, bytes, (size_t)len);
    terminal->received += (uint64_t)len;
    return true;
}

void terminal_key(struct terminal *terminal, uint32_t key)
{
    static const struct {
        uint32_t key;
        VTermKey sent;
    } keys[] = {
        {SCREEN_KEY_ENTER, VTERM_KEY_ENTER},
        {SCREEN_KEY_ESCAPE, VTERM_KEY_ESCAPE},
        {SCREEN_KEY_BACKSPACE, VTERM_KEY_BACKSPACE},
        {SCREEN_KEY_TAB, VTERM_KEY_TAB},
        {SCREEN_KEY_UP, VTERM_KEY_UP},
        {SCREEN_KEY_DOWN, VTERM_KEY_DOWN},
        {SCREEN_KEY_LEFT, VTERM_KEY_LEFT},
        {SCREEN_KEY_RIGHT, VTERM_KEY_RIGHT},
        {SCREEN_KEY_PAGE_UP, VTERM_KEY_PAGEUP},
        {SCREEN_KEY_PAGE_DOWN, VTERM_KEY_PAGEDOWN},
        {SCREEN_KEY_HOME, VTERM_KEY_HOME},
        {SCREEN_KEY_END, VTERM_KEY_END},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].key == key) {
            vterm_keyboard_key(terminal->vterm, keys[i].sent, VTERM_MOD_NONE);
            return;
        }
    }
    char byte = (char)key;
    if (key < ' ')
        terminal_bytes(terminal, &byte, 1);
    else
        vterm_keyboard_unichar(terminal->vterm, key, VTERM_MOD_NONE);
}

void terminal_click(struct terminal *terminal, int row, int column, int button)
{
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, button, true, VTERM_MOD_NONE);
    if (button < WHEEL)
        vterm_mouse_button(terminal->vterm, button, false, VTERM_MOD_NONE);
}

void terminal_point(struct terminal *terminal, int row, int column)
{
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
}

void terminal_hold(struct terminal *terminal, bool down)
{
    vterm_mouse_button(terminal->vterm, 1, down, VTERM_MOD_NONE);
}

void terminal_resize(struct terminal *terminal, int width, int height)
{
    struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
    terminal->width = width;
    terminal->height = height;
    vterm_set_size(terminal->vterm, height, width);
    (void)ioctl(terminal->master, TIOCSWINSZ, &size);
}

VTermScreenCell terminal_cell(const struct terminal *terminal, int row, int column)
{
    VTermScreenCell cell;
    VTermPos place = {.row = row, .col = column};
    memset(&cell, 0, sizeof cell);
    (void)vterm_screen_get_cell(terminal->screen, place, &cell);
    return cell;
}

void terminal_row(const struct terminal *terminal, int row, char text[TERMINAL_ROW_MAX])
{
    VTermRect rect = {
        .start_row = row, .end_row = row + 1, .start_col = 0, .end_col = terminal->width};
    size_t len = vterm_screen_get_text(terminal->screen, text, TERMINAL_ROW_MAX - 1, rect);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0'))
        len--;
    text[len] = '\0';
}

char *terminal_text(const struct terminal *terminal)
{
    char *text = calloc(1, TERMINAL_TEXT_MAX);
    char row[TERMINAL_ROW_MAX];
    size_t len = 0;
    for (int at = 0; text && at < terminal->height; at++) {
        terminal_row(terminal, at, row);
        len += (size_t)snprintf(text + len, TERMINAL_TEXT_MAX - len, "%s\n", row);
        if (len >= TERMINAL_TEXT_MAX)
            break;
    }
    return text;
}

void terminal_take(const struct terminal *terminal, struct terminal_picture *picture)
{
    free(picture->cells);
    picture->width = terminal->width;
    picture->height = terminal->height;
    size_t count = (size_t)terminal->width * (size_t)terminal->height;
    picture->cells = calloc(count, sizeof *picture->cells);
    for (size_t at = 0; picture->cells && at < count; at++)
        picture->cells[at] =
            terminal_cell(terminal, (int)at / terminal->width, (int)at % terminal->width);
}

/* A blank is a blank, whatever ink it is not written with. */
static bool same_cell(const VTermScreenCell *a, const VTermScreenCell *b)
{
    bool blank =
        (a->chars[0] == 0 || a->chars[0] == ' ') && (b->chars[0] == 0 || b->chars[0] == ' ');
    return (blank || (memcmp(a->chars, b->chars, sizeof a->chars) == 0 &&
                      vterm_color_is_equal(&a->fg, &b->fg) && a->attrs.bold == b->attrs.bold &&
                      a->attrs.strike == b->attrs.strike)) &&
           vterm_color_is_equal(&a->bg, &b->bg) && a->attrs.underline == b->attrs.underline &&
           a->attrs.reverse == b->attrs.reverse;
}

bool terminal_is(const struct terminal *terminal, const struct terminal_picture *picture)
{
    size_t count = (size_t)terminal->width * (size_t)terminal->height;
    if (!picture->cells || picture->width != terminal->width || picture->height != terminal->height)
        return false;
    for (size_t at = 0; at < count; at++) {
        VTermScreenCell cell =
            terminal_cell(terminal, (int)at / terminal->width, (int)at % terminal->width);
        if (!same_cell(&cell, &picture->cells[at]))
            return false;
    }
    return true;
}

static bool stands_out(const VTermScreenCell *cell)
{
    return cell->attrs.reverse || !VTERM_COLOR_IS_DEFAULT_BG(&cell->bg);
}

int terminal_cursor_row(const struct terminal *terminal)
{
    for (int row = 1; row < terminal->height; row++) {
        int count = 0;
        for (int column = 0; column < terminal->width; column++) {
            VTermScreenCell cell = terminal_cell(terminal, row, column);
            count += stands_out(&cell);
        }
        if (count * CURSOR_SHARE >= terminal->width)
            return row;
    }
    return -1;
}

const char *terminal_unrestored(const struct terminal *terminal)
{
    struct termios now;
    if (terminal->alternate)
        return "the alternate screen was not left";
    if (terminal->escapes.cursor_hidden)
        return "the cursor is still hidden";
    if (terminal->mouse != VTERM_PROP_MOUSE_NONE)
        return "the mouse is still reported";
    if (tcgetattr(terminal->master, &now) != 0)
        return "the terminal does not tell its modes";
    if (now.c_lflag != terminal->before.c_lflag || now.c_iflag != terminal->before.c_iflag ||
        now.c_oflag != terminal->before.c_oflag)
        return "the terminal's modes are not what they were";
    return NULL;
}
