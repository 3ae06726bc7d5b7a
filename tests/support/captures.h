/*
 * Purpose: capture files of every kind, built byte by byte, and what a source must make of them.
 * Owns:    nothing but plain values; capture_source gives the source a heap block of exactly the
 *          file's size, so that the sanitizer sees a read of one byte too many.
 * Bounds:  CAPTURE_SIZE bytes a file.
 * Used by: tests/unit/test_capture_*.c, tests/unit/test_writer*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_CAPTURES_H
#define LOFLOW_TESTS_SUPPORT_CAPTURES_H

#include "tests/support/rows.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#include "capture/source.h"

#define CAPTURE_SIZE       4096
#define CAPTURE_PACKETS    4
#define CAPTURE_MARKS      16
#define CAPTURE_SECONDS    1700000000u
#define CAPTURE_HEADER_LEN 42 /* Ethernet, IPv4, UDP */

enum capture_form {
    FORM_PCAP,
    FORM_PCAPNG,
};

enum capture_packing {
    PACKING_NONE,
    PACKING_GZIP,
    PACKING_GZIP_TWO, /* two members, as `cat a.gz b.gz` makes them */
    PACKING_ZSTD,
};

struct capture_kind {
    const char *name;
    enum capture_form form;
    bool big_endian;
    bool nanoseconds; /* pcap only; pcapng has three interfaces with different resolutions */
    enum capture_packing packing;
};

#define CAPTURE_KINDS                                                                              \
    {"pcap le us", FORM_PCAP, false, false, PACKING_NONE},                                         \
        {"pcap le ns", FORM_PCAP, false, true, PACKING_NONE},                                      \
        {"pcap be us", FORM_PCAP, true, false, PACKING_NONE},                                      \
        {"pcap be ns", FORM_PCAP, true, true, PACKING_NONE},                                       \
        {"pcapng le", FORM_PCAPNG, false, false, PACKING_NONE},                                    \
        {"pcapng be", FORM_PCAPNG, true, false, PACKING_NONE},                                     \
        {"pcap gz", FORM_PCAP, false, false, PACKING_GZIP},                                        \
        {"pcap gz of two members", FORM_PCAP, false, true, PACKING_GZIP_TWO},                      \
        {"pcap zst", FORM_PCAP, false, false, PACKING_ZSTD},                                       \
        {"pcapng gz", FORM_PCAPNG, false, false, PACKING_GZIP},                                    \
    {                                                                                              \
        "pcapng zst", FORM_PCAPNG, true, false, PACKING_ZSTD                                       \
    }

struct capture {
    uint8_t bytes[CAPTURE_SIZE];
    size_t len;
    bool big_endian;
    /* Where the file may end without being cut short, and how many packets it then has. */
    size_t marks[CAPTURE_MARKS];
    unsigned mark_packets[CAPTURE_MARKS];
    unsigned mark_count;
};

static inline void put(struct capture *capture, const void *bytes, size_t len)
{
    assert_true(capture->len + len <= CAPTURE_SIZE);
    if (len > 0)
        /* cppcheck-suppress uninitvar ; written by its caller */
        memcpy(capture->bytes + capture->len, bytes, len);
    capture->len += len;
}

static inline void put16(struct capture *capture, uint16_t value)
{
    uint8_t high = (uint8_t)(value >> 8);
    uint8_t low = (uint8_t)value;
    const uint8_t bytes[2] = {capture->big_endian ? high : low, capture->big_endian ? low : high};
    put(capture, bytes, sizeof bytes);
}

static inline void put32(struct capture *capture, uint32_t value)
{
    put16(capture, (uint16_t)(capture->big_endian ? value >> 16 : value));
    put16(capture, (uint16_t)(capture->big_endian ? value : value >> 16));
}

static inline void put_mark(struct capture *capture, unsigned packets)
{
    assert_true(capture->mark_count < CAPTURE_MARKS);
    capture->mark_packets[capture->mark_count] = packets;
    capture->marks[capture->mark_count++] = capture->len;
}

/* Packet `index` of every capture: UDP to port 1000 + index; the second is of no length at all, the
 * third was cut by the snap length. */
static inline uint32_t capture_packet(unsigned index, uint8_t *bytes, uint32_t *wire_len)
{
    static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    static const uint8_t ipv4[20] = {0x45, 0, 0,   28, 0, 1, 0,   0, 64, 17,
                                     0,    0, 127, 0,  0, 1, 127, 0, 0,  1};
    const uint8_t udp[8] = {0x80, 0, (uint8_t)((1000 + index) >> 8), (uint8_t)(1000 + index), 0, 8};
    uint32_t len = CAPTURE_HEADER_LEN + index * 7;
    memset(bytes, 'a' + (int)index, len);
    memcpy(bytes, ethernet, sizeof ethernet);
    memcpy(bytes + 14, ipv4, sizeof ipv4);
    memcpy(bytes + 34, udp, sizeof udp);
    if (index == 1)
        len = 0;
    *wire_len = index == 2 ? 1500 : len;
    return len;
}

static inline void put_pcap_header(struct capture *capture, bool nanoseconds, uint32_t link_type)
{
    put32(capture, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    put16(capture, 2);
    put16(capture, 4);
    put32(capture, 0);
    put32(capture, 0);
    put32(capture, 65535);
    put32(capture, link_type);
}

static inline void put_pcap_record(struct capture *capture, const uint32_t header[4],
                                   const uint8_t *bytes, size_t len)
{
    for (unsigned i = 0; i < 4; i++)
        put32(capture, header[i]);
    put(capture, bytes, len);
}

static inline void build_pcap(struct capture *capture, bool nanoseconds)
{
    put_pcap_header(capture, nanoseconds, LINK_ETHERNET);
    put_mark(capture, 0);
    for (unsigned i = 0; i < CAPTURE_PACKETS; i++) {
        uint8_t bytes[128];
        uint32_t wire_len = 0;
        uint32_t len = capture_packet(i, bytes, &wire_len);
        uint32_t fraction = nanoseconds ? 123456789 : 123456;
        put_pcap_record(capture, (uint32_t[]){CAPTURE_SECONDS + i, fraction, len, wire_len}, bytes,
                        len);
        put_mark(capture, i + 1);
    }
}

/* An interface whose clock ticks as the option if_tsresol says; 0: no option, microseconds. */
static inline void put_interface(struct capture *capture, uint8_t resolution)
{
    uint32_t len = resolution ? 32 : 20;
    put32(capture, 1);
    put32(capture, len);
    put16(capture, LINK_ETHERNET);
    put16(capture, 0);
    put32(capture, 65535);
    if (resolution) {
        put16(capture, 9);
        put16(capture, 1);
        put(capture, (const uint8_t[]){resolution, 0, 0, 0}, 4);
        put32(capture, 0);
    }
    put32(capture, len);
}

static inline void put_enhanced(struct capture *capture, uint32_t interface, uint64_t ticks,
                                unsigned index)
{
    uint8_t bytes[128] = {0};
    uint32_t wire_len = 0;
    uint32_t len = capture_packet(index, bytes, &wire_len);
    uint32_t padded = (len + 3) & ~3u;
    put32(capture, 6);
    put32(capture, 32 + padded);
    put32(capture, interface);
    put32(capture, (uint32_t)(ticks >> 32));
    put32(capture, (uint32_t)ticks);
    put32(capture, len);
    put32(capture, wire_len);
    put(capture, bytes, padded);
    put32(capture, 32 + padded);
    put_mark(capture, index + 1);
}

static inline void build_pcapng(struct capture *capture)
{
    put32(capture, 0x0a0d0d0a);
    put32(capture, 28);
    put32(capture, 0x1a2b3c4d);
    put16(capture, 1);
    put16(capture, 0);
    put32(capture, UINT32_MAX);
    put32(capture, UINT32_MAX);
    put32(capture, 28);
    put_interface(capture, 9);
    put_mark(capture, 0);
    put_interface(capture, 0);
    put_mark(capture, 0);
    put_interface(capture, 0x80 | 10);
    put_mark(capture, 0);
    const uint64_t seconds = CAPTURE_SECONDS;
    put_enhanced(capture, 0, seconds * 1000000000 + 123456789, 0);
    put_enhanced(capture, 1, (seconds + 1) * 1000000 + 123456, 1);
    put_enhanced(capture, 2, (seconds + 2) * 1024 + 512, 2);
    put_enhanced(capture, 0, (seconds + 3) * 1000000000 + 123456789, 3);
}

static inline int64_t capture_time_ns(const struct capture_kind *kind, unsigned index)
{
    const uint32_t pcapng[CAPTURE_PACKETS] = {123456789, 123456000, 500000000, 123456789};
    uint32_t fraction = kind->nanoseconds ? 123456789 : 123456000;
    return ((int64_t)CAPTURE_SECONDS + index) * 1000000000 +
           (kind->form == FORM_PCAPNG ? pcapng[index] : fraction);
}

static inline void put_gzip(struct capture *capture, const uint8_t *bytes, size_t len)
{
    z_stream zlib = {0};
    assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    uint8_t packed[CAPTURE_SIZE];
    zlib.next_in = bytes;
    zlib.avail_in = (uInt)len;
    zlib.next_out = packed;
    zlib.avail_out = sizeof packed;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    put(capture, packed, sizeof packed - zlib.avail_out);
    (void)deflateEnd(&zlib);
}

/* Packed files may end only at their end or, with two members, after the first, which ends with the
 * first packet. */
static inline void pack(struct capture *capture, enum capture_packing packing)
{
    const struct capture plain = *capture;
    capture->len = 0;
    capture->mark_count = 0;
    size_t first = packing == PACKING_GZIP_TWO ? plain.marks[1] : 0;
    if (packing == PACKING_GZIP_TWO) {
        put_gzip(capture, plain.bytes, first);
        put_mark(capture, 1);
    }
    if (packing == PACKING_ZSTD) {
        uint8_t packed[CAPTURE_SIZE];
        size_t len = ZSTD_compress(packed, sizeof packed, plain.bytes, plain.len, 3);
        assert_false(ZSTD_isError(len));
        put(capture, packed, len);
    } else {
        put_gzip(capture, plain.bytes + first, plain.len - first);
    }
    put_mark(capture, CAPTURE_PACKETS);
}

static inline void capture_build(struct capture *capture, const struct capture_kind *kind)
{
    *capture = (struct capture){.big_endian = kind->big_endian};
    if (kind->form == FORM_PCAP)
        build_pcap(capture, kind->nanoseconds);
    else
        build_pcapng(capture);
    if (kind->packing != PACKING_NONE)
        pack(capture, kind->packing);
}

/* What came out of a source until it ended: the frames (their bytes copied) and the last word. */
#define READING_FRAMES 64
#define READING_BYTES  8192

struct reading {
    unsigned count;
    struct frame frames[READING_FRAMES];
    uint8_t bytes[READING_BYTES];
    size_t used;
    int result; /* SOURCE_ENDED or -errno, from opening or from source_next */
    struct err err;
};

static inline void reading_keep(struct reading *reading, const struct frame_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct frame frame = batch->frames[i];
        assert_true(reading->count < READING_FRAMES);
        assert_true(reading->used + frame.captured_len <= READING_BYTES);
        memcpy(reading->bytes + reading->used, frame.data, frame.captured_len);
        frame.data = reading->bytes + reading->used;
        reading->used += frame.captured_len;
        reading->frames[reading->count++] = frame;
    }
}

/* Reads until the source ends, waiting where it says that it must be waited for. */
static inline void reading_finish(struct reading *reading, struct source *source)
{
    struct frame_batch batch;
    while ((reading->result = source_next(source, &batch, &reading->err)) == SOURCE_OPEN) {
        reading_keep(reading, &batch);
        struct pollfd ready = {.fd = source_fd(source), .events = POLLIN};
        if (ready.fd >= 0 && batch.count == 0)
            assert_int_equal(poll(&ready, 1, 10000), 1);
    }
    struct source_stats stats;
    source_stats(source, &stats);
    assert_int_equal(stats.read, reading->count);
}

static inline void reading_memory(struct reading *reading, const uint8_t *bytes, size_t len,
                                  const char *filter)
{
    memset(reading, 0, sizeof *reading);
    uint8_t *block = malloc(len ? len : 1);
    assert_non_null(block);
    if (len > 0)
        memcpy(block, bytes, len);
    struct source *source = NULL;
    reading->result = source_open_memory(&source, block, len, filter, &reading->err);
    if (reading->result == 0) {
        reading_finish(reading, source);
        source_close(source);
    }
    free(block);
}

/* The first `count` packets of a capture of this kind, whatever followed. */
static inline void reading_check(const struct reading *reading, const struct capture_kind *kind,
                                 unsigned count)
{
    assert_int_equal(reading->count, count);
    for (unsigned i = 0; i < count; i++) {
        const struct frame *frame = &reading->frames[i];
        uint8_t bytes[128];
        uint32_t wire_len = 0;
        uint32_t len = capture_packet(i, bytes, &wire_len);
        assert_int_equal(frame->time_ns, capture_time_ns(kind, i));
        assert_int_equal(frame->captured_len, len);
        assert_int_equal(frame->wire_len, wire_len);
        assert_int_equal(frame->link_type, LINK_ETHERNET);
        assert_memory_equal(frame->data, bytes, len);
    }
}

#endif
