/*
 * Purpose: why connections of a run fail: asks the host, and hands events to the diagnoser.
 * Owns:    the host of a live run, the diagnoser, and the events that wait.
 * Bounds:  CAUSES_WAITING events; when they are more, the first do not wait any longer.
 * Fails:   causes_open with -errno and a sentence. Without a host a live run goes on like a capture.
 * Used by: app/session.
 *
 * Live, an event waits for CAUSES_DELAY_NS: what the kernel tells of a packet comes a moment after the
 * packet itself.
 */
#ifndef LOFLOW_APP_CAUSES_H
#define LOFLOW_APP_CAUSES_H

#include "app/kept.h"
#include "capture/endpoints.h"
#include "diagnose/diagnoser.h"
#include "report/report.h"

#define CAUSES_WAITING  8192u
#define CAUSES_DELAY_NS INT64_C(20000000)

struct causes {
    struct host *host; /* NULL for captures, or when the kernel tells nothing */
    struct diagnoser *diagnoser;
    struct endpoints *endpoints; /* the capture's filter, for kernel events */
    struct flow_event waiting[CAUSES_WAITING];
    uint32_t first, count;
    bool live;
    int64_t offset_ns; /* of the clocks, at the beginning */
    struct kept *kept; /* notes what the kernel tells */
    /* Is told each kernel event as well; NULL for nobody. */
    void (*also)(void *context, const struct trace_event *event);
    void *also_context;
    char lost[128], unwatched[192], helper[192]; /* sentences of causes_gaps */
};

/* `filter` is that of the capture. */
int causes_open(struct causes *causes, const char *filter, bool live, struct kept *kept,
                struct err *err);
void causes_close(struct causes *causes);

/* Called for each event of a batch, before the next. Returns whether it is one that matters here. */
void causes_event(struct causes *causes, struct tracker *tracker, const struct flow_event *event);

/* Takes what the kernel has to tell; called before each batch of a live run. */
void causes_poll(struct causes *causes, struct tracker *tracker);

/* Time passes: see diagnoser_tick. */
void causes_tick(struct causes *causes, struct tracker *tracker, int64_t now_ns);

/* The input is over: nothing waits any longer. Called before tracker_finish. */
void causes_finish(struct causes *causes, struct tracker *tracker);

/* What a live run does without. Returns how many were written. */
#define CAUSES_MISSING_MAX 4
#define CAUSES_NO_NETNS    "other network namespaces are not looked into; sudo loflow does"
uint32_t causes_missing(const struct causes *causes, struct report_missing *missing);

/* What it missed so far; the sentences hold until the next call. Returns how many were written. */
#define CAUSES_GAPS_MAX 3
uint32_t causes_gaps(struct causes *causes, struct report_missing *gaps);

/* For report and screen, of the host or kept in a capture; NULL: nobody is named. */
const struct names *causes_names(const struct causes *causes);

#endif
