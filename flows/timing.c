#include "flows/timing.h"

#include "base/clock.h"
#include "flows/segment.h"

#define RTT_SMOOTHING 8 /* RFC 6298 section 2: alpha is 1/8 */

/* Linux delays an ACK by 40 to 200 ms, tcp_delack_min. What waited for it goes out within it. */
#define DELAYED_ACK_NS     (30 * CLOCK_NS_PER_MS)
#define DELAYED_ACK_MAX_NS (250 * CLOCK_NS_PER_MS)
#define HELD_BACK_NS       (1 * CLOCK_NS_PER_MS)
#define HELD_BACK_SIZE     16384

static const struct {
    const char *word;
    const char *words;
} causes[STALL_CAUSE_COUNT] = {
#define STALL(NAME, word, words, meaning) {word, words},
#include "flows/stall.def"
#undef STALL
};

const char *stall_cause_word(enum stall_cause cause)
{
    return causes[cause].word;
}

const char *stall_cause_words(enum stall_cause cause)
{
    return causes[cause].words;
}

static bool has_closed_window(const struct flow_side *side)
{
    return (side->flags & SIDE_ACK_KNOWN) && side->window == 0;
}

static enum stall_cause find_cause(const struct flow_records *flow, uint8_t *culprit)
{
    const struct flow_side *sides = flow->hot->side;
    if (!flow->detail->spoken || !flow_state_is_open(flow->hot->state) ||
        flow->hot->flags & FLOW_FLAG_SELF)
        return STALL_NONE;
    for (uint8_t side = 0; side < 2; side++) {
        *culprit = side;
        if (has_closed_window(&sides[side]))
            return STALL_WINDOW;
    }
    for (uint8_t side = 0; side < 2; side++) {
        *culprit = side;
        if (segment_is_outstanding(&sides[!side], &sides[side]))
            return STALL_ACK;
    }
    *culprit = !flow->hot->client;
    return flow->detail->speaker == flow->hot->client ? STALL_ANSWER : STALL_NONE;
}

bool timing_judge(const struct flow_records *flow)
{
    struct flow_detail *detail = flow->detail;
    flow->hot->flags |= FLOW_FLAG_JUDGED;
    detail->cause = (uint8_t)find_cause(flow, &detail->culprit);
    return detail->cause != STALL_NONE;
}

/* Time stamps may be centuries apart. */
static void add_span(int64_t *sum_ns, int64_t span_ns)
{
    if (__builtin_add_overflow(*sum_ns, span_ns, sum_ns))
        *sum_ns = INT64_MAX;
}

/* A clock that stepped back makes no silence negative. */
static void end_silence(struct flow_detail *detail, int64_t span_ns)
{
    int64_t silence_ns = span_ns > 0 ? span_ns : 0;
    if (detail->cause == STALL_NONE) {
        if (silence_ns > detail->idle_ns)
            detail->idle_ns = silence_ns;
        return;
    }
    detail->side[detail->culprit].stall_count++;
    add_span(&detail->side[detail->culprit].stalled_ns, silence_ns);
}

void timing_end_silence(const struct flow_records *flow, int64_t now_ns)
{
    if (flow->hot->flags & FLOW_FLAG_JUDGED)
        end_silence(flow->detail, now_ns - timing_latest_progress(flow));
    flow->hot->flags &= ~(uint32_t)(FLOW_FLAG_JUDGED | FLOW_FLAG_WAITING);
}

static void take_sample(struct detail_side *side, int64_t rtt_ns)
{
    if (side->rtt_count == 0) {
        side->rtt_ns = side->rtt_min_ns = rtt_ns;
    } else {
        side->rtt_ns += (rtt_ns - side->rtt_ns) / RTT_SMOOTHING;
        if (rtt_ns < side->rtt_min_ns)
            side->rtt_min_ns = rtt_ns;
    }
    side->rtt_count++;
}

/* Did the segment that was timed cause this ACK, although it was sent again? The echoed time stamp
 * tells, as long as the clock behind it ticked in between. */
static bool is_first_copy(const struct detail_timed *timed, uint16_t side_flags,
                          const struct packet *ack)
{
    return !(side_flags & SIDE_TIMED_AGAIN) ||
           (timed->stamp != 0 && (ack->options & TCP_OPTION_TIMESTAMPS) &&
            ack->timestamp_echo == timed->stamp);
}

void timing_acknowledge(struct flow *hot, struct flow_detail *detail, const struct packet *packet)
{
    unsigned side = !packet->direction;
    const struct detail_timed *timed = &detail->timed[side];
    uint16_t *flags = &hot->side[side].flags;
    if (seq_diff(packet->ack, timed->end) < 0)
        return;
    int64_t rtt_ns = packet->time_ns - timed->sent_ns;
    if (rtt_ns >= 0 && is_first_copy(timed, *flags, packet))
        take_sample(&detail->side[side], rtt_ns);
    *flags &= (uint16_t) ~(SIDE_TIMED | SIDE_TIMED_AGAIN);
}

/* What is timed was sent again. A copy with the same time stamp cannot be told from the first. */
static void repeat_timing(const struct flow_records *flow, const struct packet *packet)
{
    struct detail_timed *timed = &flow->detail->timed[packet->direction];
    uint16_t *flags = &flow->hot->side[packet->direction].flags;
    if (!(*flags & SIDE_TIMED) || seq_diff(packet->seq, timed->end) >= 0)
        return;
    *flags |= SIDE_TIMED_AGAIN;
    if (!(packet->options & TCP_OPTION_TIMESTAMPS) || packet->timestamp == timed->stamp)
        timed->stamp = 0;
}

/* The side that had the turn goes on. Nothing but the peer's ACK of all there was lay between this segment and
 * the one before it? */
static unsigned go_on(const struct flow *hot, struct flow_detail *detail,
                      const struct packet *packet)
{
    unsigned sender = packet->direction;
    int64_t before_ns = hot->last_ns - detail->turn_ns;
    if (before_ns < DELAYED_ACK_NS || before_ns > DELAYED_ACK_MAX_NS ||
        packet->time_ns - hot->last_ns > HELD_BACK_NS ||
        packet->payload_wire_len > HELD_BACK_SIZE || hot->side[!sender].ack != packet->seq)
        return 0;
    int64_t held_ms = (packet->time_ns - detail->turn_ns) / CLOCK_NS_PER_MS;
    detail->side[sender].held_ms = (uint8_t)(held_ms < UINT8_MAX ? held_ms : UINT8_MAX);
    return TIMING_HELD_BACK;
}

/* The other side had the turn. */
static unsigned answer(const struct flow *hot, struct flow_detail *detail,
                       const struct packet *packet)
{
    unsigned sender = packet->direction;
    struct detail_side *own = &detail->side[sender];
    int64_t response_ns = packet->time_ns - detail->turn_ns;
    if (response_ns < 0)
        return 0;
    own->response_count++;
    add_span(&own->response_ns, response_ns);
    if (response_ns > own->response_max_ns)
        own->response_max_ns = response_ns;
    int64_t response_us = response_ns / CLOCK_NS_PER_US;
    detail->response_us = response_us < UINT32_MAX ? (uint32_t)response_us : UINT32_MAX;
    return sender != hot->client ? TIMING_ANSWERED : 0;
}

unsigned timing_data(struct flow *hot, struct flow_detail *detail, const struct packet *packet)
{
    unsigned sender = packet->direction;
    struct detail_side *own = &detail->side[sender];
    unsigned outcome = 0;
    if (!(hot->side[sender].flags & SIDE_TIMED)) {
        hot->side[sender].flags |= SIDE_TIMED;
        detail->timed[sender] = (struct detail_timed){
            .sent_ns = packet->time_ns,
            .end = packet->seq + segment_space(packet),
            .stamp = packet->options & TCP_OPTION_TIMESTAMPS ? packet->timestamp : 0,
        };
    }
    if (!own->has_spoken) {
        own->has_spoken = true;
        own->first_byte_ns = packet->time_ns;
    }
    if (detail->spoken)
        outcome =
            detail->speaker == sender ? go_on(hot, detail, packet) : answer(hot, detail, packet);
    detail->spoken = true;
    detail->speaker = (uint8_t)sender;
    detail->turn_ns = packet->time_ns;
    return outcome;
}

unsigned timing_segment(const struct flow_records *flow, const struct packet *packet,
                        uint32_t marks)
{
    if (flow->hot->side[!packet->direction].flags & SIDE_TIMED && packet->flags & TCP_ACK)
        timing_acknowledge(flow->hot, flow->detail, packet);
    if (packet->payload_wire_len == 0)
        return 0;
    if (!(marks & TIMING_REPEATS))
        return timing_data(flow->hot, flow->detail, packet);
    repeat_timing(flow, packet);
    return 0;
}
