/*
 * Purpose: what the formats have in common, and the functions that make one.
 * Used by: the files of report that write a format.
 */
#ifndef LOFLOW_REPORT_FORMAT_H
#define LOFLOW_REPORT_FORMAT_H

#include "flows/failure_log.h"
#include "report/report.h"

struct report {
    const struct format *format;
    struct report_options options;
    struct out *out;
    uint64_t flows_printed;
    int64_t clock_second;        /* of `clock`; INT64_MIN for none */
    char clock[16];              /* "12:34:56", the latest second that was written */
    struct failure_log failures; /* REPORT_TEXT only */
    uint64_t diagnoses_printed;
};

/* Functions that a format has no use for are NULL. */
struct format {
    bool tells_at_once; /* diagnoses as they come; else all of them at the end */
    bool failures_only; /* of events, only failures and RETIRED matter */
    void (*start)(struct report *report, const struct report_run *run);
    void (*event)(struct report *report, struct flow_view flow, const struct flow_event *event);
    void (*diagnosis)(struct report *report, const struct diagnosis *diagnosis);
    void (*summary)(struct report *report, const struct report_totals *totals);
    void (*batch)(struct report *report, const struct report_batch *batch);
};

extern const struct format format_json;
extern const struct format format_text;
extern const struct format format_lines;
extern const struct format format_packets;
extern const struct format format_why;
extern const struct format format_why_json;

/* A diagnosis for people: what is wrong, how sure that is, what to do. */
void format_diagnosis(struct report *report, const struct diagnosis *diagnosis);

/* The first line of both formats for people. */
void format_start(struct report *report, const struct report_run *run);

/* The last lines of both formats for people. */
void format_totals(struct report *report, const struct report_totals *totals);

/* text_add_clock; most times lie in the same second as the one before. */
void format_add_clock(struct report *report, struct text *text, int64_t time_ns);

/* The process at that end (0 or 1) of a live flow, NULL when it is not known. */
const struct owner *format_owner(const struct report *report, struct flow_view flow, unsigned end);

/* "curl(4242) -> node(99)"; a process that is not known is "?"; nothing when neither is. */
void format_add_names(const struct report *report, struct text *text, struct flow_view flow);

/* "127.0.0.1:49342 -> 127.0.0.1:3000", client first. */
void format_add_ends(struct text *text, const struct tuple *tuple, unsigned client);

#endif
