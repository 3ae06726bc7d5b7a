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

static void add_id(struct text *text, uint64_t id)
{
    unsigned digits = 1;
    for (uint64_t rest = id; rest >= 10; rest /= 10)
        digits++;
    text_pad_to(text, digits < 6 ? 6 - digits : 0);
    text_add_number(text, id);
    text_add_string(text, "  ");
}

static void print_flow(struct report *report, struct flow_view flow)
{
    char line[512];
    struct text text = text_begin(line, sizeof line);
    if (report->flows_printed++ == 0)
        print_heading(report);
    add_id(&text, flow.cold->id);
    text_pad_to(&text, COLUMN_PROTO);
    text_add_string(&text, protocol_word(flow.hot->tuple.protocol));
    text_pad_to(&text, COLUMN_ENDS);
    format_add_ends(&text, &flow.hot->tuple, flow.hot->client);
    text_add_string(&text, "  ");
    text_pad_to(&text, COLUMN_STATE);
    text_add_string(&text, flow_state_word(flow.hot->state));
    text_pad_to(&text, COLUMN_PACKETS);
    text_add_count(&text, flow_client_side(flow)->packets);
    text_add_string(&text, " / ");
    text_add_count(&text, flow_server_side(flow)->packets);
    text_add_string(&text, "  ");
    text_pad_to(&text, COLUMN_BYTES);
    text_add_size(&text, flow_client_side(flow)->bytes);
    text_add_string(&text, " / ");
    text_add_size(&text, flow_server_side(flow)->bytes);
    text_add_string(&text, "  ");
    text_pad_to(&text, COLUMN_START);
    format_add_clock(report, &text, flow.cold->start_ns);
    text_pad_to(&text, COLUMN_LASTED);
    text_add_span(&text, flow.hot->last_ns - flow.cold->start_ns);
    text_add_string(&text, "\n");
    out_bytes(report->out, line, text.len);
}

static void text_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    if (event->kind == EVENT_RETIRED)
        print_flow(report, flow);
    else if (event_is_failure(event->kind))
        failure_log_add(&report->failures, flow, event);
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

static void text_summary(struct report *report, const struct report_totals *totals)
{
    if (report->flows_printed > 0)
        out_string(report->out, "\n");
    print_failures(report);
    format_totals(report, totals);
}

const struct format format_text = {true, text_start, text_event, text_summary};
