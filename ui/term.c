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
#include "ui/clipboard.h"
#include "ui/mouse.h"
#include "ui/term_leave.h"

#define ESCAPE_WAIT_MS 25 /* how long a lone escape waits for the rest of a key */
#define NAME_MAX_TEXT  128
#define CTRL_L         0x0c
#define CTRL_H         0x08

/* Numbers for keys that ncurses has none for, above all of its own. */
#define KEY_OURS 0x4000

struct term {
    SCREEN *ncurses;
    FILE *input, *output;
    int output_fd;
    bool colour;
    bool able;   /* a terminal with a mouse: it knows xterm's sequences */
    bool redraw; /* the user asked for it, or the size changed */
    enum theme theme;
    struct mouse mouse;
    struct screen_mouse happened;
    struct grid shown;
    struct sigaction old_actions[4];
};

/* ncurses takes these over; they are given back at the end. */
static const int taken_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

#define TAKEN_COUNT (sizeof taken_signals / sizeof taken_signals[0])

static short pair_of(uint32_t style)
{
    return (short)(style + 1);
}

/* Of the terminal that is set up: in its table, as tigetstr crashes for want of memory. */
static const char *known(const char *capability)
{
    return (intptr_t)capability == -1 ? NULL : capability;
}

/* newterm exits the program over an unknown terminal; asking first leaves the choice to us. */
static int check_terminal(const struct term_options *options, struct err *err)
{
    if (!isatty(options->input_fd) || !isatty(options->output_fd))
        return err_set(err, ENOTTY, "the screen needs a terminal; --no-ui prints lines instead");
    if (term_leave_prepare(options->output_fd) != 0)
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
    bool able = known(cursor_address) && known(clear_screen);
    const char *const leaving[] = {exit_attribute_mode, keypad_local, cursor_normal, exit_ca_mode};
    for (size_t i = 0; i < sizeof leaving / sizeof leaving[0]; i++)
        term_leave_add(known(leaving[i]));
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
    for (uint32_t style = 0; style < STYLE_COUNT; style++) {
        struct look look = theme_look(term->theme, (enum style)style);
        short colour = look.colour256;
        if (COLORS < 256)
            colour = look.colour16;
        (void)init_pair(pair_of(style), colour, -1);
    }
}

static attr_t attributes_of(const struct term *term, uint32_t style)
{
    static const struct {
        uint8_t look;
        attr_t attribute;
    } attributes[] = {{LOOK_BOLD, A_BOLD},
                      {LOOK_UNDERLINE, A_UNDERLINE},
                      {LOOK_REVERSE, A_REVERSE},
                      {LOOK_DIM, A_DIM}};
    enum theme theme = term->colour ? term->theme : THEME_MONO;
    struct look look = theme_look(theme, (enum style)style);
    attr_t sum = look.attributes & LOOK_DIM_16 && COLORS < 256 ? A_DIM : A_NORMAL;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        sum |= (look.attributes & attributes[i].look) ? attributes[i].attribute : A_NORMAL;
    return sum;
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

void term_use_mouse(struct term *term, bool wanted)
{
    if (term->able)
        term_leave_use_mouse(wanted);
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

/* Where the shell has no job control it stays ignored. */
static void take_stop(void (*note)(int number))
{
    struct sigaction action;
    (void)sigaction(SIGTSTP, NULL, &action);
    if (action.sa_flags & SA_SIGINFO || action.sa_handler == SIG_IGN)
        return;
    action.sa_handler = note;
    (void)sigaction(SIGTSTP, &action, NULL);
}

/* What terminals send whose terminfo entry says something else, or nothing. */
static const struct {
    const char *bytes;
    uint32_t key;
} sequences[] = {
#define SEQUENCE(bytes, KEY)                                                                       \
    {                                                                                              \
        bytes, SCREEN_KEY_##KEY                                                                    \
    }                                                                                              \
    ,
#include "ui/sequence.def"
#undef SEQUENCE
};

#define SEQUENCE_COUNT (sizeof sequences / sizeof sequences[0])

static void define_keys(void)
{
    for (size_t i = 0; i < SEQUENCE_COUNT; i++)
        (void)define_key(sequences[i].bytes, KEY_OURS + (int)i);
}

/* Linux' own console has no clipboard, and its mouse, of gpm, takes no notice of us. */
static bool is_xterm_like(void)
{
    const char *type = getenv("TERM");
    return known(key_mouse) && type && strncmp(type, "linux", strlen("linux")) != 0;
}

int term_open(struct term **term, const struct term_options *options, struct err *err)
{
    static_assert(TAKEN_COUNT == sizeof((struct term *)0)->old_actions / sizeof(struct sigaction),
                  "one old action a signal");
    assert(!term_leave_is_open());
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
    term_leave_open(true);
    if (opened->input && opened->output)
        opened->ncurses = newterm(NULL, opened->output, opened->input);
    if (!opened->ncurses) {
        term_leave_open(false);
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
    opened->able = is_xterm_like();
    opened->theme = options->theme;
    prepare_colours(opened);
    define_keys();
    if (options->note_stop)
        take_stop(options->note_stop);
    term_use_mouse(opened, options->mouse);
    *term = opened;
    return 0;
}

/* In an orphaned process group the kernel does not stop it: nobody could make it go on. */
void term_suspend(struct term *term)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, before;
    (void)term;
    term_leave_pause();
    (void)def_prog_mode();
    (void)endwin();
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTSTP, &action, &before);
    (void)raise(SIGTSTP);
    /* cppcheck-suppress unreachableCode ; SIGTSTP comes back */
    (void)sigaction(SIGTSTP, &before, NULL);
    (void)flushinp();
    (void)reset_prog_mode();
    (void)refresh();
    term_resume(term);
}

void term_resume(struct term *term)
{
    (void)keypad(stdscr, TRUE);
    term_leave_resume();
    term->redraw = true;
}

void term_close(struct term *term)
{
    if (!term)
        return;
    term_use_mouse(term, false);
    /* Without an alternate screen the shell goes on in the last line. */
    (void)move(LINES - 1, 0);
    (void)clrtoeol();
    (void)refresh();
    (void)endwin();
    term_leave_open(false);
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

static void add_marks(const struct cell *cell, wchar_t *text)
{
    for (int at = 0; at < CELL_MARKS_MAX && cell->marks[at] != 0; at++) {
        if (wcwidth((wchar_t)cell->marks[at]) == 0)
            *text++ = (wchar_t)cell->marks[at];
    }
}

static void put_cell(const struct term *term, const struct grid *grid, int row, int column)
{
    const struct cell *cell = grid_cell(grid, row, column);
    if (cell->code == 0 || cell->style >= STYLE_COUNT)
        return;
    bool wide = column + 1 < grid->width && cell[1].code == 0;
    wchar_t text[2 + CELL_MARKS_MAX] = {drawable(cell, wide)};
    if (text[0] == (wchar_t)cell->code)
        add_marks(cell, text + 1);
    short pair = 0;
    if (term->colour)
        pair = pair_of(cell->style);
    cchar_t drawn;
    if (setcchar(&drawn, text, attributes_of(term, cell->style), pair, NULL) != OK)
        return;
    (void)mvadd_wch(row, column, &drawn);
    if (wide && text[0] == L'?' && cell->code != '?')
        (void)mvaddch(row, column + 1, ' ');
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->code == b->code && a->style == b->style &&
           memcmp(a->marks, b->marks, sizeof a->marks) == 0;
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
        {KEY_UP, SCREEN_KEY_UP},
        {KEY_DOWN, SCREEN_KEY_DOWN},
        {KEY_LEFT, SCREEN_KEY_LEFT},
        {KEY_RIGHT, SCREEN_KEY_RIGHT},
        {KEY_PPAGE, SCREEN_KEY_PAGE_UP},
        {KEY_NPAGE, SCREEN_KEY_PAGE_DOWN},
        {KEY_HOME, SCREEN_KEY_HOME},
        {KEY_END, SCREEN_KEY_END},
        {KEY_ENTER, SCREEN_KEY_ENTER},
        {KEY_BACKSPACE, SCREEN_KEY_BACKSPACE},
        {KEY_RESIZE, SCREEN_KEY_RESIZE},
        {KEY_BTAB, SCREEN_KEY_SHIFT_TAB},
        {KEY_DC, SCREEN_KEY_DELETE},
        {KEY_IC, SCREEN_KEY_INSERT},
        {KEY_SR, SCREEN_KEY_SHIFT_UP},
        {KEY_SF, SCREEN_KEY_SHIFT_DOWN},
        {KEY_SLEFT, SCREEN_KEY_SHIFT_LEFT},
        {KEY_SRIGHT, SCREEN_KEY_SHIFT_RIGHT},
    };
    if (code >= KEY_OURS && code < KEY_OURS + SEQUENCE_COUNT)
        return sequences[code - KEY_OURS].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return SCREEN_KEY_F1 + (uint32_t)(code - KEY_F(1));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].ncurses == code)
            return keys[i].key;
    }
    return SCREEN_KEY_NONE;
}

static uint32_t translate_character(struct term *term, wint_t code)
{
    if (code == CTRL_L)
        term->redraw = true;
    if (code == '\r')
        return SCREEN_KEY_ENTER;
    if (code == '\t')
        return SCREEN_KEY_TAB;
    return code == CTRL_H ? (uint32_t)SCREEN_KEY_BACKSPACE : (uint32_t)code;
}

/* Ends for want of input at the latest: SCREEN_KEY_NONE would tell that there is no more. */
uint32_t term_key(struct term *term)
{
    wint_t code = 0;
    int kind = 0;
    while ((kind = get_wch(&code)) != ERR) {
        uint32_t key = kind == KEY_CODE_YES ? translate(code) : 0;
        bool of_report = term->mouse.reading && kind != KEY_CODE_YES;
        if (of_report &&
            mouse_take(&term->mouse, code, clock_monotonic_ns(), &term->happened) == MOUSE_EVENT)
            return SCREEN_KEY_MOUSE;
        if (key == SCREEN_KEY_MOUSE)
            mouse_begin(&term->mouse);
        else if (key != SCREEN_KEY_NONE)
            return key;
        else if (!of_report && kind != KEY_CODE_YES)
            return translate_character(term, code);
    }
    return SCREEN_KEY_NONE;
}

struct screen_mouse term_mouse(const struct term *term)
{
    return term->happened;
}

void term_use_theme(struct term *term, enum theme theme)
{
    term->theme = theme;
    prepare_colours(term);
    term->redraw = true;
}

bool term_copy(struct term *term, const char *text, size_t len)
{
    char *out = term->able ? malloc(CLIPBOARD_OUT_MAX) : NULL;
    if (!out)
        return false;
    size_t wanted = clipboard_write(text, len, getenv("STY") != NULL, out);
    bool sent = wanted > 0 && term_leave_write(out, wanted);
    free(out);
    return sent;
}

const char *term_library(void)
{
    return curses_version();
}

bool term_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
