/*
 * Purpose: takes everything off a frame that comes before the IP header.
 * Bounds:  LINK_TAG_MAX tags or labels a frame.
 * Fails:   returns false and says in *verdict what the frame was instead.
 * Used by: decode/decoder.c.
 */
#ifndef LOFLOW_DECODE_LINK_H
#define LOFLOW_DECODE_LINK_H

#include "decode/layer.h"

#define LINK_ETHERNET_LEN 14u /* the EtherType is its last field */

enum ethertype {
    ETHERTYPE_LENGTH_MAX = 1500,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    ETHERTYPE_PROVIDER_VLAN = 0x88a8,
    ETHERTYPE_OLD_QINQ = 0x9100,
};

/* VLAN tags and MPLS labels together; real networks stack two or three. */
#define LINK_TAG_MAX 16

/* True: `layer` stands at what should be an IP header of either version. */
bool link_find_ip(struct layer *layer, uint16_t link_type, enum verdict *verdict);

#endif
