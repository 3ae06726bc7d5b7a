/*
 * Purpose: the words of TCP's analysis: what can be said of one segment.
 * Source:  docs/tcp-analysis.md, with the RFC or program behind each.
 * Used by: flows (sets them), report (tells them).
 */
#ifndef LOFLOW_FLOWS_MARK_H
#define LOFLOW_FLOWS_MARK_H

#include <stdint.h>

enum mark {
#define MARK(NAME, word, json, trouble) MARK_##NAME,
#include "flows/mark.def"
#undef MARK
    MARK_COUNT
};

/* Marks below this one are counted for every flow, from it on in the flow's detail. */
#define MARK_DETAIL_FIRST MARK_FAST_RETRANSMISSION
#define MARK_DETAIL_COUNT (MARK_COUNT - MARK_DETAIL_FIRST)

/* A set of marks is a word of these bits. */
#define MARK_BIT(NAME) (UINT32_C(1) << MARK_##NAME)

/* The marks that a healthy connection does not show. */
static const uint32_t mark_troubles = 0
#define MARK(NAME, word, json, trouble) | (UINT32_C(trouble) << MARK_##NAME)
#include "flows/mark.def"
#undef MARK
    ;

/* "retransmission" */
const char *mark_word(enum mark mark);

/* "retransmits": behind client_ or server_, its key in JSON */
const char *mark_key(enum mark mark);

#endif
