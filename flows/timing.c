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

/* `side` sent the data that the packet may acknowledge. */
static void end_timing(const struct flow_records *flow, unsigned side, const struct packet *ack)
{
    const struct detail_timed *timed = &flow->detail->timed[side];
    uint16_t *flags = &flow->hot->side[side].flags;
    if (seq_diff(ack->ack, timed->end) < 0)
        return;
    int64_t rtt_ns = ack->time_ns - timed->sent_ns;
    if (rtt_ns >= 0 && is_first_copy(timed, *flags, ack))
        take_sample(&flow->detail->side[side], rtt_ns);
    *flags &= (uint16_t) ~(SIDE_TIMED | SIDE_TIMED_AGAIN);
}

static void begin_timing(const struct flow_records *flow, const struct packet *packet)
{
    flow->hot->side[packet->direction].flags |= SIDE_TIMED;
    flow->detail->timed[packet->direction] = (struct detail_timed){
        .sent_ns = packet->time_ns,
        .end = packet->seq + segment_space(packet),
        .stamp = packet->options & TCP_OPTION_TIMESTAMPS ? packet->timestamp : 0,
    };
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

/* Nothing but the peer's ACK of all there was lay between this segment and the one before it. */
static bool is_held_back(const struct flow_records *flow, const struct packet *packet)
{
    const struct flow_detail *detail = flow->detail;
    int64_t held_ns = flow->hot->last_ns - detail->turn_ns;
    return detail->spoken && detail->speaker == packet->direction && held_ns >= DELAYED_ACK_NS &&
           held_ns <= DELAYED_ACK_MAX_NS && packet->time_ns - flow->hot->last_ns <= HELD_BACK_NS &&
           packet->payload_wire_len <= HELD_BACK_SIZE &&
           flow->hot->side[!packet->direction].ack == packet->seq;
}

/* Returns whether it answers the other side. */
static bool take_turn(struct flow_detail *detail, const struct packet *packet)
{
    bool answers = false;
    unsigned sender = packet->direction;
    struct detail_side *own = &detail->side[sender];
    if (!own->has_spoken) {
        own->has_spoken = true;
        own->first_byte_ns = packet->time_ns;
    }
    int64_t response_ns = packet->time_ns - detail->turn_ns;
    if (detail->spoken && detail->speaker != sender && response_ns >= 0) {
        answers = true;
        own->response_count++;
        add_span(&own->response_ns, response_ns);
        if (response_ns > own->response_max_ns)
            own->response_max_ns = response_ns;
        int64_t response_us = response_ns / CLOCK_NS_PER_US;
        detail->response_us = response_us < UINT32_MAX ? (uint32_t)response_us : UINT32_MAX;
    }
    detail->spoken = true;
    detail->speaker = (uint8_t)sender;
    detail->turn_ns = packet->time_ns;
    return answers;
}

unsigned timing_segment(const struct flow_records *flow, const struct packet *packet,
                        uint32_t marks)
{
    const struct flow_side *sides = flow->hot->side;
    unsigned sender = packet->direction;
    if (sides[!sender].flags & SIDE_TIMED && packet->flags & TCP_ACK)
        end_timing(flow, !sender, packet);
    if (packet->payload_wire_len == 0)
        return 0;
    if (marks & TIMING_REPEATS) {
        repeat_timing(flow, packet);
        return 0;
    }
    if (!(sides[sender].flags & SIDE_TIMED))
        begin_timing(flow, packet);
    bool held_back = is_held_back(flow, packet);
    if (held_back) {
        int64_t held_ms = (packet->time_ns - flow->detail->turn_ns) / CLOCK_NS_PER_MS;
        flow->detail->side[sender].held_ms = (uint8_t)(held_ms < UINT8_MAX ? held_ms : UINT8_MAX);
    }
    bool answers = take_turn(flow->detail, packet) && sender != flow->hot->client;
    return (held_back ? TIMING_HELD_BACK : 0u) | (answers ? TIMING_ANSWERED : 0u);
}
