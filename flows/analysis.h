/*
 * Purpose: everything that a TCP segment adds to what is known of its flow, beyond counts and
 *          states: handshake times, stream, retransmissions, windows, Zeek's history, round trips,
 *          bytes.
 * Owns:    nothing; changes one flow's records.
 * Source:  docs/tcp-analysis.md.
 * Bounds:  constant time, but for holes and early payload, see flows/stream.h, flows/reassembly.h.
 * Used by: flows/connection, flows/record.
 */
#ifndef LOFLOW_FLOWS_ANALYSIS_H
#define LOFLOW_FLOWS_ANALYSIS_H

#include "decode/packet.h"
#include "flows/records.h"

/* Called for each segment, after its flags were counted and before the states move. Returns the
 * events to raise, 1 << enum event_kind, and sets *marks to what the segment is, enum mark bits. */
uint32_t analysis_segment(struct flow_records *flow, const struct packet *packet, uint32_t *marks);

/* The flow leaves the table: what waits of its streams is delivered. */
void analysis_finish(const struct flow_records *flow, int64_t time_ns);

/* Gives everything back that the flow has taken. */
void analysis_release(const struct flow_records *flow);

#endif
