/*
 * Purpose: the help screen: what a live run does without, keys by where they hold, states, failures and
 *          columns, made from their tables.
 * Owns:    nothing.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_HELP_H
#define LOFLOW_UI_HELP_H

#include "ui/grid.h"
#include "ui/keymap.h"
#include "ui/screen.h"

struct help {
    const struct screen_status *status;
    const struct keymap *keymap;
    unsigned context; /* of the page that it is for, enum key_context */
};

/* Draws the help from its line `first` on, on a wide screen in two columns. Returns how many lines
 * it has altogether. */
int help_draw(const struct help *help, struct grid *grid, int top, int height, int first);

#endif
