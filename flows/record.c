#include "flows/record.h"

#include "flows/analysis.h"
#include "flows/connection.h"

/* How often a flow may get its second chance before eviction takes whatever is next. */
#define SECOND_CHANCES 16

void record_enqueue(struct tracker *tracker, uint32_t index, enum queue_kind kind)
{
    struct flow *flow = record_hot(tracker, index);
    if (flow->queue != QUEUE_NONE)
        queue_leave(&tracker->queues[flow->queue], record_link(tracker, 0), index);
    flow->queue = (uint8_t)kind;
    flow->flags &= ~(uint32_t)FLOW_FLAG_SMOOTH;
    if (kind != QUEUE_NONE)
        queue_join(&tracker->queues[kind], record_link(tracker, 0), index, flow->last_ns);
}

/* A record that retired is read once more and then filled anew, a batch or two from now. */
static void prefetch_records(const struct tracker *tracker, uint32_t index)
{
    const char *hot = (const char *)record_hot(tracker, index);
    const char *cold = (const char *)record_cold(tracker, index);
    for (size_t at = 0; at < sizeof(struct flow); at += 64)
        __builtin_prefetch(hot + at, 1);
    for (size_t at = 0; at < sizeof(struct flow_cold); at += 64)
        __builtin_prefetch(cold + at, 1);
}

void record_retire(struct tracker *tracker, uint32_t index, struct event_list *events)
{
    struct flow *flow = record_hot(tracker, index);
    assert(flow->flags & FLOW_FLAG_LIVE && tracker->retired_count < TRACKER_RETIRED_MAX);
    if (record_wants_streams(tracker) || flow_state_is_open(flow->state)) {
        struct flow_records records = record_write(tracker, index);
        analysis_finish(&records, tracker->now_ns);
    }
    record_raise(tracker, events, index,
                 &(struct flow_event){.kind = EVENT_RETIRED, .time_ns = tracker->now_ns});
    record_enqueue(tracker, index, QUEUE_NONE);
    table_remove(&tracker->table, flow->hash, index);
    flow->flags &= ~(uint32_t)FLOW_FLAG_LIVE;
    tracker->stats.live--;
    tracker->stats.open -= flow_is_open(record_view(tracker, index));
    tracker->retired[tracker->retired_count++] = index;
    if (tracker->retired_count >= TRACKER_RETIRED_MAX / 2)
        expiry_hasten(tracker);
    prefetch_records(tracker, index);
}

void record_reuse(struct tracker *tracker)
{
    for (uint32_t at = 0; at < tracker->retired_count; at++) {
        uint32_t index = tracker->retired[at];
        struct flow *flow = record_hot(tracker, index);
        struct flow_records records = record_write(tracker, index);
        analysis_release(&records);
        flow->flags &= ~(uint32_t)(FLOW_FLAG_DETAIL | FLOW_FLAG_STREAMS);
        flow->generation++;
        pool_give(&tracker->hot, index);
        pool_give(&tracker->cold, index);
    }
    tracker->retired_count = 0;
}

/* The flow that can best be missed. The table is not empty. */
static uint32_t choose_victim(struct tracker *tracker)
{
    static const enum queue_kind order[] = {QUEUE_CLOSED, QUEUE_UNANSWERED, QUEUE_SYN,
                                            QUEUE_UDP,    QUEUE_QUIET,      QUEUE_OPEN};
    struct queue *queue = NULL;
    for (size_t at = 0; at < sizeof order / sizeof order[0] && (!queue || queue->count == 0); at++)
        queue = &tracker->queues[order[at]];
    assert(queue && queue->count > 0);
    for (int chance = 0; chance < SECOND_CHANCES; chance++) {
        uint32_t index = queue->head;
        const struct flow *flow = record_hot(tracker, index);
        if (flow->last_ns <= record_link(tracker, index)->since_ns)
            return index;
        record_enqueue(tracker, index, flow->queue);
    }
    return queue->head;
}

static void make_room(struct tracker *tracker, struct event_list *events)
{
    if (tracker->stats.live < tracker->options.max_flows && table_reserve(&tracker->table, 1))
        return;
    if (tracker->stats.live == 0)
        return;
    uint32_t victim = choose_victim(tracker);
    record_hot(tracker, victim)->flags |= FLOW_FLAG_EVICTED;
    tracker->stats.evicted++;
    record_raise(tracker, events, victim,
                 &(struct flow_event){.kind = EVENT_EVICTED, .time_ns = tracker->now_ns});
    record_retire(tracker, victim, events);
}

#define SIDE_UNKNOWN                                                                               \
    {                                                                                              \
        .window_scale = WINDOW_SCALE_UNKNOWN, .window_shift = WINDOW_SHIFT_UNKNOWN                 \
    }

static void init_records(struct tracker *tracker, uint32_t index, const struct packet *packet)
{
    struct flow *flow = record_hot(tracker, index);
    *flow = (struct flow){
        .tuple = packet->tuple,
        .generation = flow->generation,
        .hash = (uint32_t)packet->hash,
        .last_ns = packet->time_ns,
        .flags = FLOW_FLAG_LIVE,
        .side = {SIDE_UNKNOWN, SIDE_UNKNOWN},
    };
    *record_cold(tracker, index) = (struct flow_cold){
        .id = ++tracker->stats.flows,
        .start_ns = packet->time_ns,
        .handshake_ns = -1,
        .syn_ack_ns = -1,
        .rare = {{.first_hole = POOL_NONE}, {.first_hole = POOL_NONE}},
    };
    if (tuple_is_self(&packet->tuple)) {
        flow->flags |= FLOW_FLAG_SELF | FLOW_FLAG_CLIENT_KNOWN;
        return;
    }
    flow->client = orient_guess_client(&tracker->orient, &packet->tuple, packet->direction);
    if (flow->client != packet->direction)
        flow->flags |= FLOW_FLAG_FLIPPED;
}

uint32_t record_create(struct tracker *tracker, const struct packet *packet,
                       struct event_list *events)
{
    make_room(tracker, events);
    bool is_unused = tracker->hot.free_head == POOL_NONE;
    uint32_t index = pool_take(&tracker->hot);
    uint32_t twin = pool_take(&tracker->cold);
    assert(index != POOL_NONE && index == twin);
    (void)twin;
    if (is_unused)
        record_hot(tracker, index)->generation = 0;
    orient_learn_flow(&tracker->orient, &packet->tuple);
    init_records(tracker, index, packet);
    struct flow *flow = record_hot(tracker, index);
    table_insert(&tracker->table, flow->hash, index);
    tracker->stats.live++;
    tracker->stats.open++;
    if (packet->kind == PACKET_TCP) {
        flow->state = (uint8_t)connection_first_state(packet);
        tracker->stats.tcp_flows++;
        if (!(packet->flags & TCP_SYN || flow->flags & FLOW_FLAG_CLIENT_KNOWN))
            tracker->halt_ns = INT64_MIN; /* see record_is_guessed */
    } else {
        flow->state = FLOW_UDP_UNREPLIED;
        tracker->stats.udp_flows++;
    }
    record_raise(tracker, events, index,
                 &(struct flow_event){
                     .kind = EVENT_OPENED, .side = packet->direction, .time_ns = packet->time_ns});
    return index;
}
