#include "base/out.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/put.h"

void out_open(struct out *out, int fd, const volatile sig_atomic_t *stop)
{
    out->fd = fd;
    out->stop = stop;
    out->error = 0;
    out->behind = NULL;
    out->buffer = out->own;
    out->size = OUT_BUFFER_SIZE;
    out->len = 0;
}

void out_write_behind(struct out *out)
{
    struct behind *behind = NULL;
    if (out->behind || !behind_pays(out->fd) || out_flush(out) || behind_open(&behind, out->fd))
        return;
    out->behind = behind;
    out->buffer = behind_place(behind);
    out->size = BEHIND_PIECE;
}

void out_close(struct out *out)
{
    behind_close(out->behind);
    out->behind = NULL;
    out->buffer = out->own;
    out->size = OUT_BUFFER_SIZE;
}

static_assert(OUT_LINE_MAX >= PUT_JSON_ROOM, "a text is written in place, too");
static_assert(BEHIND_MORE >= OUT_LINE_MAX, "and on either place");

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

static void write_bytes(struct out *out, size_t len)
{
    size_t done = 0;
    while (done < len && out->error == 0) {
        size_t part = next_part(out, len - done);
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
}

/* Writes the beginning of the buffer, or has it written; then `buffer` is another. */
static void pass_bytes(struct out *out, size_t len)
{
    if (!out->behind) {
        write_bytes(out, len);
        return;
    }
    int failed = behind_pass(out->behind, len);
    out->buffer = behind_place(out->behind);
    if (out->error == 0)
        out->error = -failed;
}

int out_flush(struct out *out)
{
    if (out->len > 0)
        pass_bytes(out, out->len);
    out->len = 0;
    int failed = out->behind ? behind_wait(out->behind) : 0;
    if (out->error == 0)
        out->error = -failed;
    return -out->error;
}

/* Always as many bytes: a file takes whole pages faster than parts of them. */
void out_drain(struct out *out)
{
    const char *rest = out->buffer + out->size;
    pass_bytes(out, out->size);
    out->len = out->error ? 0 : out->len - out->size;
    memcpy(out->buffer, rest, out->len);
}

void out_bytes(struct out *out, const char *bytes, size_t len)
{
    while (len > 0 && out->error == 0) {
        size_t room = out->size - out->len;
        size_t part = len < room ? len : room;
        memcpy(out->buffer + out->len, bytes, part);
        out->len += part;
        bytes += part;
        len -= part;
        if (out->len == out->size)
            out_drain(out);
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
    out_took(out, put_number(out_line(out), number));
}

void out_json_text(struct out *out, const char *bytes, size_t len)
{
    while (len > 0) {
        char *at = out_line(out);
        size_t taken = put_json_text(&at, bytes, len);
        out_took(out, at);
        bytes += taken;
        len -= taken;
    }
}
