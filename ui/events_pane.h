/*
 * Purpose: the failures on the screen: the log as it goes on, the copy that a paused screen shows,
 *          and the cursor in it.
 * Owns:    both logs.
 * Bounds:  those of flows/failure_log.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_EVENTS_PANE_H
#define LOFLOW_UI_EVENTS_PANE_H

#include "flows/failure_log.h"
#include "ui/grid.h"
#include "ui/scroller.h"

struct events_pane {
    bool utf8;
    bool local_time;
    bool paused;
    uint64_t cursor_id; /* failure the cursor stays on; 0: it follows the newest */
    struct scroller scroller;
    struct failure_log log;
    struct failure_log kept; /* while paused */
};

void events_pane_open(struct events_pane *pane, bool utf8, bool local_time);
void events_pane_pause(struct events_pane *pane, bool paused);
void events_pane_move(struct events_pane *pane, int64_t lines);
void events_pane_move_pages(struct events_pane *pane, int pages);

/* Draws a heading and failures from line `top` on, `height` lines. */
void events_pane_draw(struct events_pane *pane, struct grid *grid, int top, int height,
                      bool focused);

#endif
