/*
 * Purpose: whose a flow is, and what the flows of a command add up to, for each server and port.
 * Owns:    totals of all ports, RUN_ENDPOINTS_MAX servers, one bit for each flow, and who listened lately.
 * Borrows: the family, for its life; the names during each call.
 * Bounds:  constant time a flow; LISTENED_MAX listeners, of which the oldest are written over; flows beyond
 *          TALLY_FLOWS_MAX are not counted but as unknown.
 * Fails:   tally_open with -ENOMEM and a sentence.
 * Used by: app/run.
 *
 * A flow is the command's when one of its ends is: by the process that called connect or listen, as
 * the tracer told it then, or by whoever held the socket when it was looked up.
 */
#ifndef LOFLOW_APP_TALLY_H
#define LOFLOW_APP_TALLY_H

#include "app/family.h"
#include "flows/tracker.h"
#include "host/names.h"
#include "host/tracer.h"
#include "report/run_report.h"

#define LISTENED_MAX    1024u
#define TALLY_FLOWS_MAX (UINT64_C(1) << 28)

enum whose { WHOSE_COMMAND, WHOSE_OTHER, WHOSE_UNKNOWN };

struct tally_options {
    struct family *family;
    int64_t begin_ns; /* when the command began; CLOCK_REALTIME */
    bool has_tracer;  /* whoever connects or begins to listen is known */
    uint32_t netns;   /* whose events count; 0: any */
};

struct tally;

int tally_open(struct tally **tally, const struct tally_options *options, struct err *err);
void tally_close(struct tally *tally);

/* A kernel event. */
void tally_trace(struct tally *tally, const struct trace_event *event);

enum whose tally_whose(const struct tally *tally, const struct names *names, struct flow_view flow);

/* A flow retires: counts it if it is the command's. */
enum whose tally_flow(struct tally *tally, const struct names *names, struct flow_view flow);

/* Was that flow counted as the command's? */
bool tally_has(const struct tally *tally, uint64_t flow_id);

/* What a diagnosis without flows adds: attempts that no packet shows. */
void tally_add_timeouts(struct tally *tally, uint16_t port, uint64_t count);

const struct expect_traffic *tally_all(const struct tally *tally);
struct expect_traffic *tally_ports(struct tally *tally); /* 65536 of them */
uint64_t tally_unlisted(const struct tally *tally);
const struct run_endpoint *tally_endpoints(struct tally *tally, uint32_t *count);

#endif
