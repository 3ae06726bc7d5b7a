/*
 * The form is decided by the first four bytes: gzip (RFC 1952, 1f 8b) and zstd (RFC 8878, 28 b5 2f
 * fd); everything else goes through untouched. Both formats may be a row of independent members,
 * as `cat a.gz b.gz` makes them. The stream ends well only between members.
 */
#include "capture/inflate.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"

#define ZSTD_MAGIC 0xfd2fb528u

enum form {
    FORM_UNKNOWN,
    FORM_PLAIN,
    FORM_GZIP,
    FORM_ZSTD,
};

struct inflate {
    struct inflate_state state;
    enum form form;
    int fd;
    int stop_fd;
    struct bytes memory;
    struct bytes input; /* read, not yet consumed; lies in `buffer` */
    bool input_ended;
    bool in_member;
    z_stream zlib;
    ZSTD_DCtx *zstd;
    uint8_t buffer[INFLATE_INPUT_SIZE];
    char stream_buffer[INFLATE_OUTPUT_SIZE];
};

int inflate_open(struct inflate **inflate, const struct inflate_input *input, struct err *err)
{
    struct inflate *made = calloc(1, sizeof *made);
    if (!made) {
        if (input->fd >= 0)
            (void)close(input->fd);
        return err_set(err, ENOMEM, "no memory to open a capture file");
    }
    made->fd = input->fd;
    made->stop_fd = input->stop_fd;
    made->memory = (struct bytes){.at = input->bytes, .left = input->len};
    *inflate = made;
    return 0;
}

void inflate_close(struct inflate *from)
{
    if (!from)
        return;
    if (from->form == FORM_GZIP)
        (void)inflateEnd(&from->zlib);
    (void)ZSTD_freeDCtx(from->zstd);
    if (from->fd >= 0)
        (void)close(from->fd);
    free(from);
}

const struct inflate_state *inflate_state(const struct inflate *from)
{
    return &from->state;
}

static ssize_t fail(struct inflate *from, enum inflate_trouble trouble, int error)
{
    from->state.trouble = trouble;
    from->state.error = error;
    errno = error;
    return -1;
}

/* Waits until the descriptor has something to say; false when told to stop. */
static bool wait_readable(struct inflate *from)
{
    if (from->stop_fd < 0)
        return true;
    struct pollfd fds[2] = {
        {.fd = from->stop_fd, .events = POLLIN},
        {.fd = from->fd, .events = POLLIN},
    };
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    return fds[0].revents == 0;
}

/* Takes the next bytes of the input as they come: the count, 0 at the end, -1 on trouble. */
static ssize_t read_input(struct inflate *from, void *to, size_t size)
{
    if (from->fd < 0) {
        size_t part = from->memory.left < size ? from->memory.left : size;
        if (part > 0)
            memcpy(to, bytes_take(&from->memory, part), part);
        from->state.position += part;
        return (ssize_t)part;
    }
    for (;;) {
        if (!wait_readable(from))
            return fail(from, INFLATE_STOPPED, ECANCELED);
        ssize_t count = read(from->fd, to, size);
        if (count >= 0) {
            from->state.position += (uint64_t)count;
            return count;
        }
        if (errno != EINTR && errno != EAGAIN)
            return fail(from, INFLATE_FAILED, errno);
    }
}

/* Makes sure that at least one byte of input is there: 1, 0 at the end, -1 on trouble. */
static int fill_input(struct inflate *from)
{
    if (from->input.left > 0)
        return 1;
    if (from->input_ended)
        return 0;
    ssize_t count = read_input(from, from->buffer, sizeof from->buffer);
    if (count < 0)
        return -1;
    from->input = (struct bytes){.at = from->buffer, .left = (size_t)count};
    from->input_ended = count == 0;
    return count > 0;
}

static int decide_form(struct inflate *from)
{
    size_t have = 0;
    while (have < INFLATE_HEAD_SIZE) {
        ssize_t count = read_input(from, from->buffer + have, INFLATE_HEAD_SIZE - have);
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        have += (size_t)count;
    }
    from->input = (struct bytes){.at = from->buffer, .left = have};
    from->form = FORM_PLAIN;
    if (have >= 2 && from->buffer[0] == 0x1f && from->buffer[1] == 0x8b) {
        if (inflateInit2(&from->zlib, 16 + MAX_WBITS) != Z_OK)
            return (int)fail(from, INFLATE_FAILED, ENOMEM);
        from->form = FORM_GZIP;
    } else if (have >= 4 && load_le32(from->buffer) == ZSTD_MAGIC) {
        from->zstd = ZSTD_createDCtx();
        if (!from->zstd)
            return (int)fail(from, INFLATE_FAILED, ENOMEM);
        from->form = FORM_ZSTD;
    }
    from->state.compressed = from->form != FORM_PLAIN;
    from->in_member = from->state.compressed;
    return 0;
}

static ssize_t read_plain(struct inflate *from, char *to, size_t size)
{
    size_t part = from->input.left < size ? from->input.left : size;
    if (part == 0)
        return read_input(from, to, size);
    memcpy(to, bytes_take(&from->input, part), part);
    return (ssize_t)part;
}

/* Each step turns some input into some output and returns the bytes made, or -1. */
static ssize_t step_gzip(struct inflate *from, char *to, size_t size)
{
    z_stream *zlib = &from->zlib;
    if (!from->in_member) {
        /* gzip(1) too ignores what follows the last member, tape padding above all. */
        if (from->input.at[0] != 0x1f) {
            from->input.left = 0;
            from->input_ended = true;
            return 0;
        }
        (void)inflateReset(zlib);
        from->in_member = true;
    }
    zlib->next_in = from->input.at;
    zlib->avail_in = (uInt)from->input.left;
    zlib->next_out = (Bytef *)to;
    zlib->avail_out = (uInt)size;
    int result = inflate(zlib, Z_NO_FLUSH);
    from->input = (struct bytes){.at = zlib->next_in, .left = zlib->avail_in};
    if (result == Z_STREAM_END)
        from->in_member = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return fail(from, INFLATE_DAMAGED, EILSEQ);
    return (ssize_t)(size - zlib->avail_out);
}

static ssize_t step_zstd(struct inflate *from, char *to, size_t size)
{
    ZSTD_inBuffer in = {.src = from->input.at, .size = from->input.left};
    ZSTD_outBuffer out = {.dst = to, .size = size};
    size_t result = ZSTD_decompressStream(from->zstd, &out, &in);
    if (ZSTD_isError(result))
        return fail(from, INFLATE_DAMAGED, EILSEQ);
    (void)bytes_take(&from->input, in.pos);
    from->in_member = result != 0;
    return (ssize_t)out.pos;
}

static ssize_t read_compressed(struct inflate *from, char *to, size_t size)
{
    for (;;) {
        int filled = fill_input(from);
        if (filled < 0)
            return -1;
        if (filled == 0) {
            if (from->in_member)
                from->state.trouble = INFLATE_CUT;
            return 0;
        }
        ssize_t made =
            from->form == FORM_GZIP ? step_gzip(from, to, size) : step_zstd(from, to, size);
        if (made != 0)
            return made;
    }
}

static ssize_t cookie_read(void *cookie, char *to, size_t size)
{
    struct inflate *from = cookie;
    if (from->state.trouble != INFLATE_WELL && from->state.trouble != INFLATE_CUT) {
        errno = from->state.error;
        return -1;
    }
    if (from->form == FORM_UNKNOWN && decide_form(from) < 0)
        return -1;
    ssize_t count =
        from->form == FORM_PLAIN ? read_plain(from, to, size) : read_compressed(from, to, size);
    struct inflate_state *state = &from->state;
    if (count > 0 && state->head_len < INFLATE_HEAD_SIZE) {
        size_t room = INFLATE_HEAD_SIZE - state->head_len;
        size_t part = (size_t)count < room ? (size_t)count : room;
        memcpy(state->head + state->head_len, to, part);
        state->head_len += part;
    }
    return count;
}

FILE *inflate_stream(struct inflate *from)
{
    FILE *stream = fopencookie(from, "r", (cookie_io_functions_t){.read = cookie_read});
    if (!stream)
        return NULL;
    (void)setvbuf(stream, from->stream_buffer, _IOFBF, sizeof from->stream_buffer);
    /* One thread reads it; libpcap makes two fread calls a packet, each of which would lock. */
    (void)__fsetlocking(stream, FSETLOCKING_BYCALLER);
    return stream;
}
