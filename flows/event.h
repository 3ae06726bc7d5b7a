/*
 * Purpose: what happens to flows, as a list that travels with each batch.
 * Owns:    nothing; plain values.
 * Bounds:  EVENT_LIST_MAX events: EVENT_PER_PACKET_MAX of each packet of a batch, and EVENT_OF_TIME_MAX
 *          of flows whose time has come.
 * Used by: flows (appends), report, ui, app (read).
 */
#ifndef LOFLOW_FLOWS_EVENT_H
#define LOFLOW_FLOWS_EVENT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"

#define EVENT_PER_PACKET_MAX 8
#define EVENT_OF_TIME_MAX    256
#define EVENT_LIST_MAX       (FRAME_BATCH_MAX * EVENT_PER_PACKET_MAX + EVENT_OF_TIME_MAX)

enum event_kind {
#define EVENT(NAME, word, failure, meaning) EVENT_##NAME,
#include "flows/event.def"
#undef EVENT
    EVENT_KIND_COUNT
};

/* A record of the flow table; stale when the record was given to another flow since. */
struct flow_ref {
    uint32_t index;
    uint32_t generation;
};

struct flow_event {
    struct flow_ref flow;
    uint8_t kind; /* enum event_kind */
    uint8_t side; /* tuple end that caused it: 0 or 1 */
    uint16_t arg; /* REFUSED, ICMP_ERROR: ICMP type << 8 | code, 0 for RST; RESET: enum reset_phase;
                     STALLED: enum stall_cause; else 0 */
    union {
        uint32_t silence_ms; /* STALLED: so far, saturating; HELD_BACK: how long it waited;
                                RETRANSMISSION: since the side last sent something new; else 0 */
        uint32_t answer_us;  /* ANSWERED: since the client's latest new byte, saturating */
    };
    int64_t time_ns;
};

/* What became of one packet of the batch. */
struct packet_note {
    struct flow_ref flow; /* index POOL_NONE: it belongs to no flow */
    uint32_t marks;       /* enum mark bits, see flows/mark.h */
};

struct event_list {
    uint32_t count;
    uint32_t from, to; /* the packets of the batch that they came with */
    bool time_passed;  /* whoever waits for something shall look whether it is due */
    struct packet_note notes[FRAME_BATCH_MAX]; /* of tracker_feed, in the order of the packets */
    struct flow_event events[EVENT_LIST_MAX];
};

const char *event_word(enum event_kind kind);
const char *event_meaning(enum event_kind kind);
bool event_is_failure(enum event_kind kind);

#endif
