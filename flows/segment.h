/*
 * Purpose: what one TCP segment is, seen against those before it: sent again, late, a duplicate
 *          ACK, a keep-alive, a closed window.
 * Owns:    nothing; reads and advances the sequence state of the two sides.
 * Source:  the rules of Wireshark's TCP analysis, as its user's guide describes them (chapter
 *          "TCP Analysis"), so that both programs count alike; RFC 9293 for the arithmetic.
 * Bounds:  constant time.
 * Used by: flows/connection.
 */
#ifndef LOFLOW_FLOWS_SEGMENT_H
#define LOFLOW_FLOWS_SEGMENT_H

#include <stdint.h>

#include "decode/packet.h"
#include "flows/flow.h"

enum segment_mark {
    SEGMENT_RETRANSMISSION = 0x01, /* it brings nothing new */
    SEGMENT_OUT_OF_ORDER = 0x02,   /* it comes late and fills a gap */
    SEGMENT_DUP_ACK = 0x04,
    SEGMENT_ZERO_WINDOW = 0x08,
    SEGMENT_KEEPALIVE = 0x10,
    SEGMENT_KEEPALIVE_ACK = 0x20,
    SEGMENT_ZERO_PROBE = 0x40, /* one byte beyond a closed window */
    SEGMENT_ZERO_PROBE_ACK = 0x80,
};

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

/* Returns enum segment_mark bits and advances seq_next, ack, window of `own`. */
unsigned segment_analyze(const struct segment_context *context, const struct packet *packet);

#endif
