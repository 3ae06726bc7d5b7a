/*
 * Purpose: what went wrong on the screen: the diagnoses, newest first, and below them the failures
 *          that they were made of: the log as it goes on, the copy that a paused screen shows, and
 *          the cursor in both.
 * Owns:    both logs.
 * Borrows: what is known, for its life.
 * Bounds:  those of flows/failure_log and ui/known.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_EVENTS_PANE_H
#define LOFLOW_UI_EVENTS_PANE_H

#include "flows/failure_log.h"
#include "ui/grid.h"
#include "ui/known.h"
#include "ui/scroller.h"

struct events_log {
    struct failure_log failures;
    struct flow_ref flows[FAILURE_LOG_MAX]; /* of the latest of each group */
};

struct events_pane {
    bool utf8;
    bool local_time;
    bool paused;
    const struct known *known;
    uint64_t cursor_id; /* line the cursor stays on; 0: it follows the newest */
    struct scroller scroller;
    struct events_log log;
    struct events_log kept; /* while paused */
};

/* What the cursor is on: one of the two, or neither. */
struct events_choice {
    const struct diagnosis *diagnosis;
    const struct failure *failure;
    struct flow_ref flow; /* of the failure */
};

void events_pane_open(struct events_pane *pane, const struct known *known);
void events_pane_add(struct events_pane *pane, struct flow_view flow,
                     const struct flow_event *event);
/* Forgets all failures, but those of the picture that is paused. */
void events_pane_forget(struct events_pane *pane);
void events_pane_pause(struct events_pane *pane, bool paused);
void events_pane_move(struct events_pane *pane, int64_t lines);
/* The cursor goes to that line of the latest draw. */
void events_pane_click(struct events_pane *pane, int line);
struct extent events_pane_extent(const struct events_pane *pane);
struct events_choice events_pane_choice(const struct events_pane *pane);

/* Draws a heading and lines from line `top` on, `height` lines. */
void events_pane_draw(struct events_pane *pane, struct grid *grid, int top, int height,
                      bool focused);

#endif
