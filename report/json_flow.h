/*
 * Purpose: the lines of JSON that there are of every flow: what happens to it, and its last word.
 * Bounds:  a line of at most OUT_LINE_MAX bytes, written in place; constant time.
 * Used by: report/json.c.
 */
#ifndef LOFLOW_REPORT_JSON_FLOW_H
#define LOFLOW_REPORT_JSON_FLOW_H

#include "report/format.h"

void json_print_flow(struct report *report, struct flow_view flow);
void json_print_event(struct report *report, struct flow_view flow, const struct flow_event *event);

#endif
