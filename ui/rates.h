/*
 * Purpose: how many bytes a second each flow carries now.
 * Owns:    one reservation of address space; pages cost memory only once their flow was looked at.
 * Bounds:  24 bytes a flow; constant time a call.
 * Fails:   rates_open with -ENOMEM.
 * Used by: ui/flow_pane.
 */
#ifndef LOFLOW_UI_RATES_H
#define LOFLOW_UI_RATES_H

#include <stdint.h>

#include "base/err.h"
#include "flows/flow.h"

/* What a flow had carried when it was looked at last. */
struct rate {
    uint64_t bytes;
    int64_t time_ns;
    float per_second;
    uint32_t generation; /* 0: not looked at yet */
};

static_assert(sizeof(struct rate) == 24, "24 bytes a flow");

struct rates {
    struct rate *of_flow; /* by flow index, which those that retired have too */
    uint32_t capacity;
};

/* For a tracker of so many flows. */
int rates_open(struct rates *rates, uint32_t max_flows, struct err *err);
void rates_close(struct rates *rates);

/* Flows begin anew: nothing was looked at yet. */
void rates_forget(struct rates *rates);

/* Bytes a second over the latest second or more, 0 while a new flow is younger than that. */
uint64_t rates_look(struct rates *rates, struct flow_ref ref, struct flow_view flow,
                    int64_t now_ns);

/* Bytes a second over the flow's whole life, as files are shown. */
uint64_t rates_average(struct flow_view flow);

#endif
