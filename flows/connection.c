#include "flows/connection.h"

#include "base/clock.h"
#include "flows/analysis.h"
#include "flows/segment.h"
#include "flows/unreachable.h"

/* A SYN sent again sooner than this is a copy (a mirror port, a capture on "any"), not a retry. */
#define SYN_RETRY_NS (200 * CLOCK_NS_PER_MS)

#define BIT(kind) (UINT32_C(1) << EVENT_##kind)

/* What a segment is to the state machine; the strongest flag decides. */
enum segment_class { CLASS_DATA, CLASS_SYN, CLASS_SYN_ACK, CLASS_FIN, CLASS_RST, CLASS_COUNT };

static enum segment_class classify(uint16_t flags)
{
    if (flags & TCP_RST)
        return CLASS_RST;
    if (flags & TCP_SYN)
        return flags & TCP_ACK ? CLASS_SYN_ACK : CLASS_SYN;
    return flags & TCP_FIN ? CLASS_FIN : CLASS_DATA;
}

/* Where an endpoint stands after it sent a segment. Data leave an endpoint where it is, but for the
 * first word of a connection whose beginning was not captured. */
static const uint8_t endpoint_next[ENDPOINT_STATE_COUNT][CLASS_COUNT] = {
    [ENDPOINT_INACTIVE] = {[CLASS_DATA] = ENDPOINT_PARTIAL,
                           [CLASS_SYN] = ENDPOINT_SYN_SENT,
                           [CLASS_SYN_ACK] = ENDPOINT_ESTABLISHED,
                           [CLASS_FIN] = ENDPOINT_CLOSED,
                           [CLASS_RST] = ENDPOINT_RESET},
    [ENDPOINT_SYN_SENT] = {[CLASS_DATA] = ENDPOINT_SYN_SENT,
                           [CLASS_SYN] = ENDPOINT_SYN_SENT,
                           [CLASS_SYN_ACK] = ENDPOINT_ESTABLISHED,
                           [CLASS_FIN] = ENDPOINT_CLOSED,
                           [CLASS_RST] = ENDPOINT_RESET},
    [ENDPOINT_PARTIAL] = {[CLASS_DATA] = ENDPOINT_PARTIAL,
                          [CLASS_SYN] = ENDPOINT_PARTIAL,
                          [CLASS_SYN_ACK] = ENDPOINT_ESTABLISHED,
                          [CLASS_FIN] = ENDPOINT_CLOSED,
                          [CLASS_RST] = ENDPOINT_RESET},
    [ENDPOINT_ESTABLISHED] = {[CLASS_DATA] = ENDPOINT_ESTABLISHED,
                              [CLASS_SYN] = ENDPOINT_ESTABLISHED,
                              [CLASS_SYN_ACK] = ENDPOINT_ESTABLISHED,
                              [CLASS_FIN] = ENDPOINT_CLOSED,
                              [CLASS_RST] = ENDPOINT_RESET},
    [ENDPOINT_CLOSED] = {[CLASS_DATA] = ENDPOINT_CLOSED,
                         [CLASS_SYN] = ENDPOINT_CLOSED,
                         [CLASS_SYN_ACK] = ENDPOINT_CLOSED,
                         [CLASS_FIN] = ENDPOINT_CLOSED,
                         [CLASS_RST] = ENDPOINT_RESET},
    [ENDPOINT_RESET] = {[CLASS_DATA] = ENDPOINT_RESET,
                        [CLASS_SYN] = ENDPOINT_RESET,
                        [CLASS_SYN_ACK] = ENDPOINT_RESET,
                        [CLASS_FIN] = ENDPOINT_RESET,
                        [CLASS_RST] = ENDPOINT_RESET},
};

static void endpoints_advance(struct flow *flow, unsigned sender, enum segment_class class,
                              bool is_ack)
{
    struct flow_side *own = &flow->side[sender];
    struct flow_side *peer = &flow->side[!sender];
    /* Both ends have closed: a RST that comes now ends nothing. */
    if (class == CLASS_RST && own->state == ENDPOINT_CLOSED && peer->state == ENDPOINT_CLOSED)
        return;
    own->state = endpoint_next[own->state][class];
    /* Whoever goes on after the peer's SYN-ACK had a SYN before it, captured or not. */
    if (class == CLASS_DATA && own->state == ENDPOINT_PARTIAL && is_ack &&
        peer->state == ENDPOINT_ESTABLISHED)
        own->state = ENDPOINT_ESTABLISHED;
    /* A SYN-ACK answers the SYN: with both of them, in any order, Zeek takes both ends for
     * established. */
    if (class == CLASS_SYN_ACK && peer->state == ENDPOINT_SYN_SENT)
        peer->state = ENDPOINT_ESTABLISHED;
    if (class == CLASS_SYN && peer->state == ENDPOINT_ESTABLISHED)
        own->state = ENDPOINT_ESTABLISHED;
}

enum flow_state connection_first_state(const struct packet *packet)
{
    switch (classify(packet->flags)) {
    case CLASS_SYN:
        return FLOW_SYN_SENT;
    case CLASS_SYN_ACK:
        return FLOW_SYN_RECEIVED;
    default:
        return FLOW_MIDSTREAM;
    }
}

/* Segments were captured out of order: is this SYN the beginning of what was seen already? */
static bool is_late_syn(const struct flow_side *own, const struct flow_side *peer, int64_t begin,
                        uint32_t seq)
{
    uint32_t first = own->stream_next - (uint32_t)(own->stream_end - begin);
    return ((own->flags & SIDE_STREAM_KNOWN) && first == seq + 1) ||
           ((peer->flags & SIDE_ACK_KNOWN) && peer->ack == seq + 1);
}

bool connection_is_reuse(const struct flow_records *flow, const struct packet *packet)
{
    if (classify(packet->flags) != CLASS_SYN)
        return false;
    unsigned sender = packet->direction;
    const struct flow_side *own = &flow->hot->side[sender];
    const struct flow_side *peer = &flow->hot->side[!sender];
    const struct flow_side_rare *rare = &flow->cold->rare[sender];
    if (rare->syn > 0)
        return rare->isn != packet->seq;
    /* Simultaneous open, RFC 9293 figure 7: both SYNs before any answer. */
    if (peer->state == ENDPOINT_SYN_SENT && own->state == ENDPOINT_INACTIVE)
        return false;
    return !is_late_syn(own, peer, rare->stream_begin, packet->seq);
}

static void count_flags(struct flow_side_rare *rare, const struct packet *packet)
{
    uint16_t flags = packet->flags;
    rare->syn += (flags & TCP_SYN) != 0;
    rare->fin += (flags & TCP_FIN) != 0;
    rare->rst += (flags & TCP_RST) != 0;
    if ((flags & TCP_SYN) && (rare->syn == 1 || (flags & TCP_ACK)))
        rare->isn = packet->seq;
}

/* The client is who sent the SYN, or who received the SYN-ACK; the first of them decides. */
static void orient(struct flow *flow, unsigned sender, uint16_t flags)
{
    if (flow->flags & FLOW_FLAG_CLIENT_KNOWN)
        return;
    flow->client = (uint8_t)(flags & TCP_ACK ? !sender : sender);
    flow->flags |= FLOW_FLAG_CLIENT_KNOWN;
    flow->flags &= ~(uint32_t)FLOW_FLAG_FLIPPED;
    if (flow->side[flow->client].packets == 0)
        flow->flags |= FLOW_FLAG_FLIPPED;
}

/* SYN_SENT and a SYN again: the server is silent. */
static uint32_t note_silence(const struct flow_records *flow, const struct packet *packet)
{
    struct flow *hot = flow->hot;
    if (hot->state != FLOW_SYN_SENT || packet->direction != hot->client ||
        flow->cold->rare[hot->client].syn < 2 || (hot->flags & FLOW_FLAG_NO_ANSWER) ||
        packet->time_ns - flow->cold->start_ns < SYN_RETRY_NS)
        return 0;
    hot->flags |= FLOW_FLAG_NO_ANSWER;
    return BIT(NO_ANSWER);
}

/* Called before the RST itself counts, since it may acknowledge something. */
static enum reset_phase reset_phase(const struct flow_records *flow, unsigned sender)
{
    const struct flow *hot = flow->hot;
    const struct flow_detail *detail = flow->detail;
    switch ((enum flow_state)hot->state) {
    case FLOW_CLOSED:
        return RESET_NONE;
    case FLOW_SYN_SENT:
        return RESET_SYN;
    case FLOW_SYN_RECEIVED:
        return RESET_HANDSHAKE;
    case FLOW_CLOSING:
        return RESET_CLOSING;
    case FLOW_MIDSTREAM:
        return RESET_MIDSTREAM;
    default:
        break;
    }
    if (segment_is_outstanding(&hot->side[!sender], &hot->side[sender]))
        return RESET_DATA;
    return detail && detail->spoken && detail->speaker != sender ? RESET_UNANSWERED : RESET_IDLE;
}

static uint32_t connection_reset(struct flow *hot, unsigned sender)
{
    if (hot->state == FLOW_CLOSED || hot->state == FLOW_RESET || hot->state == FLOW_REFUSED)
        return 0;
    if (hot->state == FLOW_SYN_SENT && sender != hot->client) {
        hot->state = FLOW_REFUSED;
        return BIT(REFUSED);
    }
    hot->state = FLOW_RESET;
    return BIT(RESET);
}

static uint32_t connection_fin(struct flow *hot)
{
    if (hot->state == FLOW_RESET || hot->state == FLOW_REFUSED || hot->state == FLOW_CLOSED)
        return 0;
    bool both = (hot->flags & FLOW_FLAG_SELF) ||
                (hot->side[0].state == ENDPOINT_CLOSED && hot->side[1].state == ENDPOINT_CLOSED);
    hot->state = both ? FLOW_CLOSED : FLOW_CLOSING;
    return both ? BIT(CLOSED) : 0;
}

/* Where the connection stands after a segment of this class; the endpoints have moved already. */
static uint32_t connection_advance(const struct flow_records *flow, const struct packet *packet,
                                   enum segment_class class)
{
    struct flow *hot = flow->hot;
    switch (class) {
    case CLASS_RST:
        return connection_reset(hot, packet->direction);
    case CLASS_FIN:
        return connection_fin(hot);
    case CLASS_SYN_ACK:
        /* To some clients an ICMP error is not the last word: they try again. */
        if (hot->state == FLOW_SYN_SENT || hot->state == FLOW_REFUSED)
            hot->state = FLOW_SYN_RECEIVED;
        return 0;
    case CLASS_SYN:
        return note_silence(flow, packet);
    default:
        break;
    }
    /* Whoever sends after the SYN-ACK has had the rest of the handshake; a client that goes on
     * after its SYN has had the SYN-ACK, captured or not. */
    bool completes = hot->state == FLOW_SYN_RECEIVED ||
                     (hot->state == FLOW_SYN_SENT && packet->direction == hot->client &&
                      (packet->flags & TCP_ACK));
    if (!completes)
        return 0;
    hot->state = FLOW_ESTABLISHED;
    return BIT(ESTABLISHED);
}

uint32_t connection_segment(struct flow_records *flow, const struct packet *packet, uint32_t *marks)
{
    struct flow *hot = flow->hot;
    unsigned sender = packet->direction;
    const struct flow_side *own = &hot->side[sender];
    enum segment_class class = classify(packet->flags);
    uint32_t events = 0;
    if (own->packets == 1)
        flow->cold->rare[sender].isn = packet->seq - 1;
    if (class != CLASS_DATA)
        count_flags(&flow->cold->rare[sender], packet);
    if (packet->flags & TCP_SYN)
        orient(hot, sender, packet->flags);
    if (class == CLASS_RST && flow->cold->reset_phase == RESET_NONE) {
        flow->cold->reset_side = (uint8_t)sender;
        hot->flags |= packet->flags & TCP_ACK ? 0 : FLOW_FLAG_BARE_RESET;
        flow->cold->reset_phase = (uint8_t)reset_phase(flow, sender);
    }
    if (marks)
        events = analysis_segment(flow, packet, marks);
    /* Most segments: data or an acknowledgment in the middle of a connection move no state. */
    if (class == CLASS_DATA && hot->state == FLOW_ESTABLISHED && own->state == ENDPOINT_ESTABLISHED)
        return events;
    endpoints_advance(hot, sender, class, packet->flags & TCP_ACK);
    return events | connection_advance(flow, packet, class);
}

uint32_t connection_icmp_error(const struct flow_records *flow, const struct packet *packet)
{
    struct flow *hot = flow->hot;
    if (hot->state == FLOW_SYN_SENT && packet->direction == hot->client &&
        icmp_is_unreachable(hot->tuple.family, packet->icmp_type)) {
        hot->state = FLOW_REFUSED;
        return BIT(REFUSED);
    }
    return hot->state == FLOW_REFUSED ? 0 : BIT(ICMP_ERROR);
}
