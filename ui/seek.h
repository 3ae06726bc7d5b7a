/*
 * Purpose: places in a capture, and speeds to play it at, as users write them.
 * Owns:    nothing; a plain value.
 * Fails:   both with -EINVAL and a sentence.
 * Used by: app/replay_wish, ui/command.
 *
 * 50%  +1%  -1%       part of the capture's time, or so much further or back
 * 1m30s  90  250ms    since the first packet
 * +5s  -2s            further, back
 * 12:34:56.789 12:34  when a clock showed that
 * #1000               after so many packets
 * begin  end  next  previous    the last two: failures
 */
#ifndef LOFLOW_UI_SEEK_H
#define LOFLOW_UI_SEEK_H

#include <stdint.h>

#include "base/err.h"

enum seek_kind {
    SEEK_PART,    /* `part` of the whole, 0 to 1 */
    SEEK_BY_PART, /* -1 to 1 */
    SEEK_PLACE,   /* `ns` since the first packet */
    SEEK_BY,      /* `ns` further, or back */
    SEEK_CLOCK,   /* `ns` since midnight */
    SEEK_PACKETS, /* `packets` */
    SEEK_TO_END,
    SEEK_NEXT_FAILURE,
    SEEK_PREVIOUS_FAILURE,
};

struct seek {
    enum seek_kind kind;
    double part;
    int64_t ns;
    uint64_t packets;
};

int seek_parse(struct seek *seek, const char *text, struct err *err);

/* "10x", "0.5", "max": from SEEK_SPEED_LEAST to SEEK_SPEED_MOST, or 0 for as fast as possible. */
#define SEEK_SPEED_LEAST 0.1
#define SEEK_SPEED_MOST  1000.0
int seek_parse_speed(double *speed, const char *text, struct err *err);

#endif
