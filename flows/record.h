/*
 * Purpose: the inside of a tracker, shared by the files that make it up and by nobody else:
 *          tracker.c (packets in), record.c (flows come and go), expiry.c (time passes).
 * Owns:    see flows/tracker.h.
 * Used by: flows/tracker.c, flows/record.c, flows/expiry.c.
 */
#ifndef LOFLOW_FLOWS_RECORD_H
#define LOFLOW_FLOWS_RECORD_H

#include "base/pool.h"
#include "flows/orient.h"
#include "flows/queue.h"
#include "flows/records.h"
#include "flows/table.h"
#include "flows/tracker.h"

struct tracker {
    struct tracker_options options;
    uint32_t wanted; /* kinds of events that packets raise, bits */
    struct tracker_stats stats;
    struct table table;
    struct pool hot, cold;
    struct pool streams; /* only when some are wanted whole */
    struct pool links;   /* of the queues */
    struct flow_pools pools;
    struct queue queues[QUEUE_KIND_COUNT];
    int64_t now_ns;    /* the largest time so far */
    int64_t clock_ns;  /* the latest: a capture's clock may step back */
    int64_t due_ns;    /* when it is looked next who is due; INT64_MIN: behind the next packet */
    int64_t passed_ns; /* when it is said next that time passed */
    int64_t
        halt_ns; /* where the call under way ends: due_ns, or INT64_MIN for behind this packet */
    bool has_stopped; /* the latest call did, and the records that retired may be reused */
    uint32_t finish_at;
    uint32_t retired_count;
    uint32_t retired[TRACKER_RETIRED_MAX];
    struct orient orient;
};

/* As pool_at, but with the sizes known to the compiler: every packet does this several times. */
static inline struct flow *record_hot(const struct tracker *tracker, uint32_t index)
{
    assert(index < tracker->hot.high);
    return (struct flow *)(void *)tracker->hot.items + index;
}

static inline struct flow_cold *record_cold(const struct tracker *tracker, uint32_t index)
{
    assert(index < tracker->cold.high);
    return (struct flow_cold *)(void *)tracker->cold.items + index;
}

static inline struct queue_link *record_link(const struct tracker *tracker, uint32_t index)
{
    return (struct queue_link *)(void *)tracker->links.items + index;
}

static inline struct flow_detail *record_detail(const struct tracker *tracker, uint32_t index)
{
    if (!(record_hot(tracker, index)->flags & FLOW_FLAG_DETAIL))
        return NULL;
    return (struct flow_detail *)(void *)tracker->pools.details.items +
           record_cold(tracker, index)->detail;
}

static inline bool record_wants_streams(const struct tracker *tracker)
{
    return tracker->options.stream_digest || tracker->options.follow != 0;
}

static inline struct flow_records record_write(struct tracker *tracker, uint32_t index)
{
    struct flow_records records = {.hot = record_hot(tracker, index),
                                   .cold = record_cold(tracker, index),
                                   .detail = record_detail(tracker, index),
                                   .pools = &tracker->pools,
                                   .digest = tracker->options.stream_digest};
    if (!record_wants_streams(tracker))
        return records;
    uint64_t follow = tracker->options.follow;
    if (follow == TRACKER_FOLLOW_ALL || follow == records.cold->id)
        records.sink = &tracker->options.sink;
    if (records.sink || records.digest)
        records.streams = pool_at(&tracker->streams, index);
    return records;
}

static inline struct flow_view record_view(const struct tracker *tracker, uint32_t index)
{
    const struct flow *hot = record_hot(tracker, index);
    bool has_streams = hot->flags & FLOW_FLAG_STREAMS;
    return (struct flow_view){.hot = hot,
                              .cold = record_cold(tracker, index),
                              .detail = record_detail(tracker, index),
                              .streams = has_streams ? pool_at(&tracker->streams, index) : NULL};
}

/* For flows whose time has come: how many at a time does not depend on what packets raised. */
static inline bool record_is_room(const struct event_list *events, uint32_t begin)
{
    return events->count - begin + EVENT_PER_PACKET_MAX <= EVENT_OF_TIME_MAX;
}

/* A late SYN may show that the client is another one; who is told of an event has to see it before. A new
 * flow is not in a queue yet: see record_create. */
static inline bool record_is_guessed(const struct flow *flow)
{
    return !(flow->flags & FLOW_FLAG_CLIENT_KNOWN) && flow->queue != QUEUE_NONE &&
           flow->tuple.protocol == PROTOCOL_TCP;
}

/* Appends an event about the record; `event` lacks only its `flow`. Inline, so that what callers put
 * together goes to its place at once. */
static inline void record_raise(struct tracker *tracker, struct event_list *events, uint32_t index,
                                const struct flow_event *event)
{
    assert(events->count < EVENT_LIST_MAX);
    struct flow_event *raised = &events->events[events->count++];
    const struct flow *flow = record_hot(tracker, index);
    *raised = *event;
    raised->flow = (struct flow_ref){index, flow->generation};
    tracker->stats.events[event->kind]++;
    if (tracker->options.stops >> event->kind & 1 || record_is_guessed(flow))
        tracker->halt_ns = INT64_MIN;
}

/* Gives the records back that retired. */
void record_reuse(struct tracker *tracker);

/* A new flow for the packet; when the table is full, another has to leave. */
uint32_t record_create(struct tracker *tracker, const struct packet *packet,
                       struct event_list *events);

/* The flow leaves the table; its records stay readable until the next call. */
void record_retire(struct tracker *tracker, uint32_t index, struct event_list *events);

/* Moves the flow to the end of that queue, QUEUE_NONE for none. */
void record_enqueue(struct tracker *tracker, uint32_t index, enum queue_kind kind);

static inline void expiry_pass_time(struct tracker *tracker, int64_t now_ns)
{
    tracker->clock_ns = now_ns;
    if (now_ns > tracker->now_ns)
        tracker->now_ns = now_ns;
}

/* Raises STALLED when the flow is without progress for TIMING_STALL_NS, somebody is to blame, and it
 * was not raised for this silence yet. */
void expiry_judge_silence(struct tracker *tracker, uint32_t index, int64_t now_ns,
                          struct event_list *events);

/* Too much waits: what is due goes behind this packet. */
static inline void expiry_hasten(struct tracker *tracker)
{
    tracker->due_ns = tracker->halt_ns = INT64_MIN;
}

/* Raises NO_ANSWER and STALLED where they are due, and retires what is too old. Returns true when it
 * left some of it for the next call. */
bool expiry_run(struct tracker *tracker, struct event_list *events);

#endif
