/*
 * Flows and events as JSON. A million flows are some 3 GB, so each line is written where it stays: keys are
 * ready-made pieces, of which the compiler knows the length, and no part looks at how much room there is. The
 * tables from which the lines are made tell how long they can be.
 */
#include "report/json_flow.h"

#include <sha1.h>

#include "flows/detail.h"
#include "flows/flow_streams.h"
#include "flows/timing.h"
#include "report/community.h"

/* At most what a value takes, with its quotes and what a writer may leave behind it. */
#define VALUE_ROOM (PUT_ENDPOINT_ROOM + PUT_ROOM)

static char *value_number(char *at, uint64_t number)
{
    return put_number(at, number);
}

static char *value_flag(char *at, bool flag)
{
    return flag ? PUT(at, "true") : PUT(at, "false");
}

static char *value_null(char *at)
{
    return PUT(at, "null");
}

/* Words of ours: nothing to escape. */
static char *value_string(char *at, const char *word)
{
    at = put_string(PUT(at, "\""), word);
    return PUT(at, "\"");
}

static char *value_address(char *at, const struct tuple *tuple, unsigned end)
{
    at = put_ip(PUT(at, "\""), &tuple->address[end], tuple->family);
    return PUT(at, "\"");
}

/* Most times lie in the same second as the one before. */
static char *value_epoch(char *at, struct report *report, int64_t time_ns)
{
    uint64_t part_ns = 0;
    if (!format_same_second(report, time_ns, &part_ns)) {
        uint64_t second = report->clock_ns / CLOCK_NS_PER_S;
        char *end = PUT(put_number(PUT(report->clock, "\""), second), ".");
        report->clock_len = (uint8_t)(end - report->clock);
    }
    memcpy(at, report->clock, 16);
    at = put_decimals(at + report->clock_len, (uint32_t)part_ns);
    return PUT(at, "\"");
}

static char *value_span(char *at, int64_t span_ns)
{
    if (span_ns < CLOCK_NS_PER_S)
        at = put_decimals(PUT(at, "\"0."), span_ns > 0 ? (uint32_t)span_ns : 0);
    else
        at = put_time(PUT(at, "\""), span_ns);
    return PUT(at, "\"");
}

static char *value_span_or_null(char *at, int64_t span_ns)
{
    return span_ns >= 0 ? value_span(at, span_ns) : value_null(at);
}

static char *value_mean_or_null(char *at, int64_t sum_ns, uint32_t count)
{
    return count > 0 ? value_span_or_null(at, sum_ns / count) : value_null(at);
}

/* The shift that a SYN announced; null when no SYN was captured or it has no such option. */
static char *value_window_scale(char *at, uint8_t shift)
{
    return shift < WINDOW_SCALE_NONE ? put_number(at, shift) : value_null(at);
}

static char *value_history(char *at, struct flow_view flow)
{
    struct text text = text_begin(PUT(at, "\""), FLOW_HISTORY_MAX + 2);
    text_add_history(&text, flow);
    return PUT(text.at + text.len, "\"");
}

static char *value_community_id(char *at, const struct tuple *tuple)
{
    at = put_community_id(PUT(at, "\""), tuple);
    return PUT(at, "\"");
}

static char *value_sha1_or_null(char *at, struct flow_view flow, unsigned side)
{
    uint8_t sha1[SHA1_DIGEST_LENGTH];
    int64_t len = flow.hot->side[side].stream_end - flow.cold->rare[side].stream_begin;
    if (!flow.streams || !digest_result(&flow.streams->digest[side], len, sha1))
        return value_null(at);
    at = PUT(at, "\"");
    for (size_t octet = 0; octet < sizeof sha1; octet++)
        at = put_hex(at, sha1[octet]);
    return PUT(at, "\"");
}

/* What flows without a detail show. */
static const struct flow_detail no_detail;

static char *put_counts(char *at, const char *whose, const struct flow_detail *detail,
                        unsigned side)
{
    for (unsigned mark = MARK_DETAIL_FIRST; mark < MARK_COUNT; mark++) {
        at = put_string(PUT(at, ",\""), whose);
        at = put_string(at, mark_key(mark));
        at = put_number(PUT(at, "\":"), detail_count(detail, side, mark));
    }
    return at;
}

/* Most sides were never counted: what is told of them is made once. */
static char *put_side_counts(char *at, struct report *report, const struct flow_detail *detail,
                             unsigned side, const char *whose)
{
    if (detail->side[side].is_counted)
        return put_counts(at, whose, detail, side);
    struct format_piece *piece = &report->no_counts[whose[0] == 's'];
    if (piece->len == 0)
        piece->len = (size_t)(put_counts(piece->bytes, whose, &no_detail, 0) - piece->bytes);
    return put_bytes(at, piece->bytes, piece->len);
}

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

static char *put_key(char *at, const char *whose, const char *rest)
{
    at = put_string(PUT(at, ",\""), whose);
    return put_string(at, rest);
}

static char *put_owner(char *at, const char *whose, const struct owner *owner)
{
    if (!owner)
        return at;
    at = put_number(put_key(at, whose, "_pid\":"), (uint64_t)owner->pid);
    at = put_key(at, whose, "_comm\":\"");
    (void)put_json_text(&at, owner->comm, strlen(owner->comm));
    at = put_key(PUT(at, "\""), whose, "_by\":\"");
    return put_string(at, owner->how == HOST_BY_CAPTURE  ? "capture\""
                          : owner->how == HOST_BY_TRACER ? "tracer\""
                                                         : "socket\"");
}

/* What was found about the flow. */
static char *put_codes(char *at, uint64_t codes)
{
    if (codes == 0)
        return at;
    at = PUT(at, ",\"diagnosis\":[\"");
    for (; codes & (codes - 1); codes &= codes - 1)
        at = PUT(put_string(at, code_word((enum code)__builtin_ctzll(codes))), "\",\"");
    at = put_string(at, code_word((enum code)__builtin_ctzll(codes)));
    return PUT(at, "\"]");
}

/* All keys of a flow in a row, and a letter for each of its values. */
enum {
    ALL_KEYS_SIZE = sizeof(""
#define FIELD(when, type, key, ...) ",\"" key "\":"
#define COUNTS(when, whose, side)   ""
#include "report/flow_field.def"
#undef COUNTS
#undef FIELD
                           ),
    VALUES_MAX = sizeof(""
#define FIELD(when, type, key, ...) "v"
#define COUNTS(when, whose, side)   ""
#include "report/flow_field.def"
#undef COUNTS
#undef FIELD
                        )
};

/* A word of code.def takes less than 64 bytes, an owner less than 200. */
#define FLOW_LINE_ROOM                                                                             \
    (2 * 200 + (CODE_COUNT + 1) * 64 + ALL_KEYS_SIZE + VALUES_MAX * VALUE_ROOM +                   \
     2 * FORMAT_PIECE_MAX)
static_assert(FLOW_LINE_ROOM <= OUT_LINE_MAX, "a flow is a line that is written in place");
static_assert(OWNER_COMM * 6 + 80 < 200, "an owner is shorter than that");

void json_print_flow(struct report *report, struct flow_view flow)
{
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
    char *at = PUT(out_line(report->out), "{\"type\":\"flow\"");
    at = put_owner(at, "client", format_owner(report, flow, flow.hot->client));
    at = put_owner(at, "server", format_owner(report, flow, !flow.hot->client));
#define FIELD(when, type, key, ...)                                                                \
    if (when_##when)                                                                               \
        at = value_##type(PUT(at, ",\"" key "\":"), __VA_ARGS__);
#define COUNTS(when, whose, side)                                                                  \
    if (when_##when)                                                                               \
        at = put_side_counts(at, report, detail, side, whose);
#include "report/flow_field.def"
#undef COUNTS
#undef FIELD
    if (report->options.diagnoser)
        at = put_codes(at, diagnoser_flow_codes(report->options.diagnoser, flow.cold->id));
    out_took(report->out, PUT(at, "}\n"));
    report->flows_printed++;
}

static char *put_ends(char *at, struct flow_view flow)
{
    const struct tuple *tuple = &flow.hot->tuple;
    unsigned client = flow.hot->client;
    at = value_string(PUT(at, ",\"proto\":"), protocol_word(tuple->protocol));
    at = value_address(PUT(at, ",\"client\":"), tuple, client);
    at = put_number(PUT(at, ",\"client_port\":"), tuple->port[client]);
    at = value_address(PUT(at, ",\"server\":"), tuple, !client);
    return put_number(PUT(at, ",\"server_port\":"), tuple->port[!client]);
}

/* What only some kinds have. */
static char *put_particulars(char *at, struct flow_view flow, const struct flow_event *event)
{
    enum event_kind kind = event->kind;
    if (kind == EVENT_REFUSED)
        at = value_string(PUT(at, ",\"by\":"), event->arg ? "icmp" : "rst");
    if (event->arg && (kind == EVENT_REFUSED || kind == EVENT_ICMP_ERROR)) {
        at = put_number(PUT(at, ",\"icmp_type\":"), event->arg >> 8);
        at = put_number(PUT(at, ",\"icmp_code\":"), event->arg & 0xff);
    }
    if (kind == EVENT_RESET)
        at = value_string(PUT(at, ",\"phase\":"), reset_phase_word(event->arg));
    if (kind == EVENT_STALLED)
        at = value_string(PUT(at, ",\"cause\":"), stall_cause_word(event->arg));
    if (kind == EVENT_STALLED || kind == EVENT_HELD_BACK || kind == EVENT_RETRANSMISSION)
        at = put_number(PUT(at, ",\"silence_ms\":"), event->silence_ms);
    if (kind == EVENT_ESTABLISHED)
        at = value_span_or_null(PUT(at, ",\"handshake_rtt\":"), flow.cold->handshake_ns);
    return at;
}

void json_print_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    char *at = PUT(out_line(report->out), "{\"type\":\"event\",\"kind\":");
    at = value_string(at, event_word(event->kind));
    at = value_epoch(PUT(at, ",\"time\":"), report, event->time_ns);
    at = put_number(PUT(at, ",\"flow\":"), flow.cold->id);
    at = put_ends(at, flow);
    at = value_string(PUT(at, ",\"side\":"), event->side == flow.hot->client ? "client" : "server");
    at = put_particulars(at, flow, event);
    out_took(report->out, PUT(at, "}\n"));
}
