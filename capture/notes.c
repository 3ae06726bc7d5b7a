#include "capture/notes.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "capture/blocks.h"
#include "capture/inflate.h"

#define BLOCK_MIN  12u
#define BLOCK_MOST (16u << 20)

struct reader {
    FILE *stream;
    bool swapped;
};

static bool read_words(struct reader *reader, uint32_t *words, size_t count)
{
    uint8_t bytes[12];
    if (fread(bytes, 4, count, reader->stream) != count)
        return false;
    for (size_t at = 0; at < count; at++)
        words[at] = reader->swapped ? load_be32(bytes + 4 * at) : load_le32(bytes + 4 * at);
    return true;
}

/* A stream that may be compressed cannot seek. */
static bool skip(struct reader *reader, size_t len)
{
    uint8_t bytes[4096];
    while (len > 0) {
        size_t part = len < sizeof bytes ? len : sizeof bytes;
        if (fread(bytes, 1, part, reader->stream) != part)
            return false;
        len -= part;
    }
    return true;
}

/* The byte order mark comes after the length that it explains. */
static bool read_section(struct reader *reader, uint32_t *size)
{
    uint32_t mark = 0, raw = *size;
    if (!read_words(reader, &mark, 1))
        return false;
    if (mark == __builtin_bswap32(BLOCKS_BYTE_ORDER)) {
        reader->swapped = !reader->swapped;
        raw = __builtin_bswap32(raw);
    } else if (mark != BLOCKS_BYTE_ORDER) {
        return false;
    }
    *size = raw;
    return true;
}

/* One block. Writes its note when it is one. Returns false at the end. */
static bool read_block(struct reader *reader, char *note)
{
    uint32_t head[2];
    size_t read = sizeof head;
    note[0] = '\0';
    if (!read_words(reader, head, 2))
        return false;
    if (head[0] == BLOCK_SECTION) {
        if (!read_section(reader, &head[1]))
            return false;
        read += 4;
    }
    if (head[1] < BLOCK_MIN || head[1] > BLOCK_MOST || head[1] % 4 != 0 || head[1] < read)
        return false;
    size_t len = head[1] - read;
    if (head[0] != BLOCK_JOURNAL || len - 4 > BLOCKS_NOTE_MAX)
        return skip(reader, len);
    if (fread(note, 1, len - 4, reader->stream) != len - 4)
        return false;
    note[len - 4] = '\0';
    return skip(reader, 4);
}

static uint32_t read_all(struct reader *reader, void (*take)(void *context, const char *note),
                         void *context)
{
    char note[BLOCKS_NOTE_MAX + 1];
    uint32_t count = 0, type = 0;
    bool is_pcapng = read_words(reader, &type, 1) && type == BLOCK_SECTION;
    uint32_t size = 0;
    if (!is_pcapng || !read_words(reader, &size, 1) || !read_section(reader, &size) ||
        size < BLOCK_MIN || size > BLOCK_MOST || !skip(reader, size - BLOCK_MIN))
        return 0;
    while (count < NOTES_MAX && read_block(reader, note)) {
        if (note[0] == '\0')
            continue;
        take(context, note);
        count++;
    }
    return count;
}

static uint32_t read_descriptor(int fd, void (*take)(void *context, const char *note),
                                void *context)
{
    struct stat status;
    struct err err;
    struct inflate *inflate = NULL;
    bool is_file = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (!is_file) {
        if (fd >= 0)
            (void)close(fd);
        return 0;
    }
    if (inflate_open(&inflate, &(struct inflate_input){.fd = fd, .stop_fd = -1}, &err) != 0)
        /* cppcheck-suppress resourceLeak ; the inflate has closed it */
        return 0;
    struct reader reader = {.stream = inflate_stream(inflate)};
    uint32_t count = reader.stream ? read_all(&reader, take, context) : 0;
    if (reader.stream)
        (void)fclose(reader.stream);
    inflate_close(inflate);
    /* cppcheck-suppress resourceLeak ; the inflate has closed it */
    return count;
}

uint32_t notes_read(const char *path, void (*take)(void *context, const char *note), void *context)
{
    return read_descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), take, context);
}

uint32_t notes_read_open(int fd, void (*take)(void *context, const char *note), void *context)
{
    off_t before = lseek(fd, 0, SEEK_CUR);
    if (before < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return 0;
    uint32_t count = read_descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0), take, context);
    (void)lseek(fd, before, SEEK_SET);
    return count;
}
