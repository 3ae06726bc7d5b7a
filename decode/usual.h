/*
 * Purpose: the short way of nearly every frame: Ethernet, IPv4 without options or IPv6 without extension
 *          headers, no fragment, and a TCP header that is all there, with lengths that agree.
 * Owns:    nothing.
 * Borrows: the frame's bytes; packet->payload points into them.
 * Bounds:  constant time.
 * Fails:   never; returns false where the frame is not such, and then it has to go the long way.
 * Used by: decode/decoder.c.
 *
 * It makes the same packet as the long way does, which a test compares.
 */
#ifndef LOFLOW_DECODE_USUAL_H
#define LOFLOW_DECODE_USUAL_H

#include "base/bytes.h"
#include "decode/link.h"
#include "decode/transport.h"

#define USUAL_IPV4_LEN 20u
#define USUAL_IPV6_LEN 40u
#define USUAL_TCP_LEN  20u
/* With two no-ops and time stamps, as nearly every segment has it. */
#define USUAL_STAMPED_LEN 32u

/* The end of the Ethernet header with the first byte of the IP header, and behind it the bytes from the
 * fragment offset to the protocol, as little-endian words: several things are compared at a time. */
#define USUAL_IPV4_MASK       0x00ffffffu
#define USUAL_IPV4            0x00450008u
#define USUAL_IPV4_WHOLE_MASK 0xff00ff3fu
#define USUAL_IPV4_WHOLE      0x06000000u
#define USUAL_IPV6_MASK       0x00f0ffffu
#define USUAL_IPV6            0x0060dd86u
#define USUAL_STAMPS          0x0a080101u

/* What transport_name does. Half of all packets go each way in no order that a branch predictor could learn. */
static inline void usual_name_ipv4(struct packet *packet, const uint8_t *ip,
                                   const struct hash_key *key)
{
    const uint8_t *ports = ip + USUAL_IPV4_LEN;
    uint64_t from = (uint64_t)load_be32(ip + 12) << 16 | load_be16(ports);
    uint64_t to = (uint64_t)load_be32(ip + 16) << 16 | load_be16(ports + 2);
    bool swapped = from > to;
    uint64_t differ = (from ^ to) & (0 - (uint64_t)swapped);
    const uint64_t ends[2] = {from ^ differ, to ^ differ};
    packet->direction = swapped;
    packet->tuple = (struct tuple){
        .address = {address_from_number((uint32_t)(ends[0] >> 16)),
                    address_from_number((uint32_t)(ends[1] >> 16))},
        .port = {(uint16_t)ends[0], (uint16_t)ends[1]},
        .protocol = PROTOCOL_TCP,
        .family = 4,
    };
    packet->hash = hash_ipv4(key, ends, PROTOCOL_TCP);
}

static inline void usual_name_ipv6(struct packet *packet, const uint8_t *ip,
                                   const struct hash_key *key)
{
    packet->tuple.address[0] = address_from_ipv6(ip + 8);
    packet->tuple.address[1] = address_from_ipv6(ip + 24);
    packet->tuple.family = 6;
    transport_name(packet, ip + USUAL_IPV6_LEN, PROTOCOL_TCP, key);
}

/* `len`: of the header, at least USUAL_TCP_LEN. */
static inline void usual_read_tcp(struct packet *packet, const uint8_t *tcp, uint32_t len)
{
    packet->kind = PACKET_TCP;
    packet->options = 0;
    packet->flags = load_be16(tcp + 12) & TCP_FLAGS;
    packet->window = load_be16(tcp + 14);
    packet->seq = load_be32(tcp + 4);
    packet->ack = load_be32(tcp + 8);
    packet->timestamp = 0;
    packet->timestamp_echo = 0;
    packet->mss = 0;
    packet->urgent = load_be16(tcp + 18);
    packet->window_scale = 0;
    packet->sack_count = 0;
    packet->icmp_type = 0;
    packet->icmp_code = 0;
    if (len == USUAL_STAMPED_LEN && load_le32(tcp + USUAL_TCP_LEN) == USUAL_STAMPS) {
        packet->options = TCP_OPTION_TIMESTAMPS;
        packet->timestamp = load_be32(tcp + USUAL_TCP_LEN + 4);
        packet->timestamp_echo = load_be32(tcp + USUAL_TCP_LEN + 8);
    } else if (len > USUAL_TCP_LEN) {
        tcp_read_options(packet, tcp + USUAL_TCP_LEN, len - USUAL_TCP_LEN);
    }
}

/* The IP header has `ip_len` bytes and, with what is behind it, announces `wire_len`. */
static inline __attribute__((always_inline)) bool usual_fill(const struct frame *frame,
                                                             uint32_t ip_len, uint32_t wire_len,
                                                             const struct hash_key *key,
                                                             struct packet *packet)
{
    const uint8_t *ip = frame->data + LINK_ETHERNET_LEN;
    const uint32_t captured_len = frame->captured_len - LINK_ETHERNET_LEN;
    if (captured_len < ip_len + USUAL_TCP_LEN || wire_len > frame->wire_len - LINK_ETHERNET_LEN)
        return false;
    const uint32_t tcp_len = (uint32_t)(ip[ip_len + 12] >> 4) * 4;
    const uint32_t headers_len = ip_len + tcp_len;
    if (tcp_len < USUAL_TCP_LEN || headers_len > captured_len || headers_len > wire_len)
        return false;
    packet->payload = ip + headers_len;
    packet->payload_captured_len =
        (captured_len < wire_len ? captured_len : wire_len) - headers_len;
    packet->payload_wire_len = wire_len - headers_len;
    usual_read_tcp(packet, ip + ip_len, tcp_len);
    if (ip_len == USUAL_IPV4_LEN)
        usual_name_ipv4(packet, ip, key);
    else
        usual_name_ipv6(packet, ip, key);
    return true;
}

static inline bool usual_decode(const struct frame *frame, const struct hash_key *key,
                                struct packet *packet)
{
    const uint8_t *ip = frame->data + LINK_ETHERNET_LEN;
    if (frame->link_type != LINK_ETHERNET || frame->wire_len > LAYER_WIRE_LEN_MAX ||
        frame->wire_len < frame->captured_len ||
        frame->captured_len < LINK_ETHERNET_LEN + USUAL_IPV4_LEN + USUAL_TCP_LEN)
        return false;
    uint32_t begin = load_le32(ip - 2);
    if ((begin & USUAL_IPV4_MASK) == USUAL_IPV4 &&
        (load_le32(ip + 6) & USUAL_IPV4_WHOLE_MASK) == USUAL_IPV4_WHOLE)
        return usual_fill(frame, USUAL_IPV4_LEN, load_be16(ip + 2), key, packet);
    /* A length of 0 is that of a jumbogram, or the kernel left it out: it is less than the headers. */
    if ((begin & USUAL_IPV6_MASK) == USUAL_IPV6 && ip[6] == PROTOCOL_TCP)
        return usual_fill(frame, USUAL_IPV6_LEN, load_be16(ip + 4) + USUAL_IPV6_LEN, key, packet);
    return false;
}

#endif
