/*
 * Purpose: the short way of nearly every packet: what comes next on a connection that runs smoothly, data in
 *          order or an acknowledgment of something new, without FIN, loss, probe or full window.
 * Owns:    nothing; changes one flow's records.
 * Source:  header prediction, as in Van Jacobson's TCP: whatever could be odd was ruled out by the packets
 *          before, and is a flag now.
 * Bounds:  constant time.
 * Fails:   never; smooth_fits says no, and then the packet has to go the long way.
 * Used by: flows/tracker.
 *
 * It comes to the same as the long way, which a test compares. FLOW_FLAG_SMOOTH stands for all that
 * smooth_is_next looks at: the long way sets it behind each packet, the short way leaves all of that as it
 * is, and record_enqueue takes it from a flow that leaves, closes or falls silent.
 */
#ifndef LOFLOW_FLOWS_SMOOTH_H
#define LOFLOW_FLOWS_SMOOTH_H

#include "flows/history.h"
#include "flows/record.h"
#include "flows/segment.h"
#include "flows/timing.h"

/* No distance that could be mistaken for one of the other sign. */
#define SMOOTH_SPAN_MAX (1u << 30)

/* All that was sent is known, and nothing of it is in doubt. */
static inline bool smooth_is_side(const struct flow_side *side)
{
    const unsigned known = SIDE_SEQ_KNOWN | SIDE_ACK_KNOWN | SIDE_STREAM_KNOWN;
    const unsigned odd = SIDE_LAST_ANY | SIDE_HOLES | SIDE_TIMED_AGAIN;
    return side->state == ENDPOINT_ESTABLISHED && (side->flags & (known | odd)) == known &&
           side->window != 0 && side->seq_next == side->stream_next;
}

/* Behind a packet that went the long way: may the next one go the short way? */
static inline bool smooth_is_next(const struct flow *flow)
{
    const uint32_t odd = FLOW_FLAG_HANDSHAKE | FLOW_FLAG_WAITING | FLOW_FLAG_JUDGED |
                         FLOW_FLAG_STREAMS | FLOW_FLAG_DETAIL_DENIED;
    return flow->state == FLOW_ESTABLISHED && !(flow->flags & odd) &&
           smooth_is_side(&flow->side[0]) && smooth_is_side(&flow->side[1]);
}

/* Payload that goes beyond what the peer has acknowledged and does not end where its window does. The first
 * one of a connection needs a record of its own. */
static inline bool smooth_fits_data(const struct flow *flow, const struct flow_side *peer,
                                    uint32_t seq, uint32_t len)
{
    uint32_t open = seq - peer->ack;
    unsigned shift = peer->flags & SIDE_SYN_WINDOW ? 0 : peer->window_shift;
    return open < SMOOTH_SPAN_MAX && flow->flags & FLOW_FLAG_DETAIL &&
           open + len != (uint32_t)peer->window << shift;
}

static inline bool smooth_fits(const struct flow *flow, const struct packet *packet)
{
    const struct flow_side *own = &flow->side[packet->direction];
    const struct flow_side *peer = &flow->side[!packet->direction];
    uint32_t seq = packet->seq, ack = packet->ack, len = packet->payload_wire_len;
    if (!(flow->flags & FLOW_FLAG_SMOOTH) || packet->kind != PACKET_TCP || seq != own->seq_next ||
        (packet->flags & ~TCP_PSH) != TCP_ACK || seq_diff(ack, peer->seq_next) > 0 ||
        packet->window == 0 || packet->sack_count > 0 ||
        packet->time_ns - flow->last_ns >= TIMING_STALL_NS ||
        !tuple_equal(&flow->tuple, &packet->tuple))
        return false;
    return len > 0 ? smooth_fits_data(flow, peer, seq, len) : ack != own->ack;
}

/* What the first segments of a side leave: a letter, and the bytes that its stream begins with. */
static inline void smooth_begin(struct flow_side *own, struct flow_cold *cold, unsigned sender,
                                bool is_data)
{
    own->flags |= is_data ? SIDE_HISTORY_DATA : SIDE_HISTORY_ACK;
    history_add(cold, sender, is_data ? HISTORY_DATA : HISTORY_ACK);
}

/* Valid with FLOW_FLAG_DETAIL, as it is where a segment is timed. */
static inline struct flow_detail *smooth_detail(const struct tracker *tracker,
                                                const struct flow_cold *cold)
{
    return (struct flow_detail *)(void *)tracker->pools.details.items + cold->detail;
}

static inline void smooth_take_bytes(struct flow_side *own, struct flow_detail *detail,
                                     const struct packet *packet)
{
    const uint32_t len = packet->payload_wire_len, next = packet->seq + len;
    const int64_t time_ns = packet->time_ns;
    if (own->stream_end < DETAIL_FIRST_MAX)
        (void)detail_take_first(&detail->side[packet->direction], own->stream_end, packet->payload,
                                packet->payload_captured_len);
    own->bytes += len;
    own->unique_bytes += len;
    own->stream_end += len;
    own->seq_next = own->stream_next = next;
    own->seq_next_ns = time_ns;
}

/* A packet that fits. Returns enum timing_outcome. */
static inline unsigned smooth_take(const struct tracker *tracker, struct flow *flow,
                                   struct flow_cold *cold, const struct packet *packet)
{
    const unsigned sender = packet->direction;
    const uint32_t ack = packet->ack;
    const uint16_t window = packet->window;
    const bool is_data = packet->payload_wire_len > 0;
    struct flow_side *own = &flow->side[sender];
    const uint16_t flags = own->flags;
    const bool is_timed = flow->side[!sender].flags & SIDE_TIMED;
    unsigned outcome = 0;
    own->packets++;
    if (own->dup_ack_run > 0 && ack != own->ack)
        own->dup_ack_run = 0;
    own->ack = ack;
    own->window = window;
    own->flags = flags & (uint16_t)~SIDE_SYN_WINDOW;
    if (!(flags & (is_data ? SIDE_HISTORY_DATA : SIDE_HISTORY_ACK)))
        smooth_begin(own, cold, sender, is_data);
    if (is_timed)
        timing_acknowledge(flow, smooth_detail(tracker, cold), packet);
    if (is_data) {
        struct flow_detail *detail = smooth_detail(tracker, cold);
        smooth_take_bytes(own, detail, packet);
        outcome = timing_data(flow, detail, packet);
    }
    flow->last_ns = packet->time_ns;
    return outcome;
}

#endif
