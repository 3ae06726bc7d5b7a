/*
 * Purpose: how long answers took, lately: percentiles of a stream of spans.
 * Owns:    nothing; a plain value. All 0 is an empty one.
 * Bounds:  constant time and 2 KB; a percentile is one of 240 buckets, an eighth of a power of two wide,
 *          so at most 12.5 % off.
 * Used by: ui/groups.
 *
 * It tells of the latest LATENCY_TURN_NS to twice that: the older of two halves is dropped in turn.
 */
#ifndef LOFLOW_UI_LATENCY_H
#define LOFLOW_UI_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_BUCKETS 240
#define LATENCY_TURN_NS INT64_C(30000000000)

struct latency {
    int64_t turned_ns; /* when the newer half began */
    uint32_t newer;    /* which half that is */
    uint32_t count[2];
    uint32_t buckets[2][LATENCY_BUCKETS]; /* saturating */
};

/* now_ns is the time of the packets. */
void latency_add(struct latency *latency, int64_t now_ns, uint32_t span_us);

/* The span that so many per cent of the answers do not exceed; -1 when there was none. */
int64_t latency_percentile_ns(const struct latency *latency, unsigned percent);

#endif
