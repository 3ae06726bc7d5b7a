/*
 * Purpose: how a number went over time, in a fixed number of buckets, and its drawing in characters.
 * Owns:    the buckets; plain values.
 * Bounds:  SERIES_BUCKETS; constant time a value: when time outgrows the buckets, each becomes twice as long
 *          and two of them one.
 * Used by: ui/flow_story, ui/flow_page.
 */
#ifndef LOFLOW_UI_SERIES_H
#define LOFLOW_UI_SERIES_H

#include "ui/grid.h"

#define SERIES_BUCKETS 512u

struct series_bucket {
    uint64_t least, most, last; /* valid when count > 0 */
    uint64_t count;
};

struct series {
    int64_t begin_ns, width_ns; /* of the first bucket */
    uint64_t most;              /* of all */
    struct series_bucket buckets[SERIES_BUCKETS];
};

void series_begin(struct series *series, int64_t begin_ns);

/* What came before the beginning counts as of the beginning. */
void series_add(struct series *series, int64_t time_ns, uint64_t value);

/* Up to two series over the same time: the client's and the server's. */
struct plot {
    const char *title;
    const struct series *series[2];
    int64_t span_ns; /* from the beginning to the right edge */
    bool is_time;    /* values are spans of time, else bytes */
    bool holds;      /* a value holds until the next one */
    bool utf8;
};

/* Draws a title, a frame with its scale, and the values: at least 4 lines. */
void plot_draw(const struct plot *plot, struct grid *grid, int top, int height);

#endif
