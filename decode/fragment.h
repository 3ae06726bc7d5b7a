/*
 * Purpose: puts IP datagrams together from their fragments.
 * Owns:    the bytes of incomplete datagrams, and of complete ones until fragments_release.
 * Borrows: the fragment's bytes during fragments_add.
 * Bounds:  `memory` bytes given to fragments_open, but room for one datagram at least; a datagram
 *          takes sizeof(struct datagram), whatever its length. Time: one copy of the fragment.
 * Fails:   fragments_open with -ENOMEM. When all room is taken the oldest incomplete datagram makes
 *          way: what is lost is what would have waited longest already. Its fragments are added to
 *          `evicted_count`.
 * Used by: decode/decoder.c.
 */
#ifndef LOFLOW_DECODE_FRAGMENT_H
#define LOFLOW_DECODE_FRAGMENT_H

#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"
#include "decode/ip.h"

#define FRAGMENT_END_MAX    65535u /* what a 16-bit length can announce */
#define FRAGMENT_UNIT       8u     /* bytes; offsets count in it */
#define FRAGMENT_UNIT_COUNT 8192u
#define FRAGMENT_WORD_COUNT (FRAGMENT_UNIT_COUNT / 64)

struct datagram {
    struct tuple name;     /* addresses as in the header, not sorted; the ports hold the id */
    int64_t first_ns;      /* time of the fragment that came first */
    uint32_t next;         /* in its bucket, or in the chain of complete ones */
    uint32_t older, newer; /* in order of arrival */
    uint32_t total_len;    /* bytes; 0 until the last fragment came */
    uint32_t end;          /* of the furthest fragment, bytes */
    uint32_t received_len; /* announced bytes */
    uint32_t captured_end; /* bytes up to here were all captured */
    uint32_t fragment_count;
    uint8_t protocol; /* as the first fragment says */
    bool refused;     /* its fragments overlapped; what still comes is refused too */
    uint64_t received[FRAGMENT_WORD_COUNT]; /* units that came */
    uint64_t starts[FRAGMENT_WORD_COUNT];   /* units that begin a fragment */
    uint8_t bytes[FRAGMENT_UNIT * FRAGMENT_UNIT_COUNT];
};

struct fragment_table {
    struct pool pool; /* of struct datagram */
    struct hash_key hash_key;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t oldest, newest; /* incomplete ones in order of arrival */
    uint32_t complete;       /* chain of those handed out since fragments_release */
    uint64_t evicted_count;  /* fragments of datagrams that made way */
};

int fragments_open(struct fragment_table *table, uint32_t memory, const struct hash_key *key,
                   struct err *err);
void fragments_close(struct fragment_table *table);

/* Takes back the bytes of the datagrams that were completed since the last call. */
void fragments_release(struct fragment_table *table);

/* `ip` is a fragment between `ends`. True: it completed its datagram, and ip->payload and
 * ip->protocol are now those of the whole. False: *verdict says what became of it. */
bool fragments_add(struct fragment_table *table, int64_t time_ns, const struct tuple *ends,
                   struct ip_header *ip, enum verdict *verdict);

#endif
