/*
 * Purpose: reads IP headers of both versions, down to the transport header or to a fragment.
 * Owns:    nothing.
 * Borrows: the bytes of the layer; `payload` points into them.
 * Bounds:  constant time for IPv4; IPV6_EXTENSION_MAX extension headers for IPv6.
 * Fails:   returns false and says why in *verdict.
 * Used by: decode/decoder.c, decode/icmp.c (packets quoted in errors).
 */
#ifndef LOFLOW_DECODE_IP_H
#define LOFLOW_DECODE_IP_H

#include "base/tuple.h"
#include "decode/layer.h"

/* Many times what any real packet has; the shortest header is 8 bytes. */
#define IPV6_EXTENSION_MAX 128

struct ip_header {
    struct layer payload;     /* behind the headers, as long as they announce */
    uint32_t fragment_id;     /* only when is_fragment */
    uint16_t fragment_offset; /* bytes; only when is_fragment */
    bool is_fragment;         /* false for IPv6 atomic fragments, RFC 6946 */
    bool more_fragments;
    uint8_t protocol; /* of `payload` */
};

/* Both move ip->payload from the IP header, whose version was looked at before, to what is behind
 * it, and fill the rest of `ip` and the sender (0), receiver (1) and family of `tuple`. */
bool ipv4_parse(struct ip_header *ip, struct tuple *tuple, enum verdict *verdict);
bool ipv6_parse(struct ip_header *ip, struct tuple *tuple, enum verdict *verdict);

/* Walks the extension headers at `payload`, from one of kind `protocol`. Stops at a transport
 * header or behind a fragment header, which sets is_fragment. */
bool ipv6_walk(struct ip_header *ip, enum verdict *verdict);

static inline bool ip_parse(struct ip_header *ip, struct tuple *tuple, enum verdict *verdict)
{
    if (ip->payload.bytes.left == 0)
        return layer_refuse(verdict, VERDICT_IP_CUT);
    switch (ip->payload.bytes.at[0] >> 4) {
    case 4:
        return ipv4_parse(ip, tuple, verdict);
    case 6:
        return ipv6_parse(ip, tuple, verdict);
    default:
        return layer_refuse(verdict, VERDICT_IP_VERSION);
    }
}

#endif
