/*
 * Purpose: the rest of a packet while it is peeled, with both of its lengths: what was captured and
 *          what the headers so far, or else the wire, announce.
 * Owns:    nothing.
 * Borrows: the bytes of the frame or of a reassembled datagram.
 * Bounds:  constant time. bytes.left <= wire_left always holds, so a successful take never goes
 *          beyond what was announced.
 * Fails:   layer_take returns NULL and moves nothing.
 * Used by: the files of decode.
 */
#ifndef LOFLOW_DECODE_LAYER_H
#define LOFLOW_DECODE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "decode/packet.h"

/* What a damaged file says beyond this is no packet's length; distances of sequence numbers stay
 * within 31 bits. */
#define LAYER_WIRE_LEN_MAX (1u << 30)

struct layer {
    struct bytes bytes; /* captured */
    uint32_t wire_left; /* bytes announced */
};

static inline const uint8_t *layer_take(struct layer *layer, uint32_t count)
{
    const uint8_t *taken = bytes_take(&layer->bytes, count);
    if (taken)
        layer->wire_left -= count;
    return taken;
}

/* A header said that `len` bytes follow; the rest is padding. A header that announces more than the
 * wire had is wrong: what was there counts. */
static inline void layer_announce(struct layer *layer, uint32_t len)
{
    if (layer->wire_left > len)
        layer->wire_left = len;
    bytes_limit(&layer->bytes, len);
}

/* For `return layer_refuse(verdict, ...)` in functions that return whether to go on. */
static inline bool layer_refuse(enum verdict *verdict, enum verdict reason)
{
    *verdict = reason;
    return false;
}

#endif
