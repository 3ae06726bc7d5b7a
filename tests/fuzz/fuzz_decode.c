/* Frames of any link type: every one gets a verdict, the counts add up, payload lies within what was captured,
 * and fragments stay in their budget; the same frames in one batch or one by one become the same packets.
 *
 * An input is a list of frames: link type, time since the one before, what the wire had more, length, bytes. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "decode/decoder.h"

#define FRAGMENT_MEMORY (256u << 10)

static const uint16_t link_types[] = {
    LINK_ETHERNET, LINK_NULL,       LINK_PPP,        LINK_RAW_BSD, LINK_RAW_OPENBSD,
    LINK_PPP_HDLC, LINK_RAW,        LINK_CISCO_HDLC, LINK_LOOP,    LINK_LINUX_SLL,
    LINK_IPV4,     LINK_LINUX_SLL2, LINK_IPV6,       105,
};

struct frames {
    struct frame_batch batch;
    uint8_t *blocks[FRAME_BATCH_MAX];
    uint64_t bytes, truncated;
};

static const struct hash_key key = {{1, 2, 3}};

/* In blocks of their own, so that the sanitizer sees a byte too many. */
static bool take_frame(struct frames *frames, struct bytes *input, int64_t *time_ns)
{
    if (input->left < 8 || frames->batch.count == FRAME_BATCH_MAX)
        return false;
    uint16_t type = link_types[fuzz_8(input) % (sizeof link_types / sizeof link_types[0])];
    *time_ns += (int64_t)(int8_t)fuzz_8(input) * 1000000000;
    uint32_t more = fuzz_32(input);
    struct bytes data = fuzz_part(input, fuzz_16(input));
    uint8_t *block = malloc(data.left > 0 ? data.left : 1);
    MUST(block);
    memcpy(block, data.at, data.left);
    uint32_t captured = (uint32_t)data.left;
    struct frame *frame = &frames->batch.frames[frames->batch.count];
    *frame = (struct frame){.time_ns = *time_ns,
                            .data = data.left > 0 ? block : block + 1,
                            .captured_len = captured,
                            .wire_len = more > UINT32_MAX - captured ? UINT32_MAX : captured + more,
                            .link_type = type};
    frames->blocks[frames->batch.count++] = block;
    frames->bytes += captured;
    frames->truncated += frame->captured_len < frame->wire_len;
    return true;
}

static enum packet_kind kind_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_TCP:
        return PACKET_TCP;
    case VERDICT_UDP:
        return PACKET_UDP;
    case VERDICT_ICMP_ERROR:
        return PACKET_ICMP_ERROR;
    default:
        return PACKET_NONE;
    }
}

static void check_packet(const struct packet *packet, const struct frame *frame)
{
    MUST(packet->verdict < VERDICT_COUNT && packet->time_ns == frame->time_ns);
    MUST(packet->kind == kind_of(packet->verdict));
    MUST(packet->payload_captured_len <= packet->payload_wire_len);
    if (packet->kind == PACKET_NONE) {
        MUST(packet->hash == 0 && packet->payload_wire_len == 0);
        return;
    }
    struct tuple tuple = packet->tuple;
    MUST(tuple_canonicalize(&tuple) == 0 && memcmp(&tuple, &packet->tuple, sizeof tuple) == 0);
    MUST(tuple.family == 4 || tuple.family == 6);
    MUST(tuple.protocol == PROTOCOL_TCP || tuple.protocol == PROTOCOL_UDP);
    MUST(packet->hash == hash_tuple(&key, &tuple));
    MUST(packet->direction <= 1 && packet->sack_count <= TCP_SACK_MAX &&
         packet->window_scale <= 14);
    volatile uint8_t sum = 0;
    for (uint32_t at = 0; at < packet->payload_captured_len; at++)
        sum = (uint8_t)(sum + packet->payload[at]);
}

static void check_sums(const struct decoder *decoder, const struct frames *frames)
{
    const struct decode_stats *stats = decoder_stats(decoder);
    uint64_t count = 0, bytes = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        count += stats->verdicts[verdict];
        bytes += stats->verdict_bytes[verdict];
    }
    MUST(count == frames->batch.count && stats->frames == count);
    MUST(bytes == frames->bytes && stats->captured_bytes == bytes);
    MUST(stats->truncated == frames->truncated);
    MUST(decode_undecoded_count(stats) <= count);
    MUST(decoder_memory(decoder) <= FRAGMENT_MEMORY);
}

/* What lies in the decoder is another place each time; what it says is not. */
static void check_same(const struct packet *one, const struct packet *other)
{
    MUST(one->verdict == other->verdict && one->kind == other->kind && one->hash == other->hash);
    MUST(one->payload_captured_len == other->payload_captured_len &&
         one->payload_wire_len == other->payload_wire_len);
    if (one->kind == PACKET_TCP)
        MUST(one->seq == other->seq && one->ack == other->ack && one->flags == other->flags);
}

static struct decoder *open_decoder(void)
{
    struct err err;
    struct decoder *decoder = NULL;
    const struct decoder_options options = {key, FRAGMENT_MEMORY};
    MUST(decoder_open(&decoder, &options, &err) == 0);
    return decoder;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct packet_batch packets, again;
    struct bytes input = {bytes, len};
    struct frames frames = {.batch = {.count = 0}};
    int64_t time_ns = INT64_C(1700000000000000000);
    while (take_frame(&frames, &input, &time_ns))
        continue;
    struct decoder *decoder = open_decoder(), *single = open_decoder();
    /* What the decoder leaves unset must not happen to be right. */
    memset(&packets, 0xa5, sizeof packets);
    decode_batch(decoder, &frames.batch, &packets);
    MUST(packets.count == frames.batch.count);
    for (uint32_t at = 0; at < packets.count; at++) {
        struct frame_batch one = {.count = 1, .frames = {frames.batch.frames[at]}};
        check_packet(&packets.packets[at], &frames.batch.frames[at]);
        decode_batch(single, &one, &again);
        check_packet(&again.packets[0], &one.frames[0]);
        check_same(&packets.packets[at], &again.packets[0]);
    }
    check_sums(decoder, &frames);
    check_sums(single, &frames);
    decoder_close(decoder);
    decoder_close(single);
    for (uint32_t at = 0; at < frames.batch.count; at++)
        free(frames.blocks[at]);
    return 0;
}
