/*
 * Purpose: the hash of a canonical tuple, keyed so that nobody who sends packets can choose
 *          collisions.
 * Source:  SipHash-1-3, after Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012),
 *          over the tuple's words instead of a byte string: the input has one fixed length.
 * Bounds:  constant time; 2 words for IPv4, 5 for IPv6.
 * Used by: decode (computes it once a packet), flows (looks it up).
 */
#ifndef LOFLOW_BASE_HASH_H
#define LOFLOW_BASE_HASH_H

#include <stdint.h>

#include "base/tuple.h"

struct hash_key {
    uint64_t word[2];
};

uint64_t hash_tuple(const struct hash_key *key, const struct tuple *tuple);

#endif
