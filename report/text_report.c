#include "report/format.h"

static void text_start(struct report *report, const struct report_run *run)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add(&text, "loflow %s, %s ", run->version, run->live ? "live on" : "reading");
    text_add_untrusted(&text, run->name, strlen(run->name));
    text_add(&text, " (%s)", run->link_name);
    if (run->filter[0] != '\0') {
        text_add(&text, ", filter: ");
        text_add_untrusted(&text, run->filter, strlen(run->filter));
    }
    out_bytes(report->out, line, text.len);
    out_string(report->out, "\n\n");
}

static void print_heading(struct report *report)
{
    out_format(report->out, "%6s  %-5s  %-47s  %-12s  %15s  %17s  %-15s  %s\n", "flow", "proto",
               report->options.utf8 ? "client \u2192 server " : "client -> server", "state",
               "packets", "bytes", "start", "lasted");
}

static void print_flow(struct report *report, struct flow_view flow)
{
    char ends[160], packets[32], bytes[32], start[32], lasted[32];
    struct text text = text_begin(ends, sizeof ends);
    format_add_ends(report, &text, flow);
    size_t columns = text.len - (report->options.utf8 ? strlen("\u2192") - 1 : 0);
    text = text_begin(packets, sizeof packets);
    text_add_count(&text, flow_client_side(flow)->packets);
    text_add(&text, " / ");
    text_add_count(&text, flow_server_side(flow)->packets);
    text = text_begin(bytes, sizeof bytes);
    text_add_size(&text, flow_client_side(flow)->bytes);
    text_add(&text, " / ");
    text_add_size(&text, flow_server_side(flow)->bytes);
    text = text_begin(start, sizeof start);
    text_add_clock(&text, flow.cold->start_ns, report->options.local_time);
    text = text_begin(lasted, sizeof lasted);
    text_add_span(&text, flow.hot->last_ns - flow.cold->start_ns);
    if (report->flows_printed++ == 0)
        print_heading(report);
    out_format(report->out, "%6llu  %-5s  %s%*s  %-12s  %15s  %17s  %-15s  %s\n",
               (unsigned long long)flow.cold->id, flow_is_tcp(flow) ? "tcp" : "udp", ends,
               columns < 47 ? (int)(47 - columns) : 0, "", flow_state_word(flow.hot->state),
               packets, bytes, start, lasted);
}

static void text_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    if (event->kind == EVENT_RETIRED)
        print_flow(report, flow);
    else if (event_is_failure(event->kind))
        failures_add(&report->failures, flow, event);
}

static void print_failure(struct report *report, const struct failure *failure)
{
    char line[512];
    struct text text = text_begin(line, sizeof line);
    struct tuple tuple = {
        .address = {failure->client, failure->server},
        .port = {failure->client_port, failure->server_port},
        .family = failure->family,
    };
    text_add_clock(&text, failure->first_ns, report->options.local_time);
    text_add(&text, "  %-10s  %s  ", event_word(failure->kind),
             failure->protocol == PROTOCOL_TCP ? "tcp" : "udp");
    text_add_endpoint(&text, &tuple, 0);
    text_add(&text, " %s ", report->options.utf8 ? "\u2192" : "->");
    text_add_endpoint(&text, &tuple, 1);
    if (failure->reason[0] != '\0')
        text_add(&text, "  %s", failure->reason);
    if (failure->count > 1) {
        text_add(&text, "  x%llu in ", (unsigned long long)failure->count);
        text_add_span(&text, failure->last_ns - failure->first_ns);
    }
    out_bytes(report->out, line, text.len);
    out_string(report->out, "\n");
}

static void text_summary(struct report *report, const struct report_totals *totals)
{
    const struct failures *failures = &report->failures;
    if (report->flows_printed > 0)
        out_string(report->out, "\n");
    if (failures->count > 0)
        out_string(report->out, "What failed:\n");
    for (uint32_t row = 0; row < failures->count; row++)
        print_failure(report, &failures->rows[row]);
    if (failures->others > 0)
        out_format(report->out, "... and %llu more\n", (unsigned long long)failures->others);
    if (failures->count > 0)
        out_string(report->out, "\n");
    format_totals(report, totals);
}

const struct format format_text = {text_start, text_event, text_summary};
