#include "flows/detail.h"
#include "flows/mark.h"
#include "report/format.h"

static void text_start(struct report *report, const struct report_run *run)
{
    format_start(report, run);
    out_string(report->out, "\n");
}

/* Where the columns of a flow line begin, in bytes. */
enum column {
    COLUMN_ID = 2,
    COLUMN_PROTO = 8,
    COLUMN_ENDS = 15,
    COLUMN_STATE = 64,
    COLUMN_PACKETS = 78,
    COLUMN_BYTES = 93,
    COLUMN_START = 112,
    COLUMN_LASTED = 129,
};

static void print_heading(struct report *report)
{
    static const struct {
        enum column column;
        const char *words;
    } headings[] = {
        {COLUMN_ID, "flow"},     {COLUMN_PROTO, "proto"},     {COLUMN_ENDS, "client -> server"},
        {COLUMN_STATE, "state"}, {COLUMN_PACKETS, "packets"}, {COLUMN_BYTES, "bytes"},
        {COLUMN_START, "start"}, {COLUMN_LASTED, "lasted"},
    };
    char line[256];
    struct text text = text_begin(line, sizeof line);
    for (size_t at = 0; at < sizeof headings / sizeof headings[0]; at++) {
        text_pad_to(&text, headings[at].column);
        text_add_string(&text, headings[at].words);
    }
    text_add_string(&text, "\n");
    out_bytes(report->out, line, text.len);
}

static char *put_pair(char *at, char *(*put)(char *at, uint64_t count), uint64_t one,
                      uint64_t other)
{
    at = put(at, one);
    at = put(PUT(at, " / "), other);
    return PUT(at, "  ");
}

static void print_flow(struct report *report, struct flow_view flow)
{
    const struct flow_side *client = flow_client_side(flow), *server = flow_server_side(flow);
    if (report->flows_printed++ == 0)
        print_heading(report);
    char *line = out_line(report->out);
    char *at = PUT(put_aligned(line, flow.cold->id, COLUMN_PROTO - 2), "  ");
    at = put_string(at, protocol_word(flow.hot->tuple.protocol));
    at = put_spaces_to(at, line + COLUMN_ENDS);
    at = put_endpoint(at, &flow.hot->tuple, flow.hot->client);
    at = put_endpoint(PUT(at, " -> "), &flow.hot->tuple, !flow.hot->client);
    at = put_spaces_to(PUT(at, "  "), line + COLUMN_STATE);
    at = put_string(at, flow_state_word(flow.hot->state));
    at = put_spaces_to(at, line + COLUMN_PACKETS);
    at = put_pair(at, put_count, client->packets, server->packets);
    at = put_spaces_to(at, line + COLUMN_BYTES);
    at = put_pair(at, put_size, client->bytes, server->bytes);
    at = put_spaces_to(at, line + COLUMN_START);
    at = format_put_clock(report, at, flow.cold->start_ns);
    at = put_spaces_to(at, line + COLUMN_LASTED);
    at = put_span(at, flow.hot->last_ns - flow.cold->start_ns);
    out_took(report->out, PUT(at, "\n"));
}

static uint32_t always_counted(const struct flow_side_rare *rare, enum mark mark)
{
    const uint32_t counts[MARK_DETAIL_FIRST] = {
        [MARK_RETRANSMISSION] = rare->retransmits, [MARK_OUT_OF_ORDER] = rare->out_of_order,
        [MARK_DUP_ACK] = rare->dup_acks,           [MARK_ZERO_WINDOW] = rare->zero_windows,
        [MARK_KEEPALIVE] = rare->keepalives,
    };
    return counts[mark];
}

static void add_trouble(struct text *text, const char *words, uint64_t count)
{
    if (count == 0)
        return;
    text_add_string(text, text->len > 0 ? ", " : "");
    text_add_string(text, words);
    text_add_string(text, " ");
    text_add_grouped(text, count);
}

/* What a healthy connection does not show, of one side. */
static void add_side_trouble(struct text *text, struct flow_view flow, unsigned side)
{
    const struct flow_side_rare *rare = &flow.cold->rare[side];
    for (enum mark mark = 0; mark < MARK_COUNT; mark++) {
        uint32_t count = 0;
        if (mark < MARK_DETAIL_FIRST)
            count = always_counted(rare, mark);
        else if (flow.detail)
            count = detail_count(flow.detail, side, mark);
        if (mark_troubles >> mark & 1)
            add_trouble(text, mark_word(mark), count);
    }
    add_trouble(text, "bytes missing", flow_missed_bytes(flow, side));
    if (!flow.detail || flow.detail->side[side].stall_count == 0)
        return;
    add_trouble(text, "stalls", flow.detail->side[side].stall_count);
    text_add_string(text, " (");
    text_add_span(text, flow.detail->side[side].stalled_ns);
    text_add_string(text, ")");
}

static void print_trouble(struct report *report, struct flow_view flow)
{
    for (unsigned at = 0; at < 2; at++) {
        char line[1024];
        struct text text = text_begin(line, sizeof line);
        add_side_trouble(&text, flow, at == 0 ? flow.hot->client : !flow.hot->client);
        if (text.len > 0)
            out_format(report->out, "               %s: %s\n", at == 0 ? "client" : "server", line);
    }
}

static void print_names(struct report *report, struct flow_view flow)
{
    char line[256];
    struct text text = text_begin(line, sizeof line);
    format_add_names(report, &text, flow);
    if (text.len > 0)
        out_format(report->out, "               %s\n", line);
}

static void text_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    if (event->kind == EVENT_RETIRED) {
        print_flow(report, flow);
        if (report->options.names)
            print_names(report, flow);
        if (flow.hot->flags & FLOW_FLAG_TROUBLE)
            print_trouble(report, flow);
    } else if (event_is_failure(event->kind)) {
        failure_log_add(&report->failures, flow, event);
    }
}

static void print_failure(struct report *report, const struct failure *failure)
{
    char line[512];
    struct text text = text_begin(line, sizeof line);
    const struct failure_case *first = &failure->first;
    format_add_clock(report, &text, first->time_ns);
    text_add(&text, "  %-10s  %s  ", event_word(first->facts.kind),
             protocol_word(first->tuple.protocol));
    format_add_ends(&text, &first->tuple, first->client);
    text_add_string(&text, "  ");
    text_add_event(&text, &first->facts);
    if (failure->count > 1) {
        text_add(&text, "  x%llu, ", (unsigned long long)failure->count);
        format_add_clock(report, &text, first->time_ns);
        text_add_string(&text, " .. ");
        format_add_clock(report, &text, failure->latest.time_ns);
    }
    out_bytes(report->out, line, text.len);
    out_string(report->out, "\n");
}

static void print_failures(struct report *report)
{
    const struct failure_log *log = &report->failures;
    const struct failure *failure = failure_log_next(log, NULL);
    if (!failure)
        return;
    out_string(report->out, "What failed:\n");
    for (; failure; failure = failure_log_next(log, failure))
        print_failure(report, failure);
    if (failure_log_forgotten(log) > 0)
        out_format(report->out, "  %llu others that were quiet longer had to make room\n",
                   (unsigned long long)failure_log_forgotten(log));
    out_string(report->out, "\n");
}

static void text_diagnosis(struct report *report, const struct diagnosis *diagnosis)
{
    if (report->diagnoses_printed == 0) {
        out_string(report->out, report->flows_printed > 0 ? "\n" : "");
        print_failures(report);
        out_string(report->out, "Why:\n");
    }
    format_diagnosis(report, diagnosis);
}

static void text_summary(struct report *report, const struct report_totals *totals)
{
    if (report->flows_printed > 0 || report->diagnoses_printed > 0)
        out_string(report->out, "\n");
    if (report->diagnoses_printed == 0)
        print_failures(report);
    format_totals(report, totals);
}

const struct format format_text = {.failures_only = true,
                                   .start = text_start,
                                   .event = text_event,
                                   .diagnosis = text_diagnosis,
                                   .summary = text_summary};
