/*
 * Purpose: how long things take on a connection: round trips, answers, silence and who is to blame.
 * Owns:    nothing; changes the flow's detail.
 * Source:  RFC 6298 (smoothing; Karn's rule: a segment that was sent again is not timed, unless
 *          time stamps tell which one is acknowledged, RFC 7323 section 4).
 * Bounds:  constant time.
 * Used by: flows/analysis, flows/expiry.
 *
 * Progress is new payload, FIN or RST, an acknowledgment that advances, or a window that opens.
 *
 * A turn is what one side sends until the other one sends payload. The response time of a turn runs
 * from the last new payload byte of the turn before it to its own first one.
 */
#ifndef LOFLOW_FLOWS_TIMING_H
#define LOFLOW_FLOWS_TIMING_H

#include "decode/packet.h"
#include "flows/records.h"

/* A second without progress is worth a look: Linux's own retransmission timer is below it. */
#define TIMING_STALL_NS INT64_C(1000000000)

/* Payload that is not timed: it was sent before, or only asks whether the peer is there. */
#define TIMING_REPEATS                                                                             \
    (MARK_BIT(RETRANSMISSION) | MARK_BIT(KEEPALIVE) | MARK_BIT(OUT_OF_ORDER) |                     \
     MARK_BIT(ZERO_WINDOW_PROBE))

/* What a connection without progress waits for. */
enum stall_cause {
#define STALL(NAME, word, words, meaning) STALL_##NAME,
#include "flows/stall.def"
#undef STALL
    STALL_CAUSE_COUNT
};

/* "answer" */
const char *stall_cause_word(enum stall_cause cause);

/* "no answer from" */
const char *stall_cause_words(enum stall_cause cause);

/* When the flow went on last. As long as each packet is progress that is the time of the latest, and
 * the detail need not be looked at. */
static inline int64_t timing_latest_progress(const struct flow_records *flow)
{
    return flow->hot->flags & FLOW_FLAG_WAITING ? flow->detail->progress_ns : flow->hot->last_ns;
}

/* Is it time to ask why nothing goes on? Keep-alives, probes and what is sent again are no
 * progress. */
static inline bool timing_is_silent(const struct flow_records *flow, int64_t now_ns)
{
    return !(flow->hot->flags & FLOW_FLAG_JUDGED) &&
           now_ns - timing_latest_progress(flow) >= TIMING_STALL_NS;
}

/* Says who had the turn when the connection fell silent: sets cause and culprit of its detail.
 * Returns whether anybody is to blame. */
bool timing_judge(const struct flow_records *flow);

/* A silence is over, and is counted if it was judged. */
void timing_end_silence(const struct flow_records *flow, int64_t now_ns);

/* A packet was progress; flow->hot->last_ns is still the time of the one before. */
static inline void timing_progress(const struct flow_records *flow, int64_t now_ns)
{
    if (flow->hot->flags & (FLOW_FLAG_JUDGED | FLOW_FLAG_WAITING))
        timing_end_silence(flow, now_ns);
}

/* A packet was none. */
static inline void timing_wait(const struct flow_records *flow)
{
    if (flow->hot->flags & FLOW_FLAG_WAITING)
        return;
    flow->detail->progress_ns = flow->hot->last_ns;
    flow->hot->flags |= FLOW_FLAG_WAITING;
}

/* What a segment was for the time that passes, bits. */
enum timing_outcome {
    /* Nagle's algorithm lets a small segment wait while another is not acknowledged (RFC 9293 section
     * 3.7.4), and the peer delays the ACK because it waits for the rest (section 3.8.6.3). */
    TIMING_HELD_BACK = 1,
    TIMING_ANSWERED = 2, /* the first of the server's turn */
};

/* The events to raise, 1 << enum event_kind. */
static inline uint32_t timing_kinds(unsigned outcome)
{
    return (outcome & TIMING_HELD_BACK ? UINT32_C(1) << EVENT_HELD_BACK : 0) |
           (outcome & TIMING_ANSWERED ? UINT32_C(1) << EVENT_ANSWERED : 0);
}

/* A segment and what the analysis made of it: enum mark bits. Returns enum timing_outcome. */
unsigned timing_segment(const struct flow_records *flow, const struct packet *packet,
                        uint32_t marks);

/* Its parts: an ACK while a segment of the other side is timed; and new payload. */
void timing_acknowledge(struct flow *hot, struct flow_detail *detail, const struct packet *packet);
unsigned timing_data(struct flow *hot, struct flow_detail *detail, const struct packet *packet);

#endif
