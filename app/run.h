/*
 * Purpose: `loflow run`: a command, what it does on loopback while it lives, and what was expected of it.
 * Owns:    the command's process, its family, tally and samples, the files of --json and --junit, and
 *          events that wait until it is known whose they are.
 * Borrows: argv, for the life of the process; the session during each call.
 * Bounds:  RUN_HELD events, RUN_EXPECTS_MAX expectations.
 * Fails:   run_open and run_start with -errno and a sentence.
 * Used by: app/run_command (owns it), app/session, app/finish and app/loop (drive it).
 */
#ifndef LOFLOW_APP_RUN_H
#define LOFLOW_APP_RUN_H

#include "app/causes.h"
#include "app/child.h"
#include "app/family.h"
#include "app/samples.h"
#include "app/sandbox.h"
#include "app/tally.h"
#include "base/out.h"

#define RUN_HELD        16384u
#define RUN_EXPECTS_MAX 64u
#define RUN_COMMAND_MAX 512u
#define RUN_BEHIND_NS   INT64_C(10000000000)
#define RUN_WAIT_NS     INT64_C(200000000)
#define RUN_DIAGNOSES   FINDINGS_MAX
#define RUN_MISSING_MAX (CAUSES_MISSING_MAX + CAUSES_GAPS_MAX)

struct session;

struct run_options {
    char **argv; /* the command, up to a NULL */
    const char *interface;
    const char *write_path;
    const char *json_path; /* NULL: none, as with the next */
    const char *junit_path;
    int64_t wait_ns;
    enum sandbox_wish sandbox;
    bool quiet; /* a report only when something that was expected is not so */
    bool help;
    uint32_t expect_count;
    struct expect expects[RUN_EXPECTS_MAX];
};

struct run {
    const struct run_options *options;
    struct child child;
    struct family *family;
    struct tally *tally;
    struct samples *samples; /* NULL: nobody asks for percentiles */
    int json_fd, junit_fd;   /* -1: none */
    int64_t begin_ns;        /* monotonic, as is the next */
    int64_t end_ns;          /* when the command ended; 0: it has not */
    unsigned asked;          /* UDP sockets, since the last tick */
    struct flow_event held[RUN_HELD];
    uint32_t held_first, held_count;
    struct run_result result;
    struct run_verdict verdicts[RUN_EXPECTS_MAX];
    const struct diagnosis *diagnoses[RUN_DIAGNOSES];
    struct report_missing missing[RUN_MISSING_MAX];
    char command[RUN_COMMAND_MAX];
    struct out out; /* standard error, or the file of --junit */
};

/* Opens the files and begins to follow processes. `run` must be zeroed, but for `options`. */
int run_open(struct run *run, struct err *err);
void run_close(struct run *run);

/* The capture runs: starts the command. */
int run_start(struct run *run, struct session *session, struct err *err);

/* ANSWERED is asked for. */
bool run_wants_answers(const struct run *run);

/* Every event of a batch; every kernel event (`context` is the run); signals; ten times a second. */
void run_event(struct run *run, struct session *session, const struct flow_event *event);
void run_trace(void *context, const struct trace_event *event);
void run_signals(struct run *run);
void run_tick(struct run *run, struct session *session);

/* The command has ended, and its last packets had their time: more of it, up to RUN_BEHIND_NS, when
 * packets wait. */
bool run_is_over(const struct run *run, bool is_behind);

/* All ends are named as well as can be: called before flows retire at the end. */
void run_settle(struct run *run, struct session *session);

/* All flows are counted: judges, and writes the last lines of --json. */
void run_judge(struct run *run, struct session *session);

/* Writes the report and the file of --junit. Returns 0 or -errno. */
int run_tell(struct run *run, struct err *err);

/* For our own exit: 3 when something that was expected is not so, else the command's. */
int run_status(const struct run *run);

#endif
