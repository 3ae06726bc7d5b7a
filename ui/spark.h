/*
 * Purpose: the latest minute of a number, second by second, and how it is drawn in one line.
 * Owns:    nothing; a plain value. All 0 is an empty one.
 * Bounds:  SPARK_SECONDS numbers.
 * Used by: ui/groups, ui/flow_pane, ui/flow_rows.
 */
#ifndef LOFLOW_UI_SPARK_H
#define LOFLOW_UI_SPARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define SPARK_SECONDS 60

struct spark {
    int64_t second; /* of the latest number; 0: there is none */
    int64_t known;  /* the first second that is known of; before it there may have been anything */
    float values[SPARK_SECONDS];
};

/* Begins with nothing, at now_ns: what it tells of began at begin_ns, and when that is longer ago, it is not
 * known what was before. */
void spark_begin(struct spark *spark, int64_t begin_ns, int64_t now_ns);

/* The number of the second that now_ns lies in: the last one counts. */
void spark_note(struct spark *spark, int64_t now_ns, float value);

/* Bars from left, a minute ago, to right, now, in `room` columns. The highest is one step tall below 100, two
 * below 1000 and so on; the others are in proportion. A dot where it is not known. Empty when all are 0.
 * Without utf8 the bars are of ASCII, and there are no dots. */
void spark_write(const struct spark *spark, int64_t now_ns, int room, bool utf8, struct text *text);

#endif
