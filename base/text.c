#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

struct text text_begin(char *buffer, size_t size)
{
    assert(size > 0);
    buffer[0] = '\0';
    return (struct text){.at = buffer, .size = size};
}

void text_add(struct text *text, const char *format, ...)
{
    size_t room = text->size - text->len;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text->at + text->len, room, format, args);
    va_end(args);
    assert(wanted >= 0);
    if ((size_t)wanted >= room) {
        text->cut = true;
        text->len = text->size - 1;
    } else {
        text->len += (size_t)wanted;
    }
}

void text_add_cut(struct text *text, const char *bytes, size_t len)
{
    size_t room = text->size - 1 - text->len;
    text->cut |= len > room;
    len = len < room ? len : room;
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
    text->at[text->len] = '\0';
}

/* Two digits at a time: a division is what a number takes longest for. */
static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                                  "34353637383940414243444546474849505152535455565758596061626364656667"
                                  "6869707172737475767778798081828384858687888990919293949596979899";

void text_add_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    if (number < 10) {
        digits[0] = (char)('0' + number);
        text_add_bytes(text, digits, 1);
        return;
    }
    while (number >= 10) {
        at -= 2;
        memcpy(digits + at, digit_pairs + number % 100 * 2, 2);
        number /= 100;
    }
    if (number > 0)
        digits[--at] = (char)('0' + number);
    text_add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_grouped(struct text *text, uint64_t number)
{
    uint64_t divisor = 1;
    while (number / divisor >= 1000)
        divisor *= 1000;
    text_add_number(text, number / divisor);
    while (divisor > 1) {
        divisor /= 1000;
        text_add_string(text, ",");
        text_add_digits(text, (uint32_t)(number / divisor % 1000), 3);
    }
}

void text_add_digits(struct text *text, uint32_t number, unsigned count)
{
    char digits[10];
    size_t rest = number;
    assert(count <= sizeof digits);
    unsigned at = count;
    for (; at >= 2; rest /= 100) {
        at -= 2;
        memcpy(digits + at, digit_pairs + rest % 100 * 2, 2);
    }
    if (at > 0)
        digits[0] = (char)('0' + rest % 10);
    text_add_bytes(text, digits, count);
}

void text_pad_to(struct text *text, size_t len)
{
    if (len >= text->size) {
        text->cut = true;
        len = text->size - 1;
    }
    if (len <= text->len)
        return;
    memset(text->at + text->len, ' ', len - text->len);
    text->len = len;
    text->at[len] = '\0';
}

/* 3.4ms, 345ms: three figures at most. */
static void add_tenths(struct text *text, uint64_t tenths, const char *unit)
{
    text_add_number(text, tenths / 10);
    if (tenths < 1000) {
        text_add_string(text, ".");
        text_add_digits(text, (uint32_t)(tenths % 10), 1);
    }
    text_add_string(text, unit);
}

static void add_scaled(struct text *text, uint64_t value, const char *unit)
{
    static const char *const steps[] = {"", "k", "M", "G", "T", "P", "E"};
    if (value < 1000) {
        text_add_number(text, value);
        text_add_string(text, unit);
        return;
    }
    size_t step = 1;
    uint64_t divisor = 1000;
    while (step < 6 && value / divisor >= 1000) {
        divisor *= 1000;
        step++;
    }
    add_tenths(text, value / (divisor / 10), unit[0] != '\0' && step == 1 ? "K" : steps[step]);
    text_add_string(text, unit);
}

void text_add_count(struct text *text, uint64_t count)
{
    add_scaled(text, count, "");
}

void text_add_size(struct text *text, uint64_t bytes)
{
    add_scaled(text, bytes, "B");
}

/* 7m08s, 59m: a large unit and, while that is short, the next smaller one. */
static void add_pair(struct text *text, uint64_t smalls, unsigned per_large, const char units[2])
{
    uint64_t large = smalls / per_large;
    text_add_number(text, large);
    text_add_bytes(text, &units[0], 1);
    if (large < 10) {
        text_add_digits(text, (uint32_t)(smalls % per_large), 2);
        text_add_bytes(text, &units[1], 1);
    }
}

void text_add_age(struct text *text, int64_t span_ns)
{
    if (span_ns < CLOCK_NS_PER_S || span_ns >= 60 * CLOCK_NS_PER_S)
        text_add_span(text, span_ns);
    else
        text_add(text, "%ds", (int)(span_ns / CLOCK_NS_PER_S));
}

void text_add_span(struct text *text, int64_t span_ns)
{
    uint64_t ns = span_ns > 0 ? (uint64_t)span_ns : 0;
    uint64_t seconds = ns / CLOCK_NS_PER_S;
    if (ns < CLOCK_NS_PER_MS) {
        text_add_number(text, ns / CLOCK_NS_PER_US);
        text_add_string(text, "us");
    } else if (ns < 10 * CLOCK_NS_PER_MS) {
        add_tenths(text, ns / (CLOCK_NS_PER_MS / 10), "ms");
    } else if (ns < CLOCK_NS_PER_S) {
        text_add_number(text, ns / CLOCK_NS_PER_MS);
        text_add_string(text, "ms");
    } else if (seconds < 60) {
        add_tenths(text, ns / (CLOCK_NS_PER_S / 10), "s");
    } else if (seconds < 3600) {
        add_pair(text, seconds, 60, "ms");
    } else if (seconds < 86400) {
        add_pair(text, seconds / 60, 60, "hm");
    } else if (seconds < UINT64_C(10000) * 86400) {
        add_pair(text, seconds / 3600, 24, "dh");
    } else {
        text_add_number(text, seconds / (UINT64_C(365) * 86400));
        text_add_string(text, "y");
    }
}

void text_add_clock(struct text *text, int64_t time_ns, bool local)
{
    int64_t clamped = time_ns > 0 ? time_ns : 0;
    time_t seconds = (time_t)(clamped / CLOCK_NS_PER_S);
    struct tm broken = {0};
    if (local)
        (void)localtime_r(&seconds, &broken);
    else
        (void)gmtime_r(&seconds, &broken);
    text_add_digits(text, (uint32_t)broken.tm_hour, 2);
    text_add_string(text, ":");
    text_add_digits(text, (uint32_t)broken.tm_min, 2);
    text_add_string(text, ":");
    text_add_digits(text, (uint32_t)broken.tm_sec, 2);
    text_add_string(text, ".");
    text_add_digits(text, (uint32_t)(clamped % CLOCK_NS_PER_S / CLOCK_NS_PER_US), 6);
}

void text_add_time(struct text *text, int64_t time_ns)
{
    uint64_t ns = time_ns > 0 ? (uint64_t)time_ns : 0;
    text_add_number(text, ns / CLOCK_NS_PER_S);
    text_add_string(text, ".");
    text_add_digits(text, (uint32_t)(ns % CLOCK_NS_PER_S), 9);
}

size_t utf8_decode(const char *at, size_t left, uint32_t *code)
{
    const uint8_t *bytes = (const uint8_t *)at;
    if (left == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    static const struct {
        uint8_t mask, lead;
        uint8_t len;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++) {
        if ((bytes[0] & forms[form].mask) != forms[form].lead)
            continue;
        if (left < forms[form].len)
            return 0;
        uint32_t value = bytes[0] & (uint8_t)~forms[form].mask;
        for (size_t i = 1; i < forms[form].len; i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (bytes[i] & 0x3f);
        }
        if (value < forms[form].least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
            return 0;
        *code = value;
        return forms[form].len;
    }
    return 0;
}

size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t at = len - 1; at > 0; at--) {
        out[at] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(leads[len] | code);
    return len;
}

/* Controls act on the terminal; bidirectional marks reorder what the reader sees. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void text_add_untrusted(struct text *text, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t code = 0;
        size_t used = utf8_decode(bytes + at, len - at, &code);
        if (used == 0 || (used == 1 && is_harmful(code))) {
            text_add(text, "\\x%02x", (uint8_t)bytes[at]);
            used = 1;
        } else if (is_harmful(code)) {
            text_add(text, "\\u{%04x}", (unsigned)code);
        } else {
            text_add_bytes(text, bytes + at, used);
        }
        at += used;
    }
}
