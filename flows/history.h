/*
 * Purpose: Zeek's history of a connection, a letter for each kind of thing a side did.
 * Source:  Zeek's documentation of conn.log, field `history`.
 * Bounds:  FLOW_HISTORY_MAX letters; later ones are dropped.
 * Used by: flows/connection, flows/tracker.
 */
#ifndef LOFLOW_FLOWS_HISTORY_H
#define LOFLOW_FLOWS_HISTORY_H

#include <stdint.h>

#include "flows/flow.h"

/* Adds an upper-case letter for the side (0 or 1), unless that side has it already. */
void history_add(struct flow_cold *cold, unsigned side, char letter);

/* For the letters that count (C G T W): `count` is the how-manieth this is; it is written at the
 * 1st, 10th, 100th ... time. */
void history_add_counted(struct flow_cold *cold, unsigned side, char letter, uint32_t count);

#endif
