/*
 * The pcap file format (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/): a header of six
 * words, then for each packet four words and its bytes, all in the byte order of this machine; the
 * magic number says that fractions of seconds are nanoseconds.
 *
 * Whole records gather in the buffer. When the disk is full, write(2) may stop anywhere: the
 * records in the buffer are walked to find the last whole one, and a regular file is cut back to
 * its end.
 */
#include "capture/writer.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "capture/blocks.h"
#include "capture/create.h"
#include "capture/rotate.h"
#include "capture/source.h"

#define PCAP_MAGIC_NS      0xa1b23c4du
#define PCAP_VERSION_MAJOR 2
#define PCAP_VERSION_MINOR 4

struct file_header {
    uint32_t magic;
    uint16_t version_major, version_minor;
    uint32_t zone, accuracy; /* 0, as everybody writes them */
    uint32_t snaplen;
    uint32_t link_type;
};

struct record_header {
    uint32_t seconds, nanoseconds;
    uint32_t captured_len, wire_len;
};

static_assert(sizeof(struct file_header) == 24 && sizeof(struct record_header) == 16, "the format");

struct writer {
    struct writer_options options;
    int64_t offset_ns; /* of the clocks, at the beginning */
    char *pattern;     /* options.path, kept */
    struct rotation rotation;
    char name[PATH_MAX]; /* of the file now open */
    int fd;
    bool is_stdout;
    bool is_pcapng;
    bool over;            /* -G and -W: that was the last file */
    uint64_t frames;      /* of all files */
    uint64_t file_frames; /* of this file, written */
    uint64_t file_size;   /* bytes, those in the buffer counted */
    bool holds_header;    /* the buffer begins with the file header */
    uint32_t held_frames; /* in the buffer */
    size_t held;          /* bytes in the buffer */
    int failed;           /* -errno of the first failure, kept: nothing is written after it */
    struct err failure;
    uint8_t buffer[WRITER_BUFFER_SIZE];
};

static void hold(struct writer *writer, const void *bytes, size_t len)
{
    assert(len <= sizeof writer->buffer - writer->held);
    memcpy(writer->buffer + writer->held, bytes, len);
    writer->held += len;
    writer->file_size += len;
}

/* measure_whole for pcapng, where the header is made of blocks like the rest. */
static size_t measure_blocks(const struct writer *writer, size_t written, uint64_t *frames)
{
    size_t whole = 0;
    uint32_t head[2];
    *frames = 0;
    while (written - whole >= sizeof head) {
        memcpy(head, writer->buffer + whole, sizeof head);
        if (written - whole < head[1])
            break;
        whole += head[1];
        *frames += head[0] == BLOCK_PACKET;
    }
    return whole;
}

/* How many of the first `written` bytes of the buffer end with a whole record; counts those. */
static size_t measure_whole(const struct writer *writer, size_t written, uint64_t *frames)
{
    if (writer->is_pcapng)
        return measure_blocks(writer, written, frames);
    size_t whole = writer->holds_header ? sizeof(struct file_header) : 0;
    *frames = 0;
    if (whole > written)
        return 0;
    struct record_header record;
    while (written - whole >= sizeof record) {
        memcpy(&record, writer->buffer + whole, sizeof record);
        if (written - whole - sizeof record < record.captured_len)
            break;
        whole += sizeof record + record.captured_len;
        ++*frames;
    }
    return whole;
}

static int fail(struct writer *writer, size_t written, int error)
{
    uint64_t frames = 0;
    size_t whole = measure_whole(writer, written, &frames);
    writer->file_frames += frames;
    writer->frames -= writer->held_frames - frames;
    writer->held_frames = 0;
    writer->held = 0;
    struct stat status;
    off_t end = lseek(writer->fd, 0, SEEK_CUR);
    bool is_regular = fstat(writer->fd, &status) == 0 && S_ISREG(status.st_mode) && end >= 0 &&
                      ftruncate(writer->fd, end - (off_t)(written - whole)) == 0;
    const char *plural = writer->file_frames == 1 ? "" : "s";
    if (is_regular)
        writer->failed =
            err_set(&writer->failure, error,
                    "%s: %.500s holds the first %llu packet%s, all whole; make room or"
                    " choose another place with -w",
                    strerror(error), writer->name, (unsigned long long)writer->file_frames, plural);
    else
        writer->failed =
            err_set(&writer->failure, error,
                    "%s: nothing more can be written to %.500s after %llu packet%s",
                    strerror(error), writer->name, (unsigned long long)writer->file_frames, plural);
    return writer->failed;
}

static int write_held(struct writer *writer)
{
    size_t written = 0;
    while (written < writer->held) {
        ssize_t count = write(writer->fd, writer->buffer + written, writer->held - written);
        if (count >= 0) {
            written += (size_t)count;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = writer->fd, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return fail(writer, written, errno);
        }
    }
    writer->file_frames += writer->held_frames;
    writer->held_frames = 0;
    writer->holds_header = false;
    writer->held = 0;
    return 0;
}

static void hold_header(struct writer *writer)
{
    const struct writer_options *options = &writer->options;
    uint32_t snaplen = options->snaplen ? options->snaplen : SOURCE_SNAPLEN_DEFAULT;
    writer->holds_header = true;
    if (writer->is_pcapng) {
        uint8_t blocks[BLOCKS_HEADER_SIZE];
        size_t len = blocks_header(blocks, options->link_type, snaplen);
        hold(writer, blocks, len);
        return;
    }
    struct file_header header = {
        .magic = PCAP_MAGIC_NS,
        .version_major = PCAP_VERSION_MAJOR,
        .version_minor = PCAP_VERSION_MINOR,
        .snaplen = snaplen,
        .link_type = options->link_type,
    };
    hold(writer, &header, sizeof header);
}

/* A pipe tells its link type late: with its first frame, or, without any, never. */
static void decide_link(struct writer *writer, uint16_t link_type)
{
    if (writer->options.link_type != SOURCE_LINK_UNKNOWN || writer->fd < 0)
        return;
    writer->options.link_type = link_type;
    hold_header(writer);
}

static int close_file(struct writer *writer)
{
    decide_link(writer, LINK_ETHERNET);
    int result = write_held(writer);
    if (writer->failed != 0)
        result = writer->failed;
    /* Some file systems (NFS, quotas) tell only now that there was no room. */
    if (writer->fd >= 0 && close(writer->fd) != 0 && result == 0 && errno != EINTR)
        result = writer->failed = err_set(&writer->failure, errno, "%s: %.500s may lack its end",
                                          strerror(errno), writer->name);
    writer->fd = -1;
    return result;
}

static int open_file(struct writer *writer)
{
    const struct writer_options *options = &writer->options;
    struct err *err = &writer->failure;
    writer->fd = -1;
    writer->failed = 0;
    if (writer->is_stdout) {
        (void)strcpy(writer->name, "standard output");
        writer->fd = create_stdout(err);
    } else {
        writer->failed = rotation_name(&writer->rotation, writer->name, sizeof writer->name, err);
        if (writer->failed == 0 && options->fd)
            writer->fd = *options->fd;
        else if (writer->failed == 0)
            writer->fd = create_file(writer->name, options->is_new,
                                     (struct create_owner){options->owner, options->group}, err);
    }
    if (writer->fd < 0)
        return writer->failed = writer->failed ? writer->failed : writer->fd;
    writer->file_size = 0;
    writer->file_frames = 0;
    if (options->link_type != SOURCE_LINK_UNKNOWN)
        hold_header(writer);
    return 0;
}

/* As packets have it: not set by anybody. */
static time_t now_s(const struct writer *writer)
{
    return (time_t)((clock_monotonic_ns() + writer->offset_ns) / CLOCK_NS_PER_S);
}

static bool has_ending(const char *path, const char *ending)
{
    size_t len = strlen(path), ending_len = strlen(ending);
    return len > ending_len && strcmp(path + len - ending_len, ending) == 0;
}

int writer_open(struct writer **writer, const struct writer_options *options, struct err *err)
{
    bool is_stdout = strcmp(options->path, "-") == 0;
    if (is_stdout && (options->rotate_bytes > 0 || options->rotate_seconds > 0))
        return err_set(err, EINVAL, "standard output cannot be rotated; name a file with -w");
    struct writer *made = malloc(sizeof *made);
    char *pattern = strdup(options->path);
    if (!made || !pattern) {
        free(pattern);
        free(made);
        return err_set(err, ENOMEM, "no memory to write a capture");
    }
    memset(made, 0, offsetof(struct writer, buffer));
    made->options = *options;
    made->options.path = pattern;
    made->pattern = pattern;
    made->is_stdout = is_stdout;
    made->is_pcapng = has_ending(pattern, ".pcapng");
    made->rotation = (struct rotation){
        .pattern = pattern,
        .size_limit = options->rotate_bytes,
        .period_s = options->rotate_seconds,
        .file_count = options->file_count,
    };
    made->offset_ns = clock_offset_ns();
    rotation_begin(&made->rotation, now_s(made));
    int result = open_file(made);
    if (result != 0) {
        *err = made->failure;
        free(pattern);
        free(made);
        return result;
    }
    *writer = made;
    return 0;
}

/* Returns 0, 1 when there is no next file, or -errno. */
static int follow(struct writer *writer, enum rotation_step step)
{
    if (step == ROTATION_KEEP)
        return 0;
    int result = close_file(writer);
    if (result != 0)
        return result;
    writer->over = step == ROTATION_OVER;
    return writer->over ? 1 : open_file(writer);
}

/* Room for that many bytes in the buffer. */
static int make_room(struct writer *writer, size_t size)
{
    assert(size <= sizeof writer->buffer);
    return size > sizeof writer->buffer - writer->held ? write_held(writer) : 0;
}

/* The format's seconds are 32 bits without sign: 1970 to 2106. */
static void hold_record(struct writer *writer, const struct frame *frame)
{
    int64_t ns = frame->time_ns > 0 ? frame->time_ns : 0;
    const int64_t last_ns = (int64_t)UINT32_MAX * CLOCK_NS_PER_S + CLOCK_NS_PER_S - 1;
    ns = ns < last_ns ? ns : last_ns;
    struct record_header record = {
        .seconds = (uint32_t)(ns / CLOCK_NS_PER_S),
        .nanoseconds = (uint32_t)(ns % CLOCK_NS_PER_S),
        .captured_len = frame->captured_len,
        .wire_len = frame->wire_len,
    };
    hold(writer, &record, sizeof record);
    if (frame->captured_len > 0)
        hold(writer, frame->data, frame->captured_len);
}

static void hold_packet(struct writer *writer, const struct frame *frame, const char *comment)
{
    size_t size = blocks_packet_size(frame, comment);
    blocks_packet(writer->buffer + writer->held, frame, comment);
    writer->held += size;
    writer->file_size += size;
}

static int write_frame(struct writer *writer, const struct frame *frame, const char *comment)
{
    decide_link(writer, frame->link_type);
    if (frame->link_type != writer->options.link_type)
        return writer->failed = err_set(&writer->failure, EINVAL,
                                        "%.500s is a file for link type %u and cannot take packets"
                                        " of link type %u; write those to a file of their own",
                                        writer->name, writer->options.link_type, frame->link_type);
    int result = follow(writer, rotation_check_size(&writer->rotation, writer->file_size));
    if (result == 0)
        result = make_room(writer, writer->is_pcapng
                                       ? blocks_packet_size(frame, comment)
                                       : sizeof(struct record_header) + frame->captured_len);
    if (result != 0)
        return result;
    if (writer->is_pcapng)
        hold_packet(writer, frame, comment);
    else
        hold_record(writer, frame);
    writer->held_frames++;
    writer->frames++;
    return 0;
}

static int write_batch(struct writer *writer, const struct frame_batch *batch,
                       const char *const *comments)
{
    if (writer->failed != 0)
        return writer->failed;
    if (writer->over)
        return 1;
    int result = 0;
    if (writer->rotation.period_s > 0 && batch->count > 0)
        result = follow(writer, rotation_check_time(&writer->rotation, now_s(writer)));
    for (uint32_t i = 0; i < batch->count && result == 0; i++)
        result = write_frame(writer, &batch->frames[i], comments ? comments[i] : NULL);
    return result;
}

int writer_write(struct writer *writer, const struct frame_batch *batch, struct err *err)
{
    return writer_write_commented(writer, batch, NULL, err);
}

int writer_write_commented(struct writer *writer, const struct frame_batch *batch,
                           const char *const *comments, struct err *err)
{
    int result = write_batch(writer, batch, comments);
    if (result < 0)
        *err = writer->failure;
    return result;
}

bool writer_takes_notes(const struct writer *writer)
{
    return writer->is_pcapng;
}

int writer_note(struct writer *writer, const char *note, struct err *err)
{
    size_t len = strnlen(note, BLOCKS_NOTE_MAX);
    int result = writer->failed;
    if (!writer->is_pcapng || writer->over)
        return 0;
    decide_link(writer, LINK_ETHERNET);
    if (result == 0)
        result = make_room(writer, blocks_note_size(len));
    if (result != 0) {
        *err = writer->failure;
        return result;
    }
    blocks_note(writer->buffer + writer->held, note, len);
    writer->held += blocks_note_size(len);
    writer->file_size += blocks_note_size(len);
    return 0;
}

int writer_flush(struct writer *writer, struct err *err)
{
    int result = writer->failed;
    if (result == 0)
        result = write_held(writer);
    if (result != 0)
        *err = writer->failure;
    return result;
}

uint64_t writer_frame_count(const struct writer *writer)
{
    return writer->frames;
}

int writer_close(struct writer *writer, struct err *err)
{
    int result = close_file(writer);
    if (result != 0)
        *err = writer->failure;
    free(writer->pattern);
    free(writer);
    return result;
}
