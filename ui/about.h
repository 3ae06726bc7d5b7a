/*
 * Purpose: the About page: how capture is doing, what is in use of which budget, what the run does
 *          without, which part of the loop kept the others waiting, and what this program is.
 * Owns:    nothing.
 * Bounds:  draws what is in sight, counts the rest.
 * Used by: ui/place.
 */
#ifndef LOFLOW_UI_ABOUT_H
#define LOFLOW_UI_ABOUT_H

#include "ui/grid.h"
#include "ui/screen.h"

/* Draws the page from its line `first` on, on a wide screen in two columns. Returns how many lines it
 * has altogether. */
int about_draw(struct grid *grid, int top, int height, int first,
               const struct screen_status *status);

#endif
