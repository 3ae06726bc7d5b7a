/*
 * Purpose: parts of lines that are written a million times, at a place with room for them: bytes, words,
 *          numbers and times, without a look at the room for each.
 * Owns:    nothing; the place is the caller's.
 * Bounds:  constant time; each but put_bytes, put_string, put_spaces_to and put_json_text needs PUT_ROOM bytes
 *          at its place and may leave anything in them behind its end. Nothing is terminated.
 * Fails:   never.
 * Used by: base/text and base/out (the same with every end checked), report.
 *
 * All take the place and return where the next part goes. A line has one check of its length, by whoever
 * gives the place.
 */
#ifndef LOFLOW_BASE_PUT_H
#define LOFLOW_BASE_PUT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PUT_ROOM 32

/* What put_json_text needs, and how many bytes one call takes if there are more. */
#define PUT_JSON_ROOM 8192
#define PUT_JSON_TAKE 1024

static inline char *put_bytes(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

/* A word that is known when this is compiled. */
#define PUT(at, literal) put_bytes(at, literal, sizeof(literal) - 1)

/* A short word of ours: a loop is over sooner than a call has begun. */
static inline char *put_string(char *at, const char *word)
{
    while (*word)
        *at++ = *word++;
    return at;
}

/* Spaces up to `to`; none when that is behind. Needs PUT_ROOM bytes behind `to`. */
static inline char *put_spaces_to(char *at, char *to)
{
    if (at >= to)
        return at;
    for (; at < to; at += 16)
        memset(at, ' ', 16);
    return to;
}

/* The eight digits of a number below 10^8, the first in the lowest byte: halves, quarters, digits, all parts at a
 * time. The factors divide by 100 and 10 exactly in the range that the parts have. */
static inline uint64_t put_eight_of(uint32_t number)
{
    uint64_t high = number / 10000;
    uint64_t halves = high | (uint64_t)(number - high * 10000) << 32;
    uint64_t upper = halves * 5243 >> 19 & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = upper | (halves - upper * 100) << 16;
    uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return tens | (pairs - tens * 10) << 8;
}

static inline void put_word64(char *at, uint64_t digits)
{
    uint64_t written = htole64(digits + UINT64_C(0x3030303030303030));
    memcpy(at, &written, sizeof written);
}

/* 10 and more. */
char *put_long_number(char *at, uint64_t number);

static inline char *put_number(char *at, uint64_t number)
{
    if (number >= 10)
        return put_long_number(at, number);
    *at = (char)('0' + number);
    return at + 1;
}

/* At least `width` bytes, at most 8, with spaces before it. */
static inline char *put_aligned(char *at, uint64_t number, unsigned width)
{
    if (number >= 100000000)
        return put_long_number(at, number);
    uint64_t digits = put_eight_of((uint32_t)number);
    /* A digit is a space and one bit more; the last one is always shown. */
    unsigned spaces = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    unsigned len = 8 - spaces > width ? 8 - spaces : width;
    digits +=
        UINT64_C(0x2020202020202020) + (UINT64_C(0x1010101010101010) >> 8 * spaces << 8 * spaces);
    uint64_t written = htole64(digits >> (64 - 8 * len));
    memcpy(at, &written, sizeof written);
    return at + len;
}

/* The last `count` digits of the number, 1 to 8, with leading zeros. */
static inline char *put_digits(char *at, uint32_t number, unsigned count)
{
    uint64_t digits = put_eight_of(number % 100000000) + UINT64_C(0x3030303030303030);
    uint64_t written = htole64(digits >> (64 - 8 * count));
    memcpy(at, &written, sizeof written);
    return at + count;
}

/* The nine decimals of a second. */
static inline char *put_decimals(char *at, uint32_t ns)
{
    uint32_t first = ns / 100000000;
    *at = (char)('0' + first);
    put_word64(at + 1, put_eight_of(ns - first * 100000000));
    return at + 9;
}

/* Two digits, lower case. */
static inline char *put_hex(char *at, uint8_t octet)
{
    at[0] = "0123456789abcdef"[octet >> 4];
    at[1] = "0123456789abcdef"[octet & 15];
    return at + 2;
}

/* See text_add_time, text_add_count, text_add_size and text_add_span in base/text.h. */
char *put_time(char *at, int64_t time_ns);
char *put_span(char *at, int64_t span_ns);

/* 1000 and more, with one of the six steps. */
char *put_scaled(char *at, uint64_t value, const char *steps);

static inline char *put_count(char *at, uint64_t count)
{
    return count < 1000 ? put_number(at, count) : put_scaled(at, count, "kMGTPE");
}

static inline char *put_size(char *at, uint64_t bytes)
{
    at = bytes < 1000 ? put_number(at, bytes) : put_scaled(at, bytes, "KMGTPE");
    *at = 'B';
    return at + 1;
}

/* How many bytes at the beginning are printable ASCII, and neither of `but`: the escapes let them pass. Looks at
 * words of eight. */
size_t put_plain_len(const char *bytes, size_t len, const char but[2]);

/* See out_json_text. Moves the place at *at, and returns how many bytes it took: all of them, or at least
 * PUT_JSON_TAKE. */
size_t put_json_text(char **at, const char *bytes, size_t len);

#endif
