/*
 * Purpose: a capture file opened with libpcap over a stream that may be compressed, its filter, and
 *          the sentences about what is wrong with it.
 * Owns:    the descriptor, the stream, libpcap's handle and the compiled filter.
 * Borrows: the bytes of a memory input and the name, until savefile_close.
 * Bounds:  see inflate.h; libpcap's buffer of one packet (pcapng: one block, at most 16 MiB).
 * Fails:   with -errno and a sentence, see source.h.
 * Used by: file.c, pipe.c.
 */
#ifndef LOFLOW_CAPTURE_SAVEFILE_H
#define LOFLOW_CAPTURE_SAVEFILE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/filter.h"
#include "capture/inflate.h"

struct savefile {
    struct inflate *inflate;
    pcap_t *pcap;
    struct filter filter;
    const char *name;
    uint64_t packets;         /* read so far, whether or not they passed the filter */
    int64_t wrapped_seconds;  /* what turns libpcap's negative times back to the file's unsigned */
    int64_t wrapped_fraction; /* nanoseconds */
};

/* May wait for the bytes of the file's header. Holds nothing after a failure. */
int savefile_open(struct savefile *savefile, const struct inflate_input *input, const char *name,
                  const char *filter, struct err *err);

/* Call for every packet that libpcap reads: counts it and mends its time in place. True when it
 * passes the filter. */
bool savefile_accept(struct savefile *savefile, struct pcap_pkthdr *header, const u_char *data);

/* Call when libpcap has no further packet, or an error: 0 for a file that is whole, else -errno and
 * what is wrong with it. */
int savefile_verdict(struct savefile *savefile, bool failed, struct err *err);

void savefile_close(struct savefile *savefile);

#endif
