/*
 * Purpose: the bar of a file that is played: whether it plays, how fast, where it is, and a timeline of
 *          how dense its packets are, with failures and the playhead.
 * Owns:    where the timeline was drawn last, and the place being typed.
 * Borrows: the state and its density during each call.
 * Bounds:  two lines, one on screens below TRANSPORT_TALL; one pass over the buckets a draw.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_TRANSPORT_BAR_H
#define LOFLOW_UI_TRANSPORT_BAR_H

#include "ui/density.h"
#include "ui/grid.h"
#include "ui/line_edit.h"

#define TRANSPORT_TALL 16 /* lines of a screen */

enum transport_mode {
    TRANSPORT_PAUSED,
    TRANSPORT_PLAYING,
    TRANSPORT_SEEKING, /* on the way to where the user wants to go */
    TRANSPORT_ENDED,
};

enum transport_step {
    TRANSPORT_STEP_PACKET,
    TRANSPORT_STEP_BACK, /* a packet */
    TRANSPORT_STEP_EVENT,
};

/* How a replay stands. Places are times since the first packet. */
struct transport_state {
    enum transport_mode mode;
    double speed;        /* 0: as fast as possible */
    int64_t place_ns;    /* of what is shown */
    int64_t time_ns;     /* what a clock showed there */
    int64_t end_ns;      /* the last place that is known */
    int64_t wait_ns;     /* playing: until the next packet, of the user's time */
    uint64_t packets;    /* shown */
    uint64_t known;      /* ever read */
    bool is_known_whole; /* the file was read to its end */
    int read_percent;    /* of the file, when it was not; -1 unknown */
    double goal;         /* seeking: how much of the way is done */
    bool one_way;        /* what is read cannot be read again */
    const struct density *density;
};

struct transport {
    bool utf8, local_time;
    bool is_shown;
    bool typing;          /* a place has the keys */
    int row, left, width; /* of the timeline; width 0: there is none */
    struct line_edit typed;
};

/* Draws the bar so that it ends above line `bottom`; returns how many lines it takes. */
int transport_draw(struct transport *transport, struct grid *grid, int bottom,
                   const struct transport_state *state);

/* Which part of the capture a cell of the screen stands for, 0 to 1; below 0 when it is not on the timeline. */
double transport_hit(const struct transport *transport, int row, int column);

#endif
