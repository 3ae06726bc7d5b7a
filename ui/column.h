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

#include "flows/flow.h"
#include "ui/grid.h"
#include "ui/select.h"

enum column {
#define COLUMN(NAME, heading, width, rank, kind, descending, meaning) COLUMN_##NAME,
#include "ui/column.def"
#undef COLUMN
    COLUMN_COUNT
};

#define COLUMN_TEXT_MAX 64
#define COLUMN_GAP_ENDS 3  /* " > " between client and server */
#define COLUMN_END_IPV4 15 /* "127.0.0.1:54321" */

/* A flow as it is looked at. */
struct column_flow {
    struct flow_view view;
    uint64_t rate; /* bytes a second */
    int64_t now_ns;
};

struct column_place {
    enum column column;
    int left, width;
};

/* Which columns fit and where. `need` is what client and server want; `sorted` is shown even where
 * its rank would leave it out, but on the narrowest screens. Returns how many there are. */
int column_layout(struct column_place places[COLUMN_COUNT], int width, const int need[2],
                  enum column sorted);

/* As drawn in `room` columns; an endpoint that is too long loses its middle, then its address. */
void column_write(enum column column, const struct column_flow *flow, int room, bool utf8,
                  struct text *text);

/* The first words of the key; the last is left for what makes keys unique. */
void column_sort_key(enum column column, const struct column_flow *flow, struct select_key *key);

enum style column_style(enum column column, struct flow_view flow);
const char *column_heading(enum column column);
const char *column_meaning(enum column column);
bool column_is_descending(enum column column);
bool column_is_right_aligned(enum column column);

enum style state_style(struct flow_view flow);

/* Columns the whole endpoint takes. */
int endpoint_len(const struct tuple *tuple, unsigned end);

/* Writes an endpoint into at most `room` columns; what is cut shows an ellipsis. */
void endpoint_write(struct text *text, const struct tuple *tuple, unsigned end, int room,
                    bool utf8);

#endif
