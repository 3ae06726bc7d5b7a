/*
 * Purpose: a page about one thing: a flow with both its processes and what is wrong with it, a
 *          diagnosis with words and advice, or a failure that has no diagnosis.
 * Owns:    copies of what it shows, which stay when the flow or the diagnosis is gone.
 * Borrows: the tracker during details_take; what is known, for its life.
 * Bounds:  one flow, one diagnosis, one failure.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_DETAILS_H
#define LOFLOW_UI_DETAILS_H

#include "flows/detail.h"
#include "flows/failure_log.h"
#include "ui/flow_pane.h"
#include "ui/flow_story.h"
#include "ui/known.h"

enum details_kind { DETAILS_NOTHING, DETAILS_FLOW, DETAILS_DIAGNOSIS, DETAILS_FAILURE };

struct details {
    bool utf8;
    bool local_time;
    const struct known *known;
    enum details_kind kind;
    bool has_flow; /* `row` is the flow's */
    bool is_gone;  /* the flow left the table, or the diagnosis holds no more */
    int64_t now_ns;
    struct flow_ref ref;
    struct flow_row row;
    bool has_detail; /* `detail` is the flow's */
    struct flow_detail detail;
    const struct flow_story *story; /* what its packets tell; NULL: they are not read */
    struct failure failure;
    struct diagnosis diagnosis;
};

void details_of_flow(struct details *details, const struct flow_row *row);
void details_of_diagnosis(struct details *details, const struct diagnosis *diagnosis);
void details_of_failure(struct details *details, const struct failure *failure,
                        struct flow_ref ref);

/* Takes a new picture of what is shown. */
void details_take(struct details *details, struct flow_pane *pane, const struct tracker *tracker);

/* Draws the page from its line `first` on. Returns how many lines it has altogether. */
int details_draw(const struct details *details, struct grid *grid, int top, int height, int first);

#endif
