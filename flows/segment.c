#include "flows/segment.h"

#include "base/clock.h"

/* Without a measured RTT, a segment that comes this soon after the highest one is late, not sent
 * again; and a retransmission this soon after two duplicate ACKs is their answer. */
#define REORDER_NS         (3 * CLOCK_NS_PER_MS)
#define FAST_RETRANSMIT_NS (20 * CLOCK_NS_PER_MS)

#define SYN_FIN_RST (TCP_SYN | TCP_FIN | TCP_RST)

static uint32_t sequence_space(const struct packet *packet)
{
    return packet->payload_wire_len + ((packet->flags & TCP_SYN) ? 1 : 0) +
           ((packet->flags & TCP_FIN) ? 1 : 0);
}

/* A segment that neither opens nor closes: probes, acknowledgments, window announcements. */
static unsigned mark_plain(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    const struct flow_side *peer = context->peer;
    uint32_t len = packet->payload_wire_len;
    unsigned marks = packet->window == 0 ? SEGMENT_ZERO_WINDOW : 0;
    if (!(own->flags & SIDE_SEQ_KNOWN))
        return marks;
    if (len == 1 && packet->seq == own->seq_next && peer->window == 0 &&
        (peer->flags & SIDE_ACK_KNOWN))
        return marks | SEGMENT_ZERO_PROBE;
    if (len <= 1 && packet->seq == own->seq_next - 1)
        return marks | SEGMENT_KEEPALIVE;
    bool repeats = len == 0 && packet->seq == own->seq_next && (own->flags & SIDE_ACK_KNOWN) &&
                   packet->window == own->window && packet->ack == own->ack;
    if (!repeats)
        return marks;
    if (packet->window == 0)
        return marks | (peer->flags & SIDE_LAST_ZERO_PROBE ? SEGMENT_ZERO_PROBE_ACK : 0);
    return marks | (peer->flags & SIDE_LAST_KEEPALIVE ? SEGMENT_KEEPALIVE_ACK : SEGMENT_DUP_ACK);
}

/* A span of packet time below a limit; a clock that ran backwards tells nothing. */
static bool is_within(int64_t span_ns, int64_t limit_ns)
{
    return span_ns >= 0 && span_ns < limit_ns;
}

/* A segment that takes sequence space below the highest one: late or sent again? The one that ends
 * where the highest ended is sent again, however soon. */
static unsigned mark_old(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    const struct flow_side *peer = context->peer;
    if (peer->dup_ack_run >= 2 && peer->ack == packet->seq &&
        is_within(packet->time_ns - context->peer_rare->dup_ack_ns, FAST_RETRANSMIT_NS))
        return SEGMENT_RETRANSMISSION;
    int64_t reorder_ns = *context->rtt_ns > 0 ? *context->rtt_ns : REORDER_NS;
    if (packet->seq + sequence_space(packet) != own->seq_next &&
        is_within(packet->time_ns - own->seq_next_ns, reorder_ns))
        return SEGMENT_OUT_OF_ORDER;
    return SEGMENT_RETRANSMISSION;
}

static void advance(const struct segment_context *context, const struct packet *packet,
                    unsigned marks)
{
    struct flow_side *own = context->own;
    uint32_t next = packet->seq + sequence_space(packet);
    bool unknown = !(own->flags & SIDE_SEQ_KNOWN);
    /* The sequence number of a RST without ACK may be anything, RFC 9293 section 3.10.7.1. */
    if (unknown && (packet->flags & TCP_RST))
        return;
    if (unknown || (seq_diff(next, own->seq_next) > 0 && !(marks & SEGMENT_ZERO_PROBE))) {
        own->seq_next = next;
        own->seq_next_ns = packet->time_ns;
        own->flags |= SIDE_SEQ_KNOWN;
    }
    own->flags &= (uint8_t) ~(SIDE_LAST_KEEPALIVE | SIDE_LAST_ZERO_PROBE);
    if (marks & SEGMENT_KEEPALIVE)
        own->flags |= SIDE_LAST_KEEPALIVE;
    if (marks & SEGMENT_ZERO_PROBE)
        own->flags |= SIDE_LAST_ZERO_PROBE;
    if (!(packet->flags & TCP_ACK))
        return;
    if (!(own->flags & SIDE_ACK_KNOWN) || packet->ack != own->ack)
        own->dup_ack_run = 0;
    if ((marks & SEGMENT_DUP_ACK) && own->dup_ack_run < UINT8_MAX)
        own->dup_ack_run++;
    own->ack = packet->ack;
    own->window = packet->window;
    own->flags |= SIDE_ACK_KNOWN;
}

unsigned segment_analyze(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    unsigned marks = 0;
    if (!(packet->flags & SYN_FIN_RST))
        marks = mark_plain(context, packet);
    bool takes_space = sequence_space(packet) > 0;
    if (takes_space && (own->flags & SIDE_SEQ_KNOWN) && !(marks & SEGMENT_KEEPALIVE) &&
        seq_diff(packet->seq, own->seq_next) < 0)
        marks |= mark_old(context, packet);
    advance(context, packet, marks);
    return marks;
}
