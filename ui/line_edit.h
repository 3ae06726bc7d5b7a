/*
 * Purpose: a line of text being typed: characters, a cursor, words, and the lines typed before.
 * Owns:    its text; plain values.
 * Bounds:  LINE_EDIT_MAX bytes of UTF-8, LINE_HISTORY_MAX lines; what does not fit is not taken.
 * Fails:   never.
 * Used by: ui/prompt, the filter line.
 */
#ifndef LOFLOW_UI_LINE_EDIT_H
#define LOFLOW_UI_LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/grid.h"

#define LINE_EDIT_MAX    512
#define LINE_HISTORY_MAX 32

struct line_edit {
    size_t len;
    size_t cursor;            /* bytes before it */
    char text[LINE_EDIT_MAX]; /* terminated; whole characters without controls */
};

enum line_step {
    LINE_LEFT,
    LINE_RIGHT,
    LINE_WORD_LEFT,
    LINE_WORD_RIGHT,
    LINE_BEGIN,
    LINE_END,
};

void line_edit_clear(struct line_edit *edit);

/* As much of the text as fits, the cursor behind it. */
void line_edit_set(struct line_edit *edit, const char *text);

/* A character typed at the cursor; control characters are none. These three say whether the text
 * changed. */
bool line_edit_type(struct line_edit *edit, uint32_t code);

/* Replaces the bytes from `begin` to `end`, which lie between characters; the cursor goes behind. */
bool line_edit_replace(struct line_edit *edit, size_t begin, size_t end, const char *text);

/* Erases from the cursor to where the step would lead. */
bool line_edit_erase(struct line_edit *edit, enum line_step step);

/* A character and the marks on it are one step. */
void line_edit_move(struct line_edit *edit, enum line_step step);

/* Draws the text in `room` columns, the cursor always in sight; returns the columns used. */
int line_edit_draw(const struct line_edit *edit, struct grid *grid, int row, int column, int room);

struct line_history {
    uint32_t count; /* lines ever kept */
    uint32_t back;  /* how far back the line shown is; 0: the one being typed */
    char typed[LINE_EDIT_MAX];
    char lines[LINE_HISTORY_MAX][LINE_EDIT_MAX]; /* line n at n % LINE_HISTORY_MAX */
};

/* A line was finished. Empty ones and the same again are not kept. */
void line_history_keep(struct line_history *history, const char *line);

/* Shows the line before (1) or after (-1) the one shown; false where there is none. */
bool line_history_step(struct line_history *history, struct line_edit *edit, int back);

#endif
