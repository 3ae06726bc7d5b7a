/*
 * Purpose: which rows the user wants to see: words that must all occur in a row, or must not.
 * Owns:    its words; a plain value.
 * Bounds:  ROWFILTER_TEXT_MAX bytes of text; a few hundred nanoseconds a row.
 * Fails:   never; what does not fit is not taken.
 * Used by: ui/flow_pane.
 *
 * A row is searched as "client server protocol state", then "process(pid)" of both ends and its
 * diagnosis as far as they are known, as far as letters go in lower case. A word
 * that begins with '!' must not occur.
 */
#ifndef LOFLOW_UI_ROWFILTER_H
#define LOFLOW_UI_ROWFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flows/flow.h"
#include "ui/known.h"

#define ROWFILTER_TEXT_MAX 128
#define ROWFILTER_MEMO     64

/* Written addresses: a table of loopback flows has few, and writing them is what costs. */
struct rowfilter_memo {
    struct address address;
    uint8_t family; /* 0: empty */
    uint8_t len;
    char text[46];
};

struct rowfilter {
    size_t len;
    char text[ROWFILTER_TEXT_MAX]; /* as typed */
    uint32_t word_count;
    struct {
        const char *at; /* in `words` */
        bool absent;
    } word[ROWFILTER_TEXT_MAX / 2];
    char words[ROWFILTER_TEXT_MAX]; /* `text` in lower case, cut into words */
    struct rowfilter_memo memo[ROWFILTER_MEMO];
};

/* Both say whether the text changed. */
bool rowfilter_type(struct rowfilter *filter, uint32_t code);
bool rowfilter_erase(struct rowfilter *filter);
void rowfilter_clear(struct rowfilter *filter);

bool rowfilter_matches(struct rowfilter *filter, struct flow_view flow, const struct known *known);

#endif
