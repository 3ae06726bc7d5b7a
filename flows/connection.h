/*
 * Purpose: TCP as the flow sees it: who is the client, where each endpoint and the connection
 *          stand, what every segment adds.
 * Owns:    nothing; changes one flow's records.
 * Source:  RFC 9293 section 3.3.2 (states), seen from outside; endpoint states and conn_state are
 *          Zeek's.
 * Bounds:  constant time, but for holes in the stream, see flows/stream.h.
 * Used by: flows/tracker.
 */
#ifndef LOFLOW_FLOWS_CONNECTION_H
#define LOFLOW_FLOWS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "decode/packet.h"
#include "flows/digest.h"
#include "flows/flow.h"

/* Both records of one flow, to write. */
struct flow_records {
    struct flow *hot;
    struct flow_cold *cold;
    struct pool *holes;
    struct flow_digest *digest; /* NULL unless digests are wanted */
    struct pool *pieces;        /* of digests */
};

/* A SYN of another connection on the same ports: the flow is over, a new one begins. */
bool connection_is_reuse(const struct flow_records *flow, const struct packet *packet);

/* The state of a flow whose first segment this is; connection_segment is called next. */
enum flow_state connection_first_state(const struct packet *packet);

/* Counts the segment and moves the states. Returns the events to raise: 1 << enum event_kind. */
uint32_t connection_segment(const struct flow_records *flow, const struct packet *packet);

/* An ICMP error quoted a segment of the flow. Returns the events to raise. */
uint32_t connection_icmp_error(const struct flow_records *flow, const struct packet *packet);

#endif
