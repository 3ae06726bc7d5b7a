/*
 * Purpose: where the streams of followed flows go, byte by byte in order.
 * Borrows: the bytes of a chunk during the call.
 * Used by: flows/analysis (calls it), app (passes it on), report (takes the bytes).
 */
#ifndef LOFLOW_FLOWS_SINK_H
#define LOFLOW_FLOWS_SINK_H

#include "flows/flow.h"
#include "flows/reassembly.h"

struct stream_sink {
    void *context;
    /* The next bytes of what that side (0 or 1) sent, or a gap. */
    void (*take)(void *context, struct flow_view flow, unsigned side,
                 const struct reassembly_chunk *chunk);
};

#endif
