/*
 * Purpose: the columns of the flow table: what they say about a flow, how they sort, and which of
 *          them fit a width.
 * Owns:    nothing.
 * Bounds:  constant time a call.
 * Used by: ui/flow_pane, ui/help.
 */
#ifndef LOFLOW_UI_COLUMN_H
#define LOFLOW_UI_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "diagnose/diagnosis.h"
#include "flows/flow.h"
#include "ui/endpoint.h"
#include "ui/grid.h"
#include "ui/select.h"

enum column {
#define COLUMN(NAME, heading, width, rank, kind, descending, meaning) COLUMN_##NAME,
#include "ui/column.def"
#undef COLUMN
    COLUMN_COUNT
};

#define COLUMN_TEXT_MAX ENDPOINT_TEXT_MAX
#define COLUMN_GAP_ENDS 3  /* " > " between client and server */
#define COLUMN_END_IPV4 15 /* "127.0.0.1:54321" */

/* A flow as it is looked at. */
struct column_flow {
    struct flow_view view;
    uint64_t rate; /* bytes a second */
    int64_t now_ns;
    const struct owner *owner[2]; /* by end of the tuple; NULL: not known */
    enum code code;               /* what is wrong with it; CODE_COUNT: nothing that is known */
};

struct column_place {
    enum column column;
    int left, width;
};

/* Which columns fit and where. `need` is what client and server want; `sorted` is shown even where
 * its rank would leave it out, but on the narrowest screens. Returns how many there are. */
int column_layout(struct column_place places[COLUMN_COUNT], int width, const int need[2],
                  enum column sorted);

/* As drawn in `room` columns; for endpoints see ui/endpoint.h. */
void column_write(enum column column, const struct column_flow *flow, int room, bool utf8,
                  struct text *text);

/* The first words of the key; the last is left for what makes keys unique. */
void column_sort_key(enum column column, const struct column_flow *flow, struct select_key *key);

enum style column_style(enum column column, const struct column_flow *flow);
const char *column_heading(enum column column);
const char *column_meaning(enum column column);
bool column_is_descending(enum column column);
bool column_is_right_aligned(enum column column);

enum style state_style(struct flow_view flow);

#endif
