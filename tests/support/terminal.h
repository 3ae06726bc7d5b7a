/*
 * Purpose: a terminal for tests of the whole program: it runs on a pseudo-terminal, libvterm plays the terminal,
 *          and what a user would see is read back cell by cell.
 * Owns:    the program, the pseudo-terminal and the emulator, from terminal_open to terminal_close.
 * Fails:   terminal_open with false.
 * Used by: tests/screen.
 */
#ifndef LOFLOW_TESTS_SUPPORT_TERMINAL_H
#define LOFLOW_TESTS_SUPPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include <vterm.h>

#include "tests/support/escapes.h"
#include "tests/support/job.h"

#define TERMINAL_WIDTH_MAX  500
#define TERMINAL_HEIGHT_MAX 200
#define TERMINAL_ROW_MAX    ((size_t)TERMINAL_WIDTH_MAX * 8) /* bytes of a row's text */
#define TERMINAL_TEXT_MAX   (TERMINAL_HEIGHT_MAX * TERMINAL_ROW_MAX / 4)

struct terminal {
    VTerm *vterm;
    VTermScreen *screen;
    struct job job;
    struct escapes escapes;
    struct termios before;
    int master, width, height;
    int mouse; /* VTERM_PROP_MOUSE_... */
    bool alternate;
    uint64_t received; /* bytes */
};

/* All cells with their looks. */
struct terminal_picture {
    VTermScreenCell *cells;
    int width, height;
};

struct terminal_options {
    int width, height;
    const char *type; /* TERM */
    const char *const *argv;
};

bool terminal_open(struct terminal *terminal, const struct terminal_options *options);
void terminal_close(struct terminal *terminal);

/* The terminal goes away, as when its window is closed. */
void terminal_hang_up(struct terminal *terminal);

/* Takes what the program wrote, waiting `ms` for it; false when nothing came. */
bool terminal_pump(struct terminal *terminal, int ms);

/* A key as the terminal sends it: a Unicode character or enum screen_key. */
void terminal_key(struct terminal *terminal, uint32_t key);
void terminal_bytes(struct terminal *terminal, const char *bytes, size_t len);

/* Button 1 pressed and released; 4 and 5 are the wheel. */
void terminal_click(struct terminal *terminal, int row, int column, int button);

/* The mouse goes there; while button 1 is down that is a drag. */
void terminal_point(struct terminal *terminal, int row, int column);
void terminal_hold(struct terminal *terminal, bool down);

void terminal_resize(struct terminal *terminal, int width, int height);

/* A row's text, without blanks at its end. */
void terminal_row(const struct terminal *terminal, int row, char text[TERMINAL_ROW_MAX]);

/* All rows, each with a newline; allocated. */
char *terminal_text(const struct terminal *terminal);

VTermScreenCell terminal_cell(const struct terminal *terminal, int row, int column);

/* Replaces what `picture` held. Cells that look alike are alike byte by byte. */
void terminal_take(const struct terminal *terminal, struct terminal_picture *picture);
bool terminal_is(const struct terminal *terminal, const struct terminal_picture *picture);

/* The row drawn as the cursor's: reversed or on a ground of its own, below the first; -1 when there is none. */
int terminal_cursor_row(const struct terminal *terminal);

/* What is not as it was before the program ran; NULL when all is. */
const char *terminal_unrestored(const struct terminal *terminal);

#endif
