/*
 * Purpose: the top of the screen: what is captured, how much of it, and what went wrong.
 * Owns:    nothing.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_TITLE_H
#define LOFLOW_UI_TITLE_H

#include <stdbool.h>

#include "flows/tracker.h"
#include "ui/grid.h"
#include "ui/screen.h"

/* Draws the top line and below it, when there is one, the sentence about trouble. Returns how many
 * lines that took. */
int title_draw(struct grid *grid, const struct screen_status *status,
               const struct tracker_stats *flows, bool paused);

#endif
