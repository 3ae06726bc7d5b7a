/*
 * Purpose: frames for tests, written as hexadecimal text, and what must hold for whatever a decoder
 *          makes of them.
 * Owns:    frame_new gives a heap block of exactly the frame's size, so that the sanitizer sees a
 *          read of one byte too many; frame_free takes it back.
 * Bounds:  BUILD_MAX bytes a frame.
 * Used by: tests/unit/test_decode_*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_BUILD_H
#define LOFLOW_TESTS_SUPPORT_BUILD_H

#include "tests/support/rows.h"

#include <ctype.h>
#include <stdlib.h>

#include "decode/decoder.h"

#define BUILD_MAX     200000
#define BUILD_TIME_NS INT64_C(1700000000123456789)

/* Headers as text. Lengths are the caller's: they are what the tests are about. */
#define ETHER(type)           "020000000001 020000000002 " type " "
#define IPV4(total, protocol) "4500 " total " 0001 0000 40 " protocol " 0000 7f000001 7f000002 "
#define IPV6_ONE              "00000000000000000000000000000001 "
#define IPV6_TWO              "00000000000000000000000000000002 "
#define IPV6(payload, next)   "60000000 " payload " " next " 40 " IPV6_ONE IPV6_TWO
#define TCP(offset_flags)     "9c40 0050 00000001 00000002 " offset_flags " 1000 0000 0000 "
#define UDP(len)              "9c40 0035 " len " 0000 "

struct build {
    uint8_t bytes[BUILD_MAX];
    uint32_t len;
};

static const struct hash_key build_key = {{0x03020100, 0x07060504, 0x0b0a0908}};

static inline void build_add(struct build *build, const void *bytes, size_t len)
{
    assert_true(build->len + len <= BUILD_MAX);
    memcpy(build->bytes + build->len, bytes, len);
    build->len += (uint32_t)len;
}

static inline uint8_t hex_digit(char digit)
{
    assert_true(isxdigit((unsigned char)digit));
    return (uint8_t)(isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* Blanks between octets are ignored. */
static inline void build_hex(struct build *build, const char *hex)
{
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        uint8_t octet = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        build_add(build, &octet, 1);
        hex++;
    }
}

static inline void build_be16(struct build *build, uint32_t value)
{
    const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    build_add(build, octets, sizeof octets);
}

static inline void build_be32(struct build *build, uint32_t value)
{
    build_be16(build, value >> 16);
    build_be16(build, value);
}

/* The first `captured_len` of `bytes`, in a block of that size. */
static inline struct frame frame_new(const uint8_t *bytes, uint32_t captured_len, uint32_t wire_len,
                                     uint16_t link_type)
{
    uint8_t *block = malloc(captured_len ? captured_len : 1);
    assert_non_null(block);
    memcpy(block, bytes, captured_len);
    return (struct frame){
        .time_ns = BUILD_TIME_NS,
        /* An empty block still points at its end, not at the byte malloc gave it. */
        .data = captured_len ? block : block + 1,
        .captured_len = captured_len,
        .wire_len = wire_len,
        .link_type = link_type,
    };
}

static inline void frame_free(const struct frame *frame)
{
    free((void *)(uintptr_t)(frame->captured_len ? frame->data : frame->data - 1));
}

static inline struct decoder *decoder_new(uint32_t fragment_memory)
{
    struct decoder *decoder = NULL;
    struct err err;
    const struct decoder_options options = {build_key, fragment_memory};
    assert_int_equal(decoder_open(&decoder, &options, &err), 0);
    return decoder;
}

/* What holds for every packet, whatever the bytes were. */
static inline void assert_packet_sane(const struct packet *packet, const struct frame *frame)
{
    assert_true(packet->verdict < VERDICT_COUNT);
    assert_true(packet->time_ns == frame->time_ns);
    enum packet_kind kind = PACKET_NONE;
    if (packet->verdict == VERDICT_TCP)
        kind = PACKET_TCP;
    else if (packet->verdict == VERDICT_UDP)
        kind = PACKET_UDP;
    else if (packet->verdict == VERDICT_ICMP_ERROR)
        kind = PACKET_ICMP_ERROR;
    assert_int_equal(packet->kind, kind);
    assert_true(packet->payload_captured_len <= packet->payload_wire_len);
    if (kind == PACKET_NONE) {
        assert_true(packet->hash == 0);
        assert_int_equal(packet->payload_wire_len, 0);
        return;
    }
    struct tuple tuple = packet->tuple;
    assert_int_equal(tuple_canonicalize(&tuple), 0);
    assert_memory_equal(&tuple, &packet->tuple, sizeof tuple);
    assert_true(tuple.family == 4 || tuple.family == 6);
    assert_true(tuple.protocol == PROTOCOL_TCP || tuple.protocol == PROTOCOL_UDP);
    assert_int_equal(tuple.zero[0] | tuple.zero[1], 0);
    assert_true(packet->hash == hash_tuple(&build_key, &tuple));
    assert_true(packet->direction <= 1);
    assert_true(packet->sack_count <= TCP_SACK_MAX);
    assert_true(packet->window_scale <= 14);
    /* Touches every byte, for the sanitizer. */
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < packet->payload_captured_len; i++)
        sum = (uint8_t)(sum + packet->payload[i]);
}

static inline void assert_stats_add_up(const struct decoder *decoder, uint64_t frame_count)
{
    const struct decode_stats *stats = decoder_stats(decoder);
    uint64_t sum = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        sum += stats->verdicts[verdict];
    assert_int_equal(stats->frames, frame_count);
    assert_int_equal(sum, frame_count);
}

/* That end of the tuple, 0 or 1, is written like this: "127.0.0.1:80". */
static inline void assert_end(const struct tuple *tuple, unsigned end, const char *expected)
{
    char buffer[80];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_endpoint(&text, tuple, end);
    assert_string_equal(buffer, expected);
}

/* The packet's payload is borrowed until the next call with that decoder, or frame_free. */
static inline struct packet decode_one(struct decoder *decoder, const struct frame *frame)
{
    struct frame_batch frames = {.count = 1, .frames = {*frame}};
    struct packet_batch packets;
    /* What the decoder leaves unset must not happen to be right. */
    memset(&packets, 0xa5, sizeof packets);
    decode_batch(decoder, &frames, &packets);
    assert_int_equal(packets.count, 1);
    assert_packet_sane(&packets.packets[0], frame);
    return packets.packets[0];
}

/* Every captured length from nothing to all: cut by the snap length, and so short on the wire. */
static inline void check_truncations(const struct build *build, uint16_t link_type)
{
    struct decoder *decoder = decoder_new(0);
    for (uint32_t len = 0; len <= build->len; len++) {
        struct frame cut = frame_new(build->bytes, len, build->len, link_type);
        (void)decode_one(decoder, &cut);
        cut.wire_len = len;
        (void)decode_one(decoder, &cut);
        frame_free(&cut);
    }
    assert_stats_add_up(decoder, 2 * (uint64_t)(build->len + 1));
    assert_int_equal(decoder_stats(decoder)->truncated, build->len);
    decoder_close(decoder);
}

/* A frame and what must become of it: the row of most tables. */
struct decode_row {
    const char *name;
    uint16_t link_type;
    const char *hex;
    enum verdict verdict;
    uint32_t payload_wire_len;
    uint32_t payload_captured_len;
    uint32_t wire_len; /* of the frame; 0: as long as it was captured */
};

static inline void check_decode_row(void **state)
{
    const struct decode_row *row = *state;
    static struct build build;
    build.len = 0;
    build_hex(&build, row->hex);
    struct decoder *decoder = decoder_new(0);
    uint32_t wire_len = row->wire_len ? row->wire_len : build.len;
    struct frame frame = frame_new(build.bytes, build.len, wire_len, row->link_type);
    struct packet packet = decode_one(decoder, &frame);
    assert_string_equal(verdict_word(packet.verdict), verdict_word(row->verdict));
    assert_int_equal(packet.payload_wire_len, row->payload_wire_len);
    assert_int_equal(packet.payload_captured_len, row->payload_captured_len);
    assert_stats_add_up(decoder, 1);
    assert_int_equal(decoder_stats(decoder)->verdicts[row->verdict], 1);
    assert_int_equal(decoder_stats(decoder)->captured_bytes, build.len);
    frame_free(&frame);
    decoder_close(decoder);
    check_truncations(&build, row->link_type);
}

#endif
