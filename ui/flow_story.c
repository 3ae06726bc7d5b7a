#include "ui/flow_story.h"

#include <string.h>

#include "flows/segment.h"
#include "flows/timing.h"
#include "ui/segment_words.h"

#define QUARTERS 4u

static uint32_t bucket_of(uint64_t ns)
{
    if (ns < QUARTERS)
        return (uint32_t)ns;
    uint32_t octave = 63u - (uint32_t)__builtin_clzll(ns);
    return octave * QUARTERS + (uint32_t)(ns >> (octave - 2) & (QUARTERS - 1));
}

/* The first span that is too long for the bucket. */
static uint64_t bucket_end(uint32_t bucket)
{
    if (bucket < 2 * QUARTERS)
        return bucket + 1;
    return (uint64_t)(QUARTERS + bucket % QUARTERS + 1) << (bucket / QUARTERS - 2);
}

int64_t flow_story_answer_ns(const struct flow_story *story, unsigned percent)
{
    uint64_t wanted = (story->answers * percent + 99) / 100;
    uint64_t seen = 0;
    for (uint32_t at = 0; at < STORY_ANSWERS; at++) {
        seen += story->buckets[at];
        if (seen >= wanted && seen > 0)
            return (int64_t)bucket_end(at);
    }
    return -1;
}

static void begin(struct flow_story *story, const struct packet_tape *tape)
{
    *story = (struct flow_story){.restarts = tape->restarts, .position = tape->begin};
    if (packet_tape_count(tape) > 0)
        story->begin_ns = packet_tape_at(tape, tape->begin)->time_ns;
    for (unsigned side = 0; side < 2; side++) {
        series_begin(&story->side[side].rtt, story->begin_ns);
        series_begin(&story->side[side].window, story->begin_ns);
    }
}

/* The last place is left for how it ended. */
static void add_step(struct flow_story *story, const struct packet_record *record,
                     uint64_t position, enum story_phase phase)
{
    struct story_step *last = story->step_count > 0 ? &story->steps[story->step_count - 1] : NULL;
    bool is_again = last && last->phase == phase && last->record.flags == record->flags &&
                    last->record.side == record->side && last->record.seq == record->seq &&
                    record->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    if (is_again) {
        last->count++;
        return;
    }
    if (story->step_count == STORY_STEPS)
        return;
    story->steps[story->step_count++] =
        (struct story_step){.record = *record,
                            .position = position,
                            .before_ns = last ? last->record.time_ns : record->time_ns,
                            .count = 1,
                            .phase = (uint8_t)phase,
                            .is_first = !last || last->phase != phase};
}

static const struct story_step *find_syn_ack(const struct flow_story *story)
{
    for (uint32_t at = 0; at < story->step_count; at++) {
        uint16_t flags = story->steps[at].record.flags;
        if ((flags & TCP_SYN) && (flags & TCP_ACK))
            return &story->steps[at];
    }
    return NULL;
}

static void take_steps(struct flow_story *story, const struct packet_record *record,
                       uint64_t position)
{
    struct story_side *own = &story->side[record->side];
    struct story_side *peer = &story->side[!record->side];
    if (record->flags & TCP_SYN) {
        add_step(story, record, position, STORY_HANDSHAKE);
        return;
    }
    const struct story_step *answer = story->is_open ? NULL : find_syn_ack(story);
    bool completes = answer && answer->record.side != record->side && record->flags & TCP_ACK &&
                     record->ack == answer->record.seq + 1 && !(record->flags & TCP_RST);
    if (completes)
        add_step(story, record, position, STORY_HANDSHAKE);
    story->is_open |= completes;
    bool acks_fin = peer->has_fin && !peer->is_fin_acked && record->flags & TCP_ACK &&
                    seq_diff(record->ack, peer->fin_ack) >= 0;
    peer->is_fin_acked |= acks_fin;
    if (record->flags & (TCP_FIN | TCP_RST) || acks_fin)
        add_step(story, record, position, STORY_CLOSE);
    if (record->flags & TCP_FIN) {
        own->has_fin = true;
        own->fin_ack = record->seq + record->wire_len + 1;
    }
}

static void add_round_trip(struct story_side *side, int64_t time_ns, int64_t span_ns)
{
    uint64_t rtt_ns = span_ns > 0 ? (uint64_t)span_ns : 0;
    side->is_timed = false;
    if (side->rtt_count == 0 || rtt_ns < side->rtt_least_ns)
        side->rtt_least_ns = rtt_ns;
    if (rtt_ns > side->rtt_most_ns)
        side->rtt_most_ns = rtt_ns;
    side->rtt_sum_ns += rtt_ns;
    side->rtt_count++;
    series_add(&side->rtt, time_ns, rtt_ns);
}

static void take_times(struct flow_story *story, const struct packet_record *record,
                       const struct flow *hot)
{
    struct story_side *own = &story->side[record->side];
    struct story_side *peer = &story->side[!record->side];
    bool has_ack = record->flags & TCP_ACK;
    if (record->flags & TCP_RST)
        return;
    if (has_ack && peer->is_timed && seq_diff(record->ack, peer->timed_end) >= 0)
        add_round_trip(peer, record->time_ns, record->time_ns - peer->timed_ns);
    if (has_ack)
        series_add(&own->window, record->time_ns, segment_window(record, hot));
    if (record->wire_len == 0)
        return;
    if (record->marks & TIMING_REPEATS) {
        own->is_timed = false;
        return;
    }
    if (!own->is_timed) {
        own->is_timed = true;
        own->timed_end = record->seq + record->wire_len;
        own->timed_ns = record->time_ns;
    }
    bool is_answer =
        story->has_spoken && story->speaker != record->side && record->side != hot->client;
    if (is_answer) {
        int64_t span_ns = record->time_ns - story->spoken_ns;
        story->buckets[bucket_of(span_ns > 0 ? (uint64_t)span_ns : 0)]++;
        story->answers++;
    }
    story->has_spoken = true;
    story->speaker = record->side;
    story->spoken_ns = record->time_ns;
}

void flow_story_take(struct flow_story *story, const struct packet_tape *tape,
                     const struct flow *hot)
{
    if (!tape->complete || packet_tape_count(tape) == 0)
        return;
    if (story->restarts != tape->restarts || story->position == 0)
        begin(story, tape);
    if (story->position < tape->begin)
        story->position = tape->begin;
    for (uint32_t count = 0; count < STORY_PACKETS && story->position < tape->end; count++) {
        const struct packet_record *record = packet_tape_at(tape, story->position);
        if (record->kind == PACKET_TCP)
            take_steps(story, record, story->position);
        if (record->kind == PACKET_TCP || record->kind == PACKET_UDP)
            take_times(story, record, hot);
        story->last_ns = record->time_ns;
        story->position++;
    }
}
