/*
 * Purpose: what a flow is, in the fields and flags of the filter language.
 * Owns:    nothing.
 * Bounds:  constant time.
 * Used by: ui/filter_match.
 */
#ifndef LOFLOW_UI_FILTER_FACT_H
#define LOFLOW_UI_FILTER_FACT_H

#include "ui/filter_program.h"

/* A field of kind COUNT, SIZE or SPAN; -1: not known of that flow. */
int64_t filter_number(enum filter_field field, const struct filter_look *look);

/* By its packets alone: what is diagnosed is for the caller. */
bool filter_flag_holds(enum filter_flag flag, const struct filter_look *look);

#endif
