#include "flows/analysis.h"

#include <assert.h>
#include <string.h>

#include "flows/history.h"
#include "flows/segment.h"
#include "flows/stream.h"
#include "flows/timing.h"

#define BIT(kind) (UINT32_C(1) << EVENT_##kind)

/* Counted in struct flow_side_rare, which every flow has: they are no reason for a detail record. */
#define MARKS_ALWAYS ((UINT32_C(1) << MARK_DETAIL_FIRST) - 1)

static struct stream stream_of(const struct flow_records *flow, unsigned side)
{
    return (struct stream){&flow->hot->side[side], &flow->cold->rare[side], &flow->pools->holes};
}

static bool is_whole(const struct flow_records *flow)
{
    return flow->streams;
}

/* The flow's detail, which it gets now when it has none. NULL when all are taken. */
static struct flow_detail *need_detail(struct flow_records *flow)
{
    if (flow->detail || flow->hot->flags & FLOW_FLAG_DETAIL_DENIED)
        return flow->detail;
    uint32_t index = pool_take(&flow->pools->details);
    if (index == POOL_NONE) {
        flow->hot->flags |= FLOW_FLAG_DETAIL_DENIED;
        return NULL;
    }
    flow->hot->flags |= FLOW_FLAG_DETAIL;
    flow->cold->detail = index;
    flow->detail = pool_at(&flow->pools->details, index);
    detail_init(flow->detail);
    return flow->detail;
}

/* ECN is agreed on by ECE and CWR on the SYN and ECE alone on the SYN-ACK, RFC 3168 section 6.1.1.
 * The flag holds the offer until the answer is seen. */
static void take_ecn(struct flow *hot, const struct packet *packet)
{
    uint16_t offer = packet->flags & (TCP_ECE | TCP_CWR);
    bool is_answer = packet->flags & TCP_ACK;
    if (offer != (is_answer ? TCP_ECE : TCP_ECE | TCP_CWR))
        hot->flags &= ~(uint32_t)FLOW_FLAG_ECN;
    else if (!is_answer)
        hot->flags |= FLOW_FLAG_ECN;
}

static void take_syn_ack(const struct flow_records *flow, const struct packet *packet)
{
    unsigned client = flow->hot->flags & FLOW_FLAG_SELF ? 0 : !packet->direction;
    const struct flow_side_rare *opener = &flow->cold->rare[client];
    if (opener->syn == 0)
        return;
    int64_t span_ns = packet->time_ns - flow->cold->syn_ns;
    if (flow->cold->handshake_ns < 0)
        flow->cold->syn_ack_ns = span_ns > 0 ? span_ns : 0;
    /* It acknowledges more than the SYN: payload that came with it. */
    if (flow->hot->side[client].unique_bytes > 0 && seq_diff(packet->ack, opener->isn + 1) > 0)
        flow->hot->flags |= FLOW_FLAG_FAST_OPEN;
}

/* The handshake is timed from the latest SYN. */
static void take_open(struct flow_cold *cold, const struct packet *packet)
{
    cold->syn_ns = packet->time_ns;
    if (cold->handshake_ns < 0)
        cold->syn_ack_ns = -1;
}

/* Windows are scaled when both SYNs say how, RFC 7323 section 2.2. */
static void agree_on_windows(struct flow *hot)
{
    const uint8_t scales[2] = {hot->side[0].window_scale, hot->side[1].window_scale};
    if (scales[0] == WINDOW_SCALE_UNKNOWN || scales[1] == WINDOW_SCALE_UNKNOWN)
        return;
    bool scaled = scales[0] != WINDOW_SCALE_NONE && scales[1] != WINDOW_SCALE_NONE;
    hot->side[0].window_shift = scaled ? scales[0] : 0;
    hot->side[1].window_shift = scaled ? scales[1] : 0;
}

static void take_syn(const struct flow_records *flow, const struct packet *packet)
{
    unsigned sender = packet->direction;
    bool is_answer = packet->flags & TCP_ACK;
    struct flow_side *own = &flow->hot->side[sender];
    own->window_scale =
        packet->options & TCP_OPTION_WINDOW_SCALE ? packet->window_scale : WINDOW_SCALE_NONE;
    agree_on_windows(flow->hot);
    struct stream stream = stream_of(flow, sender);
    if (!stream_begin(&stream, packet->seq))
        flow->hot->flags |= FLOW_FLAG_HOLES_DENIED;
    take_ecn(flow->hot, packet);
    if (is_answer)
        take_syn_ack(flow, packet);
    else if (sender == flow->hot->client)
        take_open(flow->cold, packet);
    bool both = (flow->hot->flags & FLOW_FLAG_SELF) ||
                (flow->cold->rare[0].syn > 0 && flow->cold->rare[1].syn > 0);
    if (both && flow->cold->handshake_ns < 0)
        flow->hot->flags |= FLOW_FLAG_HANDSHAKE;
}

/* The first segment of the client with ACK, without SYN and RST, that acknowledges exactly the
 * SYN-ACK. */
static void measure_handshake(const struct flow_records *flow, const struct packet *packet)
{
    unsigned server = flow->hot->flags & FLOW_FLAG_SELF ? 0 : !flow->hot->client;
    if (packet->direction != flow->hot->client || (packet->flags & (TCP_SYN | TCP_RST)) ||
        !(packet->flags & TCP_ACK) || packet->ack != flow->cold->rare[server].isn + 1)
        return;
    int64_t span_ns = packet->time_ns - flow->cold->syn_ns;
    flow->cold->handshake_ns = span_ns > 0 ? span_ns : 0;
    flow->hot->flags &= ~(uint32_t)FLOW_FLAG_HANDSHAKE;
}

struct delivery {
    const struct flow_records *flow;
    unsigned side;
};

static void deliver(void *context, const struct reassembly_chunk *chunk)
{
    const struct delivery *delivery = context;
    const struct flow_records *flow = delivery->flow;
    if (flow->digest)
        digest_add(&flow->streams->digest[delivery->side], chunk);
    if (flow->sink)
        flow->sink->take(flow->sink->context, records_view(flow), delivery->side, chunk);
}

static struct reassembly_way way_of(struct delivery *delivery, int64_t time_ns)
{
    return (struct reassembly_way){.pieces = &delivery->flow->pools->pieces,
                                   .time_ns = time_ns,
                                   .deliver = deliver,
                                   .context = delivery};
}

/* Payload into streams that are wanted whole. Returns whether it repeats bytes with others. */
static bool __attribute__((noinline))
take_whole(const struct flow_records *flow, const struct packet *packet, int64_t offset)
{
    unsigned sender = packet->direction;
    if (!(flow->hot->flags & FLOW_FLAG_STREAMS))
        streams_init(flow->streams, flow->hot->client);
    flow->hot->flags |= FLOW_FLAG_STREAMS;
    struct delivery delivery = {flow, sender};
    struct reassembly_way way = way_of(&delivery, packet->time_ns);
    unsigned result =
        reassembly_add(&flow->streams->side[sender], &way, flow->cold->rare[sender].stream_begin,
                       &(struct reassembly_payload){packet->payload, packet->payload_captured_len,
                                                    packet->payload_wire_len, offset});
    if (result & REASSEMBLY_DENIED)
        flow->hot->flags |= FLOW_FLAG_BYTES_DENIED;
    return result & REASSEMBLY_DIFFERS;
}

/* The bytes of a payload that take_stream has counted. Returns marks. */
static uint32_t take_bytes(struct flow_records *flow, const struct packet *packet, uint32_t seq)
{
    unsigned sender = packet->direction;
    int64_t offset = stream_offset(&flow->hot->side[sender], seq);
    bool differs = false;
    if (offset < DETAIL_FIRST_MAX && need_detail(flow))
        differs = detail_take_first(&flow->detail->side[sender], offset, packet->payload,
                                    packet->payload_captured_len);
    if (is_whole(flow))
        differs |= take_whole(flow, packet, offset);
    return differs ? MARK_BIT(OVERLAP) : 0;
}

/* Payload and FIN into the stream. Returns marks. */
static uint32_t take_stream(struct flow_records *flow, const struct packet *packet)
{
    struct stream stream = stream_of(flow, packet->direction);
    uint32_t len = packet->payload_wire_len;
    uint32_t seq = packet->seq + ((packet->flags & TCP_SYN) ? 1 : 0);
    uint32_t marks = 0;
    bool kept = true;
    if (len > 0) {
        kept = stream_data(&stream, seq, len);
        marks = take_bytes(flow, packet, seq);
    }
    if (packet->flags & TCP_FIN)
        kept &= stream_fin(&stream, seq + len);
    if (!kept)
        flow->hot->flags |= FLOW_FLAG_HOLES_DENIED;
    /* A hole below what the peer acknowledged already was told when it did. */
    const struct flow_side *peer = &flow->hot->side[!packet->direction];
    if (stream.side->flags & SIDE_HOLES && peer->flags & SIDE_ACK_KNOWN)
        (void)stream_acknowledge(&stream, peer->ack);
    return marks;
}

/* Kept out of line: an ACK seldom tells of holes, nor does a stream often wait for one. */
static uint32_t __attribute__((noinline))
take_acknowledged(const struct flow_records *flow, const struct packet *packet, bool beyond)
{
    unsigned sender = packet->direction;
    const struct flow_side *own = &flow->hot->side[sender];
    struct flow_side *peer = &flow->hot->side[!sender];
    if (!segment_is_synchronized(own) || !segment_is_synchronized(peer))
        return 0;
    bool is_new = !(own->flags & SIDE_ACK_KNOWN) || packet->ack != own->ack;
    uint32_t missed = beyond && is_new;
    if (peer->flags & SIDE_HOLES) {
        struct stream stream = stream_of(flow, !sender);
        missed += stream_acknowledge(&stream, packet->ack);
    }
    if (flow->hot->flags & FLOW_FLAG_STREAMS) {
        struct delivery delivery = {flow, !sender};
        struct reassembly_way way = way_of(&delivery, packet->time_ns);
        reassembly_acknowledge(&flow->streams->side[!sender], &way,
                               stream_offset(peer, packet->ack));
    }
    uint32_t *gaps = &flow->cold->rare[!sender].gaps;
    for (uint32_t at = 0; at < missed; at++)
        history_add_counted(flow->cold, !sender, HISTORY_GAP, ++*gaps);
    return missed > 0 ? MARK_BIT(ACKED_UNSEEN) : 0;
}

/* An ACK says what the other side's stream must have had: holes below it were missed by the
 * capture, and so was everything beyond what was seen. */
static uint32_t check_acknowledged(const struct flow_records *flow, const struct packet *packet)
{
    const struct flow_side *peer = &flow->hot->side[!packet->direction];
    bool beyond = (peer->flags & SIDE_SEQ_KNOWN) && seq_diff(packet->ack, peer->seq_next) > 0;
    if (!beyond && !(peer->flags & SIDE_HOLES) && !(flow->hot->flags & FLOW_FLAG_STREAMS))
        return 0;
    return take_acknowledged(flow, packet, beyond);
}

static void write_flags(const struct flow_records *flow, const struct packet *packet)
{
    static const uint8_t letters[8] = {
        [TCP_SYN] = HISTORY_SYN,
        [TCP_FIN] = HISTORY_FIN,
        [TCP_RST] = HISTORY_RST,
        [TCP_FIN | TCP_RST] = HISTORY_INCONSISTENT,
        [TCP_SYN | TCP_FIN] = HISTORY_MULTI_FLAG,
        [TCP_SYN | TCP_RST] = HISTORY_MULTI_FLAG,
        [TCP_SYN | TCP_FIN | TCP_RST] = HISTORY_INCONSISTENT,
    };
    uint16_t flags = packet->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    enum history_letter letter = letters[flags];
    if (flags == TCP_SYN && packet->flags & TCP_ACK)
        letter = HISTORY_SYN_ACK;
    history_add(flow->cold, packet->direction, letter);
}

static void write_data(const struct flow_records *flow, const struct packet *packet)
{
    struct flow_side *own = &flow->hot->side[packet->direction];
    if (own->flags & SIDE_HISTORY_DATA)
        return;
    own->flags |= SIDE_HISTORY_DATA;
    history_add(flow->cold, packet->direction, HISTORY_DATA);
}

static void write_ack(const struct flow_records *flow, const struct packet *packet)
{
    struct flow_side *own = &flow->hot->side[packet->direction];
    if (own->flags & SIDE_HISTORY_ACK)
        return;
    own->flags |= SIDE_HISTORY_ACK;
    history_add(flow->cold, packet->direction, HISTORY_ACK);
}

/* Zeek's T: payload all of which lies below the highest sequence number, however soon it comes. */
static void write_repeat(const struct flow_records *flow, const struct packet *packet)
{
    const struct flow_side *own = &flow->hot->side[packet->direction];
    if (!(own->flags & SIDE_SEQ_KNOWN) || packet->flags & (TCP_SYN | TCP_RST) ||
        own->state == ENDPOINT_RESET ||
        seq_diff(packet->seq + segment_space(packet), own->seq_next) > 0)
        return;
    uint16_t *repeats = &flow->cold->rare[packet->direction].repeats;
    if (*repeats == UINT16_MAX)
        return;
    ++*repeats;
    history_add_counted(flow->cold, packet->direction, HISTORY_RETRANSMISSION, *repeats);
}

static void __attribute__((noinline))
count_in_detail(struct flow_records *flow, const struct packet *packet, uint32_t marks)
{
    if (!need_detail(flow))
        return;
    struct detail_side *side = &flow->detail->side[packet->direction];
    uint32_t *counts = flow->detail->counts[packet->direction];
    if (!side->is_counted)
        memset(counts, 0, sizeof flow->detail->counts[0]);
    side->is_counted = true;
    for (; marks; marks &= marks - 1)
        counts[__builtin_ctz(marks) - MARK_DETAIL_FIRST]++;
}

static uint32_t __attribute__((noinline))
count_marks(struct flow_records *flow, const struct packet *packet, uint32_t marks)
{
    unsigned sender = packet->direction;
    struct flow_side_rare *rare = &flow->cold->rare[sender];
    uint32_t events = (marks & MARK_BIT(OVERLAP)) ? BIT(OVERLAP) : 0;
    if (marks & mark_troubles)
        flow->hot->flags |= FLOW_FLAG_TROUBLE;
    rare->out_of_order += (marks & MARK_BIT(OUT_OF_ORDER)) != 0;
    rare->keepalives += (marks & MARK_BIT(KEEPALIVE)) != 0;
    if (marks & MARK_BIT(RETRANSMISSION)) {
        rare->retransmits++;
        events |= BIT(RETRANSMISSION);
    }
    if (marks & MARK_BIT(DUP_ACK)) {
        rare->dup_acks++;
        rare->dup_ack_ns = packet->time_ns;
    }
    if (marks & MARK_BIT(ZERO_WINDOW)) {
        rare->zero_windows++;
        events |= (marks & SEGMENT_CLOSES_WINDOW) ? BIT(ZERO_WINDOW) : 0;
        history_add_counted(flow->cold, sender, HISTORY_ZERO_WINDOW, rare->zero_windows);
    }
    if (marks & SEGMENT_MARKS & ~MARKS_ALWAYS)
        count_in_detail(flow, packet, marks & SEGMENT_MARKS & ~MARKS_ALWAYS);
    return events;
}

static uint32_t take_time(const struct flow_records *flow, const struct packet *packet,
                          uint32_t marks)
{
    bool brings = segment_space(packet) > 0 && !(marks & TIMING_REPEATS);
    if (brings || packet->flags & TCP_RST ||
        marks & (SEGMENT_ACKNOWLEDGES | MARK_BIT(WINDOW_UPDATE)))
        timing_progress(flow, packet->time_ns);
    else
        timing_wait(flow);
    return timing_kinds(timing_segment(flow, packet, marks));
}

#ifndef NDEBUG
/* The short way and the long one must come to the same. */
static bool is_agreed(const struct segment_context *context, const struct packet *packet)
{
    struct flow_side shortly = *context->own, fully = *context->own;
    struct segment_context copy = *context;
    copy.own = &fully;
    uint32_t marks = segment_analyze(&copy, packet);
    uint32_t told = segment_advance_expected(&shortly, packet);
    return (marks & ~MARK_BIT(WINDOW_FULL)) == told && memcmp(&shortly, &fully, sizeof fully) == 0;
}
#endif

static bool is_at_end(const struct flow_side *side, uint32_t seq)
{
    return side->flags & SIDE_STREAM_KNOWN && side->stream_next == seq;
}

/* The short way of an expected segment. Returns what it is. */
static uint32_t take_expected(struct flow_records *flow, const struct segment_context *context,
                              const struct packet *packet)
{
    uint32_t found = 0;
    /* cppcheck-suppress assertWithSideEffect ; it only looks */
    assert(is_agreed(context, packet));
    bool is_fin = packet->flags & TCP_FIN;
    if (packet->payload_wire_len > 0) {
        found = take_stream(flow, packet);
        if (!is_fin && segment_fills_window(context->peer, packet))
            found |= MARK_BIT(WINDOW_FULL);
        write_data(flow, packet);
    } else if (is_fin) {
        /* Most streams end where their last byte was seen: nothing is added to them. */
        if (!is_at_end(context->own, packet->seq))
            found = take_stream(flow, packet);
    } else {
        write_ack(flow, packet);
    }
    if (is_fin)
        write_flags(flow, packet);
    return found | segment_advance_expected(context->own, packet);
}

/* The long way of every other segment. */
static uint32_t take_any(struct flow_records *flow, const struct segment_context *context,
                         const struct packet *packet)
{
    uint32_t found = 0;
    if (packet->flags & TCP_SYN)
        take_syn(flow, packet);
    if (flow->hot->flags & FLOW_FLAG_HANDSHAKE)
        measure_handshake(flow, packet);
    uint16_t kind = packet->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    bool has_payload = packet->payload_wire_len > 0;
    if (!has_payload && kind == 0 && packet->flags & TCP_ACK)
        write_ack(flow, packet);
    if ((packet->flags & (TCP_ACK | TCP_RST)) == TCP_ACK)
        found |= check_acknowledged(flow, packet);
    if (kind & TCP_SYN)
        write_flags(flow, packet);
    if (has_payload || kind & TCP_FIN)
        found |= take_stream(flow, packet);
    if (has_payload) {
        write_data(flow, packet);
        write_repeat(flow, packet);
    }
    if (kind != 0 && !(kind & TCP_SYN))
        write_flags(flow, packet);
    found |= segment_analyze(context, packet);
    if ((packet->options & TCP_OPTION_FAST_OPEN) && (packet->flags & TCP_SYN))
        found |= MARK_BIT(FAST_OPEN);
    return found;
}

uint32_t analysis_segment(struct flow_records *flow, const struct packet *packet, uint32_t *marks)
{
    struct flow *hot = flow->hot;
    unsigned sender = packet->direction;
    const struct segment_context context = {
        .own = &hot->side[sender],
        .peer = &hot->side[!sender],
        .peer_rare = &flow->cold->rare[!sender],
        .rtt_ns = &flow->cold->handshake_ns,
    };
    bool is_short = segment_is_expected(context.own, context.peer, packet) &&
                    !(hot->flags & FLOW_FLAG_HANDSHAKE) && !is_whole(flow);
    uint32_t found =
        is_short ? take_expected(flow, &context, packet) : take_any(flow, &context, packet);
    *marks = found & SEGMENT_MARKS;
    uint32_t events = *marks ? count_marks(flow, packet, found) : 0;
    if (flow->detail)
        events |= take_time(flow, packet, found);
    return events;
}

void analysis_finish(const struct flow_records *flow, int64_t time_ns)
{
    /* A silence that lasts until now counts as well. */
    if (flow->hot->flags & FLOW_FLAG_JUDGED && flow_state_is_open(flow->hot->state))
        timing_progress(flow, time_ns);
    if (!(flow->hot->flags & FLOW_FLAG_STREAMS))
        return;
    for (unsigned side = 0; side < 2; side++) {
        struct delivery delivery = {flow, side};
        struct reassembly_way way = way_of(&delivery, time_ns);
        reassembly_finish(&flow->streams->side[side], &way, flow->hot->side[side].stream_end);
    }
}

void analysis_release(const struct flow_records *flow)
{
    for (unsigned side = 0; side < 2; side++) {
        struct stream stream = stream_of(flow, side);
        stream_release(&stream);
        if (flow->hot->flags & FLOW_FLAG_STREAMS)
            reassembly_release(&flow->streams->side[side], &flow->pools->pieces);
    }
    if (!flow->detail)
        return;
    pool_give(&flow->pools->details, flow->cold->detail);
    pool_prefetch(&flow->pools->details, flow->cold->detail, DETAIL_TOUCHED);
}
