/*
 * Purpose: writes TCP segments on loopback as records of a capture file, for the generators here.
 * Owns:    nothing.
 * Borrows: the payload during each call.
 * Bounds:  a payload of SEGMENT_PAYLOAD_MAX bytes.
 * Fails:   segment_write returns false when the file cannot be written.
 * Used by: tests/bench/generate.c, tests/bench/hostile.c; each is one program from one file.
 */
#ifndef LOFLOW_TESTS_BENCH_TRAFFIC_H
#define LOFLOW_TESTS_BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum tcp_bits { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

enum {
    SEGMENT_LINK_SIZE = 14,
    SEGMENT_TCP_SIZE = 32, /* with time stamps, which nearly all segments on Linux carry */
    SEGMENT_SACK_SIZE = 12,
    SEGMENT_HEADERS_MAX = SEGMENT_LINK_SIZE + 40 + SEGMENT_TCP_SIZE + SEGMENT_SACK_SIZE,
    SEGMENT_PAYLOAD_MAX = 200000, /* BIG TCP has more than IPv4's length field can tell */
    SEGMENT_SNAPLEN = 262144,
};

#define SEGMENT_LOOPBACK 0x7f000001u

struct segment {
    uint32_t address[2]; /* of sender and receiver, IPv4; IPv6 is always ::1 */
    uint16_t port[2];
    uint32_t seq, ack;
    uint32_t sack[2]; /* a SACK block, when it is not empty */
    uint32_t payload_len;
    uint32_t cut; /* bytes of it that the capture does not have */
    const uint8_t *payload;
    uint16_t window; /* 0: the usual one */
    uint8_t bits;    /* enum tcp_bits */
    bool is_ipv6;
};

static inline uint64_t random_next(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 (arXiv 1402.6246). */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DULL;
}

static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

static inline void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* Link and network header; returns their size. Checksums stay 0, as offload leaves them on lo. An
 * IPv4 length that does not fit is 0, as the kernel writes it for BIG TCP. */
static inline uint32_t put_headers(uint8_t *frame, const struct segment *segment, uint32_t size)
{
    uint8_t *ip = frame + SEGMENT_LINK_SIZE;
    if (segment->is_ipv6) {
        put16(frame + 12, 0x86dd);
        ip[0] = 0x60;
        put16(ip + 4, size);
        ip[6] = 6;
        ip[7] = 64;
        ip[23] = 1;
        ip[39] = 1;
        return SEGMENT_LINK_SIZE + 40;
    }
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 20 + size > UINT16_MAX ? 0 : 20 + size);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, segment->address[0]);
    put32(ip + 16, segment->address[1]);
    return SEGMENT_LINK_SIZE + 20;
}

/* Returns the size of the TCP header. */
static inline uint32_t put_tcp(uint8_t *tcp, const struct segment *segment, uint32_t now_ms)
{
    bool has_sack = segment->sack[0] != segment->sack[1];
    uint32_t size = SEGMENT_TCP_SIZE + (has_sack ? SEGMENT_SACK_SIZE : 0);
    put16(tcp, segment->port[0]);
    put16(tcp + 2, segment->port[1]);
    put32(tcp + 4, segment->seq);
    put32(tcp + 8, segment->bits & ACK ? segment->ack : 0);
    tcp[12] = (uint8_t)(size / 4 << 4);
    tcp[13] = segment->bits;
    put16(tcp + 14, segment->window ? segment->window : 512);
    put32(tcp + 20, 0x0101080a); /* two NOPs, time stamps option of ten bytes */
    put32(tcp + 24, now_ms);
    put32(tcp + 28, now_ms);
    if (has_sack) {
        put32(tcp + 32, 0x0101050a); /* two NOPs, a SACK option of one block */
        put32(tcp + 36, segment->sack[0]);
        put32(tcp + 40, segment->sack[1]);
    }
    return size;
}

static inline bool segment_write_file_header(FILE *file)
{
    const uint32_t header[6] = {0xa1b23c4d, 4u << 16 | 2u, 0, 0, SEGMENT_SNAPLEN, 1};
    return fwrite(header, sizeof(header), 1, file) == 1;
}

/* Any bytes of IPv4 behind a link header. */
static inline bool packet_write(FILE *file, uint64_t time_ns, const uint8_t *ip, uint32_t len)
{
    uint8_t link[SEGMENT_LINK_SIZE] = {[12] = 0x08};
    uint32_t size = SEGMENT_LINK_SIZE + len;
    const uint32_t record[4] = {(uint32_t)(time_ns / 1000000000u),
                                (uint32_t)(time_ns % 1000000000u), size, size};
    return fwrite(record, sizeof(record), 1, file) == 1 &&
           fwrite(link, sizeof(link), 1, file) == 1 && fwrite(ip, len, 1, file) == 1;
}

static inline bool segment_write(FILE *file, uint64_t time_ns, const struct segment *segment)
{
    uint8_t headers[SEGMENT_HEADERS_MAX] = {0};
    bool has_sack = segment->sack[0] != segment->sack[1];
    uint32_t len = segment->payload_len;
    uint32_t size = SEGMENT_TCP_SIZE + (has_sack ? SEGMENT_SACK_SIZE : 0u) + len;
    uint32_t before = put_headers(headers, segment, size);
    (void)put_tcp(headers + before, segment, (uint32_t)(time_ns / 1000000));
    const uint32_t record[4] = {(uint32_t)(time_ns / 1000000000u),
                                (uint32_t)(time_ns % 1000000000u), before + size - segment->cut,
                                before + size};
    return fwrite(record, sizeof(record), 1, file) == 1 &&
           fwrite(headers, before + size - len, 1, file) == 1 &&
           (len == segment->cut || fwrite(segment->payload, len - segment->cut, 1, file) == 1);
}

#endif
