#include "report/report.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "report/format.h"

/* Every part of a format may be left out. */
static const struct format format_nothing = {.failures_only = true};

#define CLOCK_LEN 9 /* "12:34:56." */

int report_open(struct report **report, const struct report_options *options, struct out *out,
                struct err *err)
{
    static const struct format *const formats[] = {
        [REPORT_JSON] = &format_json,       [REPORT_TEXT] = &format_text,
        [REPORT_LINES] = &format_lines,     [REPORT_PACKETS] = &format_packets,
        [REPORT_WHY] = &format_why,         [REPORT_WHY_JSON] = &format_why_json,
        [REPORT_NOTHING] = &format_nothing,
    };
    struct report *opened = calloc(1, sizeof *opened);
    *report = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the report; close other programs");
    opened->format = formats[options->format];
    opened->options = *options;
    opened->out = out;
    opened->clock_ns = FORMAT_NO_SECOND;
    failure_log_clear(&opened->failures);
    return 0;
}

void report_close(struct report *report)
{
    free(report);
}

void report_start(struct report *report, const struct report_run *run)
{
    if (report->format->start)
        report->format->start(report, run);
    (void)out_flush(report->out);
}

uint32_t report_wants(const struct report *report)
{
    uint32_t wanted = UINT32_C(1) << EVENT_RETIRED;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (kind != EVENT_ANSWERED && (!report->format->failures_only || event_is_failure(kind)))
            wanted |= UINT32_C(1) << kind;
    }
    return wanted;
}

void report_event(struct report *report, const struct tracker *tracker,
                  const struct flow_event *event)
{
    struct flow_view flow;
    bool found = tracker_look(tracker, event->flow, &flow);
    assert(found);
    if (found && report->format->event)
        report->format->event(report, flow, event);
}

bool report_tells_at_once(const struct report *report)
{
    return report->format->tells_at_once;
}

void report_diagnosis(struct report *report, const struct diagnosis *diagnosis)
{
    if (report->options.port != 0 && diagnosis->port != report->options.port)
        return;
    if (report->format->diagnosis)
        report->format->diagnosis(report, diagnosis);
    report->diagnoses_printed++;
}

void report_packets(struct report *report, const struct report_batch *batch)
{
    if (report->format->batch)
        report->format->batch(report, batch);
}

void report_summary(struct report *report, const struct report_totals *totals)
{
    if (report->format->summary)
        report->format->summary(report, totals);
    (void)out_flush(report->out);
}

char *format_put_clock(struct report *report, char *at, int64_t time_ns)
{
    uint64_t part_ns = 0;
    if (!format_same_second(report, time_ns, &part_ns)) {
        char written[32];
        struct text clock = text_begin(written, sizeof written);
        text_add_clock(&clock, time_ns, report->options.local_time);
        memcpy(report->clock, written, CLOCK_LEN);
    }
    memcpy(at, report->clock, CLOCK_LEN);
    return put_digits(at + CLOCK_LEN, (uint32_t)part_ns / 1000, 6);
}

void format_add_clock(struct report *report, struct text *text, int64_t time_ns)
{
    char written[PUT_ROOM];
    text_add_bytes(text, written, (size_t)(format_put_clock(report, written, time_ns) - written));
}

void format_add_ends(struct text *text, const struct tuple *tuple, unsigned client)
{
    text_add_endpoint(text, tuple, client);
    text_add_string(text, " -> ");
    text_add_endpoint(text, tuple, !client);
}

const struct owner *format_owner(const struct report *report, struct flow_view flow, unsigned end)
{
    const struct names *names = report->options.names;
    return names ? names_owner(names, flow.cold->owner[end]) : NULL;
}

static void add_name(struct text *text, const struct owner *owner)
{
    if (!owner) {
        text_add_string(text, "?");
        return;
    }
    text_add_untrusted(text, owner->comm, strlen(owner->comm));
    text_add(text, "(%d)", (int)owner->pid);
}

void format_add_names(const struct report *report, struct text *text, struct flow_view flow)
{
    const struct owner *client = format_owner(report, flow, flow.hot->client);
    const struct owner *server = format_owner(report, flow, !flow.hot->client);
    if (!client && !server)
        return;
    add_name(text, client);
    text_add_string(text, " -> ");
    add_name(text, server);
}

void format_start(struct report *report, const struct report_run *run)
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
    out_string(report->out, "\n");
    for (uint32_t at = 0; at < run->missing_count; at++)
        out_format(report->out, "  %s\n", run->missing[at].sentence);
}

static void print_line(struct report *report, const char *before, const struct text *text)
{
    char line[2048];
    struct text safe = text_begin(line, sizeof line);
    text_add_string(&safe, before);
    text_add_untrusted(&safe, text->at, text->len);
    text_add_string(&safe, "\n");
    out_bytes(report->out, line, safe.len);
}

void format_diagnosis(struct report *report, const struct diagnosis *diagnosis)
{
    char line[1024], head[64];
    *PUT(format_put_clock(report, head, diagnosis->first_ns), "  ") = '\0';
    struct text words = text_begin(line, sizeof line);
    text_add_string(&words, code_word(diagnosis->code));
    text_add(&words, " (%s)", certainty_word(diagnosis->certainty));
    if (diagnosis->count > 1)
        text_add(&words, " x%llu", (unsigned long long)diagnosis->count);
    print_line(report, head, &words);
    words = text_begin(line, sizeof line);
    text_add_summary(&words, diagnosis);
    print_line(report, "    ", &words);
    for (unsigned at = 0;; at++) {
        words = text_begin(line, sizeof line);
        if (!text_add_advice(&words, diagnosis, at))
            break;
        print_line(report, "      -> ", &words);
    }
}

static void add_plural(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_add(text, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static void print_undecoded(struct report *report, const struct report_totals *totals)
{
    for (uint32_t at = 0; at < totals->undecoded_reasons; at++) {
        const struct report_count *reason = &totals->undecoded[at];
        out_format(report->out, "  %llu undecoded: %s\n", (unsigned long long)reason->count,
                   reason->explanation);
    }
}

/* The budgets of flows/detail.h and flows/reassembly.h. */
static void print_denied(struct report *report, const struct tracker_stats *flows)
{
    if (flows->detail_denied > 0)
        out_format(report->out,
                   "  %llu flows found no room for details; their times and rare counts are not "
                   "known\n",
                   (unsigned long long)flows->detail_denied);
    if (flows->bytes_denied > 0)
        out_format(
            report->out,
            "  %llu flows have payload that their streams lack: no room in the stream budget, or "
            "it came before their beginning\n",
            (unsigned long long)flows->bytes_denied);
}

static void print_losses(struct report *report, const struct report_totals *totals)
{
    if (totals->live)
        out_format(report->out,
                   "%llu received, %llu dropped by the kernel, %llu dropped by the interface\n",
                   (unsigned long long)totals->received,
                   (unsigned long long)totals->dropped_by_kernel,
                   (unsigned long long)totals->dropped_by_interface);
    if (totals->dropped_by_kernel > 0)
        out_string(report->out, "  bytes are missing from flows; a larger ring (-B) or a narrower "
                                "filter loses less\n");
    for (uint32_t at = 0; at < totals->gap_count; at++)
        out_format(report->out, "  %s\n", totals->gaps[at].sentence);
    if (totals->flows->evicted > 0)
        out_format(report->out,
                   "  %llu flows had to make room for newer ones; --max-flows allows more\n",
                   (unsigned long long)totals->flows->evicted);
    print_denied(report, totals->flows);
    if (totals->forgotten_diagnoses > 0)
        out_format(
            report->out,
            "  %llu diagnoses had to make room for newer ones; a narrower filter keeps them\n",
            (unsigned long long)totals->forgotten_diagnoses);
    if (totals->flows->holes_denied > 0)
        out_format(report->out,
                   "  %llu flows have more holes than are kept; their unique bytes "
                   "are a lower bound\n",
                   (unsigned long long)totals->flows->holes_denied);
}

void format_totals(struct report *report, const struct report_totals *totals)
{
    char line[256];
    struct text text = text_begin(line, sizeof line);
    add_plural(&text, totals->packets, "packet", "packets");
    text_add(&text, ", ");
    add_plural(&text, totals->flows->tcp_flows, "TCP flow", "TCP flows");
    text_add(&text, ", ");
    add_plural(&text, totals->flows->udp_flows, "UDP flow", "UDP flows");
    if (totals->flows->last_ns > totals->flows->first_ns) {
        text_add(&text, " in ");
        text_add_span(&text, totals->flows->last_ns - totals->flows->first_ns);
    }
    out_format(report->out, "%s\n", line);
    if (totals->truncated_packets > 0)
        out_format(report->out, "  %llu cut by the snap length\n",
                   (unsigned long long)totals->truncated_packets);
    print_undecoded(report, totals);
    print_losses(report, totals);
}
