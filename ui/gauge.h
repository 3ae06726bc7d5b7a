/*
 * Purpose: a bar that says how full something is, and how full it was at most.
 * Owns:    nothing.
 * Used by: ui/ports_draw.
 */
#ifndef LOFLOW_UI_GAUGE_H
#define LOFLOW_UI_GAUGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/grid.h"

struct gauge {
    uint64_t used, most, limit; /* used <= most; what is beyond the limit draws as full */
};

/* GOOD with room, WARNING from three quarters on, FAILURE when nothing fits. */
enum style gauge_style(uint64_t used, uint64_t limit);

struct gauge_place {
    int row, left, width;
};

void gauge_draw(const struct gauge *gauge, struct grid *grid, struct gauge_place place, bool utf8);

#endif
