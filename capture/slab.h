/*
 * Purpose: copies of packets, packed one behind the other, as libpcap's own bytes live only until
 *          its next packet (and a ring block may go back to the kernel with its last packet).
 * Owns:    one block of memory.
 * Bounds:  SOURCE_SLAB_SIZE plus one largest packet; longer packets are cut, their length on the
 *          wire stays.
 * Fails:   slab_open returns -ENOMEM; slab_add never fails: it must not be called on a full slab.
 * Used by: live.c, file.c, pipe.c.
 */
#ifndef LOFLOW_CAPTURE_SLAB_H
#define LOFLOW_CAPTURE_SLAB_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"

#define SLAB_PACKET_MAX 262144u /* libpcap's own limit for all but a few exotic link types */

struct slab {
    uint8_t *bytes;
    size_t used;
};

int slab_open(struct slab *slab, struct err *err);
void slab_close(struct slab *slab);

/* Another packet of any length fits. */
bool slab_has_room(const struct slab *slab);

/* Copies the packet and describes it in `frame` (all but link type and interface). Lengths and
 * times come from hostile bytes: the frame never has more captured bytes than wire bytes. */
void slab_add(struct slab *slab, const struct pcap_pkthdr *header, const uint8_t *data,
              struct frame *frame);

/* Nanoseconds since the epoch, held within +-FRAME_TIME_MAX_NS. */
int64_t slab_time_ns(int64_t seconds, int64_t nanoseconds);

#endif
