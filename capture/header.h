/*
 * Purpose: what libpcap makes of the beginning of a capture file, for those that read the rest themselves.
 * Owns:    nothing.
 * Bounds:  constant time.
 * Used by: capture/records.c, capture/pcapng.c.
 */
#ifndef LOFLOW_CAPTURE_HEADER_H
#define LOFLOW_CAPTURE_HEADER_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libpcap judges the header, so that a filter, the link type and the snap length come out as they would for
 * the whole file. NULL when it refuses. The caller closes it, before the bytes go. */
pcap_t *header_open(uint8_t *bytes, size_t len);

/* A link type, as files number them, whose packets libpcap hands out as they are in the file. */
bool header_link_is_plain(uint32_t link_type);

#endif
