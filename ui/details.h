/*
 * Purpose: the page about one flow with both its processes and what is wrong with it.
 * Owns:    copies of what it shows, which stay when the flow is gone.
 * Borrows: the tracker during details_take; what is known, for its life.
 * Bounds:  one flow.
 * Used by: ui/flow_page.
 */
#ifndef LOFLOW_UI_DETAILS_H
#define LOFLOW_UI_DETAILS_H

#include "flows/detail.h"
#include "ui/flow_pane.h"
#include "ui/flow_story.h"
#include "ui/known.h"

struct details {
    bool utf8;
    bool local_time;
    const struct known *known;
    bool has_flow; /* `row` is the flow's */
    bool is_gone;  /* it left the table */
    int64_t now_ns;
    struct flow_ref ref;
    struct flow_row row;
    bool has_detail; /* `detail` is the flow's */
    struct flow_detail detail;
    const struct flow_story *story; /* what its packets tell; NULL: they are not read */
};

void details_of_flow(struct details *details, const struct flow_row *row);

/* Takes a new picture of what is shown. */
void details_take(struct details *details, struct flow_pane *pane, const struct tracker *tracker);

/* Draws the page from its line `first` on. Returns how many lines it has altogether. */
int details_draw(const struct details *details, struct grid *grid, int top, int height, int first);

#endif
