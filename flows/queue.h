/*
 * Purpose: the queues in which flows wait for their time to pass: one for each reason, in the order
 *          in which they joined.
 * Owns:    nothing but the ends; the links are the tracker's, one for each record, in an array of their
 *          own: who joins or leaves touches its neighbours' as well, and so they lie close together.
 * Bounds:  constant time. No packet touches a queue unless its flow changes state.
 * Used by: flows/tracker.
 *
 * All flows of a queue wait equally long, so the head is the next one due and no timer wheel is
 * needed. A packet does not move its flow; whoever finds a head that was active since it joined
 * lets it join again at the tail (the second chance of the CLOCK algorithm, Corbato 1968).
 */
#ifndef LOFLOW_FLOWS_QUEUE_H
#define LOFLOW_FLOWS_QUEUE_H

#include <stdint.h>

#include "base/pool.h"
#include "flows/flow.h"

enum queue_kind {
    QUEUE_NONE,
    QUEUE_SYN,        /* a SYN without an answer yet */
    QUEUE_UNANSWERED, /* a SYN without an answer for long */
    QUEUE_CLOSED,     /* closed, reset, refused */
    QUEUE_UDP,
    QUEUE_OPEN,  /* everything else */
    QUEUE_QUIET, /* of them, those without a packet for TIMING_STALL_NS */
    QUEUE_KIND_COUNT
};

struct queue_link {
    int64_t since_ns; /* the flow's latest packet when it joined */
    uint32_t next, prev;
};

static_assert(sizeof(struct queue_link) == 16, "see flows/flow.h");

struct queue {
    uint32_t head, tail; /* record indices, POOL_NONE when empty */
    uint32_t count;
};

static inline void queue_init(struct queue *queue)
{
    *queue = (struct queue){.head = POOL_NONE, .tail = POOL_NONE};
}

/* `since_ns` is the flow's latest packet. */
void queue_join(struct queue *queue, struct queue_link *links, uint32_t index, int64_t since_ns);
void queue_leave(struct queue *queue, struct queue_link *links, uint32_t index);

#endif
