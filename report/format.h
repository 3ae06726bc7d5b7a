/*
 * Purpose: what the formats have in common, and the functions that make one.
 * Used by: the files of report that write a format.
 */
#ifndef LOFLOW_REPORT_FORMAT_H
#define LOFLOW_REPORT_FORMAT_H

#include "base/clock.h"
#include "base/put.h"
#include "flows/failure_log.h"
#include "report/report.h"

#define FORMAT_PIECE_MAX 1024
#define FORMAT_NO_SECOND (UINT64_C(1) << 63) /* before all times, and a second from none */

/* Part of a line that many lines have, made when the first one needs it. */
struct format_piece {
    size_t len; /* 0: not made yet */
    char bytes[FORMAT_PIECE_MAX];
};

struct report {
    const struct format *format;
    struct report_options options;
    struct out *out;
    uint64_t flows_printed;
    uint64_t diagnoses_printed;
    uint64_t clock_ns;    /* when the second of `clock` begins; FORMAT_NO_SECOND at first */
    uint8_t clock_len;    /* REPORT_JSON */
    char clock[PUT_ROOM]; /* the latest second that was written: "12:34:56." for people */
    struct format_piece no_counts[2]; /* REPORT_JSON: of a client and a server without any */
    struct failure_log failures;      /* REPORT_TEXT only */
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

/* Is it in the second that was written last? `part_ns` is then how far, else that begins a new second. Negative
 * times count as 0. */
static inline bool format_same_second(struct report *report, int64_t time_ns, uint64_t *part_ns)
{
    uint64_t ns = time_ns > 0 ? (uint64_t)time_ns : 0;
    *part_ns = ns - report->clock_ns;
    if (*part_ns < (uint64_t)CLOCK_NS_PER_S)
        return true;
    *part_ns = ns % CLOCK_NS_PER_S;
    report->clock_ns = ns - *part_ns;
    return false;
}

/* text_add_clock; most times lie in the same second as the one before. */
char *format_put_clock(struct report *report, char *at, int64_t time_ns);
void format_add_clock(struct report *report, struct text *text, int64_t time_ns);

/* The process at that end (0 or 1) of a live flow, NULL when it is not known. */
const struct owner *format_owner(const struct report *report, struct flow_view flow, unsigned end);

/* "curl(4242) -> node(99)"; a process that is not known is "?"; nothing when neither is. */
void format_add_names(const struct report *report, struct text *text, struct flow_view flow);

/* "127.0.0.1:49342 -> 127.0.0.1:3000", client first. */
void format_add_ends(struct text *text, const struct tuple *tuple, unsigned client);

#endif
