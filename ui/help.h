/*
 * Purpose: the help screen: all keys, states and columns, made from their tables.
 * Owns:    nothing.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_HELP_H
#define LOFLOW_UI_HELP_H

#include "ui/grid.h"

/* Draws the help from its line `first` on. Returns how many lines it has altogether. */
int help_draw(struct grid *grid, int top, int height, int first);

#endif
