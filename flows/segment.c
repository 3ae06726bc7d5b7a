#include "flows/segment.h"

#include "base/clock.h"

/* Without a measured RTT, a segment that comes this soon after the highest one is late, not sent
 * again; and a retransmission this soon after two duplicate ACKs is their answer. */
#define REORDER_NS         (3 * CLOCK_NS_PER_MS)
#define FAST_RETRANSMIT_NS (20 * CLOCK_NS_PER_MS)

#define SYN_FIN_RST (TCP_SYN | TCP_FIN | TCP_RST)

/* A segment without payload where the sender stands already: an ACK once more, or another window. */
static uint32_t mark_repeated(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    const struct flow_side *peer = context->peer;
    if (!(own->flags & SIDE_ACK_KNOWN) || packet->ack != own->ack)
        return 0;
    if (packet->window != own->window)
        return packet->window != 0 ? MARK_BIT(WINDOW_UPDATE) : 0;
    if (packet->window == 0)
        return peer->flags & SIDE_LAST_ZERO_PROBE ? MARK_BIT(ZERO_WINDOW_PROBE_ACK) : 0;
    if (peer->flags & SIDE_LAST_KEEPALIVE)
        return MARK_BIT(KEEPALIVE_ACK);
    bool challenged = peer->flags & SIDE_LAST_CHALLENGED;
    return MARK_BIT(DUP_ACK) | (challenged ? MARK_BIT(CHALLENGE_ACK) : 0);
}

/* A segment that neither opens nor closes: probes, acknowledgments, window announcements. */
static uint32_t mark_plain(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    const struct flow_side *peer = context->peer;
    uint32_t len = packet->payload_wire_len;
    uint32_t marks = packet->window == 0 ? MARK_BIT(ZERO_WINDOW) : 0;
    if (len > 0 && segment_fills_window(peer, packet))
        marks |= MARK_BIT(WINDOW_FULL);
    if (!(own->flags & SIDE_SEQ_KNOWN))
        return marks;
    if (len == 1 && packet->seq == own->seq_next && peer->window == 0 &&
        (peer->flags & SIDE_ACK_KNOWN))
        return (marks & ~MARK_BIT(WINDOW_FULL)) | MARK_BIT(ZERO_WINDOW_PROBE);
    if (len <= 1 && packet->seq == own->seq_next - 1)
        return marks | MARK_BIT(KEEPALIVE);
    if (len == 0 && packet->seq == own->seq_next)
        marks |= mark_repeated(context, packet);
    return marks;
}

/* SACK blocks, RFC 2018. The first one is a DSACK when it lies below the acknowledgment or inside
 * the second one, RFC 2883 section 4. */
static uint32_t mark_sack(const struct packet *packet)
{
    const uint32_t(*sack)[2] = packet->sack;
    bool below = seq_diff(sack[0][1], packet->ack) <= 0;
    bool inside = packet->sack_count > 1 && seq_diff(sack[0][0], sack[1][0]) >= 0 &&
                  seq_diff(sack[0][1], sack[1][1]) <= 0;
    return MARK_BIT(SACK) | (below || inside ? MARK_BIT(DSACK) : 0);
}

/* ECE and CWR after the handshake; on a SYN they only offer ECN, RFC 3168 section 6.1. */
static uint32_t mark_ecn(const struct packet *packet)
{
    return (packet->flags & TCP_ECE ? MARK_BIT(ECN_ECHO) : 0) |
           (packet->flags & TCP_CWR ? MARK_BIT(CWR) : 0);
}

/* A span of packet time below a limit; a clock that ran backwards tells nothing. */
static bool is_within(int64_t span_ns, int64_t limit_ns)
{
    return span_ns >= 0 && span_ns < limit_ns;
}

/* A segment that takes sequence space: new, late or sent again? What the peer has acknowledged is
 * sent again for nothing, even if nothing of it was captured. The one that ends where the highest
 * ended is sent again, however soon. One that begins at the last byte sent and brings more may
 * follow a probe of that byte. */
static uint32_t mark_old(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    const struct flow_side *peer = context->peer;
    uint32_t len = packet->payload_wire_len;
    if (len > 0 && (peer->flags & SIDE_ACK_KNOWN) && seq_diff(packet->seq + len, peer->ack) <= 0)
        return MARK_BIT(RETRANSMISSION) | MARK_BIT(SPURIOUS_RETRANSMISSION);
    if (!(own->flags & SIDE_SEQ_KNOWN) || seq_diff(packet->seq, own->seq_next) >= 0 ||
        (len > 1 && packet->seq == own->seq_next - 1))
        return 0;
    if (peer->dup_ack_run >= 2 && peer->ack == packet->seq &&
        is_within(packet->time_ns - context->peer_rare->dup_ack_ns, FAST_RETRANSMIT_NS))
        return MARK_BIT(RETRANSMISSION) | MARK_BIT(FAST_RETRANSMISSION);
    int64_t reorder_ns = *context->rtt_ns > 0 ? *context->rtt_ns : REORDER_NS;
    if (packet->seq + segment_space(packet) != own->seq_next &&
        is_within(packet->time_ns - own->seq_next_ns, reorder_ns))
        return MARK_BIT(OUT_OF_ORDER);
    return MARK_BIT(RETRANSMISSION);
}

/* The peer must answer a SYN in the middle of a connection, and a RST that is not exactly the next
 * in sequence, with a challenge ACK: RFC 5961 sections 3 and 4. */
static bool is_challenged(const struct flow_side *own, const struct flow_side *peer,
                          const struct packet *packet)
{
    if (!(own->flags & SIDE_ACK_KNOWN) || !(peer->flags & SIDE_ACK_KNOWN))
        return false;
    if (packet->flags & TCP_RST)
        return packet->seq != peer->ack;
    return packet->flags & TCP_SYN && own->state == ENDPOINT_ESTABLISHED &&
           !(own->flags & SIDE_SYN_WINDOW);
}

static void advance_sequence(struct flow_side *own, const struct packet *packet, uint32_t marks)
{
    uint32_t next = packet->seq + segment_space(packet);
    bool unknown = !(own->flags & SIDE_SEQ_KNOWN);
    /* The sequence number of a RST may be anything, or the peer's, RFC 9293 section 3.5.2. */
    if ((packet->flags & TCP_RST) && (unknown || segment_space(packet) == 0))
        return;
    if (unknown || (seq_diff(next, own->seq_next) > 0 && !(marks & MARK_BIT(ZERO_WINDOW_PROBE)))) {
        own->seq_next = next;
        own->seq_next_ns = packet->time_ns;
        own->flags |= SIDE_SEQ_KNOWN;
    }
}

static uint32_t advance(const struct segment_context *context, const struct packet *packet,
                        uint32_t marks)
{
    struct flow_side *own = context->own;
    uint16_t flags = own->flags & (uint16_t)~SIDE_LAST_ANY;
    uint32_t told = 0;
    if (marks & (MARK_BIT(KEEPALIVE) | MARK_BIT(ZERO_WINDOW_PROBE)))
        flags |= (marks & MARK_BIT(KEEPALIVE)) ? SIDE_LAST_KEEPALIVE : SIDE_LAST_ZERO_PROBE;
    if (packet->flags & (TCP_SYN | TCP_RST) && is_challenged(own, context->peer, packet))
        flags |= SIDE_LAST_CHALLENGED;
    if (packet->flags & TCP_ACK) {
        bool is_open = own->window != 0 || !(flags & SIDE_ACK_KNOWN);
        if ((marks & MARK_BIT(ZERO_WINDOW)) && is_open)
            told |= SEGMENT_CLOSES_WINDOW;
        if (packet->ack != own->ack || !(flags & SIDE_ACK_KNOWN)) {
            own->dup_ack_run = 0;
            told |= SEGMENT_ACKNOWLEDGES;
        }
        if ((marks & MARK_BIT(DUP_ACK)) && own->dup_ack_run < UINT8_MAX)
            own->dup_ack_run++;
        own->ack = packet->ack;
        own->window = packet->window;
        flags &= (uint16_t)~SIDE_SYN_WINDOW;
        flags |= SIDE_ACK_KNOWN | (packet->flags & TCP_SYN ? SIDE_SYN_WINDOW : 0);
    }
    own->flags = flags;
    advance_sequence(own, packet, marks);
    return marks | told;
}

uint32_t segment_analyze(const struct segment_context *context, const struct packet *packet)
{
    const struct flow_side *own = context->own;
    uint32_t marks = 0;
    if (!(packet->flags & SYN_FIN_RST))
        marks = mark_plain(context, packet);
    if (packet->sack_count > 0)
        marks |= mark_sack(packet);
    if ((packet->flags & (TCP_ECE | TCP_CWR)) && !(packet->flags & TCP_SYN))
        marks |= mark_ecn(packet);
    if ((own->flags & SIDE_SEQ_KNOWN) && seq_diff(packet->seq, own->seq_next) > 0 &&
        !(packet->flags & TCP_RST))
        marks |= MARK_BIT(LOST_SEGMENT);
    if (segment_space(packet) > 0 && !(marks & MARK_BIT(KEEPALIVE)))
        marks |= mark_old(context, packet);
    return advance(context, packet, marks);
}
