#include "report/format.h"

static void lines_start(struct report *report, const struct report_run *run)
{
    format_start(report, run);
}

static void lines_event(struct report *report, struct flow_view flow,
                        const struct flow_event *event)
{
    if (event->kind == EVENT_RETIRED) {
        report->flows_printed++;
        return;
    }
    char line[512];
    struct text text = text_begin(line, sizeof line);
    format_add_clock(report, &text, event->time_ns);
    text_add_string(&text, "  ");
    size_t column = text.len + 14;
    text_add_string(&text, event_word(event->kind));
    text_pad_to(&text, column);
    text_add_string(&text, "  #");
    text_add_number(&text, flow.cold->id);
    text_add_string(&text, " ");
    text_add_string(&text, protocol_word(flow.hot->tuple.protocol));
    text_add_string(&text, "  ");
    format_add_ends(&text, &flow.hot->tuple, flow.hot->client);
    if (event->kind != EVENT_OPENED) {
        text_add_string(&text, "  ");
        format_add_names(report, &text, flow);
        if (line[text.len - 1] == ' ')
            text.len -= 2;
    }
    size_t ends = text.len;
    text_add_string(&text, "  ");
    struct event_facts facts = describe_event(flow, event);
    text_add_event(&text, &facts);
    out_bytes(report->out, line, text.len > ends + 2 ? text.len : ends);
    out_string(report->out, "\n");
}

static void lines_summary(struct report *report, const struct report_totals *totals)
{
    format_totals(report, totals);
}

static void lines_diagnosis(struct report *report, const struct diagnosis *diagnosis)
{
    format_diagnosis(report, diagnosis);
}

static void why_start(struct report *report, const struct report_run *run)
{
    for (uint32_t at = 0; at < run->missing_count; at++)
        out_format(report->out, "  %s\n", run->missing[at].sentence);
    if (report->options.port != 0)
        out_format(report->out, "watching port %u; Ctrl-C stops\n", report->options.port);
    else
        out_string(report->out, "watching for connections that fail; Ctrl-C stops\n");
}

const struct format format_why = {
    .tells_at_once = true, .failures_only = true, .start = why_start, .diagnosis = lines_diagnosis};

const struct format format_lines = {.tells_at_once = true,
                                    .start = lines_start,
                                    .event = lines_event,
                                    .diagnosis = lines_diagnosis,
                                    .summary = lines_summary};
