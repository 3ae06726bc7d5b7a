/*
 * Purpose: a grid of character cells: what a screen draws into, so that screens need no terminal
 *          and tests can read them.
 * Owns:    its cells.
 * Bounds:  GRID_WIDTH_MAX x GRID_HEIGHT_MAX cells; drawing outside is clipped, never an error.
 * Fails:   grid_resize returns -ENOMEM and leaves the grid as it was.
 * Used by: ui/screen (draws), ui/term (shows), tests.
 */
#ifndef LOFLOW_UI_GRID_H
#define LOFLOW_UI_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define GRID_WIDTH_MAX  1000
#define GRID_HEIGHT_MAX 500
#define GRID_LINE_MAX   (GRID_WIDTH_MAX * 4 + 1) /* bytes of a line of UTF-8 */

/* What a cell means; ui/theme says which colour and attribute that is. */
enum style {
#define STYLE(NAME, letter, meaning, dark, light, contrast, mono) STYLE_##NAME,
#include "ui/theme.def"
    STYLE_COUNT
};

/* More marks on one character than any language needs are left out. */
#define CELL_MARKS_MAX 2

struct cell {
    uint32_t code; /* Unicode; 0 is the right half of a wide character */
    uint32_t style;
    uint32_t marks[CELL_MARKS_MAX]; /* combining marks on it; 0: no more */
};

struct grid {
    int width, height;
    struct cell *cells; /* row by row */
};

int grid_resize(struct grid *grid, int width, int height, struct err *err);
void grid_free(struct grid *grid);
void grid_clear(struct grid *grid);

static inline struct cell *grid_cell(const struct grid *grid, int row, int column)
{
    return &grid->cells[row * grid->width + column];
}

/* Draws UTF-8 text from (row, column) into at most `room` columns; returns the columns used. Text
 * must be free of control characters (text_add_untrusted sees to it); others draw as '?'. Combining
 * marks stay with their character; one without any, and invisible formatting, is left out. */
int grid_text(struct grid *grid, int row, int column, int room, enum style style, const char *text);

/* Columns that a text takes, drawn whole. */
int grid_columns(const char *text);

/* Adds what fits into `room` columns; what is cut ends in an ellipsis. */
void grid_cut(struct text *out, const char *text, int room, bool utf8);

/* Copies what fits into `room` columns to `line`, broken at a space, or inside of a word that is
 * longer. Returns the rest. */
const char *grid_break(const char *text, int room, char line[GRID_LINE_MAX]);

/* Fills `count` cells of a row with one ASCII character. */
void grid_fill(struct grid *grid, int row, int column, int count, enum style style, char character);

/* The cursor is on that row: it stands out, and what failed in it still does. */
void grid_select_row(struct grid *grid, int row);

static inline bool style_is_selected(uint32_t style)
{
    return style == STYLE_SELECTED || style == STYLE_SELECTED_WARNING ||
           style == STYLE_SELECTED_FAILURE;
}

#endif
