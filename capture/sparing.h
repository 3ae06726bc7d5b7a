/*
 * Purpose: of a file's long packets only the headers and the first bytes of payload are read, where nobody
 *          looks at more.
 * Owns:    the counts of what was left out.
 * Bounds:  a call to the system for each packet that is left out in part, which then costs less than its bytes.
 * Fails:   never: what cannot be left out is read.
 * Used by: capture/records.c, capture/pcapng.c.
 *
 * As in a live capture (capture/program.h) headers stay with their options, and whole stays what is not TCP or
 * UDP behind IP and Ethernet, as do fragments. That the packet is there to its last byte is seen before it is
 * handed out, so that a file that is cut short ends with the same packet either way.
 */
#ifndef LOFLOW_CAPTURE_SPARING_H
#define LOFLOW_CAPTURE_SPARING_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/source.h"
#include "capture/window.h"

#define SPARING_TAIL 4u /* bytes of a record that lie behind what was kept of its packet */

struct sparing {
    uint32_t least; /* bytes of a packet that is worth it; UINT32_MAX: none is */
    uint32_t payload_len;
    uint64_t packets, bytes; /* see struct source_stats */
};

/* A record at the window: a head, a packet, and perhaps more. */
struct sparing_record {
    uint32_t size; /* of all of it */
    uint32_t head_len;
    uint32_t captured_len, wire_len;
    bool is_first; /* see window_has */
};

/* At first all is read. See source_keep_payload. */
void sparing_begin(struct sparing *sparing);
void sparing_keep(struct sparing *sparing, uint32_t payload_len);

/* Returns how many bytes of the packet are there once window_has has what is left of the record: head, these,
 * and the last SPARING_TAIL bytes; or captured_len when the record is to be read as it is. The head must be at
 * the window already. */
uint32_t sparing_leave(const struct sparing *sparing, struct window *window,
                       const struct sparing_record *record);

/* A packet was handed out with `kept` of captured_len bytes. */
void sparing_note(struct sparing *sparing, const struct sparing_record *record, uint32_t kept);

/* Its share of the source's. */
void sparing_stats(const struct sparing *sparing, struct source_stats *stats);

#endif
