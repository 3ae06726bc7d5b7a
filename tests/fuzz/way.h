/*
 * Purpose: the whole way of a run over frames: decoding, flows, diagnosis, every format of report at once; and
 *          what must hold at its end: sums, order, budgets, and that what is printed is clean.
 * Owns:    all parts, from way_open to way_finish.
 * Bounds:  WAY_FLOWS_MAX flows whose events are looked at.
 * Used by: tests/fuzz/fuzz_flows.c.
 */
#ifndef LOFLOW_TESTS_FUZZ_WAY_H
#define LOFLOW_TESTS_FUZZ_WAY_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/audit_sums.h"
#include "base/out.h"
#include "decode/decoder.h"
#include "diagnose/diagnoser.h"
#include "flows/flow_streams.h"
#include "flows/tracker.h"
#include "report/audit.h"
#include "report/follow.h"
#include "report/report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/clean.h"

#define WAY_FLOWS_MAX 1024u
#define WAY_FORMATS   4u
#define WAY_PRINTERS  (WAY_FORMATS + 2) /* and the streams as text and as a dump */

/* What is expected of the payload of a stream. */
typedef bool way_is_byte(const void *context, uint32_t seq, uint8_t byte);

struct way_flow {
    bool opened, retired;
    uint64_t next[2]; /* offset of what a side delivers next */
};

struct way {
    struct decoder *decoder;
    struct tracker *tracker;
    struct diagnoser *diagnoser;
    struct names *names;
    struct report *reports[WAY_FORMATS];
    struct out outs[WAY_PRINTERS];
    struct follow follows[2];
    struct packet_batch packets;
    struct event_list events;
    struct audit audit;
    struct way_flow flows[WAY_FLOWS_MAX];
    uint64_t opened; /* flows so far */
    uint32_t max_flows;
    way_is_byte *is_byte;
    const void *context;
};

static inline const char *way_printed(struct out *out, size_t *len)
{
    static char *bytes;
    MUST(out_flush(out) == 0);
    off_t size = lseek(out->fd, 0, SEEK_END);
    free(bytes);
    bytes = malloc((size_t)size + 1);
    MUST(bytes && pread(out->fd, bytes, (size_t)size, 0) == size);
    (void)close(out->fd);
    *len = (size_t)size;
    return bytes;
}

/* Chunks come in order and without holes, with the bytes that were sent. */
static inline void way_take(void *context, struct flow_view flow, unsigned side,
                            const struct reassembly_chunk *chunk)
{
    struct way *way = context;
    MUST(flow.cold->id >= 1 && (chunk->len > 0 || !flow_is_tcp(flow)));
    for (unsigned at = 0; at < 2; at++)
        follow_take(&way->follows[at], flow, side, chunk);
    if (flow.cold->id > WAY_FLOWS_MAX)
        return;
    struct way_flow *known = &way->flows[flow.cold->id - 1];
    MUST((uint64_t)chunk->offset == known->next[side]);
    known->next[side] += chunk->len;
    if (!flow_is_tcp(flow))
        return;
    MUST(flow.streams);
    /* Where the stream's offset lies among sequence numbers. */
    const struct flow_side *own = &flow.hot->side[side];
    int64_t offset = flow.streams->side[side].begin + chunk->offset;
    uint32_t seq = own->stream_next + (uint32_t)(offset - own->stream_end);
    for (uint64_t at = 0; chunk->bytes && at < chunk->len; at++)
        MUST(way->is_byte(way->context, seq + (uint32_t)at, chunk->bytes[at]));
}

static inline void way_open_reports(struct way *way)
{
    static const enum report_format formats[WAY_FORMATS] = {REPORT_JSON, REPORT_TEXT, REPORT_LINES,
                                                            REPORT_PACKETS};
    static const char hostile[] = "n\x1b]0;x\x07\xe2\x80\xae\n\xff";
    struct err err;
    for (unsigned at = 0; at < WAY_PRINTERS; at++) {
        int fd = memfd_create("printed", MFD_CLOEXEC);
        MUST(fd >= 0);
        out_open(&way->outs[at], fd, NULL);
    }
    for (unsigned at = 0; at < WAY_FORMATS; at++) {
        const struct report_options options = {.format = formats[at],
                                               .stream_digest = true,
                                               .names = way->names,
                                               .diagnoser = way->diagnoser};
        MUST(report_open(&way->reports[at], &options, &way->outs[at], &err) == 0);
        report_start(way->reports[at], &(struct report_run){.version = "1",
                                                            .name = hostile,
                                                            .link_name = "EN10MB",
                                                            .filter = hostile});
    }
    for (unsigned at = 0; at < 2; at++)
        way->follows[at] = (struct follow){.out = &way->outs[WAY_FORMATS + at],
                                           .form = at == 0 ? FOLLOW_TEXT : FOLLOW_HEX};
}

static inline void way_open(struct way *way, uint32_t max_flows, way_is_byte *is_byte,
                            const void *context)
{
    struct err err;
    memset(way, 0, sizeof *way);
    way->max_flows = max_flows;
    way->is_byte = is_byte;
    way->context = context;
    const struct tracker_options options = {.max_flows = max_flows,
                                            .stream_digest = true,
                                            .follow = TRACKER_FOLLOW_ALL,
                                            .sink = {.context = way, .take = way_take},
                                            .unanswered_age_ns = INT64_C(130000000000),
                                            .udp_age_ns = INT64_C(60000000000),
                                            .closed_age_ns = INT64_C(2000000000),
                                            .stops = diagnoser_wants(),
                                            .tell_answers = true};
    MUST(decoder_open(&way->decoder, &(struct decoder_options){.fragment_memory = 1u << 18},
                      &err) == 0);
    MUST(tracker_open(&way->tracker, &options, &err) == 0);
    MUST(diagnoser_open(&way->diagnoser, NULL, &err) == 0);
    static struct names *names; /* dear to open, and it does not matter who was named before */
    if (!names)
        MUST(names_open(&names, &err) == 0);
    way->names = names;
    way_open_reports(way);
}

/* OPENED comes first, RETIRED last, each once; ids are given in order. */
static inline void way_check_order(struct way *way, const struct flow_event *event, uint64_t id)
{
    MUST(event->kind < EVENT_KIND_COUNT && event->side <= 1 && id >= 1);
    if (event->kind == EVENT_OPENED)
        MUST(id == ++way->opened);
    MUST(id <= way->opened);
    if (id > WAY_FLOWS_MAX)
        return;
    struct way_flow *flow = &way->flows[id - 1];
    MUST(!flow->retired && flow->opened == (event->kind != EVENT_OPENED));
    flow->opened = true;
    flow->retired = event->kind == EVENT_RETIRED;
}

static inline void way_take_events(struct way *way)
{
    MUST(way->events.count <= EVENT_LIST_MAX);
    for (uint32_t at = 0; at < way->events.count; at++) {
        const struct flow_event *event = &way->events.events[at];
        struct flow_view flow;
        MUST(tracker_look(way->tracker, event->flow, &flow));
        way_check_order(way, event, flow.cold->id);
        if (event->kind == EVENT_RETIRED)
            audit_add_flow(&way->audit, flow);
        if (diagnoser_wants() >> event->kind & 1)
            diagnoser_event(way->diagnoser, way->tracker, event);
        for (unsigned report = 0; report < WAY_FORMATS; report++) {
            if (report_wants(way->reports[report]) >> event->kind & 1)
                report_event(way->reports[report], way->tracker, event);
        }
    }
}

static inline void way_check_budgets(const struct way *way)
{
    const struct tracker_stats *stats = tracker_stats(way->tracker);
    const struct tracker_memory memory = tracker_memory(way->tracker);
    uint64_t records = (uint64_t)way->max_flows + TRACKER_RETIRED_MAX + EVENT_LIST_MAX;
    MUST(stats->live <= way->max_flows && stats->open <= stats->live);
    MUST(memory.flows <= records * (sizeof(struct flow) + sizeof(struct flow_cold)));
    MUST(memory.streams <= (UINT64_C(256) * REASSEMBLY_PIECES) + (UINT64_C(4) << 20));
    MUST(decoder_memory(way->decoder) <= 1u << 18);
}

static inline void way_tell_diagnoses(struct way *way, bool final)
{
    const struct diagnosis *diagnosis = NULL;
    while ((diagnosis = diagnoser_next(way->diagnoser, final))) {
        MUST(diagnosis->code < CODE_COUNT && diagnosis->certainty < CERTAINTY_COUNT);
        for (unsigned at = 0; at < WAY_FORMATS; at++)
            report_diagnosis(way->reports[at], diagnosis);
    }
}

static inline void way_feed(struct way *way, const struct frame_batch *frames)
{
    decode_batch(way->decoder, frames, &way->packets);
    way->audit.read_packets += frames->count;
    for (uint32_t at = 0; at < frames->count; at++)
        way->audit.read_bytes += frames->frames[at].captured_len;
    for (uint32_t at = 0; at < way->packets.count;) {
        uint32_t next = tracker_feed(way->tracker, &way->packets, at, &way->events);
        MUST(next > at && next <= way->packets.count);
        at = next;
        way_take_events(way);
        if (!way->events.time_passed)
            continue;
        diagnoser_tick(way->diagnoser, way->tracker, tracker_stats(way->tracker)->last_ns);
        way_tell_diagnoses(way, false);
    }
    for (unsigned at = 0; at < WAY_FORMATS; at++)
        report_packets(way->reports[at], &(struct report_batch){.tracker = way->tracker,
                                                                .frames = frames,
                                                                .packets = &way->packets,
                                                                .events = &way->events,
                                                                .verdict_word = verdict_word});
    way_check_budgets(way);
}

/* Time passes without packets. */
static inline void way_wait(struct way *way, int64_t now_ns)
{
    bool more = true;
    diagnoser_tick(way->diagnoser, way->tracker, now_ns);
    while (more) {
        more = tracker_advance(way->tracker, now_ns, &way->events);
        way_take_events(way);
    }
}

/* A process of any name has that end of a flow. */
static inline void way_name(struct way *way, unsigned flow, unsigned end, const char *comm,
                            size_t len)
{
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view view;
    struct host_process process = {.pid = 1 + (int)flow, .how = HOST_BY_TRACER};
    memcpy(process.comm, comm, len < OWNER_COMM ? len : OWNER_COMM);
    memcpy(process.command, comm, len < OWNER_COMMAND ? len : OWNER_COMMAND);
    while (tracker_next(way->tracker, &at, &ref, &view)) {
        if (view.cold->id % 8 == flow % 8)
            tracker_set_owner(way->tracker, ref, end, names_process(way->names, &process));
    }
}

static inline void way_check_audit(struct way *way)
{
    struct err err = {0};
    struct audit *audit = &way->audit;
    const struct decode_stats *decoded = decoder_stats(way->decoder);
    const struct tracker_stats *flows = tracker_stats(way->tracker);
    audit_sum(audit, decoded, flows);
    if (audit_check(audit, &err) != 0)
        (void)fprintf(stderr, "%s\n", err.text);
    MUST(err.text[0] == '\0');
    MUST(flows->flows == way->opened && flows->live == 0 && flows->open == 0);
    MUST(flows->packets == audit->flow_packets && flows->payload_bytes == decoded->payload_bytes);
}

static inline void way_tell_end(struct way *way)
{
    bool more = true;
    diagnoser_finish(way->diagnoser, way->tracker);
    while (more) {
        more = tracker_finish(way->tracker, &way->events);
        way_take_events(way);
    }
    way_tell_diagnoses(way, true);
    for (unsigned at = 0; at < WAY_FORMATS; at++)
        report_summary(way->reports[at],
                       &(struct report_totals){.packets = decoder_stats(way->decoder)->frames,
                                               .flows = tracker_stats(way->tracker)});
    for (unsigned at = 0; at < 2; at++)
        follow_finish(&way->follows[at]);
}

/* Flows and diagnoses of the JSON as a number. Events are told with what is known at the end of a batch. */
static inline uint64_t way_hash_told(const char *text, size_t len)
{
    static const char event[] = "{\"type\":\"event\"";
    uint64_t hash = UINT64_C(14695981039346656037);
    const char *end = text + len;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        bool is_event =
            (size_t)(stop - text) >= sizeof event && memcmp(text, event, sizeof event - 1) == 0;
        for (; text <= stop; text++)
            hash = is_event ? hash : (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

static inline uint64_t way_check_printed(struct way *way)
{
    size_t len = 0;
    uint64_t hash = 0;
    for (unsigned at = 0; at < WAY_PRINTERS; at++) {
        const char *text = way_printed(&way->outs[at], &len);
        MUST_BE_RIGHT(at == 0 ? clean_json_lines(text, len) : clean_text(text, len));
        hash = at == 0 ? way_hash_told(text, len) : hash;
    }
    return hash;
}

/* Returns a number that stands for the flows and diagnoses that were told. */
static inline uint64_t way_finish(struct way *way)
{
    way_tell_end(way);
    way_check_audit(way);
    way_check_budgets(way);
    uint64_t told = way_check_printed(way);
    for (unsigned at = 0; at < WAY_FORMATS; at++)
        report_close(way->reports[at]);
    diagnoser_close(way->diagnoser);
    tracker_close(way->tracker);
    decoder_close(way->decoder);
    return told;
}

#endif
