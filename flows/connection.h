/*
 * Purpose: TCP as the flow sees it: who is the client, where each endpoint and the connection
 *          stand. What else a segment tells is for flows/analysis.
 * Owns:    nothing; changes one flow's records.
 * Source:  RFC 9293 section 3.3.2 (states), seen from outside; endpoint states and conn_state are
 *          Zeek's.
 * Bounds:  constant time, but for the analysis, see flows/analysis.h.
 * Used by: flows/tracker.
 */
#ifndef LOFLOW_FLOWS_CONNECTION_H
#define LOFLOW_FLOWS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"
#include "flows/records.h"

/* A SYN of another connection on the same ports: the flow is over, a new one begins. */
bool connection_is_reuse(const struct flow_records *flow, const struct packet *packet);

/* The state of a flow whose first segment this is; connection_segment is called next. */
enum flow_state connection_first_state(const struct packet *packet);

/* Counts the segment, analyzes it and moves the states. Returns the events to raise, 1 << enum
 * event_kind, and sets *marks to what the segment is, enum mark bits. With `marks` NULL there is no
 * analysis: what the table alone costs. */
uint32_t connection_segment(struct flow_records *flow, const struct packet *packet,
                            uint32_t *marks);

/* An ICMP error quoted a segment of the flow. Returns the events to raise. */
uint32_t connection_icmp_error(const struct flow_records *flow, const struct packet *packet);

#endif
