/*
 * Purpose: what a flow has whose streams are wanted from end to end: for a digest, or for whoever
 *          follows it.
 * Owns:    nothing; the records belong to the tracker.
 * Bounds:  sizeof (struct flow_streams) a flow, only when asked for; pieces see flows/reassembly.h.
 * Used by: flows/analysis (writes), report (reads digests).
 */
#ifndef LOFLOW_FLOWS_FLOW_STREAMS_H
#define LOFLOW_FLOWS_FLOW_STREAMS_H

#include "flows/digest.h"
#include "flows/reassembly.h"

struct flow_streams {
    struct reassembly side[2];
    struct stream_digest digest[2];
    /* The flow's when its first payload came: what is told of the streams keeps to it. */
    uint8_t client;
};

static inline void streams_init(struct flow_streams *streams, uint8_t client)
{
    streams->client = client;
    for (unsigned side = 0; side < 2; side++) {
        reassembly_init(&streams->side[side]);
        digest_init(&streams->digest[side]);
    }
}

#endif
