#include "flows/record.h"

#include "base/clock.h"
#include "flows/timing.h"

/* Linux sends the first SYN again after a second, RFC 6298 section 2. */
#define UNANSWERED_NS CLOCK_NS_PER_S

/* Flows that fell silent are looked at in portions: a million of them may do so at once. */
#define SILENT_PER_CALL 256

/* The head of a queue is due when it joined long ago and was quiet since; one that was active joins
 * again. Returns POOL_NONE when nothing of the queue is due. */
static uint32_t queue_due(struct tracker *tracker, enum queue_kind kind, int64_t age_ns)
{
    struct queue *queue = &tracker->queues[kind];
    while (age_ns > 0 && queue->count > 0) {
        uint32_t index = queue->head;
        if (tracker->now_ns - record_link(tracker, index)->since_ns < age_ns)
            return POOL_NONE;
        if (tracker->now_ns - record_hot(tracker, index)->last_ns >= age_ns)
            return index;
        record_enqueue(tracker, index, kind);
    }
    return POOL_NONE;
}

/* Who leaves next was not looked at for long; bringing its records in takes as long as one flow
 * takes to leave. */
static void prefetch_next(const struct tracker *tracker, uint32_t index)
{
    uint32_t next = record_link(tracker, index)->next;
    if (next == POOL_NONE)
        return;
    __builtin_prefetch(record_hot(tracker, next), 1);
    __builtin_prefetch(record_cold(tracker, next), 1);
}

/* The same for flows that fell silent, of which each is looked at: the records of the next but one, and of the
 * next, whose records are on their way, what they name. */
static void prefetch_silent(const struct tracker *tracker, uint32_t index)
{
    uint32_t next = record_link(tracker, index)->next;
    if (next == POOL_NONE)
        return;
    const struct flow_detail *detail = record_detail(tracker, next);
    if (detail)
        __builtin_prefetch(detail, 1);
    uint32_t behind = record_link(tracker, next)->next;
    if (behind == POOL_NONE)
        return;
    const struct flow *hot = record_hot(tracker, behind);
    __builtin_prefetch(&hot->tuple, 1);
    __builtin_prefetch(&hot->side[0]);
    __builtin_prefetch(&hot->side[1]);
    __builtin_prefetch(&record_cold(tracker, behind)->detail);
}

/* `begin`, here and below: how many events there were before time passed. */
static void expire_silent(struct tracker *tracker, struct event_list *events, uint32_t begin)
{
    uint32_t index = POOL_NONE;
    while (record_is_room(events, begin) &&
           (index = queue_due(tracker, QUEUE_SYN, UNANSWERED_NS)) != POOL_NONE) {
        struct flow *flow = record_hot(tracker, index);
        if (!(flow->flags & FLOW_FLAG_NO_ANSWER)) {
            flow->flags |= FLOW_FLAG_NO_ANSWER;
            record_raise(tracker, events, index,
                         &(struct flow_event){.kind = EVENT_NO_ANSWER,
                                              .side = flow->client,
                                              .time_ns = tracker->now_ns});
        }
        record_enqueue(tracker, index, QUEUE_UNANSWERED);
    }
}

void expiry_judge_silence(struct tracker *tracker, uint32_t index, int64_t now_ns,
                          struct event_list *events)
{
    struct flow_records flow = record_write(tracker, index);
    if (!flow.detail || !timing_is_silent(&flow, now_ns) || !timing_judge(&flow))
        return;
    flow.hot->flags |= FLOW_FLAG_TROUBLE;
    int64_t silence_ms = (now_ns - timing_latest_progress(&flow)) / CLOCK_NS_PER_MS;
    record_raise(tracker, events, index,
                 &(struct flow_event){.kind = EVENT_STALLED,
                                      .side = flow.detail->culprit,
                                      .arg = flow.detail->cause,
                                      .silence_ms = silence_ms < UINT32_MAX ? (uint32_t)silence_ms
                                                                            : UINT32_MAX,
                                      .time_ns = now_ns});
}

/* Returns true when there may be more. */
static bool expire_quiet(struct tracker *tracker, struct event_list *events, uint32_t begin)
{
    for (int left = SILENT_PER_CALL; left > 0 && record_is_room(events, begin); left--) {
        uint32_t index = queue_due(tracker, QUEUE_OPEN, TIMING_STALL_NS);
        if (index == POOL_NONE)
            return false;
        prefetch_silent(tracker, index);
        expiry_judge_silence(tracker, index, tracker->clock_ns, events);
        record_enqueue(tracker, index, QUEUE_QUIET);
    }
    return true;
}

/* Whoever closed that long ago goes, late segments or not: most have one, the last ACK, and a second
 * chance for all of them would be a second visit to records that left the cache. */
static bool is_spare(const struct tracker *tracker, uint32_t index)
{
    return tracker->now_ns - record_link(tracker, index)->since_ns >= TRACKER_CLOSED_SPARE_NS;
}

static void expire_old(struct tracker *tracker, struct event_list *events, uint32_t begin)
{
    const struct tracker_options *options = &tracker->options;
    uint32_t index = POOL_NONE;
    while (record_is_room(events, begin) &&
           (index = queue_due(tracker, QUEUE_UNANSWERED, options->unanswered_age_ns)) !=
               POOL_NONE) {
        record_hot(tracker, index)->state = FLOW_TIMED_OUT;
        tracker->stats.open--;
        record_retire(tracker, index, events);
    }
    while (record_is_room(events, begin) &&
           (index = queue_due(tracker, QUEUE_CLOSED, options->closed_age_ns)) != POOL_NONE)
        record_retire(tracker, index, events);
    while (record_is_room(events, begin) &&
           (index = queue_due(tracker, QUEUE_UDP, options->udp_age_ns)) != POOL_NONE)
        record_retire(tracker, index, events);
    const struct queue *closed = &tracker->queues[QUEUE_CLOSED];
    while (record_is_room(events, begin) && closed->count > options->closed_most)
        record_retire(tracker, closed->head, events);
    while (record_is_room(events, begin) && closed->count > options->closed_kept &&
           is_spare(tracker, closed->head)) {
        index = closed->head;
        prefetch_next(tracker, index);
        record_retire(tracker, index, events);
    }
}

bool expiry_run(struct tracker *tracker, struct event_list *events)
{
    uint32_t begin = events->count;
    expire_silent(tracker, events, begin);
    bool is_more = expire_quiet(tracker, events, begin);
    expire_old(tracker, events, begin);
    return is_more || !record_is_room(events, begin);
}
