/*
 * Purpose: how much of something is in sight, and which part, as the footer tells it.
 * Owns:    nothing; a plain value.
 * Used by: ui/screen (tells it), the pages.
 */
#ifndef LOFLOW_UI_EXTENT_H
#define LOFLOW_UI_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct extent {
    uint64_t first, shown, count; /* lines; `first` is counted from 0 */
    bool in_percent;              /* lines are not counted: `first` is how much of 100 is above */
};

/* "1-21 of 202", "1-21/202" when brief, "37 %"; nothing when all is in sight. */
void extent_write(const struct extent *extent, bool brief, struct text *text);

#endif
