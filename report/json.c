#include "flows/detail.h"
#include "flows/flow_streams.h"
#include "flows/timing.h"
#include "report/community.h"
#include "report/format.h"
#include "report/json_write.h"

static void json_address(struct out *out, const char *key, const struct tuple *tuple, unsigned end)
{
    char written[64];
    struct text text = text_begin(written, sizeof written);
    text_add_address(&text, &tuple->address[end], tuple->family);
    json_string(out, key, written);
}

static void json_span_or_null(struct out *out, const char *key, int64_t span_ns)
{
    if (span_ns >= 0) {
        json_time(out, key, span_ns);
        return;
    }
    json_key(out, key);
    out_string(out, "null");
}

static void json_mean_or_null(struct out *out, const char *key, int64_t sum_ns, uint32_t count)
{
    json_span_or_null(out, key, count > 0 ? sum_ns / count : -1);
}

static void json_counts(struct out *out, const char *whose, const struct flow_detail *detail,
                        unsigned side)
{
    for (unsigned mark = MARK_DETAIL_FIRST; mark < MARK_COUNT; mark++) {
        char key[64];
        struct text text = text_begin(key, sizeof key);
        text_add_string(&text, whose);
        text_add_string(&text, mark_key(mark));
        json_number(out, key, detail_count(detail, side, mark));
    }
}

/* The shift that a SYN announced; null when no SYN was captured or it has no such option. */
static void json_window_scale(struct out *out, const char *key, uint8_t shift)
{
    if (shift < WINDOW_SCALE_NONE) {
        json_number(out, key, shift);
        return;
    }
    json_key(out, key);
    out_string(out, "null");
}

static void json_history(struct out *out, const char *key, struct flow_view flow)
{
    char written[FLOW_HISTORY_MAX + 2];
    struct text text = text_begin(written, sizeof written);
    text_add_history(&text, flow);
    json_string(out, key, written);
}

static void json_community_id(struct out *out, const char *key, const struct tuple *tuple)
{
    char id[COMMUNITY_ID_MAX];
    community_id(tuple, id);
    json_string(out, key, id);
}

static void json_sha1_or_null(struct out *out, const char *key, struct flow_view flow,
                              unsigned side)
{
    uint8_t sha1[SHA1_DIGEST_LENGTH];
    json_key(out, key);
    int64_t len = flow.hot->side[side].stream_end - flow.cold->rare[side].stream_begin;
    if (!flow.streams || !digest_result(&flow.streams->digest[side], len, sha1)) {
        out_string(out, "null");
        return;
    }
    out_string(out, "\"");
    for (size_t at = 0; at < sizeof sha1; at++)
        out_format(out, "%02x", sha1[at]);
    out_string(out, "\"");
}

static void json_missing(struct out *out, const struct report_missing *missing, uint32_t count)
{
    json_key(out, "missing");
    out_string(out, "[");
    for (uint32_t at = 0; at < count; at++)
        out_format(out, "%s\"%s\"", at ? "," : "", missing[at].word);
    out_string(out, "]");
}

static void json_start(struct report *report, const struct report_run *run)
{
    struct out *out = report->out;
    out_string(out, "{\"type\":\"start\"");
    json_untrusted(out, "version", run->version);
    json_untrusted(out, run->live ? "interface" : "file", run->name);
    json_untrusted(out, "linktype", run->link_name);
    json_untrusted(out, "filter", run->filter);
    json_number(out, "snaplen", run->snaplen);
    json_missing(out, run->missing, run->missing_count);
    out_string(out, "}\n");
}

/* What flows without a detail show. */
static const struct flow_detail no_detail;

/* From the flow's first packet to the side's first payload byte; -1 unknown. */
static int64_t first_byte_span_ns(struct flow_view flow, const struct detail_side *side)
{
    int64_t span_ns = side->first_byte_ns - flow.cold->start_ns;
    if (!side->has_spoken)
        return -1;
    return span_ns > 0 ? span_ns : 0;
}

/* When an end of the handshake's second half is known: from the SYN-ACK to the ACK. */
static int64_t ack_span_ns(const struct flow_cold *cold)
{
    bool known = cold->handshake_ns >= 0 && cold->syn_ack_ns >= 0;
    return known ? cold->handshake_ns - cold->syn_ack_ns : -1;
}

static const char *reset_by(struct flow_view flow)
{
    if (flow.cold->reset_phase == RESET_NONE)
        return "";
    return flow.cold->reset_side == flow.hot->client ? "client" : "server";
}

static void json_owner(struct out *out, const char *whose, const struct owner *owner)
{
    char key[32];
    struct text text = text_begin(key, sizeof key);
    if (!owner)
        return;
    text_add(&text, "%s_pid", whose);
    json_number(out, key, (uint64_t)owner->pid);
    text = text_begin(key, sizeof key);
    text_add(&text, "%s_comm", whose);
    json_untrusted(out, key, owner->comm);
    text = text_begin(key, sizeof key);
    text_add(&text, "%s_by", whose);
    json_string(out, key,
                owner->how == HOST_BY_CAPTURE  ? "capture"
                : owner->how == HOST_BY_TRACER ? "tracer"
                                               : "socket");
}

/* What was found about the flow. */
static void json_codes(struct out *out, uint64_t codes)
{
    if (codes == 0)
        return;
    json_key(out, "diagnosis");
    for (const char *before = "["; codes; codes &= codes - 1, before = ",")
        out_format(out, "%s\"%s\"", before, code_word((enum code)__builtin_ctzll(codes)));
    out_string(out, "]");
}

static void print_flow(struct report *report, struct flow_view flow)
{
    struct out *out = report->out;
    const struct flow_detail *detail = flow.detail ? flow.detail : &no_detail;
    const struct detail_side *client_detail = &detail->side[flow.hot->client];
    const struct detail_side *server_detail = &detail->side[!flow.hot->client];
    const struct flow_side *client = flow_client_side(flow);
    const struct flow_side *server = flow_server_side(flow);
    const struct flow_side_rare *client_rare = &flow.cold->rare[flow.hot->client];
    const struct flow_side_rare *server_rare = &flow.cold->rare[!flow.hot->client];
    const bool when_ALL = true;
    const bool when_TCP = flow_is_tcp(flow);
    const bool when_SELF = flow.hot->flags & FLOW_FLAG_SELF;
    const bool when_DIGEST = when_TCP && report->options.stream_digest;
    out_string(out, "{\"type\":\"flow\"");
    json_owner(out, "client", format_owner(report, flow, flow.hot->client));
    json_owner(out, "server", format_owner(report, flow, !flow.hot->client));
#define FIELD(when, type, key, ...)                                                                \
    if (when_##when)                                                                               \
        json_##type(out, key, __VA_ARGS__);
#include "report/flow_field.def"
#undef FIELD
    if (report->options.diagnoser)
        json_codes(out, diagnoser_flow_codes(report->options.diagnoser, flow.cold->id));
    out_string(out, "}\n");
    report->flows_printed++;
}

static void json_ends(struct out *out, struct flow_view flow)
{
    const struct tuple *tuple = &flow.hot->tuple;
    json_string(out, "proto", protocol_word(tuple->protocol));
    json_address(out, "client", tuple, flow.hot->client);
    json_number(out, "client_port", tuple->port[flow.hot->client]);
    json_address(out, "server", tuple, !flow.hot->client);
    json_number(out, "server_port", tuple->port[!flow.hot->client]);
}

static void json_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    struct out *out = report->out;
    if (event->kind == EVENT_RETIRED) {
        print_flow(report, flow);
        return;
    }
    out_string(out, "{\"type\":\"event\"");
    json_string(out, "kind", event_word(event->kind));
    json_time(out, "time", event->time_ns);
    json_number(out, "flow", flow.cold->id);
    json_ends(out, flow);
    json_string(out, "side", event->side == flow.hot->client ? "client" : "server");
    if (event->kind == EVENT_REFUSED)
        json_string(out, "by", event->arg ? "icmp" : "rst");
    if (event->arg && (event->kind == EVENT_REFUSED || event->kind == EVENT_ICMP_ERROR)) {
        json_number(out, "icmp_type", event->arg >> 8);
        json_number(out, "icmp_code", event->arg & 0xff);
    }
    if (event->kind == EVENT_RESET)
        json_string(out, "phase", reset_phase_word(event->arg));
    if (event->kind == EVENT_STALLED)
        json_string(out, "cause", stall_cause_word(event->arg));
    if (event->kind == EVENT_STALLED || event->kind == EVENT_HELD_BACK ||
        event->kind == EVENT_RETRANSMISSION)
        json_number(out, "silence_ms", event->silence_ms);
    if (event->kind == EVENT_ESTABLISHED)
        json_span_or_null(out, "handshake_rtt", flow.cold->handshake_ns);
    out_string(out, "}\n");
}

static void json_reasons(struct out *out, const struct report_totals *totals)
{
    json_key(out, "undecoded");
    out_string(out, "{");
    for (uint32_t at = 0; at < totals->undecoded_reasons; at++) {
        out_format(out, "%s\"%s\":", at ? "," : "", totals->undecoded[at].word);
        out_number(out, totals->undecoded[at].count);
    }
    out_string(out, "}");
}

static void json_memory(struct out *out, const struct report_memory *memory)
{
    json_key(out, "memory");
    out_format(out,
               "{\"flows\":%llu,\"table\":%llu,\"details\":%llu,\"streams\":%llu,"
               "\"fragments\":%llu,\"peak\":%llu}",
               (unsigned long long)memory->tracker.flows, (unsigned long long)memory->tracker.table,
               (unsigned long long)memory->tracker.details,
               (unsigned long long)memory->tracker.streams, (unsigned long long)memory->fragments,
               (unsigned long long)memory->peak);
}

static void json_summary(struct report *report, const struct report_totals *totals)
{
    struct out *out = report->out;
    out_string(out, "{\"type\":\"summary\"");
    json_number(out, "packets", totals->packets);
    json_number(out, "flows", report->flows_printed);
    json_number(out, "truncated_packets", totals->truncated_packets);
    json_number(out, "undecoded_packets", totals->undecoded_packets);
    json_reasons(out, totals);
    json_number(out, "bytes", totals->captured_bytes);
    json_number(out, "evicted_flows", totals->flows->evicted);
    json_number(out, "holes_denied_flows", totals->flows->holes_denied);
    json_number(out, "details_denied_flows", totals->flows->detail_denied);
    json_number(out, "bytes_denied_flows", totals->flows->bytes_denied);
    json_number(out, "icmp_errors_unbound", totals->flows->icmp_unbound);
    json_memory(out, &totals->memory);
    if (totals->live) {
        json_key(out, "drops");
        out_format(
            out, "{\"received\":%llu,\"dropped_by_kernel\":%llu,\"dropped_by_interface\":%llu}",
            (unsigned long long)totals->received, (unsigned long long)totals->dropped_by_kernel,
            (unsigned long long)totals->dropped_by_interface);
        json_missing(out, totals->gaps, totals->gap_count);
    }
    out_string(out, "}\n");
}

static void json_diagnosis(struct report *report, const struct diagnosis *diagnosis)
{
    json_write_diagnosis(report->out, diagnosis);
}

const struct format format_why_json = {
    .tells_at_once = true, .failures_only = true, .start = json_start, .diagnosis = json_diagnosis};

const struct format format_json = {.tells_at_once = true,
                                   .start = json_start,
                                   .event = json_event,
                                   .diagnosis = json_diagnosis,
                                   .summary = json_summary};
