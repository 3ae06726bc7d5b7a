/*
 * Purpose: what a run keeps beside its packets in a pcapng file, and what a file kept of the run that
 *          wrote it.
 * Owns:    the names of a file's flows and its listeners, from kept_load to kept_close.
 * Borrows: the writer.
 * Bounds:  KEPT_FLOWS named flows and PORT_LIST_MAX listeners of a file; of a live run nothing is held.
 * Used by: app/session, app/causes.
 */
#ifndef LOFLOW_APP_KEPT_H
#define LOFLOW_APP_KEPT_H

#include "capture/writer.h"
#include "decode/packet.h"
#include "diagnose/diagnoser.h"
#include "host/port_watch.h"
#include "report/evidence.h"

#define KEPT_FLOWS   65536u
#define KEPT_COMMENT 160

struct kept {
    struct writer *writer;       /* that takes notes; NULL: nothing is kept */
    struct evidence_flow *flows; /* of a file: hashed by their start */
    struct names *names;         /* of a file; NULL: none */
    struct port_list *ports;     /* who listened when a file was begun; NULL: it does not tell */
    char comments[FRAME_BATCH_MAX][KEPT_COMMENT];
    int failed; /* of the writer: -errno and `trouble` */
    struct err trouble;
};

/* Reads the notes of a capture that is open: its diagnoses go to the diagnoser, its names are kept. */
void kept_load(struct kept *kept, int fd, struct diagnoser *diagnoser);
void kept_close(struct kept *kept);

/* A flow of a file opens: names its ends if the file has names for them. */
void kept_name(const struct kept *kept, struct tracker *tracker, const struct flow_event *event);

/* Notes of a live run. */
void kept_flow(struct kept *kept, const struct names *names, struct flow_view flow);
void kept_diagnosis(struct kept *kept, const struct diagnosis *diagnosis);
void kept_trace(struct kept *kept, const struct trace_event *event);
void kept_listeners(struct kept *kept, struct host *host);

/* Comments for those packets of a batch that came with the events and begin or end a connection: who its
 * ends are. Valid until the next call for the same packets. */
void kept_comments(struct kept *kept, struct host *host, const struct tracker *tracker,
                   const struct packet_batch *packets, const struct event_list *events,
                   const char *comments[FRAME_BATCH_MAX]);

#endif
