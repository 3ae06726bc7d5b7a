/*
 * Purpose: an address, the five-tuple that names a flow, and their written forms.
 * Owns:    nothing; plain values.
 * Bounds:  constant time and size.
 * Fails:   never; a text that does not fit is marked cut by `struct text`.
 * Used by: everyone.
 *
 * IPv4 addresses are kept in their IPv4-mapped form (RFC 4291 section 2.5.5.2), so that both
 * families order and compare alike; `family` tells a mapped IPv4 address from an IPv6 one.
 */
#ifndef LOFLOW_BASE_TUPLE_H
#define LOFLOW_BASE_TUPLE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/put.h"
#include "base/text.h"

enum ip_protocol {
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ICMPV6 = 58,
};

struct address {
    uint8_t octets[16];
};

/* Canonical: (address[0], port[0]) <= (address[1], port[1]), so both directions have one tuple. */
struct tuple {
    struct address address[2];
    uint16_t port[2];
    uint8_t protocol; /* enum ip_protocol */
    uint8_t family;   /* 4 or 6 */
    uint8_t zero[2];  /* always 0: tuples are compared as bytes */
};

static_assert(sizeof(struct tuple) == 40, "five words");

/* `octets` are the 4 bytes of the header, network order. Written in whole words: comparing and
 * hashing follow at once and would wait for smaller stores to reach the cache. */
static inline struct address address_from_number(uint32_t ipv4)
{
    struct address address;
    const uint64_t halves[2] = {0, htobe64(UINT64_C(0xffff) << 32 | ipv4)};
    memcpy(address.octets, halves, sizeof halves);
    return address;
}

static inline struct address address_from_ipv4(const uint8_t *octets)
{
    return address_from_number(load_be32(octets));
}

/* `octets` are the 16 bytes of the header, network order. */
static inline struct address address_from_ipv6(const uint8_t *octets)
{
    struct address address;
    memcpy(address.octets, octets, 16);
    return address;
}

/* 0.0.0.0 or ::, which a listener on all addresses has. */
static inline bool address_is_any(const struct address *address, uint8_t family)
{
    uint64_t high = load_be64(address->octets), low = load_be64(address->octets + 8);
    return family == 4 ? (uint32_t)low == 0 : (high | low) == 0;
}

/* 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1. */
static inline bool address_is_loopback(const struct address *address, uint8_t family)
{
    uint64_t high = load_be64(address->octets), low = load_be64(address->octets + 8);
    return family == 4 ? address->octets[12] == 127 : high == 0 && low == 1;
}

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
    const uint8_t *x = (const uint8_t *)a;
    const uint8_t *y = (const uint8_t *)b;
    uint64_t differ = 0;
    for (size_t word = 0; word < sizeof *a; word += 8)
        differ |= load_word(x + word) ^ load_word(y + word);
    return differ == 0;
}

/* Both ends are the same socket: a self-connect. */
static inline bool tuple_is_self(const struct tuple *tuple)
{
    return tuple->port[0] == tuple->port[1] &&
           memcmp(&tuple->address[0], &tuple->address[1], sizeof tuple->address[0]) == 0;
}

/* Exchanges two words when `mask` is all ones, leaves them when it is 0. */
static inline void tuple_swap_words(uint8_t *a, uint8_t *b, uint64_t mask)
{
    uint64_t first = load_word(a);
    uint64_t second = load_word(b);
    uint64_t differ = (first ^ second) & mask;
    first ^= differ;
    second ^= differ;
    /* Not checked: a length that the compiler knows, at places that it chose by the family. */
    (void)__builtin_memcpy(a, &first, sizeof first);
    (void)__builtin_memcpy(b, &second, sizeof second);
}

/* Puts the tuple into canonical order. Returns the end that the packet came from: 0 or 1. Half of all
 * packets go each way in no order that a branch predictor could learn: no branches but on the family. */
static inline uint8_t tuple_canonicalize(struct tuple *tuple)
{
    uint8_t *first = tuple->address[0].octets;
    uint8_t *second = tuple->address[1].octets;
    const uint64_t low[2] = {load_be64(first + 8), load_be64(second + 8)};
    unsigned swapped = 0;
    if (tuple->family == 4) {
        swapped = (low[0] << 16 | tuple->port[0]) > (low[1] << 16 | tuple->port[1]);
    } else {
        const uint64_t high[2] = {load_be64(first), load_be64(second)};
        swapped = (unsigned)(high[0] > high[1]) |
                  ((unsigned)(high[0] == high[1]) &
                   ((unsigned)(low[0] > low[1]) |
                    ((unsigned)(low[0] == low[1]) & (unsigned)(tuple->port[0] > tuple->port[1]))));
        tuple_swap_words(first, second, 0 - (uint64_t)swapped);
    }
    uint64_t mask = 0 - (uint64_t)swapped;
    tuple_swap_words(first + 8, second + 8, mask);
    uint16_t differ = (uint16_t)((tuple->port[0] ^ tuple->port[1]) & mask);
    tuple->port[0] ^= differ;
    tuple->port[1] ^= differ;
    return (uint8_t)swapped;
}

/* What these two need at their place, see base/put.h. */
#define PUT_ENDPOINT_ROOM 80

/* What nearly every address here is. */
static inline bool address_is_localhost(const struct address *address, uint8_t family)
{
    return family == 4 && load_be32(address->octets + 12) == 0x7f000001;
}

char *put_other_ip(char *at, const struct address *address, uint8_t family);
char *put_other_endpoint(char *at, const struct tuple *tuple, unsigned end);

static inline char *put_ip(char *at, const struct address *address, uint8_t family)
{
    return address_is_localhost(address, family) ? PUT(at, "127.0.0.1")
                                                 : put_other_ip(at, address, family);
}

static inline char *put_endpoint(char *at, const struct tuple *tuple, unsigned end)
{
    assert(end < 2);
    if (!address_is_localhost(&tuple->address[end], tuple->family))
        return put_other_endpoint(at, tuple, end);
    return put_number(PUT(at, "127.0.0.1:"), tuple->port[end]);
}

/* "127.0.0.1", "::1" (RFC 5952); `family` is 4 or 6. */
void text_add_address(struct text *text, const struct address *address, uint8_t family);

/* "127.0.0.1:80", "[::1]:80" */
void text_add_endpoint(struct text *text, const struct tuple *tuple, unsigned end);

#endif
