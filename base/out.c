#include "base/out.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

void out_open(struct out *out, int fd, const volatile sig_atomic_t *stop)
{
    out->fd = fd;
    out->stop = stop;
    out->error = 0;
    out->len = 0;
}

static bool stops(const struct out *out)
{
    return out->stop && *out->stop;
}

static void wait_for_reader(struct out *out)
{
    struct pollfd ready = {.fd = out->fd, .events = POLLOUT};
    if (poll(&ready, 1, stops(out) ? OUT_PATIENCE_MS : -1) == 0)
        out->error = ECANCELED;
}

/* Once the user wants out nothing may block: a writable pipe takes PIPE_BUF bytes at once. */
static size_t next_part(struct out *out, size_t left)
{
    if (!stops(out))
        return left;
    wait_for_reader(out);
    return left < PIPE_BUF ? left : PIPE_BUF;
}

int out_flush(struct out *out)
{
    size_t done = 0;
    while (done < out->len && out->error == 0) {
        size_t part = next_part(out, out->len - done);
        if (out->error != 0)
            break;
        ssize_t written = write(out->fd, out->buffer + done, part);
        if (written >= 0)
            done += (size_t)written;
        else if (errno == EAGAIN)
            wait_for_reader(out);
        else if (errno != EINTR)
            out->error = errno;
    }
    out->len = 0;
    return -out->error;
}

void out_bytes(struct out *out, const char *bytes, size_t len)
{
    while (len > 0 && out->error == 0) {
        size_t room = sizeof out->buffer - out->len;
        size_t part = len < room ? len : room;
        memcpy(out->buffer + out->len, bytes, part);
        out->len += part;
        bytes += part;
        len -= part;
        if (out->len == sizeof out->buffer)
            (void)out_flush(out);
    }
}

void out_format(struct out *out, const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert(wanted >= 0 && (size_t)wanted < sizeof line);
    out_bytes(out, line, (size_t)wanted);
}

void out_number(struct out *out, uint64_t number)
{
    char digits[24];
    struct text text = text_begin(digits, sizeof digits);
    text_add_number(&text, number);
    out_bytes(out, digits, text.len);
}

void out_json_text(struct out *out, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t code = 0;
        size_t used = utf8_decode(bytes + at, len - at, &code);
        if (used == 0) {
            out_string(out, "\\ufffd");
            used = 1;
        } else if (code == '"' || code == '\\') {
            out_format(out, "\\%c", (char)code);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            out_format(out, "\\u%04x", (unsigned)code);
        } else {
            out_bytes(out, bytes + at, used);
        }
        at += used;
    }
}
