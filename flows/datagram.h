/*
 * Purpose: UDP as the flow sees it: datagrams each way, and ICMP errors that refuse them.
 * Owns:    nothing; changes one flow's records.
 * Bounds:  constant time.
 * Used by: flows/tracker.
 */
#ifndef LOFLOW_FLOWS_DATAGRAM_H
#define LOFLOW_FLOWS_DATAGRAM_H

#include "decode/packet.h"
#include "flows/records.h"

/* Counts the datagram and moves the state. Returns the events to raise: 1 << enum event_kind. */
uint32_t datagram_take(const struct flow_records *flow, const struct packet *packet);

/* An ICMP error quoted a datagram of the flow. Returns the events to raise. */
uint32_t datagram_icmp_error(const struct flow_records *flow, const struct packet *packet);

#endif
