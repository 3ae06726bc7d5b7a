/*
 * Purpose: numbers as people write them: 3000, 1.5M, 20kB, 4Ki, 5ms, 1m30s.
 * Owns:    nothing.
 * Bounds:  constant time.
 * Fails:   with what is the matter.
 * Used by: ui/filter_value, ui/command.
 */
#ifndef LOFLOW_UI_AMOUNT_H
#define LOFLOW_UI_AMOUNT_H

#include "ui/filter_word.h"

/* A number as it was written: it stands for [low, high], up to where its last digit would be another
 * one. */
struct amount {
    uint64_t low, high;
};

enum amount_answer { AMOUNT_GOOD, AMOUNT_BAD, AMOUNT_NO_UNIT, AMOUNT_TOO_LARGE };

/* SIZE is in bytes, SPAN in nanoseconds and must have a unit, or several from large to small; other kinds may have k, M or G. NO_UNIT: more
 * must follow, and 0 is in *amount if the number is that. */
enum amount_answer amount_read(enum filter_kind kind, const char *text, size_t len,
                               struct amount *amount);

#endif
