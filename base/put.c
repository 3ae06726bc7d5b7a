#include "base/put.h"

#include "base/clock.h"
#include "base/harm.h"
#include "base/text.h"

#define EIGHT UINT64_C(100000000) /* the least number of nine digits */

static const char digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

static inline char *put_pair_of(char *at, unsigned pair)
{
    return put_bytes(at, digit_pairs + (size_t)2 * pair, 2);
}

/* 10 to 9999. */
static inline char *put_short_number(char *at, unsigned number)
{
    unsigned high = number / 100;
    if (high >= 10) {
        at = put_pair_of(at, high);
    } else if (high > 0) {
        *at++ = (char)('0' + high);
    }
    return put_pair_of(at, number - high * 100);
}

char *put_long_number(char *at, uint64_t number)
{
    if (number < 10000)
        return put_short_number(at, (unsigned)number);
    if (number < 100000) { /* ports */
        unsigned high = (unsigned)number / 10000, low = (unsigned)number - high * 10000;
        *at = (char)('0' + high);
        (void)put_pair_of(at + 1, low / 100);
        return put_pair_of(at + 3, low % 100);
    }
    if (number < EIGHT)
        return put_aligned(at, number, 0);
    at = put_number(at, number / EIGHT);
    put_word64(at, put_eight_of((uint32_t)(number % EIGHT)));
    return at + 8;
}

char *put_time(char *at, int64_t time_ns)
{
    uint64_t ns = time_ns > 0 ? (uint64_t)time_ns : 0;
    uint64_t second = ns / CLOCK_NS_PER_S;
    at = put_number(at, second);
    *at = '.';
    return put_decimals(at + 1, (uint32_t)(ns - second * CLOCK_NS_PER_S));
}

/* 3.4ms, 345ms: three figures at most. */
static char *put_tenths(char *at, uint64_t tenths)
{
    at = put_number(at, tenths / 10);
    if (tenths >= 1000)
        return at;
    at[0] = '.';
    at[1] = (char)('0' + tenths % 10);
    return at + 2;
}

char *put_scaled(char *at, uint64_t value, const char *steps)
{
    uint64_t tenths = value / 100;
    /* What most of them are takes no division by what is not known yet. */
    for (uint64_t divisor = 1000; *steps != 'E' && tenths >= 10000; steps++) {
        divisor *= 1000;
        tenths = value / (divisor / 10);
    }
    at = put_tenths(at, tenths);
    *at = *steps;
    return at + 1;
}

/* 7m08s, 59m: a large unit and, while that is short, the next smaller one. */
static char *put_pair(char *at, uint64_t smalls, unsigned per_large, const char units[2])
{
    uint64_t large = smalls / per_large;
    at = put_number(at, large);
    *at++ = units[0];
    if (large >= 10)
        return at;
    at = put_digits(at, (uint32_t)(smalls % per_large), 2);
    *at = units[1];
    return at + 1;
}

static char *put_long_span(char *at, uint64_t seconds)
{
    if (seconds < 3600)
        return put_pair(at, seconds, 60, "ms");
    if (seconds < 86400)
        return put_pair(at, seconds / 60, 60, "hm");
    if (seconds < UINT64_C(10000) * 86400)
        return put_pair(at, seconds / 3600, 24, "dh");
    at = put_number(at, seconds / (UINT64_C(365) * 86400));
    *at = 'y';
    return at + 1;
}

char *put_span(char *at, int64_t span_ns)
{
    uint64_t ns = span_ns > 0 ? (uint64_t)span_ns : 0;
    if (ns < CLOCK_NS_PER_MS)
        return PUT(put_number(at, ns / CLOCK_NS_PER_US), "us");
    if (ns < 10 * CLOCK_NS_PER_MS)
        return PUT(put_tenths(at, ns / (CLOCK_NS_PER_MS / 10)), "ms");
    if (ns < CLOCK_NS_PER_S)
        return PUT(put_number(at, ns / CLOCK_NS_PER_MS), "ms");
    if (ns < 60 * CLOCK_NS_PER_S)
        return PUT(put_tenths(at, ns / (CLOCK_NS_PER_S / 10)), "s");
    return put_long_span(at, ns / CLOCK_NS_PER_S);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bit 7 of every byte that is 0; above the lowest such byte there may be others. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH(1)) & ~word & EACH(0x80);
}

static inline bool is_plain(uint8_t byte, const char but[2])
{
    return byte >= 0x20 && byte < 0x7f && byte != (uint8_t)but[0] && byte != (uint8_t)but[1];
}

size_t put_plain_len(const char *bytes, size_t len, const char but[2])
{
    size_t at = 0;
    for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes + at, sizeof word);
        word = le64toh(word);
        /* Above 0x7e, below 0x20, or one of the two: the lowest bit tells of the first one truly. */
        uint64_t found =
            ((word | (word + EACH(1))) & EACH(0x80)) | ((word - EACH(0x20)) & ~word & EACH(0x80)) |
            zero_bytes(word ^ EACH((uint8_t)but[0])) | zero_bytes(word ^ EACH((uint8_t)but[1]));
        if (found)
            return at + (unsigned)__builtin_ctzll(found) / 8;
    }
    while (at < len && is_plain((uint8_t)bytes[at], but))
        at++;
    return at;
}

static char *put_hex_16(char *at, uint32_t unit)
{
    return put_hex(put_hex(PUT(at, "\\u"), (uint8_t)(unit >> 8)), (uint8_t)unit);
}

/* Beyond 16 bits as two surrogates, RFC 8259 section 7. */
static char *put_json_code(char *at, uint32_t code)
{
    if (code < 0x10000)
        return put_hex_16(at, code);
    return put_hex_16(put_hex_16(at, 0xd800 + ((code - 0x10000) >> 10)), 0xdc00 + (code & 0x3ff));
}

/* One character, as JSON has it; returns the bytes of it that were used. */
static size_t put_json_character(char **at, const char *bytes, size_t len, unsigned *marks)
{
    uint32_t code = 0;
    size_t used = utf8_decode(bytes, len, &code);
    if (used == 0) {
        *at = PUT(*at, "\\ufffd");
        return 1;
    }
    if (code == '"' || code == '\\') {
        *at = PUT(*at, "\\");
        *at = put_bytes(*at, bytes, 1);
    } else if (harm_next(marks, code) == HARM_SURE) {
        *at = put_json_code(*at, code);
    } else {
        *at = put_bytes(*at, bytes, used);
    }
    return used;
}

size_t put_json_text(char **at, const char *bytes, size_t len)
{
    size_t taken = 0;
    unsigned marks = HARM_MARKS_MAX;
    while (taken < len && taken < PUT_JSON_TAKE) {
        size_t left = len - taken < PUT_JSON_TAKE ? len - taken : PUT_JSON_TAKE;
        size_t plain = put_plain_len(bytes + taken, left, "\"\\");
        *at = put_bytes(*at, bytes + taken, plain);
        marks = plain > 0 ? 0 : marks;
        taken += plain;
        if (taken < len && plain < left)
            taken += put_json_character(at, bytes + taken, len - taken, &marks);
    }
    return taken;
}
