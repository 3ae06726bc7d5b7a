/*
 * Purpose: from what happens to flows, and what the host knows, to diagnoses.
 * Owns:    findings, what it remembers of servers and scanners, and the flows it keeps an eye on.
 * Borrows: the host for its whole life; tracker and events during each call.
 * Bounds:  FINDINGS_MAX diagnoses (the one that was quiet longest makes room), constant time an event. No
 *          allocation after diagnoser_open.
 * Fails:   diagnoser_open with -ENOMEM; nothing else.
 * Used by: app (drives it), report and ui (show what it finds).
 *
 * A failure is judged when it happens, and told a moment later: what follows may explain it, or show
 * that it was none (a client that tries ::1 and then 127.0.0.1).
 */
#ifndef LOFLOW_DIAGNOSE_DIAGNOSER_H
#define LOFLOW_DIAGNOSE_DIAGNOSER_H

#include "base/err.h"
#include "diagnose/diagnosis.h"
#include "flows/tracker.h"
#include "host/host.h"

#define FINDINGS_MAX 1024u

/* One that was quiet for so long and comes back is new. */
#define DIAGNOSER_QUIET_NS INT64_C(10000000000)

struct diagnoser;

/* `host` is NULL for captures: then only what packets prove is told. */
int diagnoser_open(struct diagnoser **diagnoser, struct host *host, struct err *err);
void diagnoser_close(struct diagnoser *diagnoser);

/* What the host tells of itself is told only of sockets that pass: whoever watches one port is not told of
 * others. `context` lives as long as the diagnoser. */
struct diagnoser_scope {
    const void *context;
    bool (*passes)(const void *context, const struct tuple *tuple);
};
void diagnoser_restrict(struct diagnoser *diagnoser, struct diagnoser_scope scope);

/* Makes one what another was at that moment, its host included. */
void diagnoser_copy(struct diagnoser *diagnoser, const struct diagnoser *from);

/* The kinds that diagnoser_event does something with, as bits 1 << enum event_kind. */
uint32_t diagnoser_wants(void);

/* Called for every such event of a batch, before the next tracker_feed. */
void diagnoser_event(struct diagnoser *diagnoser, const struct tracker *tracker,
                     const struct flow_event *event);

/* A kernel event, as host_poll hands it over. */
void diagnoser_trace(struct diagnoser *diagnoser, const struct trace_event *event);

/* Time passes: called where tracker_feed tells so of a file and ten times a second live, with the time of
 * the latest packet or of the clock. */
void diagnoser_tick(struct diagnoser *diagnoser, const struct tracker *tracker, int64_t now_ns);

/* The input is over: called before tracker_finish. */
void diagnoser_finish(struct diagnoser *diagnoser, const struct tracker *tracker);

/* The next diagnosis that is to be told, new or changed; NULL: none for now. With `final` nothing waits
 * any more. */
const struct diagnosis *diagnoser_next(struct diagnoser *diagnoser, bool final);

/* Walks over all that hold: start with *at = 0; NULL at the end. */
const struct diagnosis *diagnoser_walk(const struct diagnoser *diagnoser, uint32_t *at);

/* Since when the one that a walk returned last goes on, without a long silence; `at` as it is now. */
int64_t diagnoser_since(const struct diagnoser *diagnoser, uint32_t at);

/* How many were made so far, whether they hold or not. */
uint64_t diagnoser_made(const struct diagnoser *diagnoser);

/* That had to make room for newer ones, so far. */
uint64_t diagnoser_forgotten(const struct diagnoser *diagnoser);

/* Would a connection to end 1 of the tuple fail now, by what the host knows? Nothing is sent. Otherwise
 * the diagnosis has no code, and says who listens there. Needs a host. */
bool diagnoser_endpoint(struct diagnoser *diagnoser, const struct tuple *tuple, int64_t now_ns,
                        struct diagnosis *diagnosis);

/* A diagnosis of the run that made the capture, from its file: it holds, and what packets alone prove is
 * not asked any more. */
void diagnoser_adopt(struct diagnoser *diagnoser, const struct diagnosis *diagnosis);

/* What was found about a flow: bits 1 << enum code, of the flows seen last. */
uint64_t diagnoser_flow_codes(const struct diagnoser *diagnoser, uint64_t flow_id);

#endif
