/*
 * Purpose: what was notable in a flow's life: its events and the packets that the analysis marked, the
 *          same again and again as one row; newest first.
 * Owns:    the rows and the cursor; plain values.
 * Borrows: the tape, during a take.
 * Bounds:  FLOW_NOTES rows, beyond which the oldest half is dropped, counted and told; a take looks at
 *          FLOW_NOTES_PACKETS packets.
 * Used by: ui/flow_page.
 */
#ifndef LOFLOW_UI_FLOW_NOTES_H
#define LOFLOW_UI_FLOW_NOTES_H

#include "flows/packet_tape.h"
#include "ui/flow_pane.h"

#define FLOW_NOTES         1024u
#define FLOW_NOTES_PACKETS 65536u

struct flow_note {
    uint64_t first, last; /* positions on the tape */
    int64_t first_ns, last_ns;
    uint32_t count;
    struct packet_record record; /* the first */
};

struct flow_notes {
    bool utf8;
    bool local_time;
    uint32_t restarts; /* of the tape */
    uint64_t position; /* of its next packet */
    uint32_t count;
    uint64_t dropped; /* events and packets of rows that went */
    uint32_t cursor;  /* 0: the newest */
    struct scroller scroller;
    struct flow_note notes[FLOW_NOTES]; /* oldest first */
};

void flow_notes_take(struct flow_notes *notes, const struct packet_tape *tape);

void flow_notes_move(struct flow_notes *notes, int64_t lines);

/* Of the row with the cursor, the first of its packets; false: there is none. */
bool flow_notes_choice(const struct flow_notes *notes, uint64_t *position);

void flow_notes_draw(struct flow_notes *notes, const struct flow_row *row, struct grid *grid,
                     int top, int height);

#endif
