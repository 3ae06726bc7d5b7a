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
    out->len = 0;
}

static_assert(OUT_LINE_MAX >= PUT_JSON_ROOM, "a text is written in place, too");

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

int out_flush(struct out *out)
{
    write_bytes(out, out->len);
    out->len = 0;
    return -out->error;
}

/* Always as many bytes: a file takes whole pages faster than parts of them. */
void out_drain(struct out *out)
{
    write_bytes(out, OUT_BUFFER_SIZE);
    out->len = out->error ? 0 : out->len - OUT_BUFFER_SIZE;
    memcpy(out->buffer, out->buffer + OUT_BUFFER_SIZE, out->len);
}

void out_bytes(struct out *out, const char *bytes, size_t len)
{
    while (len > 0 && out->error == 0) {
        size_t room = OUT_BUFFER_SIZE - out->len;
        size_t part = len < room ? len : room;
        memcpy(out->buffer + out->len, bytes, part);
        out->len += part;
        bytes += part;
        len -= part;
        if (out->len == OUT_BUFFER_SIZE)
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
