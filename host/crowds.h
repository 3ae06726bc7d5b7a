/*
 * Purpose: remote ports with many sockets that stay in CLOSE_WAIT or another state, asked for again and again.
 * Owns:    nothing.
 * Bounds:  CLOSE_WAIT costs nothing while the tracer has counted too few of them; everything else goes over all
 *          sockets of the machine: half a millisecond, or 50 with 100,000 sockets.
 * Fails:   by telling of none.
 * Used by: host/host.
 */
#ifndef LOFLOW_HOST_CROWDS_H
#define LOFLOW_HOST_CROWDS_H

#include "host/elsewhere.h"
#include "host/tracer.h"

/* What was known last; begins as zeros. */
struct crowds {
    bool is_counted;
    uint32_t counted; /* sockets in CLOSE_WAIT, at... */
    struct tracer_close_wait before, after;
};

/* Who may be asked. */
struct crowds_sources {
    struct netns *netns;
    const struct tracer *tracer; /* NULL: none */
};

/* As host_crowds, at most HOST_CROWDS_MAX. */
size_t crowds_find(struct crowds *crowds, const struct crowds_sources *sources,
                   struct elsewhere_crowds *ask, struct host_crowd *found);

#endif
