#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/harm.h"
#include "base/put.h"

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

/* Where a part goes: to the end of the text, or aside when there it might not fit. */
static char *part_begin(const struct text *text, char aside[PUT_ROOM])
{
    return text->size - text->len > PUT_ROOM ? text->at + text->len : aside;
}

static void part_end(struct text *text, const char *begin, char *end)
{
    if (begin != text->at + text->len) {
        text_add_bytes(text, begin, (size_t)(end - begin));
        return;
    }
    text->len += (size_t)(end - begin);
    *end = '\0';
}

void text_add_number(struct text *text, uint64_t number)
{
    char aside[PUT_ROOM], *begin = part_begin(text, aside);
    part_end(text, begin, put_number(begin, number));
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
        /* cppcheck-suppress zerodivcond ; a power of 1000 above 1, so 1 at least */
        text_add_digits(text, (uint32_t)(number / divisor % 1000), 3);
    }
}

void text_add_digits(struct text *text, uint32_t number, unsigned count)
{
    char aside[PUT_ROOM], *begin = part_begin(text, aside), *at = begin;
    assert(count <= 10);
    if (count > 8) {
        at = put_digits(at, number / 100000000, count - 8);
        count = 8;
    }
    part_end(text, begin, count > 0 ? put_digits(at, number, count) : at);
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

void text_add_count(struct text *text, uint64_t count)
{
    char aside[PUT_ROOM], *begin = part_begin(text, aside);
    part_end(text, begin, put_count(begin, count));
}

void text_add_size(struct text *text, uint64_t bytes)
{
    char aside[PUT_ROOM], *begin = part_begin(text, aside);
    part_end(text, begin, put_size(begin, bytes));
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
    char aside[PUT_ROOM], *begin = part_begin(text, aside);
    part_end(text, begin, put_span(begin, span_ns));
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
    char aside[PUT_ROOM], *begin = part_begin(text, aside);
    part_end(text, begin, put_time(begin, time_ns));
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

/* Nothing is written of what has no room whole. */
static bool add_whole(struct text *text, const char *bytes, size_t len)
{
    if (len >= text->size - text->len) {
        text->cut = true;
        return false;
    }
    text_add_bytes(text, bytes, len);
    return true;
}

static bool add_code(struct text *text, uint32_t code)
{
    char escape[16];
    struct text written = text_begin(escape, sizeof escape);
    text_add(&written, "\\u{%04x}", (unsigned)code);
    return add_whole(text, escape, written.len);
}

static bool add_byte(struct text *text, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    return add_whole(text, escape, sizeof escape);
}

void text_add_untrusted(struct text *text, const char *bytes, size_t len)
{
    unsigned marks = HARM_MARKS_MAX;
    bool has_room = true;
    for (size_t at = 0, used = 0; at < len && has_room; at += used) {
        uint32_t code = 0;
        used = put_plain_len(bytes + at, len - at, "\0");
        if (used > 0) {
            text_add_bytes(text, bytes + at, used);
            marks = 0;
            continue;
        }
        used = utf8_decode(bytes + at, len - at, &code);
        enum harm harm = used > 0 ? harm_next(&marks, code) : HARM_SURE;
        if (harm != HARM_SURE) {
            has_room = add_whole(text, bytes + at, used);
        } else if (used > 1) {
            has_room = add_code(text, code);
        } else {
            has_room = add_byte(text, (uint8_t)bytes[at]);
            used = 1;
        }
    }
}
