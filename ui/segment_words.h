/*
 * Purpose: what a logged packet or event is, in words for people.
 * Owns:    nothing.
 * Bounds:  constant time; a text of at most SEGMENT_WORDS_MAX bytes, ASCII.
 * Used by: ui/ladder, ui/flow_page.
 */
#ifndef LOFLOW_UI_SEGMENT_WORDS_H
#define LOFLOW_UI_SEGMENT_WORDS_H

#include "base/text.h"
#include "flows/flow.h"
#include "flows/packet_log.h"
#include "ui/grid.h"

#define SEGMENT_WORDS_MAX 512

/* "SYN ACK", "PSH ACK"; "UDP", "ICMP" */
void text_add_packet_kind(struct text *text, const struct packet_record *record);

/* "retransmission, window full"; the narrower word stands for the wider one. */
void text_add_marks(struct text *text, uint32_t marks);
enum style marks_style(uint32_t marks);

/* "seq 1:735"; relative to the flow's first numbers unless `absolute`. */
void text_add_seq(struct text *text, const struct packet_record *record,
                  const struct flow_cold *cold, bool absolute);
void text_add_ack(struct text *text, const struct packet_record *record,
                  const struct flow_cold *cold, bool absolute);

/* "mss 65495, window scale 7, SACK permitted, timestamps" */
void text_add_options(struct text *text, const struct packet_record *record);

/* The window in bytes, scaled as far as is known. */
uint64_t segment_window(const struct packet_record *record, const struct flow *hot);

/* "stalled: no answer from the server for 2.0s" */
void text_add_logged_event(struct text *text, const struct packet_record *record,
                           const struct flow *hot, const struct flow_cold *cold);
enum style logged_event_style(const struct packet_record *record);

#endif
