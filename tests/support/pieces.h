/*
 * Purpose: UDP datagrams in IP fragments, for tests.
 * Owns:    nothing; frames come from frame_new.
 * Bounds:  a datagram has up to 65535 bytes.
 * Used by: tests/unit/test_decode_fragment*.c.
 *
 * Byte i of a datagram is a function of i and of its id, so that a byte in the wrong place shows.
 */
#ifndef LOFLOW_TESTS_SUPPORT_PIECES_H
#define LOFLOW_TESTS_SUPPORT_PIECES_H

#include "tests/support/build.h"

struct piece {
    uint32_t at, len;
    bool more;
    enum verdict want;
    uint32_t captured; /* bytes of the piece; 0: all of it */
    int seconds;       /* time stamp, after BUILD_TIME_NS */
    uint16_t id;
};

static inline uint8_t piece_byte(uint32_t at, uint16_t id)
{
    return (uint8_t)(at * 7 + at / 256 + id);
}

/* The datagram that the pieces with this id belong to: a UDP header and its payload. */
static inline void piece_datagram(uint8_t *bytes, uint32_t len, uint16_t id)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = piece_byte(i, id);
    const uint8_t header[8] = {0x9c, 0x40, 0, 53, (uint8_t)(len >> 8), (uint8_t)len, 0, 0};
    memcpy(bytes, header, len < 8 ? len : 8);
}

/* `family` 4 or 6; the piece is of a datagram of `datagram_len` bytes. */
static inline struct frame piece_frame(const struct piece *piece, int family, uint32_t datagram_len)
{
    static struct build build;
    static uint8_t datagram[70000];
    piece_datagram(datagram, sizeof datagram, piece->id);
    datagram[4] = (uint8_t)(datagram_len >> 8);
    datagram[5] = (uint8_t)datagram_len;
    build.len = 0;
    if (family == 4) {
        build_hex(&build, "4500");
        build_be16(&build, 20 + piece->len);
        build_be16(&build, piece->id);
        build_be16(&build, (piece->more ? 0x2000u : 0) | piece->at / 8);
        build_hex(&build, "40 11 0000 7f000001 7f000002");
    } else {
        build_hex(&build, "60000000");
        build_be16(&build, 8 + piece->len);
        build_hex(&build, "2c 40" IPV6_ONE IPV6_TWO "1100");
        build_be16(&build, piece->at | (piece->more ? 1 : 0));
        build_be32(&build, 0xabcd0000u | piece->id);
    }
    uint32_t header_len = build.len;
    build_add(&build, datagram + piece->at, piece->len);
    uint32_t captured = piece->captured ? header_len + piece->captured : build.len;
    struct frame frame = frame_new(build.bytes, captured, build.len, LINK_RAW);
    frame.time_ns += piece->seconds * INT64_C(1000000000);
    return frame;
}

static inline void assert_datagram(const struct packet *packet, uint32_t datagram_len, uint16_t id)
{
    assert_string_equal(verdict_word(packet->verdict), "udp");
    assert_int_equal(packet->payload_wire_len, datagram_len - 8);
    for (uint32_t i = 0; i < packet->payload_captured_len; i++)
        assert_int_equal(packet->payload[i], piece_byte(i + 8, id));
}

#endif
