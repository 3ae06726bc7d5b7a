/*
 * Purpose: turns frames into packets: link layer, IP, fragments, TCP, UDP, ICMP errors.
 * Owns:    the fragments that wait for their datagram, and the counts of verdicts.
 * Borrows: the frames of a batch during decode_batch; payload pointers, see decode/packet.h.
 * Bounds:  no allocation after decoder_open; constant time a frame, but for the copy of fragments;
 *          fragments: `fragment_memory` bytes and DECODER_FRAGMENT_AGE_NS of packet time.
 * Fails:   decoder_open with -ENOMEM. Hostile bytes never fail: each packet gets one verdict, so
 *          that the sum of all verdicts is the number of frames read.
 * Used by: app (drives it), tests.
 */
#ifndef LOFLOW_DECODE_DECODER_H
#define LOFLOW_DECODE_DECODER_H

#include "base/err.h"
#include "base/frame.h"
#include "base/hash.h"
#include "decode/packet.h"

/* RFC 791 suggests 15 s, Linux waits 30 s. */
#define DECODER_FRAGMENT_AGE_NS INT64_C(30000000000)

#define DECODER_FRAGMENT_MEMORY (4u << 20)

struct decoder;

struct decoder_options {
    struct hash_key hash_key;
    uint32_t fragment_memory; /* bytes for reassembly; 0 means DECODER_FRAGMENT_MEMORY */
};

struct decode_stats {
    uint64_t frames; /* every frame that was given to decode_batch */
    uint64_t captured_bytes;
    uint64_t truncated;                    /* captured_len < wire_len */
    uint64_t fragments;                    /* IP fragments seen, whatever became of them */
    uint64_t verdicts[VERDICT_COUNT];      /* sum == frames */
    uint64_t verdict_bytes[VERDICT_COUNT]; /* captured bytes; sum == captured_bytes. Of a fragment:
                                              by the verdict it had when it came */
    uint64_t payload_bytes;                /* on the wire, of TCP and UDP */
};

int decoder_open(struct decoder **decoder, const struct decoder_options *options, struct err *err);
void decoder_close(struct decoder *decoder);

/* Fills packets->packets[i] from frames->frames[i] for every i, and packets->count. A fragment that
 * completes its datagram yields the whole packet; the ones before it yield PACKET_NONE with
 * VERDICT_FRAGMENT_HELD. */
void decode_batch(struct decoder *decoder, const struct frame_batch *frames,
                  struct packet_batch *packets);

/* The latest batch has payload that lies in the decoder, as datagrams put together from fragments do, and
 * that stays until the next call; all else lies in the frames. */
bool decoder_lends(const struct decoder *decoder);

const struct decode_stats *decoder_stats(const struct decoder *decoder);

/* What reassembly of fragments has in use, in bytes, at most so far. */
uint64_t decoder_memory(const struct decoder *decoder);

/* Frames with a verdict of class UNDECODED. */
uint64_t decode_undecoded_count(const struct decode_stats *stats);

/* "tcp_cut", "packets that end inside the TCP header" */
const char *verdict_word(enum verdict verdict);
const char *verdict_explanation(enum verdict verdict);
bool verdict_is_undecoded(enum verdict verdict);

#endif
