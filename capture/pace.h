/*
 * Purpose: when the packets of a file are due, as it is played at some speed.
 * Owns:    nothing; plain values.
 * Bounds:  constant time a call; places end at PACE_PLACE_MAX, after which everything is due at once.
 * Used by: app/replay.
 *
 * A place is capture time since the first packet, without the steps that a clock makes: it never goes
 * back. Packets that are a little out of order share the place of the latest; a clock that is set back
 * goes on from where it was; one that leaps ahead by more than any silence lasts does so by a second.
 */
#ifndef LOFLOW_CAPTURE_PACE_H
#define LOFLOW_CAPTURE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define PACE_BACK_NS   CLOCK_NS_PER_S                             /* more than disorder explains */
#define PACE_LEAP_NS   (INT64_C(30) * 24 * 3600 * CLOCK_NS_PER_S) /* more than a silence lasts */
#define PACE_PLACE_MAX INT64_C(3000000000000000000)               /* 95 years */
#define PACE_SPEED_MAX 0.0                                        /* as fast as possible */

/* Where packets are on the way through a capture. All 0: before the first. */
struct pace_axis {
    bool started;
    int64_t time_ns;  /* the latest of packets, since the clock was set last */
    int64_t place_ns; /* of the latest packet */
};

/* The place of the packet that comes next, if it has that time. */
int64_t pace_place(const struct pace_axis *axis, int64_t time_ns);

/* It came. */
void pace_pass(struct pace_axis *axis, int64_t time_ns);

/* What a clock showed at a place not before the latest packet. */
int64_t pace_time(const struct pace_axis *axis, int64_t place_ns);

/* What is played. */
struct pace {
    double speed; /* capture time in one of ours; PACE_SPEED_MAX */
    int64_t place_ns;
    int64_t now_ns; /* when it was there, monotonic */
};

/* How far it is now. */
int64_t pace_reached(const struct pace *pace, int64_t now_ns);

/* How long until that place is due; 0: it is. */
int64_t pace_wait_ns(const struct pace *pace, int64_t place_ns, int64_t now_ns);

#endif
