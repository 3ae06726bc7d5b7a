/*
 * Purpose: a flow's packets as a ladder: time, an arrow from one end to the other with what the segment
 *          is, what the analysis says of it; a cursor whose packet is told in full.
 * Owns:    the cursor and how things are written; plain values.
 * Borrows: the tape, for its life; the flow and what is known, during a draw.
 * Bounds:  formats what is in sight, whatever the tape holds; a jump looks at LADDER_JUMP packets.
 * Used by: ui/flow_page.
 */
#ifndef LOFLOW_UI_LADDER_H
#define LOFLOW_UI_LADDER_H

#include "flows/packet_tape.h"
#include "ui/flow_pane.h"
#include "ui/known.h"

#define LADDER_JUMP 1048576u

enum ladder_time { LADDER_SINCE_BEGIN, LADDER_SINCE_PREVIOUS, LADDER_CLOCK, LADDER_TIME_COUNT };

struct ladder {
    bool utf8;
    bool local_time;
    bool absolute; /* sequence numbers as they are, else from 0 */
    bool follows;  /* the cursor stays on the newest packet */
    enum ladder_time time;
    const struct packet_tape *tape;
    uint32_t restarts;      /* of the tape */
    uint64_t cursor, first; /* positions of the tape; `first` is the top line */
    int height;             /* lines at the last draw */
};

/* After the tape has gone on; another flow begins with its first packet. */
void ladder_take(struct ladder *ladder);

/* MOTION_FAR: to the newest, and follows it. */
void ladder_move(struct ladder *ladder, int64_t lines);
void ladder_go(struct ladder *ladder, uint64_t position);

/* To the next packet, or the one before, that a healthy connection does not show; an event counts.
 * False: there is none. */
bool ladder_jump(struct ladder *ladder, bool forward);

/* Is it trouble: a mark of it, a RST, an ICMP error, a failure? */
bool ladder_is_notable(const struct packet_record *record);

void ladder_draw(struct ladder *ladder, const struct flow_row *row, const struct known *known,
                 struct grid *grid, int top, int height);

#endif
