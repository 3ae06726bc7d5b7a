/*
 * Purpose: what a run says in words: JSON for programs, a text report, and lines as things happen.
 * Owns:    nothing of the flows; the failures of the run, grouped (flows/failure_log).
 * Borrows: the `out` it writes to, for its whole life; flows and totals during each call.
 * Bounds:  no allocation after report_open; constant time a call.
 * Fails:   writing trouble stays in out->error.
 * Used by: app.
 *
 * Untrusted text is escaped here, once: text_add_untrusted for people, out_json_text for programs.
 */
#ifndef LOFLOW_REPORT_REPORT_H
#define LOFLOW_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/out.h"
#include "diagnose/diagnoser.h"
#include "flows/tracker.h"
#include "host/names.h"

enum report_format {
    REPORT_JSON,     /* NDJSON: start, events, flows as they retire, summary */
    REPORT_TEXT,     /* flows as they retire, then what failed, then the summary */
    REPORT_LINES,    /* one line an event, as it happens; the summary */
    REPORT_PACKETS,  /* one line a packet, nothing else */
    REPORT_WHY,      /* diagnoses as they come, nothing else */
    REPORT_WHY_JSON, /* start and diagnoses, as NDJSON */
    REPORT_NOTHING,  /* for a run that prints only the stream it follows */
};

/* What could not be had, and what to do about it. */
struct report_missing {
    const char *word;     /* for programs */
    const char *sentence; /* for people */
};

/* What is known when the run begins. */
struct report_run {
    const char *version;
    const char *name; /* interface or file; untrusted */
    bool live;
    const char *link_name;
    const char *filter;                   /* "" for none; untrusted */
    uint32_t snaplen;                     /* bytes */
    const struct report_missing *missing; /* what a live run does without */
    uint32_t missing_count;
};

/* One row of "N packets: why", from the table of decode verdicts. */
struct report_count {
    const char *word;
    const char *explanation;
    uint64_t count;
};

/* What the run had in use, in bytes. */
struct report_memory {
    struct tracker_memory tracker;
    uint64_t fragments;
    uint64_t peak; /* of the whole program, as the system counts it; 0 unknown */
};

/* What is known when the run is over. */
struct report_totals {
    uint64_t packets; /* frames read */
    uint64_t captured_bytes;
    uint64_t truncated_packets;
    uint64_t undecoded_packets;
    const struct report_count *undecoded; /* reasons with a count above 0 */
    uint32_t undecoded_reasons;
    bool live;
    uint64_t received; /* live: read + dropped_by_kernel */
    uint64_t dropped_by_kernel;
    uint64_t dropped_by_interface;
    int64_t elapsed_ns;                /* wall clock of the run */
    const struct report_missing *gaps; /* what was missed on the way */
    uint32_t gap_count;
    uint64_t forgotten_diagnoses; /* that made room for newer ones */
    const struct tracker_stats *flows;
    struct report_memory memory;
};

/* One batch and what became of it. */
struct report_batch {
    const struct tracker *tracker;
    const struct frame_batch *frames;
    const struct packet_batch *packets;
    const struct event_list *events;
    const char *(*verdict_word)(enum verdict verdict); /* what decoding said, in a word */
};

struct report_options {
    enum report_format format;
    uint64_t flow_id;   /* REPORT_PACKETS: only the packets of this flow; 0: all */
    uint16_t port;      /* only the diagnoses about this port; 0: all */
    bool stream_digest; /* REPORT_JSON: the tracker made digests */
    bool local_time;    /* clock times in the local zone, else UTC; JSON has epoch times only */
    const struct names *names;         /* of live ends; NULL: nobody is named */
    const struct diagnoser *diagnoser; /* tells what was found of a flow; NULL: nothing */
    bool utf8;                         /* arrows and ellipses may be drawn */
};

struct report;

int report_open(struct report **report, const struct report_options *options, struct out *out,
                struct err *err);
void report_close(struct report *report);

/* Called once, as soon as capture really runs. */
void report_start(struct report *report, const struct report_run *run);

/* Called for every event of a batch, before the next tracker_feed. A RETIRED event is the flow's
 * last word: JSON and text print the flow then. */
void report_event(struct report *report, const struct tracker *tracker,
                  const struct flow_event *event);

/* Called for every batch, after tracker_feed and before the next. */
void report_packets(struct report *report, const struct report_batch *batch);

/* The kinds that report_event does something with, as bits 1 << enum event_kind: the others need not
 * be handed over. */
uint32_t report_wants(const struct report *report);

/* Does it tell diagnoses while the run goes on, or only at its end? */
bool report_tells_at_once(const struct report *report);

/* Called for each diagnosis that is due, and again when it changed. */
void report_diagnosis(struct report *report, const struct diagnosis *diagnosis);

/* Called once, after tracker_finish. */
void report_summary(struct report *report, const struct report_totals *totals);

#endif
