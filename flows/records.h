/*
 * Purpose: the records of one flow, to write, and what they take from.
 * Owns:    nothing; all of it belongs to the tracker.
 * Used by: the files of flows that change a flow: connection, analysis, timing, datagram.
 */
#ifndef LOFLOW_FLOWS_RECORDS_H
#define LOFLOW_FLOWS_RECORDS_H

#include "base/pool.h"
#include "flows/detail.h"
#include "flows/flow.h"
#include "flows/sink.h"
#include "flows/flow_streams.h"

struct flow_pools {
    struct pool holes, details, pieces;
};

struct flow_records {
    struct flow *hot;
    struct flow_cold *cold;
    struct flow_detail *detail;   /* NULL until it carried payload or met trouble */
    struct flow_streams *streams; /* NULL unless they are wanted whole; FLOW_FLAG_STREAMS: in use */
    struct flow_pools *pools;
    const struct stream_sink *sink; /* NULL unless the flow is followed */
    bool digest;                    /* digests are wanted */
};

static inline struct flow_view records_view(const struct flow_records *flow)
{
    return (struct flow_view){flow->hot, flow->cold, flow->detail,
                              flow->hot->flags & FLOW_FLAG_STREAMS ? flow->streams : NULL};
}

#endif
