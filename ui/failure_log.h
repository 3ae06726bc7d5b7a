/*
 * Purpose: the latest failures, each kind and server once, newest first.
 * Owns:    its groups; a plain value, so that a paused screen can keep a copy.
 * Bounds:  SCREEN_EVENTS_MAX groups; the one that was quiet longest makes room; constant time an
 *          event.
 * Fails:   never.
 * Used by: ui/events_pane.
 */
#ifndef LOFLOW_UI_FAILURE_LOG_H
#define LOFLOW_UI_FAILURE_LOG_H

#include <stdint.h>

#include "flows/tracker.h"
#include "ui/screen.h"

#define FAILURE_BUCKETS 1024
#define FAILURE_NONE    UINT16_MAX

/* The latest of them, and how many there were. */
struct failure {
    uint64_t id; /* 1, 2, 3 ... in order of first appearance */
    uint64_t count;
    int64_t time_ns;
    struct tuple tuple;
    uint64_t packets; /* of the flow so far */
    uint32_t syns;    /* the client sent so far */
    uint32_t hash;
    uint16_t arg; /* see struct flow_event */
    uint8_t kind; /* enum event_kind */
    uint8_t client;
    uint8_t side;
    uint16_t newer, older; /* by time of the latest */
    uint16_t chain;        /* of its bucket */
};

struct failure_log {
    uint64_t total; /* failures ever */
    uint64_t last_id;
    uint16_t count;
    uint16_t newest, oldest;
    uint16_t buckets[FAILURE_BUCKETS];
    struct failure groups[SCREEN_EVENTS_MAX];
};

void failure_log_clear(struct failure_log *log);
void failure_log_add(struct failure_log *log, const struct flow_event *event,
                     struct flow_view flow);

/* "RST after the SYN", "ICMP port unreachable", "by server, 12 packets" */
void failure_write(struct text *text, const struct failure *failure);

#endif
