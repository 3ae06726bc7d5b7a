/*
 * Purpose: a line that is asked for: what to search for, where to save something.
 * Owns:    the line being typed and the searches before it; a plain value.
 * Bounds:  LINE_EDIT_MAX bytes.
 * Used by: ui/screen, ui/place.
 */
#ifndef LOFLOW_UI_ASK_H
#define LOFLOW_UI_ASK_H

#include "ui/keymap.h"
#include "ui/line_edit.h"

enum ask_kind {
    ASK_NOTHING,
    ASK_SEARCH,
    ASK_SAVE_CLIENT,
    ASK_SAVE_SERVER,
    ASK_SAVE_ROW,
    ASK_SAVE_SHOWN,
};

struct ask {
    enum ask_kind kind;   /* ASK_NOTHING: no line is open */
    const char *question; /* stands before it */
    struct line_edit line;
    struct line_history searches;
};

/* Opens the line with a text in it. `question` lives as long as the line. */
void ask_open(struct ask *ask, enum ask_kind kind, const char *question, const char *text);

/* A key, and what ui/key.def says it does. True: the line is closed and line.text is the answer. */
bool ask_key(struct ask *ask, uint32_t key, enum key_action action);

/* Draws the line. Returns how many lines that takes. */
int ask_draw(const struct ask *ask, struct grid *grid, int row);

#endif
