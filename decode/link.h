/*
 * Purpose: takes everything off a frame that comes before the IP header.
 * Bounds:  LINK_TAG_MAX tags or labels a frame.
 * Fails:   returns false and says in *verdict what the frame was instead.
 * Used by: decode/decoder.c.
 */
#ifndef LOFLOW_DECODE_LINK_H
#define LOFLOW_DECODE_LINK_H

#include "decode/layer.h"

/* VLAN tags and MPLS labels together; real networks stack two or three. */
#define LINK_TAG_MAX 16

/* True: `layer` stands at what should be an IP header of either version. */
bool link_find_ip(struct layer *layer, uint16_t link_type, enum verdict *verdict);

#endif
