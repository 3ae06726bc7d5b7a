/*
 * Purpose: tells bursts of retransmissions from single ones: BURST_LEAST segments of one side of a
 *          flow that were sent again, each within BURST_GAP_NS of the one before.
 * Owns:    its slots; a plain value. All 0: empty.
 * Bounds:  BURST_SLOTS sides of flows; two that share a slot take it from each other, so that a burst
 *          may be missed or begin late; constant time an event.
 * Fails:   never.
 * Used by: ui/events_page.
 */
#ifndef LOFLOW_FLOWS_BURST_H
#define LOFLOW_FLOWS_BURST_H

#include "base/clock.h"
#include "flows/event.h"

#define BURST_SLOTS  1024u
#define BURST_LEAST  3u
#define BURST_GAP_NS CLOCK_NS_PER_S

struct burst {
    struct flow_ref flow;
    uint32_t segments; /* 0: free */
    uint8_t side;
    int64_t last_ns;
};

struct bursts {
    struct burst slots[BURST_SLOTS];
};

/* A RETRANSMISSION event. Returns how many segments the burst has with it: BURST_LEAST when it has just
 * become one. */
uint32_t bursts_note(struct bursts *bursts, const struct flow_event *event);

#endif
