/*
 * Purpose: the line in which a filter is typed: its text, what is wrong with it, what it may become,
 *          and the lines typed before.
 * Owns:    the line; a plain value.
 * Borrows: the filter, during each call: it is parsed anew whenever the text changes.
 * Bounds:  FILTER_TEXT_MAX bytes of text, LINE_HISTORY_MAX lines, FILTER_LIST_LINES of candidates on
 *          the screen.
 * Fails:   never. A line that is wrong or not finished cannot be kept.
 * Used by: ui/screen, ui/place.
 */
#ifndef LOFLOW_UI_FILTER_LINE_H
#define LOFLOW_UI_FILTER_LINE_H

#include "ui/filter_complete.h"
#include "ui/keymap.h"
#include "ui/line_edit.h"

#define FILTER_LIST_LINES 7

struct filter_line {
    bool utf8; /* the terminal shows more than ASCII */
    struct line_edit edit;
    struct line_history history;
    struct filter_note note; /* about the text */
    bool insists;            /* the user wanted to keep a line that is not finished */
    bool choosing;           /* the candidates are shown */
    unsigned choice;         /* that is in the line; candidates: what was typed */
    size_t typed_len;        /* of the part that candidates take the place of */
    char typed[FILTER_TEXT_MAX];
    struct filter_seen seen;
    struct filter_completion completion;
};

/* What a key did to the line. */
enum filter_line_answer {
    FILTER_LINE_SAME,    /* nothing, or the cursor moved */
    FILTER_LINE_CHANGED, /* the filter was parsed anew */
    FILTER_LINE_KEPT,    /* closed, the filter stays */
    FILTER_LINE_DROPPED, /* closed, and all flows pass */
};

/* Begins to type, at the end of the text that is there. */
void filter_line_open(struct filter_line *line);

/* Another text, which did not come from keys: it goes into the history. */
void filter_line_set(struct filter_line *line, struct filter *filter, const char *text);

/* A key, and what ui/key.def says it does. */
enum filter_line_answer filter_line_key(struct filter_line *line, struct filter *filter,
                                        uint32_t key, enum key_action action);

/* How many lines it takes while it is typed from that column on: what is wrong may need one more. */
int filter_line_height(const struct filter_line *line, int width, int column);

/* Draws it from (row, column) on, into so many lines; 0: nobody types. */
void filter_line_draw(const struct filter_line *line, struct grid *grid, int row, int column,
                      int lines);

/* Draws the candidates over the rows above `row`, from `top` on. */
void filter_line_draw_list(const struct filter_line *line, struct grid *grid, int top, int row);

#endif
