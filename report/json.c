#include "report/format.h"
#include "report/json_flow.h"
#include "report/json_write.h"

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

static void json_event(struct report *report, struct flow_view flow, const struct flow_event *event)
{
    if (event->kind == EVENT_RETIRED)
        json_print_flow(report, flow);
    else
        json_print_event(report, flow, event);
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
    json_number(out, "evicted_diagnoses", totals->forgotten_diagnoses);
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
