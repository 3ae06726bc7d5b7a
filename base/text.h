/*
 * Purpose: short texts built in a fixed buffer, the project's ways of writing numbers, and the
 *          escape for terminals.
 * Owns:    nothing; the buffer is the caller's.
 * Bounds:  never writes past the buffer, always terminates it; `cut` tells that something is lost.
 * Fails:   never.
 * Used by: everyone.
 */
#ifndef LOFLOW_BASE_TEXT_H
#define LOFLOW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    char *at;
    size_t len;  /* bytes written, the terminator not counted */
    size_t size; /* of the buffer; at least 1 */
    bool cut;
};

/* Begins an empty text in `buffer`. */
struct text text_begin(char *buffer, size_t size);

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As much of it as there is room for. */
void text_add_cut(struct text *text, const char *bytes, size_t len);

/* Parts of lines that are written a million times; text_add is for everything else. Inline, so that copying
 * a word of a known length takes no call. */
static inline void text_add_bytes(struct text *text, const char *bytes, size_t len)
{
    if (len >= text->size - text->len) {
        text_add_cut(text, bytes, len);
        return;
    }
    /* cppcheck-suppress uninitvar ; its caller wrote it */
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
    text->at[text->len] = '\0';
}

static inline void text_add_string(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_number(struct text *text, uint64_t number);

/* 1,234,567 */
void text_add_grouped(struct text *text, uint64_t number);

/* Adds spaces until the text is `len` bytes long. */
void text_pad_to(struct text *text, size_t len);

/* Adds `count` decimal digits of `number`, with leading zeros. */
void text_add_digits(struct text *text, uint32_t number, unsigned count);

/* 999, 1.2k, 34.5M, 1.0G: at most five columns; powers of 1000. */
void text_add_count(struct text *text, uint64_t count);

/* 999B, 1.2KB, 34.5MB: at most six columns; powers of 1000, as wire speeds are given. */
void text_add_size(struct text *text, uint64_t bytes);

/* 12us, 3.4ms, 345ms, 56.7s, 7m08s, 59m, 3h05m, 23h, 2d04h, 9999d, 27y: at most five columns.
 * Negative spans are written as 0. */
void text_add_span(struct text *text, int64_t span_ns);

/* The same without tenths of seconds: of what goes on by itself they would be drawn ten times a second, and
 * read by nobody. */
void text_add_age(struct text *text, int64_t span_ns);

/* 12:34:56.123456, local time when `local`, else UTC. */
void text_add_clock(struct text *text, int64_t time_ns, bool local);

/* 1362692526.869344000: seconds.nanoseconds since the epoch; negative times are written as 0. */
void text_add_time(struct text *text, int64_t time_ns);

/* Untrusted bytes for a terminal: valid printable UTF-8 stays; control bytes (C0, DEL, C1), what turns the
 * direction of reading, what is not seen, and marks without a character or too many on one (base/harm.h)
 * become \xNN or \u{NNNN}, invalid bytes \xNN. What has no room is cut before a character or an escape. */
void text_add_untrusted(struct text *text, const char *bytes, size_t len);

/* Decodes one UTF-8 character (RFC 3629: no overlong forms, no surrogates). Returns the bytes used
 * and sets *code, or returns 0 when the bytes at `at` are not valid UTF-8. */
size_t utf8_decode(const char *at, size_t left, uint32_t *code);

/* Writes a character that is one (no surrogate, at most 0x10ffff); returns the bytes used. */
size_t utf8_encode(uint32_t code, char out[4]);

#endif
