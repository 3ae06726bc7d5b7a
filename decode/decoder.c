#include "decode/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "decode/fragment.h"
#include "decode/ip.h"
#include "decode/link.h"
#include "decode/transport.h"
#include "decode/usual.h"

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
    if (layer->wire_left > LAYER_WIRE_LEN_MAX)
        layer->wire_left = LAYER_WIRE_LEN_MAX;
    enum verdict verdict = VERDICT_NOT_IP;
    if (link_find_ip(layer, frame->link_type, &verdict))
        verdict = decode_ip(decoder, &ip, packet);
    if (verdict != VERDICT_TCP && verdict != VERDICT_UDP && verdict != VERDICT_ICMP_ERROR)
        *packet = (struct packet){.time_ns = frame->time_ns, .kind = PACKET_NONE};
    return verdict;
}

void decode_batch(struct decoder *decoder, const struct frame_batch *frames,
                  struct packet_batch *packets)
{
    assert(frames->count <= FRAME_BATCH_MAX);
    fragments_release(&decoder->fragments);
    packets->count = frames->count;
    struct decode_stats *stats = &decoder->stats;
    const struct hash_key key = decoder->hash_key; /* nothing that is written here can change it */
    uint64_t all_bytes = 0, payload_bytes = 0, truncated = 0, others = 0, other_bytes = 0;
    for (uint32_t i = 0; i < frames->count; i++) {
        const struct frame *frame = &frames->frames[i];
        struct packet *packet = &packets->packets[i];
        packet->time_ns = frame->time_ns;
        all_bytes += frame->captured_len;
        truncated += frame->captured_len < frame->wire_len;
        if (usual_decode(frame, &key, packet)) {
            packet->verdict = VERDICT_TCP;
            payload_bytes += packet->payload_wire_len;
            continue;
        }
        enum verdict verdict = decode_frame(decoder, frame, packet);
        packet->verdict = (uint8_t)verdict;
        others++;
        other_bytes += frame->captured_len;
        stats->verdicts[verdict]++;
        stats->verdict_bytes[verdict] += frame->captured_len;
        if (verdict == VERDICT_TCP || verdict == VERDICT_UDP)
            payload_bytes += packet->payload_wire_len;
    }
    stats->frames += frames->count;
    stats->captured_bytes += all_bytes;
    stats->truncated += truncated;
    stats->verdicts[VERDICT_TCP] += frames->count - others;
    stats->verdict_bytes[VERDICT_TCP] += all_bytes - other_bytes;
    stats->payload_bytes += payload_bytes;
}
