/*
 * Purpose: frames for the writer, and what a reader must find in the files it wrote.
 * Owns:    nothing.
 * Bounds:  WRITTEN_LEN bytes a frame.
 * Used by: tests/unit/test_writer*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_WRITTEN_H
#define LOFLOW_TESTS_SUPPORT_WRITTEN_H

#include "tests/support/captures.h"
#include "tests/support/scratch.h"

#include "capture/writer.h"

#define WRITTEN_LEN 1000

/* Frame `number`: its time and bytes follow from it. */
static inline struct frame written_frame(uint32_t number, uint8_t *bytes)
{
    memset(bytes, (int)number, WRITTEN_LEN);
    return (struct frame){
        .time_ns = ((int64_t)CAPTURE_SECONDS + number) * 1000000000 + number,
        .data = bytes,
        .captured_len = WRITTEN_LEN,
        .wire_len = WRITTEN_LEN + number,
        .link_type = LINK_ETHERNET,
    };
}

/* Writes `count` frames, from number `first` on, one a call. Returns the first answer that is not
 * 0. */
static inline int write_frames(struct writer *writer, uint32_t first, uint32_t count,
                               struct err *err)
{
    uint8_t bytes[WRITTEN_LEN];
    int result = 0;
    for (uint32_t i = 0; i < count && result == 0; i++) {
        struct frame_batch batch = {.count = 1, .frames = {written_frame(first + i, bytes)}};
        result = writer_write(writer, &batch, err);
    }
    return result;
}

/* Reads the file with a source and expects exactly the frames `first` to `first + count - 1`. */
static inline void expect_file(const char *path, uint32_t first, uint32_t count)
{
    struct source *source = NULL;
    struct err err = {0};
    struct source_file_options options = {.path = path};
    if (source_open_file(&source, &options, &err) != 0)
        fail_msg("%s", err.text);
    struct frame_batch batch;
    uint32_t seen = 0;
    int result;
    while ((result = source_next(source, &batch, &err)) == SOURCE_OPEN) {
        for (uint32_t i = 0; i < batch.count; i++, seen++) {
            uint8_t bytes[WRITTEN_LEN];
            struct frame wanted = written_frame(first + seen, bytes);
            assert_int_equal(batch.frames[i].time_ns, wanted.time_ns);
            assert_int_equal(batch.frames[i].captured_len, wanted.captured_len);
            assert_int_equal(batch.frames[i].wire_len, wanted.wire_len);
            assert_int_equal(batch.frames[i].link_type, wanted.link_type);
            assert_memory_equal(batch.frames[i].data, bytes, WRITTEN_LEN);
        }
    }
    if (result != SOURCE_ENDED)
        fail_msg("%s", err.text);
    assert_int_equal(seen, count);
    source_close(source);
}

static inline struct writer_options written_options(const char *path)
{
    return (struct writer_options){
        .path = path,
        .link_type = LINK_ETHERNET,
        .snaplen = 65535,
        .owner = (uid_t)-1,
        .group = (gid_t)-1,
    };
}

static inline struct writer *open_writer(const struct writer_options *options)
{
    struct writer *writer = NULL;
    struct err err = {0};
    if (writer_open(&writer, options, &err) != 0)
        fail_msg("%s", err.text);
    return writer;
}

#endif
