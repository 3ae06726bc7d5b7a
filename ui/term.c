#include "ui/term.h"

#include <assert.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
/* ncurses has a struct of that name, too. */
#define term ncurses_term
#include <term.h>
#undef term

#include "base/text.h"
#include "ui/screen.h"

#define ESCAPE_WAIT_MS 25 /* how long a lone escape waits for the rest of a key */
#define LEAVE_MAX      128
#define NAME_MAX_TEXT  128
#define CTRL_L         0x0c
#define CTRL_H         0x08
#define WRITES_MAX     16 /* tries to write a few bytes to a terminal that may be stuck */

struct term {
    SCREEN *ncurses;
    FILE *input, *output;
    int output_fd;
    bool colour;
    bool redraw; /* the user asked for it, or the size changed */
    struct grid shown;
    struct sigaction old_actions[4];
};

/* What a crash handler needs, prepared while all is well. */
static struct {
    volatile sig_atomic_t open;
    int output_fd;
    struct termios modes;
    size_t leave_len;
    char leave[LEAVE_MAX];
} emergency;

/* ncurses takes these over; they are given back at the end. */
static const int taken_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

#define TAKEN_COUNT (sizeof taken_signals / sizeof taken_signals[0])

static const struct {
    short colour;
    attr_t with_colour, without;
} looks[STYLE_COUNT] = {
    [STYLE_NORMAL] = {-1, A_NORMAL, A_NORMAL},
    [STYLE_TITLE] = {-1, A_BOLD, A_BOLD},
    [STYLE_HEADING] = {COLOR_CYAN, A_UNDERLINE, A_UNDERLINE},
    [STYLE_SORTED] = {COLOR_CYAN, A_UNDERLINE | A_BOLD, A_UNDERLINE | A_BOLD},
    [STYLE_SELECTED] = {-1, A_REVERSE, A_REVERSE},
    [STYLE_DIM] = {-1, A_DIM, A_DIM},
    [STYLE_GOOD] = {COLOR_GREEN, A_NORMAL, A_NORMAL},
    [STYLE_NEW] = {COLOR_CYAN, A_NORMAL, A_UNDERLINE},
    [STYLE_WARNING] = {COLOR_YELLOW, A_BOLD, A_BOLD},
    [STYLE_FAILURE] = {COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE},
    [STYLE_KEY] = {COLOR_CYAN, A_BOLD, A_BOLD},
    [STYLE_PROMPT] = {COLOR_YELLOW, A_NORMAL, A_BOLD},
};

static short pair_of(uint32_t style)
{
    return (short)(style + 1);
}

static const char *capability(const char *name)
{
    const char *value = tigetstr(name);
    return (intptr_t)value == -1 ? NULL : value;
}

/* Copies a terminal string without its "$<5>" delays, which only tputs understands. */
static void add_leave(const char *name)
{
    const char *at = capability(name);
    while (at && *at != '\0' && emergency.leave_len < LEAVE_MAX) {
        const char *end = strncmp(at, "$<", 2) == 0 ? strchr(at, '>') : NULL;
        if (end) {
            at = end + 1;
            continue;
        }
        emergency.leave[emergency.leave_len++] = *at++;
    }
}

/* newterm exits the program over an unknown terminal; asking first leaves the choice to us. */
static int check_terminal(const struct term_options *options, struct err *err)
{
    if (!isatty(options->input_fd) || !isatty(options->output_fd))
        return err_set(err, ENOTTY, "the screen needs a terminal; --no-ui prints lines instead");
    if (tcgetattr(options->output_fd, &emergency.modes) != 0)
        return err_set(err, errno,
                       "cannot ask the terminal for its modes: %s; --no-ui prints lines "
                       "instead",
                       strerror(errno));
    char name[NAME_MAX_TEXT];
    struct text text = text_begin(name, sizeof name);
    const char *type = getenv("TERM");
    text_add_untrusted(&text, type ? type : "", type ? strlen(type) : 0);
    if (name[0] == '\0')
        return err_set(err, EINVAL,
                       "TERM is not set; say TERM=xterm, or whatever the terminal is, "
                       "or use --no-ui");
    int found = 0;
    if (setupterm(type, options->output_fd, &found) != OK)
        return err_set(err, EINVAL,
                       "the terminal type '%s' is unknown; try TERM=xterm, or use "
                       "--no-ui",
                       name);
    bool able = capability("cup") && capability("clear");
    emergency.leave_len = 0;
    add_leave("sgr0");
    add_leave("rmkx");
    add_leave("cnorm");
    add_leave("rmcup");
    (void)del_curterm(cur_term);
    if (!able)
        return err_set(err, EINVAL,
                       "a terminal of type '%s' cannot show a screen; try TERM=xterm, "
                       "or use --no-ui",
                       name);
    return 0;
}

static FILE *open_copy(int fd, const char *mode)
{
    int copy = dup(fd);
    if (copy < 0)
        return NULL;
    FILE *file = fdopen(copy, mode);
    if (!file)
        (void)close(copy);
    return file;
}

static void prepare_colours(struct term *term)
{
    if (!term->colour || !has_colors() || start_color() != OK || use_default_colors() != OK) {
        term->colour = false;
        return;
    }
    for (uint32_t style = 0; style < STYLE_COUNT; style++)
        (void)init_pair(pair_of(style), looks[style].colour, -1);
}

static void free_term(struct term *term)
{
    if (term->input)
        (void)fclose(term->input);
    if (term->output)
        (void)fclose(term->output);
    grid_free(&term->shown);
    free(term);
}

static void save_signals(struct term *term)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++)
        (void)sigaction(taken_signals[i], NULL, &term->old_actions[i]);
}

static void restore_signals(const struct term *term)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++)
        (void)sigaction(taken_signals[i], &term->old_actions[i], NULL);
}

int term_open(struct term **term, const struct term_options *options, struct err *err)
{
    static_assert(TAKEN_COUNT == sizeof((struct term *)0)->old_actions / sizeof(struct sigaction),
                  "one old action a signal");
    assert(!emergency.open);
    int failed = check_terminal(options, err);
    if (failed)
        return failed;
    struct term *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the terminal; --no-ui needs less");
    opened->output_fd = options->output_fd;
    opened->colour = options->colour;
    opened->redraw = true;
    opened->input = open_copy(options->input_fd, "r");
    opened->output = open_copy(options->output_fd, "w");
    save_signals(opened);
    emergency.output_fd = options->output_fd;
    emergency.open = 1;
    if (opened->input && opened->output)
        opened->ncurses = newterm(NULL, opened->output, opened->input);
    if (!opened->ncurses) {
        emergency.open = 0;
        free_term(opened);
        return err_set(err, EINVAL, "the terminal cannot be set up; --no-ui prints lines instead");
    }
    (void)set_term(opened->ncurses);
    (void)cbreak();
    (void)noecho();
    (void)nodelay(stdscr, TRUE);
    (void)keypad(stdscr, TRUE);
    (void)set_escdelay(ESCAPE_WAIT_MS);
    (void)curs_set(0);
    prepare_colours(opened);
    *term = opened;
    return 0;
}

void term_resume(struct term *term)
{
    (void)keypad(stdscr, TRUE);
    term->redraw = true;
}

void term_close(struct term *term)
{
    if (!term)
        return;
    /* Without an alternate screen the shell goes on in the last line. */
    (void)move(LINES - 1, 0);
    (void)clrtoeol();
    (void)refresh();
    (void)endwin();
    emergency.open = 0;
    delscreen(term->ncurses);
    restore_signals(term);
    free_term(term);
}

static int clamp(int value, int most)
{
    if (value < 1)
        return 1;
    return value < most ? value : most;
}

void term_size(struct term *term, int *width, int *height)
{
    struct winsize size = {0};
    if (ioctl(term->output_fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        size.ws_col = (unsigned short)COLS;
        size.ws_row = (unsigned short)LINES;
    }
    *width = clamp(size.ws_col, GRID_WIDTH_MAX);
    *height = clamp(size.ws_row, GRID_HEIGHT_MAX);
    if (*width != COLS || *height != LINES) {
        (void)resizeterm(*height, *width);
        term->redraw = true;
    }
}

/* A terminal whose idea of a character's width is not ours would shift the line. */
static wchar_t drawable(const struct cell *cell, bool wide)
{
    bool agreed = wcwidth((wchar_t)cell->code) == (wide ? 2 : 1);
    return agreed ? (wchar_t)cell->code : L'?';
}

static void put_cell(const struct term *term, const struct grid *grid, int row, int column)
{
    const struct cell *cell = grid_cell(grid, row, column);
    if (cell->code == 0 || cell->style >= STYLE_COUNT)
        return;
    bool wide = column + 1 < grid->width && cell[1].code == 0;
    wchar_t text[2] = {drawable(cell, wide), L'\0'};
    attr_t attributes = looks[cell->style].with_colour;
    short pair = pair_of(cell->style);
    if (!term->colour) {
        attributes = looks[cell->style].without;
        pair = 0;
    }
    cchar_t drawn;
    if (setcchar(&drawn, text, attributes, pair, NULL) != OK)
        return;
    (void)mvadd_wch(row, column, &drawn);
    if (wide && text[0] == L'?' && cell->code != '?')
        (void)mvaddch(row, column + 1, ' ');
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->code == b->code && a->style == b->style;
}

/* Puts what differs from what is shown. A wide character is put whole when either half differs. */
static void put_row(struct term *term, const struct grid *grid, int row)
{
    for (int column = 0; column < grid->width; column++) {
        const struct cell *cell = grid_cell(grid, row, column);
        struct cell *shown = grid_cell(&term->shown, row, column);
        if (same_cell(cell, shown))
            continue;
        *shown = *cell;
        put_cell(term, grid, row, cell->code == 0 && column > 0 ? column - 1 : column);
    }
}

void term_blit(struct term *term, const struct grid *grid)
{
    bool resized = term->shown.width != grid->width || term->shown.height != grid->height;
    if (resized || term->redraw) {
        struct err ignored;
        if (resized && grid_resize(&term->shown, grid->width, grid->height, &ignored) != 0)
            return; /* the next call tries again; the old picture stays */
        grid_clear(&term->shown);
        (void)erase();
        (void)clearok(stdscr, TRUE);
        term->redraw = false;
    }
    for (int row = 0; row < grid->height; row++)
        put_row(term, grid, row);
    (void)refresh();
}

static uint32_t translate(wint_t code)
{
    static const struct {
        wint_t ncurses;
        uint32_t key;
    } keys[] = {
        {KEY_UP, SCREEN_KEY_UP},         {KEY_DOWN, SCREEN_KEY_DOWN},
        {KEY_LEFT, SCREEN_KEY_LEFT},     {KEY_RIGHT, SCREEN_KEY_RIGHT},
        {KEY_PPAGE, SCREEN_KEY_PAGE_UP}, {KEY_NPAGE, SCREEN_KEY_PAGE_DOWN},
        {KEY_HOME, SCREEN_KEY_HOME},     {KEY_END, SCREEN_KEY_END},
        {KEY_ENTER, SCREEN_KEY_ENTER},   {KEY_BACKSPACE, SCREEN_KEY_BACKSPACE},
        {KEY_RESIZE, SCREEN_KEY_RESIZE},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].ncurses == code)
            return keys[i].key;
    }
    return SCREEN_KEY_NONE;
}

uint32_t term_key(struct term *term)
{
    wint_t code = 0;
    int kind = get_wch(&code);
    if (kind == KEY_CODE_YES)
        return translate(code);
    if (kind == ERR)
        return SCREEN_KEY_NONE;
    if (code == CTRL_L)
        term->redraw = true;
    if (code == '\r')
        return SCREEN_KEY_ENTER;
    if (code == '\t')
        return SCREEN_KEY_TAB;
    return code == CTRL_H ? (uint32_t)SCREEN_KEY_BACKSPACE : (uint32_t)code;
}

bool term_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void term_emergency_restore(void)
{
    if (!emergency.open)
        return;
    emergency.open = 0;
    size_t at = 0;
    for (int tries = 0; at < emergency.leave_len && tries < WRITES_MAX; tries++) {
        ssize_t written =
            write(emergency.output_fd, emergency.leave + at, emergency.leave_len - at);
        if (written > 0)
            at += (size_t)written;
    }
    (void)tcsetattr(emergency.output_fd, TCSANOW, &emergency.modes);
}
