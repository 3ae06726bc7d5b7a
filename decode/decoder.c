#include "decode/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "decode/fragment.h"
#include "decode/ip.h"
#include "decode/link.h"
#include "decode/transport.h"

/* What a damaged file says beyond this is no packet's length; distances of sequence numbers stay
 * within 31 bits. */
#define WIRE_LEN_MAX (1u << 30)

#define IPV4_LEN      20u
#define IPV4_FRAGMENT 0x3fffu /* more fragments, or an offset */
#define IPV6_LEN      40u

struct decoder {
    struct hash_key hash_key;
    struct decode_stats stats;
    struct fragment_table fragments;
};

int decoder_open(struct decoder **decoder, const struct decoder_options *options, struct err *err)
{
    struct decoder *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the decoder; close other programs");
    opened->hash_key = options->hash_key;
    uint32_t memory = options->fragment_memory;
    int failed = fragments_open(&opened->fragments, memory ? memory : DECODER_FRAGMENT_MEMORY,
                                &options->hash_key, err);
    if (failed) {
        free(opened);
        return failed;
    }
    *decoder = opened;
    return 0;
}

void decoder_close(struct decoder *decoder)
{
    if (!decoder)
        return;
    fragments_close(&decoder->fragments);
    free(decoder);
}

bool decoder_lends(const struct decoder *decoder)
{
    return decoder->fragments.complete != POOL_NONE;
}

const struct decode_stats *decoder_stats(const struct decoder *decoder)
{
    return &decoder->stats;
}

uint64_t decoder_memory(const struct decoder *decoder)
{
    return (uint64_t)decoder->fragments.pool.high * decoder->fragments.pool.item_size;
}

/* Kept out of line: next to no packet is a fragment. True: `ip` is a whole datagram now. */
static bool __attribute__((noinline)) join_fragment(struct decoder *decoder, struct packet *packet,
                                                    struct ip_header *ip, enum verdict *verdict)
{
    struct fragment_table *fragments = &decoder->fragments;
    struct decode_stats *stats = &decoder->stats;
    uint64_t evicted_before = fragments->evicted_count;
    bool complete = fragments_add(fragments, packet->time_ns, &packet->tuple, ip, verdict);
    /* Fragments that made way were counted as held when they came. */
    uint64_t evicted = fragments->evicted_count - evicted_before;
    stats->verdicts[VERDICT_FRAGMENT_HELD] -= evicted;
    stats->verdicts[VERDICT_FRAGMENT_DENIED] += evicted;
    stats->fragments++;
    if (!complete || packet->tuple.family == 4)
        return complete;
    if (!ipv6_walk(ip, verdict))
        return false;
    return !ip->is_fragment || layer_refuse(verdict, VERDICT_IPV6_EXTENSION);
}

/* `ip` stands at the IP header. */
static enum verdict decode_ip(struct decoder *decoder, struct ip_header *ip, struct packet *packet)
{
    enum verdict verdict = VERDICT_IP_OTHER;
    if (!ip_parse(ip, &packet->tuple, &verdict))
        return verdict;
    if (ip->is_fragment && !join_fragment(decoder, packet, ip, &verdict))
        return verdict;
    uint8_t icmp = packet->tuple.family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
    if (ip->protocol == PROTOCOL_TCP)
        return tcp_decode(&ip->payload, &decoder->hash_key, packet);
    if (ip->protocol == PROTOCOL_UDP)
        return udp_decode(&ip->payload, &decoder->hash_key, packet);
    if (ip->protocol == icmp)
        return icmp_decode(&ip->payload, &decoder->hash_key, packet);
    return VERDICT_IP_OTHER;
}

/* Goes the way of any frame. Kept out of line: nearly all go the short way. */
static enum verdict __attribute__((noinline))
decode_frame(struct decoder *decoder, const struct frame *frame, struct packet *packet)
{
    struct ip_header ip;
    struct layer *layer = &ip.payload;
    layer->bytes = (struct bytes){frame->data, frame->captured_len};
    /* A damaged file may say that more was captured than there was. */
    layer->wire_left =
        frame->wire_len > frame->captured_len ? frame->wire_len : frame->captured_len;
    if (layer->wire_left > WIRE_LEN_MAX)
        layer->wire_left = WIRE_LEN_MAX;
    enum verdict verdict = VERDICT_NOT_IP;
    if (link_find_ip(layer, frame->link_type, &verdict))
        verdict = decode_ip(decoder, &ip, packet);
    if (verdict != VERDICT_TCP && verdict != VERDICT_UDP && verdict != VERDICT_ICMP_ERROR)
        *packet = (struct packet){.time_ns = frame->time_ns, .kind = PACKET_NONE};
    return verdict;
}

/* The short way: Ethernet, IPv4 without options or IPv6 without extension headers, no fragment, and TCP, with
 * lengths that agree. Finds in them what link_find_ip and ip_parse would. False: the frame is not such. */
static inline bool find_tcp(const struct frame *frame, struct layer *layer, struct tuple *tuple)
{
    const uint8_t *ip = frame->data + LINK_ETHERNET_LEN;
    if (frame->link_type != LINK_ETHERNET || frame->captured_len < LINK_ETHERNET_LEN + IPV6_LEN ||
        frame->wire_len < frame->captured_len || frame->wire_len > WIRE_LEN_MAX)
        return false;
    uint16_t type = load_be16(ip - 2);
    uint32_t header_len = IPV4_LEN, len = load_be16(ip + 2);
    if (type == ETHERTYPE_IPV4 && ip[0] == 0x45 && !(load_be16(ip + 6) & IPV4_FRAGMENT) &&
        ip[9] == PROTOCOL_TCP) {
        tuple->address[0] = address_from_ipv4(ip + 12);
        tuple->address[1] = address_from_ipv4(ip + 16);
        tuple->family = 4;
    } else if (type == ETHERTYPE_IPV6 && ip[0] >> 4 == 6 && ip[6] == PROTOCOL_TCP) {
        header_len = IPV6_LEN;
        len = load_be16(ip + 4);
        len = len == 0 ? 0 : len + IPV6_LEN; /* 0: a jumbogram, or what the kernel left out */
        tuple->address[0] = address_from_ipv6(ip + 8);
        tuple->address[1] = address_from_ipv6(ip + 24);
        tuple->family = 6;
    } else {
        return false;
    }
    if (len < header_len || len > frame->wire_len - LINK_ETHERNET_LEN)
        return false;
    layer->bytes =
        (struct bytes){ip + header_len, frame->captured_len - LINK_ETHERNET_LEN - header_len};
    layer->wire_left = len - header_len;
    bytes_limit(&layer->bytes, layer->wire_left);
    return true;
}

/* Returns the verdict. */
static inline enum verdict decode_one(struct decoder *decoder, const struct frame *frame,
                                      struct packet *packet)
{
    struct layer layer;
    packet->time_ns = frame->time_ns;
    if (find_tcp(frame, &layer, &packet->tuple) &&
        tcp_decode(&layer, &decoder->hash_key, packet) == VERDICT_TCP)
        return VERDICT_TCP;
    return decode_frame(decoder, frame, packet);
}

void decode_batch(struct decoder *decoder, const struct frame_batch *frames,
                  struct packet_batch *packets)
{
    assert(frames->count <= FRAME_BATCH_MAX);
    fragments_release(&decoder->fragments);
    packets->count = frames->count;
    struct decode_stats *stats = &decoder->stats;
    uint64_t tcp = 0, tcp_bytes = 0, all_bytes = 0, payload_bytes = 0;
    for (uint32_t i = 0; i < frames->count; i++) {
        const struct frame *frame = &frames->frames[i];
        struct packet *packet = &packets->packets[i];
        enum verdict verdict = decode_one(decoder, frame, packet);
        packet->verdict = (uint8_t)verdict;
        all_bytes += frame->captured_len;
        stats->truncated += frame->captured_len < frame->wire_len;
        if (verdict == VERDICT_TCP) {
            tcp++;
            tcp_bytes += frame->captured_len;
            payload_bytes += packet->payload_wire_len;
            continue;
        }
        stats->verdicts[verdict]++;
        stats->verdict_bytes[verdict] += frame->captured_len;
        if (verdict == VERDICT_UDP)
            payload_bytes += packet->payload_wire_len;
    }
    stats->frames += frames->count;
    stats->captured_bytes += all_bytes;
    stats->verdicts[VERDICT_TCP] += tcp;
    stats->verdict_bytes[VERDICT_TCP] += tcp_bytes;
    stats->payload_bytes += payload_bytes;
}
