/*
 * Purpose: one line a packet in the style of tcpdump(8), with the flow it belongs to and what the
 *          analysis made of it.
 * Borrows: the batches during each call.
 * Bounds:  constant time a packet.
 * Fails:   writing trouble stays in out->error.
 * Used by: report/report.c.
 */
#ifndef LOFLOW_REPORT_PACKET_LINES_H
#define LOFLOW_REPORT_PACKET_LINES_H

#include "report/format.h"

/* All packets of a batch, or those of one flow (report->options.flow_id). Called after
 * tracker_feed and before the next. */
void packet_lines_print(struct report *report, const struct report_batch *batch);

#endif
