/*
 * Purpose: flows and events in a few words for people: the same on the screen and in reports.
 * Owns:    nothing; facts are plain values that outlive the flow.
 * Bounds:  constant time; a text of at most DESCRIBE_MAX bytes, ASCII.
 * Used by: flows/failure_log, report, ui.
 */
#ifndef LOFLOW_FLOWS_DESCRIBE_H
#define LOFLOW_FLOWS_DESCRIBE_H

#include "base/text.h"
#include "flows/flow.h"

#define DESCRIBE_MAX 96

/* What the words about an event are made of. */
struct event_facts {
    int64_t after_ns;        /* since the first packet of the flow */
    int64_t handshake_ns;    /* -1 unknown */
    uint64_t sent_bytes;     /* payload from client to server so far */
    uint64_t received_bytes; /* and back */
    uint32_t syns;           /* the client sent so far */
    uint32_t silence_ms;     /* see struct flow_event */
    uint16_t arg;            /* see struct flow_event */
    uint8_t kind;            /* enum event_kind */
    uint8_t family;          /* 4 or 6 */
    bool by_client;          /* caused by the client, else by the server */
};

struct event_facts describe_event(struct flow_view flow, const struct flow_event *event);

/* What the event's name leaves open: "RST after 12us", "ICMP port unreachable (3/3)", "by the
 * server after 60.0s, 35B sent, 0B back"; "" when there is nothing to add. */
void text_add_event(struct text *text, const struct event_facts *facts);

/* "port unreachable (3/3)"; `family` is 4 or 6. */
void text_add_icmp(struct text *text, uint8_t family, uint8_t type, uint8_t code);

/* "tcp" or "udp" */
const char *protocol_word(uint8_t protocol);

#endif
