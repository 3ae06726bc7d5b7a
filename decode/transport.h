/*
 * Purpose: reads transport headers into the packet: TCP, UDP, and the packets that ICMP errors
 *          quote.
 * Owns:    nothing.
 * Borrows: the bytes of the layer; packet->payload points into them.
 * Bounds:  constant time; at most 40 bytes of TCP options.
 * Fails:   never; the verdict says what became of the packet. Only with VERDICT_TCP, VERDICT_UDP
 *          and VERDICT_ICMP_ERROR is the packet filled.
 * Used by: decode/decoder.c.
 *
 * packet->tuple holds sender and receiver addresses in order of the header, and the family.
 */
#ifndef LOFLOW_DECODE_TRANSPORT_H
#define LOFLOW_DECODE_TRANSPORT_H

#include "base/hash.h"
#include "decode/layer.h"

#define TCP_FLAGS 0x1ffu /* enum tcp_flag, all of them */

enum verdict tcp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet);

/* The `len` bytes behind the 20 that every TCP header has. */
void tcp_read_options(struct packet *packet, const uint8_t *list, uint32_t len);

enum verdict udp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet);

/* `layer` stands at an ICMP header of the family in packet->tuple. */
enum verdict icmp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet);

/* Completes the tuple from the ports at the start of a TCP or UDP header, and what follows from
 * the tuple: direction and hash. */
static inline void transport_name(struct packet *packet, const uint8_t *ports, uint8_t protocol,
                                  const struct hash_key *key)
{
    struct tuple *tuple = &packet->tuple;
    tuple->port[0] = load_be16(ports);
    tuple->port[1] = load_be16(ports + 2);
    tuple->protocol = protocol;
    tuple->zero[0] = 0;
    tuple->zero[1] = 0;
    packet->direction = tuple_canonicalize(tuple);
    packet->hash = hash_tuple(key, tuple);
}

/* `wire_len` bytes of payload are announced, of which `layer` has those that were captured. */
static inline void transport_carry(struct packet *packet, const struct layer *layer,
                                   uint32_t wire_len)
{
    struct bytes bytes = layer->bytes;
    bytes_limit(&bytes, wire_len);
    packet->payload = bytes.at;
    packet->payload_captured_len = (uint32_t)bytes.left;
    packet->payload_wire_len = wire_len;
}

/* For packets that are not TCP: what only TCP has. */
static inline void transport_clear_tcp(struct packet *packet)
{
    packet->options = 0;
    packet->flags = 0;
    packet->window = 0;
    packet->seq = 0;
    packet->ack = 0;
    packet->timestamp = 0;
    packet->timestamp_echo = 0;
    packet->mss = 0;
    packet->urgent = 0;
    packet->window_scale = 0;
    packet->sack_count = 0;
}

#endif
