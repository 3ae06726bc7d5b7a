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

static void decode_frame(struct decoder *decoder, const struct frame *frame, struct packet *packet)
{
    struct decode_stats *stats = &decoder->stats;
    struct ip_header ip;
    struct layer *layer = &ip.payload;
    layer->bytes = (struct bytes){frame->data, frame->captured_len};
    /* A damaged file may say that more was captured than there was. */
    layer->wire_left =
        frame->wire_len > frame->captured_len ? frame->wire_len : frame->captured_len;
    if (layer->wire_left > WIRE_LEN_MAX)
        layer->wire_left = WIRE_LEN_MAX;
    stats->frames++;
    stats->captured_bytes += frame->captured_len;
    stats->truncated += frame->captured_len < frame->wire_len;

    packet->time_ns = frame->time_ns;
    enum verdict verdict = VERDICT_NOT_IP;
    if (link_find_ip(layer, frame->link_type, &verdict))
        verdict = decode_ip(decoder, &ip, packet);
    stats->verdicts[verdict]++;
    stats->verdict_bytes[verdict] += frame->captured_len;
    if (verdict == VERDICT_TCP || verdict == VERDICT_UDP)
        stats->payload_bytes += packet->payload_wire_len;
    else if (verdict != VERDICT_ICMP_ERROR)
        *packet = (struct packet){.time_ns = frame->time_ns, .kind = PACKET_NONE};
    packet->verdict = (uint8_t)verdict;
}

void decode_batch(struct decoder *decoder, const struct frame_batch *frames,
                  struct packet_batch *packets)
{
    assert(frames->count <= FRAME_BATCH_MAX);
    fragments_release(&decoder->fragments);
    packets->count = frames->count;
    for (uint32_t i = 0; i < frames->count; i++)
        decode_frame(decoder, &frames->frames[i], &packets->packets[i]);
}
