/*
 * Purpose: what a command did on loopback, when it has ended: text for people, lines of JSON, and a
 *          suite of JUnit tests.
 * Owns:    nothing.
 * Borrows: the result and what it points to, during each call.
 * Bounds:  constant time a row.
 * Fails:   writing trouble stays in out->error.
 * Used by: app/run.
 *
 * The command's words, names of processes and facts of diagnoses are not ours: escaped here, for a
 * terminal, for JSON and for XML.
 */
#ifndef LOFLOW_REPORT_RUN_REPORT_H
#define LOFLOW_REPORT_RUN_REPORT_H

#include "report/expect.h"
#include "report/report.h"

#define RUN_ENDPOINTS_MAX 1024u
#define RUN_WHAT_MAX      256

/* A server that the command talked to, or was. */
struct run_endpoint {
    struct tuple tuple; /* end 1 is the server's; port[0] is 0 */
    struct expect_traffic traffic;
    uint64_t sent, received;    /* payload bytes, seen from the client */
    int32_t pid;                /* of the server, 0 unknown */
    char comm[FACT_TEXTS_SIZE]; /* its name; untrusted */
    bool is_ours;               /* the server is a process of the command */
};

/* What became of an expectation. */
struct run_verdict {
    const char *text; /* as the user wrote it; untrusted */
    bool holds;
    char what[RUN_WHAT_MAX]; /* what happened */
};

struct run_result {
    const char *command; /* its words; untrusted */
    const char *trouble; /* why it could not be run, or NULL; untrusted */
    int32_t pid;
    int status;    /* as a shell would tell it */
    int killed_by; /* signal, 0 for none */
    int64_t elapsed_ns;
    const struct run_endpoint *endpoints;
    uint32_t endpoint_count;
    uint64_t unlisted; /* flows of servers that found no room among the endpoints */
    uint64_t unknown;  /* flows that nobody knows the ends of */
    uint64_t dropped;  /* packets that the capture lost */
    bool is_complete;  /* every process of the command is known */
    const struct diagnosis *const *diagnoses;
    uint32_t diagnosis_count;
    const struct run_verdict *verdicts;
    uint32_t verdict_count;
    const struct report_missing *missing;
    uint32_t missing_count;
};

/* `report` is one of REPORT_LINES: diagnoses are written as it does. */
void run_report_text(struct report *report, const struct run_result *result);

/* Lines of type "expect" and one of type "command". */
void run_report_json(struct out *out, const struct run_result *result);

/* One test suite: a test for each expectation, and "diagnoses", which fails when something was found that
 * went wrong. */
void run_report_junit(struct out *out, const struct run_result *result);

#endif
