/*
 * Purpose: the page about a diagnosis or a failure, whole: what happened and to whom, what to do, what it
 *          stands on. A cursor goes through its lines; advice can be copied, flows can be shown.
 * Owns:    copies of what it shows, which stay when the diagnosis or its flows are gone.
 * Borrows: what is known, for its life; the tracker during a take.
 * Bounds:  one diagnosis or failure and TROUBLE_FLOWS flows, which are looked for in TROUBLE_WALK places of
 *          the table a take.
 * Fails:   never.
 * Used by: ui/place.
 */
#ifndef LOFLOW_UI_TROUBLE_PAGE_H
#define LOFLOW_UI_TROUBLE_PAGE_H

#include "flows/failure_log.h"
#include "ui/extent.h"
#include "ui/flow_pane.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/diagnosis_text.h"

#define TROUBLE_FLOWS  DIAGNOSIS_FLOWS
#define TROUBLE_ITEMS  32u
#define TROUBLE_WALK   32768u
#define TROUBLE_ADVICE 512

enum trouble_kind { TROUBLE_NOTHING, TROUBLE_DIAGNOSIS, TROUBLE_FAILURE };

struct trouble_flow {
    uint64_t id;
    bool is_found; /* `row` is the flow, as it was last */
    bool is_gone;
    struct flow_row row;
};

/* Lines of the page that are advice, or a flow. */
struct trouble_item {
    int first, end;
    const struct trouble_flow *flow;
    char advice[TROUBLE_ADVICE];
};

struct trouble_page {
    bool utf8;
    bool local_time;
    bool is_gone;    /* the diagnosis holds no more */
    bool is_looking; /* for flows */
    enum trouble_kind kind;
    const struct known *known;
    struct diagnosis diagnosis;
    struct failure failure;
    unsigned flow_count;
    struct trouble_flow flows[TROUBLE_FLOWS];
    uint32_t walk_at;
    uint32_t line, line_count; /* the cursor's */
    struct scroller scroller;
    unsigned item_count; /* of the latest draw */
    struct trouble_item items[TROUBLE_ITEMS];
};

void trouble_page_of_diagnosis(struct trouble_page *page, const struct diagnosis *diagnosis);
void trouble_page_of_failure(struct trouble_page *page, const struct failure *failure,
                             struct flow_ref flow);

void trouble_page_take(struct trouble_page *page, struct flow_pane *pane,
                       const struct tracker *tracker);

bool trouble_page_act(struct trouble_page *page, enum key_action action);

/* What the cursor is on; NULL: no flow that is known, no advice. */
const struct flow_row *trouble_page_flow(const struct trouble_page *page);
const char *trouble_page_advice(const struct trouble_page *page);

struct extent trouble_page_extent(const struct trouble_page *page);
void trouble_page_draw(struct trouble_page *page, struct grid *grid, int top, int height);

/* The lines of the page, and which of them are items: ui/trouble_draw.c. Returns how many there are. */
int trouble_draw_lines(struct trouble_page *trouble, struct page *page);

#endif
