/*
 * Purpose: the hash of a canonical tuple, keyed so that nobody who sends packets can choose
 *          collisions.
 * Source:  NH, from Black, Halevi, Krawczyk, Krovetz and Rogaway, "UMAC: fast and secure message
 *          authentication" (1999): whoever does not know the key finds two tuples of the same sum with a
 *          probability of 2^-32 at best. Neighbours, such as ports in a row, have sums that are apart by
 *          the same step; Murmur3's finalizer, which keeps different sums different, scatters them.
 * Bounds:  constant time; 2 products for IPv4, 5 for IPv6.
 * Used by: decode (computes it once a packet), flows (looks it up).
 */
#ifndef LOFLOW_BASE_HASH_H
#define LOFLOW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/tuple.h"

#define HASH_KEY_WORDS 10

struct hash_key {
    uint32_t word[HASH_KEY_WORDS];
};

static inline uint64_t hash_pair(const struct hash_key *key, size_t pair, uint32_t a, uint32_t b)
{
    /* Digits of pi, so that a key of zeros will do where nobody attacks. */
    static const uint32_t plain[HASH_KEY_WORDS] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344,
                                                   0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89,
                                                   0x452821e6, 0x38d01377};
    uint32_t first = a + (key->word[2 * pair] ^ plain[2 * pair]);
    uint32_t second = b + (key->word[2 * pair + 1] ^ plain[2 * pair + 1]);
    return (uint64_t)first * second;
}

static inline uint64_t hash_scatter(uint64_t sum)
{
    sum ^= sum >> 33;
    sum *= UINT64_C(0xff51afd7ed558ccd);
    sum ^= sum >> 33;
    sum *= UINT64_C(0xc4ceb9fe1a85ec53);
    return sum ^ sum >> 33;
}

/* Of a tuple that is not in its place yet. `ends`: IPv4 address << 16 | port, in canonical order. */
static inline uint64_t hash_ipv4(const struct hash_key *key, const uint64_t ends[2],
                                 uint8_t protocol)
{
    return hash_scatter(hash_pair(key, 0, (uint32_t)(uint16_t)ends[1] << 16 | (uint16_t)ends[0],
                                  4u << 8 | protocol) +
                        hash_pair(key, 1, (uint32_t)(ends[0] >> 16), (uint32_t)(ends[1] >> 16)));
}

static inline uint64_t hash_tuple(const struct hash_key *key, const struct tuple *tuple)
{
    const uint8_t *octets = (const uint8_t *)tuple;
    if (tuple->family == 4) {
        const uint64_t ends[2] = {(uint64_t)load_be32(octets + 12) << 16 | tuple->port[0],
                                  (uint64_t)load_be32(octets + 28) << 16 | tuple->port[1]};
        return hash_ipv4(key, ends, tuple->protocol);
    }
    /* From the fields: a word would have to wait until their stores have reached the cache. */
    uint64_t sum = hash_pair(key, 0, (uint32_t)tuple->port[1] << 16 | tuple->port[0],
                             (uint32_t)tuple->family << 8 | tuple->protocol);
    for (size_t pair = 1; pair < HASH_KEY_WORDS / 2; pair++, octets += 8)
        sum += hash_pair(key, pair, load_be32(octets), load_be32(octets + 4));
    return hash_scatter(sum);
}

#endif
