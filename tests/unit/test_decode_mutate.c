#include "tests/support/build.h"

/* Frames of every kind with random damage, the same damage in every run: whatever comes out must be
 * sane, and every frame must have its verdict. */
#define BATCH_COUNT  3250 /* times FRAME_BATCH_MAX: 208,000 frames */
#define GROWTH_MAX   4
#define SHORT_COUNT  200000
#define WIRE_LEN_MAX (1u << 30) /* beyond, lengths are held */

struct seed {
    uint16_t link_type;
    const char *hex;
};

#define SYN                 TCP("a002") "020405b4 0402 080a 00000011 00000022 01 030307"
#define STAMPED             TCP("8018") "0101 080a 00000011 00000022"
#define SACK                TCP("b010") "0101 0512 00000001 00000002 00000003 00000004 01010101"
#define V4_FRAGMENT(offset) "4500 0024 0001 " offset " 40 11 0000 7f000001 7f000002 "
#define V6_FRAGMENT(offset) IPV6("0018", "2c") "1100 " offset " 00000007 "
#define BYTES_16            "9c40 0035 0020 0000 646e7320 68692121"

static const struct seed seeds[] = {
    {LINK_ETHERNET, ETHER("0800") IPV4("003c", "06") SYN},
    {LINK_ETHERNET, ETHER("0800") IPV4("0040", "06") SACK},
    {LINK_ETHERNET, ETHER("86dd") IPV6("0028", "06") SYN},
    {LINK_ETHERNET, ETHER("0800") IPV4("0038", "06") STAMPED "68692121"},
    {LINK_ETHERNET, ETHER("86dd") IPV6("0024", "06") STAMPED "68692121"},
    {LINK_ETHERNET, ETHER("0800") IPV4("0020", "11") UDP("000c") "646e7321"},
    {LINK_ETHERNET, ETHER("8100") "0001 0800" IPV4("0028", "06") TCP("5010")},
    {LINK_ETHERNET, ETHER("88a8") "0001 8100 0002 86dd" IPV6("0014", "06") TCP("5010")},
    {LINK_ETHERNET, ETHER("8864") "1100 0001 002a 0021" IPV4("0028", "06") TCP("5010")},
    {LINK_ETHERNET, ETHER("8847") "00010040 00010140" IPV4("0028", "06") TCP("5010")},
    {LINK_ETHERNET, ETHER("0032") "aaaa03 000000 0800" IPV4("0028", "06") TCP("5010")},
    {LINK_NULL, "02000000" IPV4("0028", "06") TCP("5010")},
    {LINK_LINUX_SLL, "0000 0304 0006 000000000000 0000 0800" IPV4("0028", "06") TCP("5010")},
    {LINK_LINUX_SLL2,
     "0800 0000 00000001 0304 00 06 000000000000 0000" IPV4("0028", "06") TCP("5010")},
    {LINK_PPP, "ff03 0021" IPV4("0028", "06") TCP("5010")},
    {LINK_CISCO_HDLC, "0f00 86dd" IPV6("0014", "06") TCP("5010")},
    {LINK_RAW, V4_FRAGMENT("2000") BYTES_16},
    {LINK_RAW, V4_FRAGMENT("0002") BYTES_16},
    {LINK_RAW, V6_FRAGMENT("0001") BYTES_16},
    {LINK_RAW, V6_FRAGMENT("0010") BYTES_16},
    {LINK_RAW, IPV6("0000", "00") "0600 c204 0001118c" TCP("5018")},
    {LINK_RAW, IPV6("0036", "00") "3c00 0104 00000000 2b00 0104 00000000 3300 0000 00000000"
                                  "0601 0000 00000001 00000001" TCP("5010")},
    {LINK_RAW, IPV4("0038", "01") "0303 0000 00000000" IPV4("003c", "06") "9c40 0050 00000001"},
    {LINK_RAW, IPV6("0038", "3a") "0104 0000 00000000" IPV6("0028", "06") "9c40 0050 00000001"},
};

/* Marsaglia, "Xorshift RNGs" (2003). */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

static struct frame mutate(uint64_t *random)
{
    static struct build build;
    const struct seed *seed = &seeds[next_random(random) % (sizeof seeds / sizeof seeds[0])];
    build.len = 0;
    build_hex(&build, seed->hex);
    uint32_t grown = next_random(random) % GROWTH_MAX;
    for (uint32_t i = 0; i < grown; i++)
        build_add(&build, &(uint8_t){(uint8_t)next_random(random)}, 1);
    uint32_t changes = next_random(random) % 4;
    for (uint32_t i = 0; i < changes && build.len > 0; i++) {
        uint8_t *octet = &build.bytes[next_random(random) % build.len];
        /* A bit flips small lengths and flags; a new value finds the far ends. */
        if (next_random(random) % 2)
            *octet ^= (uint8_t)(1u << next_random(random) % 8);
        else
            *octet = (uint8_t)next_random(random);
    }
    uint32_t captured = build.len;
    if (next_random(random) % 4 == 0)
        captured = next_random(random) % (build.len + 1);
    uint32_t wire = next_random(random) % 8 == 0 ? next_random(random) : build.len;
    struct frame frame = frame_new(build.bytes, captured, wire, seed->link_type);
    frame.time_ns += (int64_t)next_random(random) * 100;
    return frame;
}

static void test_damaged_frames(void **state)
{
    (void)state;
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    struct decoder *decoder = decoder_new(1u << 20);
    struct frame_batch frames;
    struct packet_batch packets;
    for (int batch = 0; batch < BATCH_COUNT; batch++) {
        frames.count = FRAME_BATCH_MAX;
        for (uint32_t i = 0; i < frames.count; i++)
            frames.frames[i] = mutate(&random);
        memset(&packets, 0xa5, sizeof packets);
        decode_batch(decoder, &frames, &packets);
        for (uint32_t i = 0; i < frames.count; i++) {
            assert_packet_sane(&packets.packets[i], &frames.frames[i]);
            frame_free(&frames.frames[i]);
        }
    }
    assert_stats_add_up(decoder, (uint64_t)BATCH_COUNT * FRAME_BATCH_MAX);
    /* The damage is light enough to get everywhere. */
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (verdict != VERDICT_LINK_UNKNOWN && decoder_stats(decoder)->verdicts[verdict] == 0)
            fail_msg("no frame ended as %s", verdict_word(verdict));
    }
    decoder_close(decoder);
}

/* What nearly every frame is goes a shorter way than the rest: both ways must come to the same. */
static void test_short_way_is_the_long_way(void **state)
{
    (void)state;
    uint64_t random = UINT64_C(0x2545f4914f6cdd1d);
    struct decoder *decoders[2] = {decoder_new(1u << 20), decoder_new(1u << 20)};
    struct frame_batch frames = {.count = 1};
    static struct packet_batch packets[2];
    uint64_t tcp = 0;
    for (int round = 0; round < SHORT_COUNT; round++) {
        struct frame frame = mutate(&random);
        frame.wire_len &= WIRE_LEN_MAX - 1;
        uint16_t type = frame.captured_len >= 14 ? load_be16(frame.data + 12) : 0;
        if (frame.link_type == LINK_ETHERNET && (type == 0x0800 || type == 0x86dd)) {
            memset(packets, 0xa5, sizeof packets);
            frames.frames[0] = frame;
            decode_batch(decoders[0], &frames, &packets[0]);
            frames.frames[0].link_type = LINK_RAW;
            frames.frames[0].data += 14;
            frames.frames[0].captured_len -= 14;
            if (frame.wire_len >= 14)
                frames.frames[0].wire_len -= 14;
            decode_batch(decoders[1], &frames, &packets[1]);
            assert_memory_equal(&packets[0], &packets[1], sizeof packets[0]);
            tcp += packets[0].packets[0].verdict == VERDICT_TCP;
        }
        frame_free(&frame);
    }
    assert_true(tcp > SHORT_COUNT / 100);
    decoder_close(decoders[0]);
    decoder_close(decoders[1]);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_damaged_frames);
    ROWS_ADD_ONE(&set, test_short_way_is_the_long_way);
    return rows_run(&set, "decode_mutate");
}
