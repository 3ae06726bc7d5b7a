/*
 * Purpose: a captured frame as every source hands it over, and the batch in which frames travel.
 * Owns:    nothing; both are plain values.
 * Borrows: `data` belongs to the source and lives until its next `source_next` or `source_close`.
 * Bounds:  FRAME_BATCH_MAX frames a batch.
 * Used by: capture (makes them), decode (reads them), app (passes them on).
 */
#ifndef LOFLOW_BASE_FRAME_H
#define LOFLOW_BASE_FRAME_H

#include <assert.h>
#include <stdint.h>

#define FRAME_BATCH_MAX 64

/* Link types as the pcap file format numbers them (https://www.tcpdump.org/linktypes.html). */
enum link_type {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_RAW = 101,
    LINK_CISCO_HDLC = 104,
    LINK_LOOP = 108,
    LINK_LINUX_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_LINUX_SLL2 = 276,
};

/* The year 2109, behind all that the pcap format can say. The difference of two times fits int64_t,
 * and 13 years more. */
#define FRAME_TIME_MAX_NS INT64_C(4400000000000000000)

struct frame {
    int64_t time_ns;     /* since the epoch, within +-FRAME_TIME_MAX_NS; 0 when the file has none */
    const uint8_t *data; /* captured_len bytes */
    uint32_t captured_len; /* bytes in `data` */
    uint32_t wire_len;     /* bytes on the wire, link-layer header included */
    uint16_t link_type;    /* enum link_type, or a number we do not know */
    uint16_t interface;    /* index of the capture interface, 0 when there is one */
};

static_assert(sizeof(struct frame) == 32, "two frames a cache line");

struct frame_batch {
    uint32_t count;
    struct frame frames[FRAME_BATCH_MAX];
};

#endif
