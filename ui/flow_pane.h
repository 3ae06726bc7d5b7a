/*
 * Purpose: the flow table on the screen: which flows are rows, in which order, where the cursor is.
 * Owns:    copies of the rows around the cursor, the rates, the row filter, the groups.
 * Borrows: the tracker during flow_pane_collect; what is known, for its life: it is asked about rows
 *          in sight only, and about those that a filter looks at.
 * Bounds:  2 * SELECT_KEPT rows; a look at the table takes at most FLOW_PANE_BUDGET_NS, and what it
 *          did not reach is left for the next, so that a table of a million flows makes the order
 *          come later and never the screen hang.
 * Fails:   flow_pane_open with -ENOMEM.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_FLOW_PANE_H
#define LOFLOW_UI_FLOW_PANE_H

#include "base/clock.h"
#include "flows/detail.h"
#include "flows/tracker.h"
#include "ui/column.h"
#include "ui/filter_complete.h"
#include "ui/grid.h"
#include "ui/groups.h"
#include "ui/known.h"
#include "ui/rates.h"
#include "ui/scroller.h"
#include "ui/select.h"

#define FLOW_PANE_ROWS_MAX  (2 * SELECT_KEPT)
#define FLOW_PANE_BUDGET_NS (8 * CLOCK_NS_PER_MS)

/* A row as it was when the picture was taken: a flow, or the sums of a group. */
struct flow_row {
    uint64_t group; /* id of the group that the row tells of; 0: it is a flow */
    bool is_unfolded;
    bool has_detail;
    struct group_key key;
    struct group_sums sums;
    int64_t median_ns, p95_ns; /* of the answers, -1 unknown */
    struct spark spark;
    struct flow_ref ref; /* from here on of a flow */
    uint64_t rate;
    struct flow hot;
    struct flow_cold cold;
    struct flow_detail detail;
};

static inline struct column_flow flow_row_look(const struct flow_row *row, int64_t now_ns)
{
    return (struct column_flow){
        .view = {.hot = &row->hot,
                 .cold = &row->cold,
                 .detail = row->has_detail ? &row->detail : NULL},
        .rate = row->rate,
        .now_ns = now_ns,
        .code = CODE_COUNT,
    };
}

enum flow_cursor {
    CURSOR_TOP,  /* follows the first row */
    CURSOR_ROW,  /* stays on its flow or group */
    CURSOR_LAST, /* goes to the last row, then stays on it */
};

/* The latest minute of rows that were in the picture lately, by what they tell of. */
#define FLOW_SPARKS 4096u

struct flow_spark {
    uint64_t flow_id; /* 0: free */
    struct spark spark;
};

struct flow_pane {
    bool utf8;
    bool open_only; /* hides flows that are not open */
    bool reversed;
    bool walking;    /* a look at the table is under way */
    bool recounting; /* of groups of a picture that is held */
    uint32_t recount_at;
    bool live;                 /* the picture is of live flows */
    const struct known *known; /* names and diagnoses of rows */
    enum column sorted;
    struct column_choice choice; /* count 0: all there are */
    enum flow_cursor cursor;
    struct rates rates;
    struct filter filter;
    struct groups groups;
    struct group_rank {
        struct select_entry entries[GROUPS_MAX]; /* `index` is that of a group; in order */
    } ranks;
    struct flow_spark sparks[FLOW_SPARKS]; /* by flow id */
    bool has_new_groups;                   /* that the look which is under way found */

    int64_t budget_ns; /* of a look at the table */
    int64_t walk_now_ns;
    struct selection selection;
    uint32_t walk_at;
    uint64_t walk_matching;

    uint32_t row_count; /* of the picture, as the rest from here on */
    uint32_t order_count;
    uint32_t position; /* of the cursor in `order` */
    uint64_t above;    /* rows of the table before those in `order` */
    uint64_t total;    /* rows of the table, in `order` or not */
    struct scroller scroller;
    int need_width;
    int need[2]; /* widest endpoints seen, so that columns do not dance */
    int64_t now_ns;
    uint64_t matching; /* flows that pass the filter */
    int drawn_count;   /* columns, at the latest draw */
    struct column_place drawn[COLUMN_COUNT];
    struct flow_row cursor_row;
    struct flow_row rows[FLOW_PANE_ROWS_MAX];
    struct select_entry order[FLOW_PANE_ROWS_MAX]; /* `index` is that of a row */
};

int flow_pane_open(struct flow_pane *pane, const struct known *known, uint32_t max_flows,
                   struct err *err);
void flow_pane_close(struct flow_pane *pane);

/* The table is made anew from the first packet on: forgets what was seen of it over time. */
void flow_pane_forget(struct flow_pane *pane);

/* Takes a new picture. */
void flow_pane_collect(struct flow_pane *pane, const struct tracker *tracker, int64_t now_ns,
                       bool live);

/* Copies one flow. False: it is not in the table any more, and `row` stays. */
bool flow_pane_take(struct flow_pane *pane, const struct tracker *tracker, struct flow_ref ref,
                    struct flow_row *row);

/* The cursor goes to that flow. False: it is not in the table any more, and the cursor stays. */
bool flow_pane_aim(struct flow_pane *pane, const struct tracker *tracker, struct flow_ref ref);

/* Processes and ports of the rows in the picture, from the top. */
void flow_pane_see(const struct flow_pane *pane, struct filter_seen *seen);

/* A filter that the row with the cursor passes: with `exact` a flow alone. False: there is no row. */
bool flow_pane_filter_of(const struct flow_pane *pane, struct text *text, bool exact);

/* The filter or the order changed: `paused` keeps to the picture. */
void flow_pane_reorder(struct flow_pane *pane, bool paused);

/* After flow_pane_reorder with `paused`, for each draw: the picture does not have the flows of folded groups,
 * so those that are there now tell which groups have one that passes. */
void flow_pane_recount(struct flow_pane *pane, const struct tracker *tracker);

/* Groups by something else, or not. */
void flow_pane_group(struct flow_pane *pane, enum grouping by);

/* Folds or unfolds the group that the cursor is on or in. False: there is none. */
bool flow_pane_fold(struct flow_pane *pane);

/* All groups, whatever they are now. */
void flow_pane_fold_all(struct flow_pane *pane, bool shut);

/* Does it pass the filter, and is it in that group, 0 for any? */
bool flow_pane_has(struct flow_pane *pane, struct flow_ref ref, struct flow_view flow,
                   uint64_t group);

/* The server of a flow answered. */
void flow_pane_answer(struct flow_pane *pane, const struct tracker *tracker,
                      const struct flow_event *event);

void flow_pane_move(struct flow_pane *pane, int64_t lines);
void flow_pane_go(struct flow_pane *pane, enum flow_cursor cursor);
struct extent flow_pane_extent(const struct flow_pane *pane);
void flow_pane_sort(struct flow_pane *pane, int step);

/* Where the latest draw put things: the column whose heading is there, and the row in line `line`,
 * which the cursor goes to. */
bool flow_pane_heading_at(const struct flow_pane *pane, int column, enum column *found);
void flow_pane_click(struct flow_pane *pane, int line);

/* Draws headings and rows from line `top` on, `height` lines. */
void flow_pane_draw(struct flow_pane *pane, struct grid *grid, int top, int height, bool focused);

#endif
