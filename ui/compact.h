/*
 * Purpose: numbers as narrow columns need them: at most five characters each.
 * Owns:    nothing; writes into the caller's text.
 * Used by: ui/column, ui/title, ui/events_pane.
 */
#ifndef LOFLOW_UI_COMPACT_H
#define LOFLOW_UI_COMPACT_H

#include <stdint.h>

#include "base/text.h"

/* 999, 1.2k, 34.5k, 678k, 9.9M: powers of 1000. */
void compact_add_count(struct text *text, uint64_t count);

/* 12us, 345ms, 4.5s, 56.7s, 7m08s, 59m, 3h05m, 23h, 2d04h, 99d. */
void compact_add_span(struct text *text, int64_t span_ns);

/* 1,234,567: for the top line, where there is room. */
void compact_add_grouped(struct text *text, uint64_t number);

#endif
