/*
 * Purpose: Zeek's history of a connection, a letter for each kind of thing a side did.
 * Source:  Zeek's documentation of conn.log, field `history`.
 * Bounds:  FLOW_HISTORY_MAX letters; later ones are dropped.
 * Used by: flows/analysis, flows/datagram.
 */
#ifndef LOFLOW_FLOWS_HISTORY_H
#define LOFLOW_FLOWS_HISTORY_H

#include <stdint.h>

#include "flows/flow.h"

/* What a side can do, in Zeek's letters. */
enum history_letter {
    HISTORY_SYN,
    HISTORY_SYN_ACK,
    HISTORY_ACK, /* without payload, SYN, FIN or RST */
    HISTORY_DATA,
    HISTORY_FIN,
    HISTORY_RST,
    HISTORY_RETRANSMISSION, /* of payload */
    HISTORY_ZERO_WINDOW,
    HISTORY_GAP,          /* the peer acknowledged payload that was not captured */
    HISTORY_MULTI_FLAG,   /* SYN with FIN or RST */
    HISTORY_INCONSISTENT, /* FIN with RST */
    HISTORY_LETTER_COUNT
};

/* Adds the letter for the side (0 or 1), unless that side has it already. */
void history_add(struct flow_cold *cold, unsigned side, enum history_letter letter);

/* For the letters that count, gaps, retransmissions and zero windows: `count` is the how-manieth this is;
 * it is written at the 1st, 10th, 100th ... time. */
void history_add_counted(struct flow_cold *cold, unsigned side, enum history_letter letter,
                         uint32_t count);

#endif
