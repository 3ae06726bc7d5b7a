/*
 * Theory of operation
 *
 * Records and payload lie in two rings. Both are addressed by numbers that only grow: a place is the
 * number modulo the ring's size, and a number that lies further back than that size is of something
 * that is gone. So nothing has to be taken out when something else takes its place.
 *
 * The payload of a packet lies in one piece: one that would go over the end of the ring begins at the
 * ring's start, and what is left at the end stays unused this time round.
 *
 * `heads` has a line for every record of the flow table, which tells the number of the latest packet
 * of the flow that has the record now. A flow that comes after another one into the same record finds
 * a line of another generation, and begins a chain of its own.
 */
#include "flows/packet_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

#define LINE       64u /* the unit of reservations */
#define PREFETCHED 256u
#define PACE_PARTS 4 /* of the ring of payload */

struct head {
    uint64_t number;
    uint32_t generation;
    uint32_t zero;
};

struct packet_log {
    struct packet_record *records;
    uint8_t *bytes;
    struct head *heads;
    uint32_t record_mask, byte_mask;
    uint32_t head_count;
    uint32_t epoch;
    uint64_t latest;   /* number of the latest record */
    uint64_t floor;    /* records up to this one were cleared */
    uint64_t written;  /* bytes of payload, unused ones included */
    uint32_t kept_max; /* of one packet, at present */
    int64_t keep_ns;
    uint64_t paced; /* `written` when the pace was looked at last */
    int64_t paced_ns;
    struct pool memory[3];
};

/* Address space that is used from the start, as far as anything is written to it. */
static int reserve(struct pool *pool, const char *name, size_t item_size, uint32_t count,
                   struct err *err)
{
    int failed = pool_open(pool, name, item_size, count, err);
    if (!failed)
        pool->high = count;
    return failed;
}

static int reserve_all(struct packet_log *log, const struct packet_log_options *options,
                       struct err *err)
{
    uint32_t records = options->records ? options->records : PACKET_LOG_RECORDS;
    uint32_t bytes = options->bytes ? options->bytes : PACKET_LOG_BYTES;
    assert((records & (records - 1)) == 0 && (bytes & (bytes - 1)) == 0);
    assert(bytes >= PACKET_LOG_KEPT_MAX);
    log->record_mask = records - 1;
    log->byte_mask = bytes - 1;
    log->head_count = options->max_flows + EVENT_LIST_MAX;
    int failed =
        reserve(&log->memory[0], "packets to look back at", sizeof *log->records, records, err);
    if (!failed)
        failed = reserve(&log->memory[1], "lines of payload", LINE, bytes / LINE, err);
    if (!failed)
        failed = reserve(&log->memory[2], "flows with packets", sizeof(struct head),
                         log->head_count, err);
    log->records = (void *)log->memory[0].items;
    log->bytes = log->memory[1].items;
    log->heads = (void *)log->memory[2].items;
    return failed;
}

int packet_log_open(struct packet_log **log, const struct packet_log_options *options,
                    struct err *err)
{
    struct packet_log *opened = calloc(1, sizeof *opened);
    *log = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to look back at packets; close other programs");
    opened->kept_max = PACKET_LOG_KEPT_MAX;
    opened->keep_ns = options->keep_ns;
    int failed = reserve_all(opened, options, err);
    if (failed) {
        packet_log_close(opened);
        *log = NULL;
    }
    return failed;
}

void packet_log_close(struct packet_log *log)
{
    if (!log)
        return;
    for (size_t at = 0; at < sizeof log->memory / sizeof log->memory[0]; at++)
        pool_close(&log->memory[at]);
    free(log);
}

/* The next record, chained to the one before it of its flow. */
static struct packet_record *append(struct packet_log *log, struct flow_ref flow)
{
    struct head *head = &log->heads[flow.index];
    uint64_t number = ++log->latest;
    uint64_t back = 0;
    if (head->generation == flow.generation && head->number > log->floor)
        back = number - head->number;
    head->generation = flow.generation;
    head->number = number;
    struct packet_record *record = &log->records[number & log->record_mask];
    record->back = back <= log->record_mask ? (uint32_t)back : 0;
    return record;
}

/* Looks at the pace after each quarter of the ring. */
static void pace(struct packet_log *log, int64_t now_ns)
{
    if (log->keep_ns == 0 || log->written - log->paced <= log->byte_mask / PACE_PARTS)
        return;
    int64_t took_ns = now_ns - log->paced_ns;
    if (took_ns < log->keep_ns / PACE_PARTS && log->kept_max > PACKET_LOG_KEPT_MIN)
        log->kept_max /= 2;
    else if (took_ns > 4 * log->keep_ns / PACE_PARTS && log->kept_max < PACKET_LOG_KEPT_MAX)
        log->kept_max *= 2;
    log->paced = log->written;
    log->paced_ns = now_ns;
}

static void keep_payload(struct packet_log *log, struct packet_record *record,
                         const uint8_t *payload, uint32_t len)
{
    uint32_t size = log->byte_mask + 1;
    uint32_t left = size - (uint32_t)(log->written & log->byte_mask);
    if (left < len)
        log->written += left;
    record->payload = log->written;
    memcpy(log->bytes + (log->written & log->byte_mask), payload, len);
    log->written += len;
}

static void add_packet(struct packet_log *log, const struct packet *packet,
                       const struct packet_note *note)
{
    struct packet_record *record = append(log, note->flow);
    uint32_t kept = packet->payload_captured_len;
    if (kept > log->kept_max)
        kept = log->kept_max;
    record->time_ns = packet->time_ns;
    record->payload = 0;
    record->seq = packet->seq;
    record->ack = packet->ack;
    record->wire_len = packet->payload_wire_len;
    record->captured_len = packet->payload_captured_len;
    record->marks = note->marks;
    record->kept_len = (uint16_t)kept;
    record->window = packet->window;
    record->flags = packet->flags;
    record->mss = packet->mss;
    record->kind = packet->kind;
    record->side = packet->direction;
    record->options = packet->options;
    record->window_scale = packet->window_scale;
    record->sack_count = packet->sack_count;
    record->icmp_type = packet->icmp_type;
    record->icmp_code = packet->icmp_code;
    record->event = 0;
    memcpy(record->sack, packet->sack[0], sizeof record->sack);
    if (kept == 0)
        return;
    keep_payload(log, record, packet->payload, kept);
    pace(log, packet->time_ns);
}

/* What its packet and its marks do not say. */
static bool is_wanted(const struct flow_event *event)
{
    const uint32_t wanted = 1u << EVENT_ESTABLISHED | 1u << EVENT_REFUSED | 1u << EVENT_RESET |
                            1u << EVENT_NO_ANSWER | 1u << EVENT_HELD_BACK | 1u << EVENT_STALLED |
                            1u << EVENT_CLOSED | 1u << EVENT_EVICTED;
    return wanted >> event->kind & 1;
}

static void add_event(struct packet_log *log, const struct flow_event *event)
{
    struct packet_record *record = append(log, event->flow);
    *record = (struct packet_record){
        .time_ns = event->time_ns,
        .back = record->back,
        .marks = event->silence_ms,
        .flags = event->arg,
        .kind = PACKET_RECORD_EVENT,
        .side = event->side,
        .event = event->kind,
    };
}

static bool is_same_flow(struct flow_ref a, struct flow_ref b)
{
    return a.index == b.index && a.generation == b.generation;
}

/* What is being taken: a packet with what became of it, and the event that comes next. */
struct taking {
    const struct packet *packet;
    const struct packet_note *note;
    const struct event_list *events;
    uint32_t event;
};

/* Adds the events that this packet has caused; `silences`: those that it has ended, which lie before
 * it. */
static void add_events_of(struct packet_log *log, struct taking *taking, bool silences)
{
    int64_t time_ns = taking->packet->time_ns;
    struct flow_ref flow = taking->note->flow;
    for (; taking->event < taking->events->count; taking->event++) {
        const struct flow_event *event = &taking->events->events[taking->event];
        bool is_his = event->time_ns == time_ns && is_same_flow(event->flow, flow) &&
                      (!silences || event->kind == EVENT_STALLED);
        if (!is_wanted(event))
            continue;
        if (event->kind != EVENT_EVICTED && !is_his)
            return;
        add_event(log, event);
    }
}

static void add_rest(struct packet_log *log, const struct event_list *events, uint32_t at)
{
    for (; at < events->count; at++) {
        if (is_wanted(&events->events[at]))
            add_event(log, &events->events[at]);
    }
}

/* Nobody has looked at the payload before, and heads lie anywhere. */
static void prefetch(const struct packet_log *log, const struct packet_batch *packets,
                     const struct packet_note *notes)
{
    for (uint32_t at = 0; at < packets->count; at++) {
        const struct packet *packet = &packets->packets[at];
        __builtin_prefetch(&log->records[(log->latest + at + 1) & log->record_mask], 1);
        if (notes[at].flow.index != POOL_NONE)
            __builtin_prefetch(&log->heads[notes[at].flow.index], 1);
        for (uint32_t from = 0; from < PREFETCHED && from < packet->payload_captured_len;
             from += LINE)
            __builtin_prefetch(packet->payload + from);
    }
}

static void take_packet(struct packet_log *log, struct taking *taking)
{
    if (taking->note->flow.index == POOL_NONE)
        return;
    assert(taking->note->flow.index < log->head_count);
    add_events_of(log, taking, true);
    add_packet(log, taking->packet, taking->note);
    add_events_of(log, taking, false);
}

void packet_log_take(struct packet_log *log, const struct packet_batch *packets,
                     const struct event_list *events)
{
    struct taking taking = {.events = events};
    prefetch(log, packets, events->notes);
    for (uint32_t at = 0; at < packets->count; at++) {
        taking.packet = &packets->packets[at];
        taking.note = &events->notes[at];
        take_packet(log, &taking);
    }
    add_rest(log, events, taking.event);
}

void packet_log_take_one(struct packet_log *log, const struct packet *packet,
                         const struct event_list *events)
{
    struct taking taking = {.packet = packet, .note = &events->notes[0], .events = events};
    take_packet(log, &taking);
    add_rest(log, events, taking.event);
}

void packet_log_take_events(struct packet_log *log, const struct event_list *events)
{
    add_rest(log, events, 0);
}

void packet_log_clear(struct packet_log *log)
{
    log->floor = log->latest;
    log->epoch++;
}

uint32_t packet_log_epoch(const struct packet_log *log)
{
    return log->epoch;
}

uint32_t packet_log_capacity(const struct packet_log *log)
{
    return log->record_mask + 1;
}

static bool is_kept(const struct packet_log *log, uint64_t number)
{
    return number > log->floor && number <= log->latest && log->latest - number <= log->record_mask;
}

uint64_t packet_log_latest(const struct packet_log *log, struct flow_ref flow)
{
    if (flow.index >= log->head_count)
        return PACKET_LOG_NONE;
    const struct head *head = &log->heads[flow.index];
    bool is_his = head->generation == flow.generation && is_kept(log, head->number);
    return is_his ? head->number : PACKET_LOG_NONE;
}

const struct packet_record *packet_log_at(const struct packet_log *log, uint64_t number)
{
    return is_kept(log, number) ? &log->records[number & log->record_mask] : NULL;
}

uint64_t packet_log_before(const struct packet_log *log, uint64_t number,
                           const struct packet_record *record)
{
    uint64_t before = number - record->back;
    return record->back != 0 && is_kept(log, before) ? before : PACKET_LOG_NONE;
}

const uint8_t *packet_log_payload(const struct packet_log *log, const struct packet_record *record)
{
    if (record->kept_len == 0 || log->written - record->payload > (uint64_t)log->byte_mask + 1)
        return NULL;
    return log->bytes + (record->payload & log->byte_mask);
}
