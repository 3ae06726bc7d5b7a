/*
 * Purpose: what a live run knows beside its packets, as notes of a pcapng file, and back: diagnoses,
 *          names of the ends of flows, listeners, kernel events.
 * Owns:    nothing.
 * Bounds:  a note is at most EVIDENCE_MAX bytes.
 * Fails:   evidence_read says EVIDENCE_OTHER for whatever it does not know; what a hostile file says is
 *          bounded and escaped like any other text of others.
 * Used by: app/kept.
 *
 * A note is lines of NAME=value, as the Systemd Journal exports them: MESSAGE is for people, and what begins
 * with LOFLOW_ is read again. Bytes that could end a line are written as %XX.
 */
#ifndef LOFLOW_REPORT_EVIDENCE_H
#define LOFLOW_REPORT_EVIDENCE_H

#include "diagnose/diagnosis.h"
#include "flows/flow.h"
#include "host/host.h"

#define EVIDENCE_MAX 8192u

enum evidence_kind { EVIDENCE_OTHER, EVIDENCE_DIAGNOSIS, EVIDENCE_FLOW, EVIDENCE_LISTENER };

/* Who the ends of a flow belong to. */
struct evidence_flow {
    struct tuple tuple;             /* end 0 is the client: not sorted */
    int64_t start_ns;               /* its first packet */
    struct host_process process[2]; /* pid 0 unknown */
};

struct evidence {
    enum evidence_kind kind;
    struct diagnosis diagnosis;
    struct evidence_flow flow;
    struct host_listener listener;
};

void text_add_diagnosis_note(struct text *text, const struct diagnosis *diagnosis);
void text_add_flow_note(struct text *text, const struct evidence_flow *flow);
void text_add_kernel_note(struct text *text, const struct trace_event *event);
void text_add_listener_note(struct text *text, const struct host_listener *listener,
                            int64_t now_ns);

void evidence_read(struct evidence *evidence, const char *note);

#endif
