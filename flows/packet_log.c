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
#include "flows/tracker.h"

#define LINE       64u /* the unit of reservations */
#define PREFETCHED 256u
#define HEAD_USUAL 80u /* bytes before the payload of most packets, with what is kept about them */
#define PACE_PARTS 4   /* of the ring of payload */

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
    bool has_frames;
    uint64_t latest;          /* number of the latest record */
    uint64_t floor;           /* records up to this one were cleared */
    uint64_t written;         /* bytes of payload, unused ones included */
    uint32_t kept_max;        /* of one packet, at present */
    struct flow_ref favoured; /* index POOL_NONE: none */
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
    log->head_count = options->max_flows + TRACKER_RETIRED_MAX;
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
    opened->favoured.index = POOL_NONE;
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

/* Looks at the pace after each quarter of the ring, and when that took as long as all of it may last. */
static void pace(struct packet_log *log, int64_t now_ns)
{
    int64_t took_ns = now_ns - log->paced_ns;
    bool is_filled = log->written - log->paced > log->byte_mask / PACE_PARTS;
    if (log->keep_ns == 0 || (!is_filled && took_ns <= log->keep_ns))
        return;
    if (is_filled && took_ns < log->keep_ns / PACE_PARTS && log->kept_max > PACKET_LOG_KEPT_MIN)
        log->kept_max /= 2;
    for (; took_ns > log->keep_ns && log->kept_max < PACKET_LOG_KEPT_MAX; took_ns -= log->keep_ns)
        log->kept_max *= 2;
    log->paced = log->written;
    log->paced_ns = now_ns;
}

static bool is_same_flow(struct flow_ref a, struct flow_ref b)
{
    return a.index == b.index && a.generation == b.generation;
}

static uint32_t favoured_max(const struct packet_log *log)
{
    return log->kept_max < PACKET_LOG_KEPT_MAX / PACKET_LOG_FAVOUR
               ? log->kept_max * PACKET_LOG_FAVOUR
               : PACKET_LOG_KEPT_MAX;
}

void packet_log_favour(struct packet_log *log, struct flow_ref flow)
{
    log->favoured = flow;
}

void packet_log_pass(struct packet_log *log, int64_t now_ns)
{
    pace(log, now_ns);
}

uint32_t packet_log_payload_wanted(const struct packet_log *log)
{
    return log->favoured.index == POOL_NONE ? log->kept_max : favoured_max(log);
}

/* What lies in the ring before the payload of a packet, behind the bytes of its frame that come before
 * the payload. */
struct kept_frame {
    uint32_t wire_len;
    uint16_t link_type;
    uint16_t head_len;
    uint32_t payload_len; /* of what is kept: payload put together from fragments is in no frame */
};

/* How much of a frame comes before its payload; all of it, if the payload lies elsewhere. Headers that are
 * too long end the frame. */
static struct kept_frame describe_frame(const struct frame *frame, const struct packet *packet,
                                        uint32_t kept)
{
    bool is_inside = packet->payload >= frame->data &&
                     packet->payload + kept <= frame->data + frame->captured_len && kept > 0;
    uint32_t head = is_inside ? (uint32_t)(packet->payload - frame->data) : frame->captured_len;
    bool is_cut = head > PACKET_LOG_HEAD_MAX;
    return (struct kept_frame){
        .wire_len = frame->wire_len,
        .link_type = frame->link_type,
        .head_len = (uint16_t)(is_cut ? PACKET_LOG_HEAD_MAX : head),
        .payload_len = is_inside && !is_cut ? kept : 0,
    };
}

/* `frame` is NULL for a log without frames. */
static void keep_bytes(struct packet_log *log, struct packet_record *record,
                       const struct frame *frame, const struct packet *packet)
{
    struct kept_frame head = {0};
    uint32_t size = log->byte_mask + 1, kept = record->kept_len, before = 0;
    if (frame) {
        head = describe_frame(frame, packet, kept);
        before = head.head_len + (uint32_t)sizeof head;
    }
    uint32_t left = size - (uint32_t)(log->written & log->byte_mask);
    if (left < before + kept)
        log->written += left;
    uint8_t *at = log->bytes + (log->written & log->byte_mask);
    record->payload = log->written + before;
    if (frame) {
        memcpy(at, frame->data, head.head_len);
        memcpy(at + head.head_len, &head, sizeof head);
    }
    if (kept > 0)
        memcpy(at + before, packet->payload, kept);
    log->written += before + kept;
}

static void add_packet(struct packet_log *log, const struct frame *frame,
                       const struct packet *packet, const struct packet_note *note)
{
    struct packet_record *record = append(log, note->flow);
    uint32_t kept = packet->payload_captured_len;
    uint32_t most = is_same_flow(note->flow, log->favoured) ? favoured_max(log) : log->kept_max;
    if (kept > most)
        kept = most;
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
    if (kept == 0 && !frame)
        return;
    keep_bytes(log, record, frame, packet);
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

/* A batch that is being taken: the packet it is at, and the event that comes next. */
struct taking {
    const struct frame_batch *frames; /* NULL: they are not kept */
    const struct packet_batch *packets;
    const struct event_list *events;
    uint32_t packet, event;
};

/* Adds the events that this packet has caused; `silences`: those that it has ended, which lie before
 * it. */
static void add_events_of(struct packet_log *log, struct taking *taking, bool silences)
{
    int64_t time_ns = taking->packets->packets[taking->packet].time_ns;
    struct flow_ref flow = taking->events->notes[taking->packet].flow;
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

/* The packet that it is at. */
static void take(struct packet_log *log, struct taking *taking)
{
    const struct packet_note *note = &taking->events->notes[taking->packet];
    if (note->flow.index == POOL_NONE)
        return;
    assert(note->flow.index < log->head_count);
    add_events_of(log, taking, true);
    add_packet(log, taking->frames ? &taking->frames->frames[taking->packet] : NULL,
               &taking->packets->packets[taking->packet], note);
    add_events_of(log, taking, false);
}

/* Nobody has looked at the payload before, and heads lie anywhere; the flows may be guesses. */
static void prefetch(const struct packet_log *log, const struct packet_batch *packets,
                     const struct packet_note *notes)
{
    uint64_t ahead = 0;
    for (uint32_t at = 0; at < packets->count; at++) {
        const struct packet *packet = &packets->packets[at];
        __builtin_prefetch(&log->records[(log->latest + at + 1) & log->record_mask], 1);
        if (notes[at].flow.index < log->head_count)
            __builtin_prefetch(&log->heads[notes[at].flow.index], 1);
        for (uint32_t from = 0; from < PREFETCHED && from < packet->payload_captured_len;
             from += LINE)
            __builtin_prefetch(packet->payload + from);
        ahead += packet->payload_captured_len + HEAD_USUAL;
        __builtin_prefetch(log->bytes + ((log->written + ahead) & log->byte_mask), 1);
    }
}

void packet_log_take(struct packet_log *log, const struct frame_batch *frames,
                     const struct packet_batch *packets, const struct event_list *events)
{
    const struct packet_note *notes = events->notes;
    struct taking taking = {
        .frames = frames, .packets = packets, .events = events, .packet = events->from};
    log->has_frames = frames != NULL;
    if (events->from == 0)
        prefetch(log, packets, notes);
    for (; taking.packet < events->to; taking.packet++)
        take(log, &taking);
    add_rest(log, events, taking.event);
}

void packet_log_prefetch(const struct packet_log *log, const struct packet_batch *packets,
                         const struct event_list *events)
{
    prefetch(log, packets, events->notes);
}

void packet_log_take_one(struct packet_log *log, const struct frame_batch *frames,
                         const struct packet_batch *packets, uint32_t at,
                         const struct event_list *events)
{
    struct taking taking = {.frames = frames, .packets = packets, .events = events, .packet = at};
    log->has_frames = frames != NULL;
    take(log, &taking);
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
    log->kept_max = PACKET_LOG_KEPT_MAX;
    log->paced = log->written;
    log->paced_ns = 0;
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

uint64_t packet_log_last(const struct packet_log *log)
{
    return log->latest;
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

bool packet_log_frame(const struct packet_log *log, const struct packet_record *record,
                      uint8_t *bytes, struct frame *frame)
{
    const uint64_t size = (uint64_t)log->byte_mask + 1;
    struct kept_frame head;
    if (!log->has_frames || record->kind == PACKET_RECORD_EVENT ||
        log->written - record->payload + PACKET_LOG_HEAD_MAX + sizeof head > size)
        return false;
    /* Behind the last byte of what comes before it, which may be the ring's last. */
    const uint8_t *payload = log->bytes + ((record->payload - 1) & log->byte_mask) + 1;
    memcpy(&head, payload - sizeof head, sizeof head);
    memcpy(bytes, payload - sizeof head - head.head_len, head.head_len);
    memcpy(bytes + head.head_len, payload, head.payload_len);
    *frame = (struct frame){
        .time_ns = record->time_ns,
        .data = bytes,
        .captured_len = head.head_len + head.payload_len,
        .wire_len = head.wire_len,
        .link_type = head.link_type,
    };
    return true;
}
