/*
 * Purpose: what decoding and flows counted, as report/audit.h wants it: the sums of verdicts.
 * Used by: app/finish, tests/fuzz/way.h.
 */
#ifndef LOFLOW_APP_AUDIT_SUMS_H
#define LOFLOW_APP_AUDIT_SUMS_H

#include "decode/decoder.h"
#include "flows/tracker.h"
#include "report/audit.h"

/* Every packet has one verdict, and every packet of TCP and UDP one flow. */
void audit_sum(struct audit *audit, const struct decode_stats *decoded,
               const struct tracker_stats *flows);

#endif
