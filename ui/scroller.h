/*
 * Purpose: which part of a list is in sight, so that the marked line keeps its place on the screen
 *          while lines come and go above it.
 * Owns:    nothing; a plain value.
 * Used by: the lists.
 */
#ifndef LOFLOW_UI_SCROLLER_H
#define LOFLOW_UI_SCROLLER_H

#include <stdint.h>

#include "ui/extent.h"

struct scroller {
    uint32_t first;  /* first line in sight */
    uint32_t line;   /* of the marked one, on the screen */
    uint32_t height; /* lines in sight at the last draw */
};

/* Brings line `position` of `count` into sight. A list that shows its first line goes on showing
 * it: what is new then appears on top. */
void scroller_place(struct scroller *scroller, uint32_t count, uint32_t position, uint32_t height);

/* Where a move by `lines` ends up, within the list. */
uint32_t scroller_move(struct scroller *scroller, uint32_t count, uint32_t position, int64_t lines);

/* What of `count` lines is in sight. */
static inline struct extent scroller_extent(const struct scroller *scroller, uint32_t count)
{
    return (struct extent){.first = scroller->first, .shown = scroller->height, .count = count};
}

#endif
