/*
 * Purpose: what one TCP segment is, seen against those before it: sent again, late, a duplicate
 *          ACK, a keep-alive, a closed window.
 * Owns:    nothing; reads and advances the sequence state of the two sides.
 * Source:  the rules of Wireshark's TCP analysis, as its user's guide describes them (chapter
 *          "TCP Analysis"), so that both programs count alike; RFC 9293 for the arithmetic, RFC 2883
 *          for DSACK, RFC 3168 for ECN, RFC 5961 for challenge ACKs, RFC 7323 for window scaling.
 *          docs/tcp-analysis.md has every rule in words.
 * Bounds:  constant time.
 * Used by: flows/analysis.
 */
#ifndef LOFLOW_FLOWS_SEGMENT_H
#define LOFLOW_FLOWS_SEGMENT_H

#include <stdint.h>

#include "decode/packet.h"
#include "flows/flow.h"
#include "flows/mark.h"

struct segment_context {
    struct flow_side *own;
    const struct flow_side *peer;
    const struct flow_side_rare *peer_rare;
    const int64_t *rtt_ns; /* of the handshake, -1 unknown; it is cold, so seldom read */
};

/* The difference of two sequence numbers, RFC 9293 section 3.4: negative when a comes before b. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* What a segment takes of the sequence space: payload, and one for SYN or FIN. */
static inline uint32_t segment_space(const struct packet *packet)
{
    return packet->payload_wire_len + ((packet->flags & (TCP_SYN | TCP_FIN)) ? 1 : 0);
}

/* Has `sender` sent what `receiver` did not acknowledge? */
static inline bool segment_is_outstanding(const struct flow_side *sender,
                                          const struct flow_side *receiver)
{
    return (sender->flags & SIDE_SEQ_KNOWN) && (receiver->flags & SIDE_ACK_KNOWN) &&
           seq_diff(sender->seq_next, receiver->ack) > 0;
}

/* It has sent SYN and what came of it is known, or it has closed since. */
static inline bool segment_is_synchronized(const struct flow_side *side)
{
    const unsigned synchronized = 1u << ENDPOINT_ESTABLISHED | 1u << ENDPOINT_CLOSED;
    return synchronized >> side->state & 1;
}

/* Header prediction, as in Van Jacobson's TCP: is this what comes next on a healthy connection, data
 * in order, a FIN behind them, or an acknowledgment of something new? Then segment_analyze has
 * nothing to find but a full window. */
static inline bool segment_is_expected(const struct flow_side *own, const struct flow_side *peer,
                                       const struct packet *packet)
{
    const uint16_t known = SIDE_SEQ_KNOWN | SIDE_ACK_KNOWN;
    const uint16_t odd = SIDE_LAST_ANY | SIDE_HOLES;
    if ((packet->flags & ~(TCP_PSH | TCP_FIN)) != TCP_ACK || packet->seq != own->seq_next ||
        (own->flags & (known | odd)) != known || (peer->flags & (known | SIDE_HOLES)) != known)
        return false;
    if (!segment_is_synchronized(own) || !segment_is_synchronized(peer) || packet->window == 0 ||
        peer->window == 0 || packet->sack_count > 0 || seq_diff(packet->ack, peer->seq_next) > 0)
        return false;
    if (packet->payload_wire_len > 0)
        return seq_diff(peer->ack, packet->seq) <= 0 &&
               seq_diff(packet->seq + packet->payload_wire_len, peer->ack) > 0;
    return packet->ack != own->ack || packet->flags & TCP_FIN;
}

/* Does the segment's payload end where the peer's window ends? Only told when both SYNs were seen,
 * since only then it is known how the window is scaled. The window of a SYN-ACK itself is never
 * scaled. */
static inline bool segment_fills_window(const struct flow_side *peer, const struct packet *packet)
{
    if (peer->window_shift == WINDOW_SHIFT_UNKNOWN || !(peer->flags & SIDE_ACK_KNOWN))
        return false;
    unsigned shift = peer->flags & SIDE_SYN_WINDOW ? 0 : peer->window_shift;
    return packet->seq + packet->payload_wire_len == peer->ack + ((uint32_t)peer->window << shift);
}

/* What segment_analyze tells besides marks. */
#define SEGMENT_ACKNOWLEDGES  (UINT32_C(1) << 31) /* another acknowledgment than before */
#define SEGMENT_CLOSES_WINDOW (UINT32_C(1) << 30) /* window 0, and it was open before */
#define SEGMENT_MARKS         (SEGMENT_CLOSES_WINDOW - 1)

/* What segment_analyze does for an expected segment, without looking for anything. Returns what it
 * tells besides marks. */
static inline uint32_t segment_advance_expected(struct flow_side *own, const struct packet *packet)
{
    uint32_t space = segment_space(packet);
    if (space > 0) {
        own->seq_next = packet->seq + space;
        own->seq_next_ns = packet->time_ns;
    }
    uint32_t told = 0;
    if (packet->ack != own->ack) {
        own->dup_ack_run = 0;
        told = SEGMENT_ACKNOWLEDGES;
    }
    own->ack = packet->ack;
    own->window = packet->window;
    own->flags &= (uint16_t)~SIDE_SYN_WINDOW;
    return told;
}

/* Returns MARK_BIT bits and those above, and advances seq_next, ack, window of `own`. */
uint32_t segment_analyze(const struct segment_context *context, const struct packet *packet);

#endif
