/*
 * Purpose: the terminal: shows a grid, reads keys, and gives the terminal back as it was.
 * Owns:    the terminal's modes from term_open to term_close. There is one terminal, so there is
 *          one `struct term` at a time; ncurses keeps its own globals.
 * Fails:   term_open with -ENOTTY or -EINVAL (unknown TERM) and a sentence.
 * Used by: app. The only file that includes ncurses.h is ui/term.c.
 */
#ifndef LOFLOW_UI_TERM_H
#define LOFLOW_UI_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/grid.h"
#include "ui/keycode.h"
#include "ui/theme.h"

struct term;

struct term_options {
    int input_fd;  /* where keys come from: standard input, or /dev/tty when that is a capture */
    int output_fd; /* where the screen is */
    bool colour;   /* false for NO_COLOR (https://no-color.org): THEME_MONO, whatever is chosen */
    bool mouse;    /* is reported to us; else the terminal selects text with it */
    enum theme theme;
    /* What SIGTSTP calls, a signal handler: soon after it term_suspend. NULL: what ncurses does, which
     * happens in the midst of whatever it interrupts. */
    void (*note_stop)(int number);
};

int term_open(struct term **term, const struct term_options *options, struct err *err);
void term_close(struct term *term);

/* The size now, in cells; at least 1 x 1. Asks the kernel: call it after SIGWINCH. */
void term_size(struct term *term, int *width, int *height);

/* Shows the grid; only what changed since the last call is sent. */
void term_blit(struct term *term, const struct grid *grid);

/* The next key without waiting: a Unicode character, enum screen_key, or SCREEN_KEY_NONE. */
uint32_t term_key(struct term *term);

/* What the mouse did, after SCREEN_KEY_MOUSE. */
struct screen_mouse term_mouse(const struct term *term);

/* Both may be changed at any time; the next term_blit shows it. */
void term_use_theme(struct term *term, enum theme theme);
void term_use_mouse(struct term *term, bool wanted);

/* Sends a text to the clipboard of whoever sits at the terminal. False: this terminal has no way to,
 * or the text is too long; whether a terminal that has one allows it is not known. */
bool term_copy(struct term *term, const char *text, size_t len);

/* Gives the terminal back as it was and stops the program, as SIGTSTP would; returns when it goes on. */
void term_suspend(struct term *term);

/* After a stop (SIGTSTP) and SIGCONT: the terminal is set up and painted anew. */
void term_resume(struct term *term);

/* "ncurses 6.4.20221231" */
const char *term_library(void);

/* The locale and the terminal can show more than ASCII. */
bool term_is_utf8(void);

/* For a signal handler after a crash: restores modes and leaves the alternate screen with nothing
 * but async-signal-safe calls. Does nothing when no terminal is open. */
void term_emergency_restore(void);

#endif
