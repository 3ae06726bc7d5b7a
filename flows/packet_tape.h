/*
 * Purpose: the packets of one flow in order, copied out of the packet log, so that they can be addressed
 *          by position and stay when the log goes on.
 * Owns:    the copies, in one reservation of address space.
 * Borrows: the log, for its life.
 * Bounds:  as many records as the log has. A take copies what is new, and PACKET_TAPE_STEPS of what is
 *          older: so a long flow's latest packets are there at once, the others soon.
 * Fails:   packet_tape_open with -ENOMEM.
 * Used by: ui (the pages about one flow), flows/conversation.
 *
 * Positions grow with time and stay valid: `begin` is the oldest, `end` the one behind the newest. Older
 * packets are put before `begin`.
 */
#ifndef LOFLOW_FLOWS_PACKET_TAPE_H
#define LOFLOW_FLOWS_PACKET_TAPE_H

#include "base/pool.h"
#include "flows/packet_log.h"

#define PACKET_TAPE_STEPS 65536u

struct packet_tape {
    const struct packet_log *log; /* NULL: there are no packets to look back at */
    struct pool memory;
    struct packet_record *records;
    uint32_t mask;
    uint32_t epoch;    /* of the log */
    uint32_t restarts; /* times that it began anew: positions of before are of something else */
    struct flow_ref flow;
    uint64_t begin, end;
    uint64_t oldest, newest; /* their numbers in the log; PACKET_LOG_NONE without any */
    bool complete;           /* nothing older is to be had */
};

/* `log` may be NULL: then the tape stays empty. */
int packet_tape_open(struct packet_tape *tape, const struct packet_log *log, struct err *err);
void packet_tape_close(struct packet_tape *tape);

/* Begins anew with another flow; with the same one it goes on. */
void packet_tape_choose(struct packet_tape *tape, struct flow_ref flow);

/* Copies what the log has. */
void packet_tape_take(struct packet_tape *tape);

static inline uint64_t packet_tape_count(const struct packet_tape *tape)
{
    return tape->end - tape->begin;
}

static inline const struct packet_record *packet_tape_at(const struct packet_tape *tape,
                                                         uint64_t position)
{
    assert(position >= tape->begin && position < tape->end);
    return &tape->records[position & tape->mask];
}

#endif
