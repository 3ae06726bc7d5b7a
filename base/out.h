/*
 * Purpose: buffered output to a file descriptor that app opened; every byte loflow prints on
 *          standard output goes through one of these.
 * Owns:    its buffer. Borrows: the descriptor.
 * Bounds:  OUT_BUFFER_SIZE bytes, which are written when they are full, and behind them room for the line that
 *          fills them. Once *stop is set, a reader that takes nothing for OUT_PATIENCE_MS fails the writing
 *          with ECANCELED.
 * Fails:   the first failed write is kept in `error` (an errno); what follows is thrown away, so
 *          that writers need not check every call. Whoever owns the `out` looks at `error`.
 * Used by: report (writes), app (owns).
 */
#ifndef LOFLOW_BASE_OUT_H
#define LOFLOW_BASE_OUT_H

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OUT_BUFFER_SIZE 65536
#define OUT_LINE_MAX    16384 /* bytes of a line that is written in place */
#define OUT_PATIENCE_MS 3000

struct out {
    int fd;
    const volatile sig_atomic_t *stop; /* NULL, or non-zero once the user wants out */
    int error;                         /* errno of the first failed write, 0 while all is well */
    size_t len;                        /* below OUT_BUFFER_SIZE */
    char buffer[OUT_BUFFER_SIZE + OUT_LINE_MAX];
};

void out_open(struct out *out, int fd, const volatile sig_atomic_t *stop);

/* Writes what is buffered. Returns 0 or -errno of the first failure ever. */
int out_flush(struct out *out);

/* Writes what fills the buffer, and keeps the rest. */
void out_drain(struct out *out);

/* The place of the next line, with room for OUT_LINE_MAX bytes; see base/put.h. */
static inline char *out_line(struct out *out)
{
    return out->buffer + out->len;
}

/* The line at that place ends there. */
static inline void out_took(struct out *out, const char *end)
{
    out->len = (size_t)(end - out->buffer);
    assert(out->len <= sizeof out->buffer);
    if (out->len >= OUT_BUFFER_SIZE)
        out_drain(out);
}

void out_bytes(struct out *out, const char *bytes, size_t len);
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_number(struct out *out, uint64_t number);

static inline void out_string(struct out *out, const char *string)
{
    out_bytes(out, string, strlen(string));
}

/* Untrusted bytes as the inside of a JSON string (RFC 8259 section 7); each byte that is not part
 * of valid UTF-8 becomes U+FFFD. What acts on a terminal or is not seen (base/harm.h) is written as \uNNNN,
 * which means the same to programs. The quotes are the caller's. */
void out_json_text(struct out *out, const char *bytes, size_t len);

#endif
