/*
 * Purpose: what a flow's packets tell of its life: handshake and close step by step, round trips, windows
 *          and answers over time.
 * Owns:    what it has found; plain values.
 * Borrows: the tape, during flow_story_take.
 * Bounds:  STORY_STEPS steps; a take looks at STORY_PACKETS packets.
 * Used by: ui/flow_page, ui/details.
 *
 * A round trip runs from the segment of a side with new payload to the ACK of it, one at a time, and never
 * of what was sent again (Karn's rule, RFC 6298 section 3).
 */
#ifndef LOFLOW_UI_FLOW_STORY_H
#define LOFLOW_UI_FLOW_STORY_H

#include "flows/flow.h"
#include "flows/packet_tape.h"
#include "ui/series.h"

#define STORY_STEPS   16u
#define STORY_PACKETS 65536u
#define STORY_ANSWERS 256u /* buckets, a quarter of a power of two wide */

enum story_phase { STORY_HANDSHAKE, STORY_CLOSE };

struct story_step {
    struct packet_record record;
    uint64_t position; /* on the tape */
    int64_t before_ns; /* time of the step before it, its own for the first */
    uint32_t count;    /* times it was sent in a row */
    uint8_t phase;     /* enum story_phase */
    bool is_first;     /* of its phase */
};

struct story_side {
    bool is_timed;
    uint32_t timed_end; /* the acknowledgment that ends the round trip */
    int64_t timed_ns;
    uint64_t rtt_sum_ns, rtt_count;
    uint64_t rtt_least_ns, rtt_most_ns;
    bool has_fin;
    uint32_t fin_ack; /* the acknowledgment that its FIN waits for */
    bool is_fin_acked;
    struct series rtt, window;
};

struct flow_story {
    uint64_t position; /* of the next packet of the tape; 0: it has not begun */
    uint32_t restarts; /* of the tape */
    uint32_t step_count;
    bool has_spoken;
    uint8_t speaker; /* the side that sent the latest payload; valid when has_spoken */
    bool is_open;    /* the handshake is over */
    int64_t begin_ns, last_ns;
    int64_t spoken_ns; /* of that payload */
    uint64_t answers;  /* counted in `buckets` */
    uint32_t buckets[STORY_ANSWERS];
    struct story_step steps[STORY_STEPS];
    struct story_side side[2];
};

/* Reads on; begins anew when the tape has another flow. `hot` tells which side is the server, and how
 * windows are scaled. */
void flow_story_take(struct flow_story *story, const struct packet_tape *tape,
                     const struct flow *hot);

/* The time in which so many per cent of the server's answers began, at most a quarter too long; -1:
 * there were none. */
int64_t flow_story_answer_ns(const struct flow_story *story, unsigned percent);

#endif
