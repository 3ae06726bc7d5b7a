/*
 * Theory of operation
 *
 * What the packets of a batch will need is brought in (prefetch.c). Then, one by one in order, it finds
 * or creates the flow, lets TCP or UDP update it, and appends what happened to the event list. What comes next on
 * a connection that runs smoothly goes a short way (smooth.h).
 *
 * Records live in two parallel pools (hot and cold) that are taken and given back together, so one
 * index names both. A flow that leaves the table is "retired": its RETIRED event is in the list,
 * its records stay readable until the next call, then they are reused under a new generation.
 *
 * Time is packet time, the largest time stamp seen so far; a file that runs backwards makes nothing
 * expire early. Who is due is looked for each DUE_NS or DUE_PACKETS. There, and where an event is that
 * somebody wants to look at in time, a call of tracker_feed stops, and behind it retired records are
 * reused: all of that is given by the packets alone, however a source cuts them into batches.
 */
#include "base/clock.h"
#include "flows/tracker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flows/connection.h"
#include "flows/record.h"
#include "flows/datagram.h"
#include "flows/smooth.h"
#include "flows/stream.h"
#include "flows/timing.h"

#define DUE_NS (10 * CLOCK_NS_PER_MS)

static_assert(TRACKER_RETIRED_MAX / 2 > EVENT_OF_TIME_MAX,
              "what retires as time passes has room beside what packets made retire");

static const struct tracker_options defaults = {
    .max_flows = TRACKER_MAX_FLOWS_DEFAULT,
    .closed_kept = TRACKER_CLOSED_KEPT_DEFAULT,
    .closed_most = TRACKER_CLOSED_MOST_DEFAULT,
    .ephemeral_low = 32768,
    .ephemeral_high = 60999,
};

static int open_pools(struct tracker *tracker, struct err *err)
{
    /* Retired records stay for one more call, so a full table needs room beside it. */
    uint32_t records = tracker->options.max_flows + TRACKER_RETIRED_MAX;
    uint32_t most = tracker->options.max_details ? tracker->options.max_details : DETAIL_MAX;
    uint32_t details = records < most ? records : most;
    int failed = pool_open(&tracker->hot, "flows", sizeof(struct flow), records, err);
    if (!failed)
        failed = pool_open(&tracker->cold, "flows", sizeof(struct flow_cold), records, err);
    if (!failed)
        failed = pool_open(&tracker->links, "flows", sizeof(struct queue_link), records, err);
    if (!failed)
        failed = pool_open(&tracker->pools.details, "details of flows", sizeof(struct flow_detail),
                           details, err);
    if (!failed)
        failed = stream_holes_open(&tracker->pools.holes, err);
    if (!failed)
        failed =
            reassembly_pieces_open(&tracker->pools.pieces, tracker->options.stream_pieces, err);
    if (!failed && record_wants_streams(tracker))
        failed = pool_open(&tracker->streams, "streams", sizeof(struct flow_streams), records, err);
    /* One for each record, by the same index: taken and given back with it, untouched until used. */
    tracker->links.high = tracker->links.capacity;
    tracker->streams.high = tracker->streams.capacity;
    return failed;
}

/* No packet was seen yet. */
static void begin(struct tracker *tracker)
{
    tracker->stats = (struct tracker_stats){0};
    memset(&tracker->orient, 0, sizeof tracker->orient);
    tracker->orient.ephemeral_low = tracker->options.ephemeral_low;
    tracker->orient.ephemeral_high = tracker->options.ephemeral_high;
    tracker->now_ns = INT64_MIN;
    tracker->clock_ns = 0;
    tracker->due_ns = tracker->halt_ns = tracker->passed_ns = INT64_MIN;
    tracker->has_stopped = false;
    tracker->finish_at = tracker->retired_count = 0;
    for (int kind = 0; kind < QUEUE_KIND_COUNT; kind++)
        queue_init(&tracker->queues[kind]);
}

int tracker_open(struct tracker **tracker, const struct tracker_options *options, struct err *err)
{
    struct tracker *opened = calloc(1, sizeof *opened);
    *tracker = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the flow table; close other programs");
    opened->options = *options;
    if (options->max_flows == 0)
        opened->options.max_flows = defaults.max_flows;
    if (options->closed_kept == 0)
        opened->options.closed_kept = defaults.closed_kept;
    if (options->closed_most == 0)
        opened->options.closed_most = defaults.closed_most;
    if (options->ephemeral_low == 0) {
        opened->options.ephemeral_low = defaults.ephemeral_low;
        opened->options.ephemeral_high = defaults.ephemeral_high;
    }
    opened->wanted = options->tell_answers ? UINT32_MAX : ~(UINT32_C(1) << EVENT_ANSWERED);
    begin(opened);
    int failed = open_pools(opened, err);
    if (!failed)
        failed = table_open(&opened->table, err);
    if (failed) {
        tracker_close(opened);
        *tracker = NULL;
    }
    return failed;
}

void tracker_close(struct tracker *tracker)
{
    if (!tracker)
        return;
    table_close(&tracker->table);
    pool_close(&tracker->links);
    pool_close(&tracker->streams);
    pool_close(&tracker->pools.pieces);
    pool_close(&tracker->pools.holes);
    pool_close(&tracker->pools.details);
    pool_close(&tracker->cold);
    pool_close(&tracker->hot);
    free(tracker);
}

void tracker_keep_closed(struct tracker *tracker, int64_t age_ns)
{
    tracker->options.closed_age_ns = age_ns;
}

void tracker_clear(struct tracker *tracker)
{
    begin(tracker);
    table_clear(&tracker->table);
    pool_clear(&tracker->hot);
    pool_clear(&tracker->cold);
    pool_clear(&tracker->pools.details);
    pool_clear(&tracker->pools.holes);
    pool_clear(&tracker->pools.pieces);
}

static enum queue_kind queue_of(const struct flow *flow)
{
    if (flow->tuple.protocol == PROTOCOL_UDP)
        return QUEUE_UDP;
    if (!flow_state_is_open(flow->state))
        return QUEUE_CLOSED;
    return flow->state == FLOW_SYN_SENT ? QUEUE_SYN : QUEUE_OPEN;
}

/* `guess`: where it is most likely. */
static inline uint32_t find(const struct tracker *tracker, const struct packet *packet,
                            uint32_t guess)
{
    uint32_t at = (uint32_t)packet->hash;
    uint32_t index = POOL_NONE;
    if (guess < tracker->hot.high && record_hot(tracker, guess)->flags & FLOW_FLAG_LIVE &&
        tuple_equal(&record_hot(tracker, guess)->tuple, &packet->tuple))
        return guess;
    while (table_candidate(&tracker->table, (uint32_t)packet->hash, &at, &index)) {
        if (tuple_equal(&record_hot(tracker, index)->tuple, &packet->tuple))
            return index;
    }
    return POOL_NONE;
}

static uint16_t event_arg(const struct tracker *tracker, uint32_t index,
                          const struct packet *packet, enum event_kind kind)
{
    if (packet->kind == PACKET_ICMP_ERROR)
        return (uint16_t)(packet->icmp_type << 8 | packet->icmp_code);
    return kind == EVENT_RESET ? record_cold(tracker, index)->reset_phase : 0;
}

static uint32_t event_silence(const struct tracker *tracker, uint32_t index,
                              const struct packet *packet, enum event_kind kind)
{
    if (kind == EVENT_ANSWERED)
        return record_detail(tracker, index)->response_us;
    if (kind == EVENT_HELD_BACK)
        return record_detail(tracker, index)->side[packet->direction].held_ms;
    if (kind != EVENT_RETRANSMISSION)
        return 0;
    const struct flow_side *side = &record_hot(tracker, index)->side[packet->direction];
    int64_t ms = (packet->time_ns - side->seq_next_ns) / CLOCK_NS_PER_MS;
    return ms < 0 ? 0 : ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* Raises what a packet did, in the order of enum event_kind. */
static void raise_kinds(struct tracker *tracker, uint32_t index, const struct packet *packet,
                        uint32_t kinds, struct event_list *events)
{
    for (kinds &= tracker->wanted; kinds; kinds &= kinds - 1) {
        enum event_kind kind = (enum event_kind)__builtin_ctz(kinds);
        record_raise(tracker, events, index,
                     &(struct flow_event){.kind = (uint8_t)kind,
                                          .side = packet->direction,
                                          .arg = event_arg(tracker, index, packet, kind),
                                          .silence_ms = event_silence(tracker, index, packet, kind),
                                          .time_ns = packet->time_ns});
    }
}

/* The flow is in another state than before, or new: another queue, another count. */
static void change_state(struct tracker *tracker, uint32_t index, enum flow_state before)
{
    const struct flow *flow = record_hot(tracker, index);
    tracker->stats.open +=
        (uint32_t)flow_state_is_open(flow->state) - (uint32_t)flow_state_is_open(before);
    enum queue_kind kind = queue_of(flow);
    if (kind != flow->queue)
        record_enqueue(tracker, index, kind);
    if (kind == QUEUE_CLOSED && tracker->queues[kind].count > tracker->options.closed_most)
        expiry_hasten(tracker);
}

static void feed_icmp_error(struct tracker *tracker, const struct packet *packet,
                            struct packet_note *note, struct event_list *events)
{
    uint32_t index = find(tracker, packet, note->flow.index);
    if (index == POOL_NONE) {
        tracker->stats.icmp_unbound++;
        note->flow = (struct flow_ref){POOL_NONE, 0};
        return;
    }
    tracker->stats.icmp_bound++;
    struct flow_records flow = record_write(tracker, index);
    enum flow_state before = flow.hot->state;
    flow.cold->icmp_type = packet->icmp_type;
    flow.cold->icmp_code = packet->icmp_code;
    flow.hot->flags |= FLOW_FLAG_ICMP;
    uint32_t kinds = flow.hot->tuple.protocol == PROTOCOL_TCP ? connection_icmp_error(&flow, packet)
                                                              : datagram_icmp_error(&flow, packet);
    raise_kinds(tracker, index, packet, kinds, events);
    if (flow.hot->state != before || flow.hot->queue == QUEUE_NONE)
        change_state(tracker, index, before);
    note->flow = (struct flow_ref){index, flow.hot->generation};
}

/* What the packet has changed about its flow for good. */
static void take_flags(struct tracker *tracker, const struct flow *flow, uint32_t flags_new)
{
    if (flags_new & FLOW_FLAG_CLIENT_KNOWN)
        orient_learn_server(&tracker->orient, flow->tuple.port[!flow->client]);
    tracker->stats.holes_denied += (flags_new & FLOW_FLAG_HOLES_DENIED) != 0;
    tracker->stats.detail_denied += (flags_new & FLOW_FLAG_DETAIL_DENIED) != 0;
    tracker->stats.bytes_denied += (flags_new & FLOW_FLAG_BYTES_DENIED) != 0;
}

static void feed_packet(struct tracker *tracker, const struct packet *packet,
                        struct packet_note *note, struct event_list *events)
{
    uint32_t index = find(tracker, packet, note->flow.index);
    if (index != POOL_NONE && (packet->flags & TCP_SYN)) {
        struct flow_records old = record_write(tracker, index);
        if (connection_is_reuse(&old, packet)) {
            record_retire(tracker, index, events);
            index = POOL_NONE;
        }
    }
    if (index == POOL_NONE)
        index = record_create(tracker, packet, events);
    struct flow_records flow = record_write(tracker, index);
    struct flow *hot = flow.hot;
    struct flow_side *side = &hot->side[packet->direction];
    const enum flow_state before = hot->state;
    const int64_t time_ns = packet->time_ns;
    /* Seldom true, so that most packets need not wait for the detail. */
    if (hot->flags & FLOW_FLAG_WAITING || time_ns - hot->last_ns >= TIMING_STALL_NS)
        expiry_judge_silence(tracker, index, time_ns, events);
    const uint32_t len = packet->payload_wire_len;
    side->packets++;
    side->bytes += len;
    tracker->stats.packets++;
    tracker->stats.payload_bytes += len;
    const uint32_t flags_before = hot->flags;
    uint32_t kinds =
        packet->kind == PACKET_TCP
            ? connection_segment(&flow, packet, tracker->options.table_only ? NULL : &note->marks)
            : datagram_take(&flow, packet);
    hot->last_ns = time_ns;
    const uint32_t flags_new = hot->flags & ~flags_before;
    if (flags_new & (FLOW_FLAG_CLIENT_KNOWN | FLOW_DENIED_ANY))
        take_flags(tracker, hot, flags_new);
    if (kinds & tracker->wanted)
        raise_kinds(tracker, index, packet, kinds, events);
    if (hot->state != before || hot->queue == QUEUE_NONE || hot->queue == QUEUE_QUIET)
        change_state(tracker, index, before);
    bool is_smooth = hot->state == FLOW_ESTABLISHED && !flow.streams &&
                     !tracker->options.table_only && smooth_is_next(hot);
    hot->flags = (hot->flags & ~(uint32_t)FLOW_FLAG_SMOOTH) | (is_smooth ? FLOW_FLAG_SMOOTH : 0);
    note->flow = (struct flow_ref){index, hot->generation};
}

/* The short way. The note guesses the flow, see tracker_prefetch. False: it is the long one. */
static inline bool take_smooth(struct tracker *tracker, const struct packet *packet,
                               struct packet_note *note, struct event_list *events)
{
    uint32_t index = note->flow.index;
    if (index >= tracker->hot.high)
        return false;
    struct flow *flow = record_hot(tracker, index);
    if (!smooth_fits(flow, packet))
        return false;
    expiry_pass_time(tracker, packet->time_ns);
    tracker->stats.packets++;
    tracker->stats.payload_bytes += packet->payload_wire_len;
    note->flow.generation = flow->generation;
    note->marks = 0;
    uint32_t kinds = timing_kinds(smooth_take(tracker, flow, record_cold(tracker, index), packet));
    if (kinds & tracker->wanted)
        raise_kinds(tracker, index, packet, kinds, events);
    return true;
}

/* Not inlined: gcc makes 5 % fewer instructions of it on its own. */
static void __attribute__((noinline)) take(struct tracker *tracker, const struct packet *packet,
                                           struct packet_note *note, struct event_list *events)
{
    expiry_pass_time(tracker, packet->time_ns);
    note->marks = 0;
    if (packet->kind == PACKET_NONE)
        note->flow = (struct flow_ref){POOL_NONE, 0};
    else if (packet->kind == PACKET_ICMP_ERROR)
        feed_icmp_error(tracker, packet, note, events);
    else
        feed_packet(tracker, packet, note, events);
}

static void begin_call(struct tracker *tracker, struct event_list *events, uint32_t at)
{
    events->count = 0;
    events->from = events->to = at;
    events->time_passed = false;
    if (tracker->has_stopped)
        record_reuse(tracker);
    tracker->has_stopped = false;
}

/* Packets from events->from to events->to were taken. */
static void end_call(struct tracker *tracker, const struct packet_batch *packets,
                     struct event_list *events)
{
    if (tracker->stats.first_ns == 0)
        tracker->stats.first_ns = packets->packets[events->from].time_ns;
    tracker->stats.last_ns = packets->packets[events->to - 1].time_ns;
    if (tracker->now_ns < tracker->halt_ns)
        return;
    if (tracker->now_ns >= tracker->due_ns) {
        bool is_more = expiry_run(tracker, events);
        tracker->due_ns = is_more ? INT64_MIN : tracker->now_ns + DUE_NS;
        /* Where much is due at a time, it goes on behind the next packet: no time passed in between. */
        events->time_passed = tracker->now_ns >= tracker->passed_ns;
        if (events->time_passed)
            tracker->passed_ns = tracker->now_ns + DUE_NS;
    }
    tracker->halt_ns = tracker->due_ns;
    tracker->has_stopped = true;
}

static uint32_t feed_until(struct tracker *tracker, const struct packet_batch *packets,
                           uint32_t end, struct event_list *events)
{
    uint32_t at = events->from;
    do {
        const struct packet *packet = &packets->packets[at];
        struct packet_note *note = &events->notes[at++];
        if (!take_smooth(tracker, packet, note, events))
            take(tracker, packet, note, events);
    } while (at < end && tracker->now_ns < tracker->halt_ns);
    events->to = at;
    end_call(tracker, packets, events);
    return at;
}

uint32_t tracker_feed(struct tracker *tracker, const struct packet_batch *packets, uint32_t at,
                      struct event_list *events)
{
    begin_call(tracker, events, at);
    if (at == 0)
        tracker_prefetch(tracker, packets, events);
    return feed_until(tracker, packets, packets->count, events);
}

void tracker_feed_one(struct tracker *tracker, const struct packet_batch *packets, uint32_t at,
                      struct event_list *events)
{
    begin_call(tracker, events, at);
    (void)feed_until(tracker, packets, at + 1, events);
}

bool tracker_advance(struct tracker *tracker, int64_t now_ns, struct event_list *events)
{
    tracker->has_stopped = true;
    begin_call(tracker, events, 0);
    expiry_pass_time(tracker, now_ns);
    bool is_more = expiry_run(tracker, events);
    tracker->halt_ns = tracker->due_ns;
    tracker->has_stopped = events->time_passed = true;
    return is_more;
}

bool tracker_finish(struct tracker *tracker, struct event_list *events)
{
    tracker->has_stopped = true;
    begin_call(tracker, events, 0);
    tracker->has_stopped = true;
    while (tracker->finish_at < tracker->hot.high && record_is_room(events, 0)) {
        if (record_hot(tracker, tracker->finish_at)->flags & FLOW_FLAG_LIVE)
            record_retire(tracker, tracker->finish_at, events);
        tracker->finish_at++;
    }
    return tracker->finish_at < tracker->hot.high;
}

bool tracker_look(const struct tracker *tracker, struct flow_ref ref, struct flow_view *view)
{
    if (ref.index >= tracker->hot.high ||
        record_hot(tracker, ref.index)->generation != ref.generation)
        return false;
    *view = record_view(tracker, ref.index);
    return true;
}

bool tracker_next(const struct tracker *tracker, uint32_t *at, struct flow_ref *ref,
                  struct flow_view *view)
{
    while (*at < tracker->hot.high) {
        uint32_t index = (*at)++;
        *view = record_view(tracker, index);
        *ref = (struct flow_ref){index, view->hot->generation};
        if (view->hot->flags & FLOW_FLAG_LIVE)
            return true;
    }
    return false;
}

void tracker_set_owner(struct tracker *tracker, struct flow_ref ref, unsigned end, uint32_t owner)
{
    if (ref.index < tracker->hot.high &&
        record_hot(tracker, ref.index)->generation == ref.generation)
        record_cold(tracker, ref.index)->owner[end] = owner;
}

/* Without streams only the first bytes of each are compared. */
uint32_t tracker_payload_wanted(const struct tracker *tracker)
{
    const struct tracker_options *options = &tracker->options;
    return options->follow || options->stream_digest ? UINT32_MAX : DETAIL_FIRST_MAX;
}

const struct tracker_stats *tracker_stats(const struct tracker *tracker)
{
    return &tracker->stats;
}

static uint64_t used(const struct pool *pool)
{
    return (uint64_t)pool->high * pool->item_size;
}

struct tracker_memory tracker_memory(const struct tracker *tracker)
{
    return (struct tracker_memory){
        .flows =
            used(&tracker->hot) + used(&tracker->cold) +
            (uint64_t)tracker->hot.high * (tracker->links.item_size + tracker->streams.item_size),
        .table = table_size(&tracker->table),
        .details = used(&tracker->pools.details),
        .streams = used(&tracker->pools.pieces) + used(&tracker->pools.holes),
    };
}
