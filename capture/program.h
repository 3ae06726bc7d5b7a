/*
 * Purpose: the kernel's filter program of a live Ethernet device: which packets are taken, as a compiled
 *          filter says, and how many bytes of each.
 * Owns:    its instructions.
 * Bounds:  those of the filter and PROGRAM_TAIL_MAX more; nothing is allocated after program_open.
 * Fails:   program_open with -ENOMEM.
 * Used by: live.c.
 */
#ifndef LOFLOW_CAPTURE_PROGRAM_H
#define LOFLOW_CAPTURE_PROGRAM_H

#include <pcap/pcap.h>
#include <stdint.h>

#include "base/err.h"

#define PROGRAM_TAIL_MAX 48u

/* What lies before the payload at most where not all of a packet is taken: Ethernet, an IPv4 or IPv6 header
 * and a TCP header, with options. */
#define PROGRAM_HEADERS_MAX (14u + 60u + 60u)

struct program {
    struct bpf_insn *instructions;
    uint32_t count;        /* of all of them */
    uint32_t filter_count; /* of those that are the filter's */
};

/* `filter` decides about packets, and is copied; NULL: all are taken. */
int program_open(struct program *program, const struct bpf_program *filter, struct err *err);
void program_close(struct program *program);

/* From now on takes at most `snaplen` bytes of a packet, and of TCP and UDP `payload_len` bytes behind the
 * headers. */
void program_set(struct program *program, uint32_t snaplen, uint32_t payload_len);

#endif
