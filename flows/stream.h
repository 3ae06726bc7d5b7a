/*
 * Purpose: which bytes of one direction's stream were seen: distinct bytes and holes.
 * Owns:    the holes, in one pool for all flows.
 * Bounds:  STREAM_HOLES_MAX holes in all and STREAM_HOLES_PER_SIDE a direction; one beyond them is
 *          denied: its bytes count as missed for good, and the flow is marked.
 *          Constant time for data in order, at most STREAM_HOLES_PER_SIDE steps otherwise.
 * Used by: flows/analysis, flows/tracker.
 *
 * A hole that the peer acknowledged is one of the capture's: the bytes arrived, but were not seen.
 * The others were lost on the way, or are still to come.
 *
 * Theory: the stream is the range of offsets [stream_begin, stream_end) less a sorted chain of
 * holes. Sequence numbers become offsets by their signed 32-bit distance from stream_next
 * (RFC 9293 section 3.4), so the stream may be longer than 4 GiB.
 */
#ifndef LOFLOW_FLOWS_STREAM_H
#define LOFLOW_FLOWS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "flows/flow.h"

#define STREAM_HOLES_MAX      65536u
#define STREAM_HOLES_PER_SIDE 256u

/* One direction of one flow, as the functions below need it. */
struct stream {
    struct flow_side *side;
    struct flow_side_rare *rare;
    struct pool *holes;
};

int stream_holes_open(struct pool *holes, struct err *err);

/* Where a sequence number lies in the stream; valid with SIDE_STREAM_KNOWN. */
int64_t stream_offset(const struct flow_side *side, uint32_t seq);

/* The SYN tells where the stream begins: at seq + 1. Returns false when a hole was denied. */
bool stream_begin(struct stream *stream, uint32_t seq);

/* `len` payload bytes at `seq`. Returns false when a hole was denied. */
bool stream_data(struct stream *stream, uint32_t seq, uint32_t len);

/* A FIN at `seq`, behind its segment's payload: the stream ends there at least. */
bool stream_fin(struct stream *stream, uint32_t seq);

/* The peer acknowledged everything below `ack`. Returns the holes that turn out to be the capture's;
 * their bytes are counted in rare->uncaptured until they are seen after all. */
uint32_t stream_acknowledge(struct stream *stream, uint32_t ack);

/* Gives the holes back. */
void stream_release(struct stream *stream);

#endif
