/*
 * Purpose: events in a few words for people: the same on the screen and in reports.
 * Owns:    nothing.
 * Bounds:  constant time; a text of at most DESCRIBE_MAX bytes.
 * Used by: report, ui.
 */
#ifndef LOFLOW_FLOWS_DESCRIBE_H
#define LOFLOW_FLOWS_DESCRIBE_H

#include "base/text.h"
#include "flows/flow.h"

#define DESCRIBE_MAX 128

/* "port unreachable (3/3)"; `family` is 4 or 6. RFC 792, RFC 1812 section 5.2.7, RFC 4443. */
void text_add_icmp(struct text *text, uint8_t family, uint8_t type, uint8_t code);

/* What the event's name leaves open: "RST after 12us", "by the server, after 3 packets" ... ASCII,
 * "" when there is nothing to add. */
void text_add_event(struct text *text, struct flow_view flow, const struct flow_event *event);

#endif
