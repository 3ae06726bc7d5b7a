#include "tests/support/pieces.h"

#include "decode/fragment.h"

/* Steps that one decoder takes, one batch each unless they say that they go with the one before. */
struct step {
    uint16_t id;
    uint32_t at; /* 0: the first 16 bytes, 16: the 8 behind */
    bool more;
    enum verdict want;
    bool same_batch;
    bool last; /* of the row */
};

#define STEPS_MAX    10
#define DATAGRAM_LEN 24u
#define HELD         VERDICT_FRAGMENT_HELD
#define DENIED       VERDICT_FRAGMENT_DENIED

struct budget_row {
    const char *name;
    uint32_t memory; /* bytes */
    struct step steps[STEPS_MAX];
    uint32_t held, denied; /* in the end */
};

static const struct budget_row rows[] = {
    {"two fit",
     2 * sizeof(struct datagram),
     {{1, 0, true, HELD, false, false},
      {2, 0, true, HELD, false, false},
      {1, 16, false, VERDICT_UDP, false, false},
      {2, 16, false, VERDICT_UDP, false, true}},
     2,
     0},
    {"the third makes the first give way",
     2 * sizeof(struct datagram),
     {{1, 0, true, HELD, false, false},
      {2, 0, true, HELD, false, false},
      {3, 0, true, HELD, false, false},
      {2, 16, false, VERDICT_UDP, false, false},
      {3, 16, false, VERDICT_UDP, false, false},
      {1, 16, false, HELD, false, true}},
     3,
     1},
    {"what gives way is denied whole, repetitions too",
     sizeof(struct datagram),
     {{1, 0, true, HELD, false, false},
      {1, 16, true, HELD, false, false},
      {1, 16, true, HELD, false, false},
      {2, 0, true, HELD, false, true}},
     1,
     3},
    {"oldest is who came first, not who was quiet",
     2 * sizeof(struct datagram),
     {{1, 16, true, HELD, false, false},
      {2, 0, true, HELD, false, false},
      {1, 0, true, HELD, false, false},
      {3, 0, true, HELD, false, false},
      {2, 16, false, VERDICT_UDP, false, true}},
     2,
     2},
    {"a complete one makes room in the next batch",
     sizeof(struct datagram),
     {{1, 0, true, HELD, false, false},
      {1, 16, false, VERDICT_UDP, true, false},
      {2, 0, true, HELD, false, false},
      {2, 16, false, VERDICT_UDP, false, true}},
     2,
     0},
    {"a complete one keeps its room during its batch",
     sizeof(struct datagram),
     {{1, 0, true, HELD, false, false},
      {1, 16, false, VERDICT_UDP, true, false},
      {2, 0, true, DENIED, true, false},
      {2, 0, true, HELD, false, true}},
     2,
     1},
    {"less memory than one datagram takes is one",
     1,
     {{1, 0, true, HELD, false, false}, {1, 16, false, VERDICT_UDP, false, true}},
     1,
     0},
};

static void run_batch(struct decoder *decoder, const struct step *steps, uint32_t count)
{
    struct frame_batch frames = {.count = count};
    struct packet_batch packets;
    for (uint32_t i = 0; i < count; i++) {
        const struct piece piece = {.at = steps[i].at,
                                    .len = steps[i].at == 0 ? 16 : 8,
                                    .more = steps[i].more,
                                    .id = steps[i].id};
        frames.frames[i] = piece_frame(&piece, 4, DATAGRAM_LEN);
    }
    decode_batch(decoder, &frames, &packets);
    for (uint32_t i = 0; i < count; i++) {
        assert_packet_sane(&packets.packets[i], &frames.frames[i]);
        assert_string_equal(verdict_word(packets.packets[i].verdict), verdict_word(steps[i].want));
        if (steps[i].want == VERDICT_UDP)
            assert_datagram(&packets.packets[i], DATAGRAM_LEN, steps[i].id);
        frame_free(&frames.frames[i]);
    }
}

static void check_budget_row(void **state)
{
    const struct budget_row *row = *state;
    struct decoder *decoder = decoder_new(row->memory);
    uint32_t at = 0;
    bool done = false;
    while (!done) {
        uint32_t count = 1;
        while (!row->steps[at + count - 1].last && row->steps[at + count].same_batch)
            count++;
        run_batch(decoder, row->steps + at, count);
        at += count;
        done = row->steps[at - 1].last;
    }
    assert_stats_add_up(decoder, at);
    const struct decode_stats *stats = decoder_stats(decoder);
    assert_int_equal(stats->verdicts[HELD], row->held);
    assert_int_equal(stats->verdicts[DENIED], row->denied);
    assert_int_equal(decode_undecoded_count(stats), row->denied);
    decoder_close(decoder);
}

/* Ten thousand datagrams of which only the first fragment ever comes. */
static void test_flood_costs_no_more_than_the_budget(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(0);
    const struct step flood = {.more = true, .want = HELD};
    for (uint32_t id = 0; id < 10000; id++) {
        struct step step = flood;
        step.id = (uint16_t)id;
        run_batch(decoder, &step, 1);
    }
    uint32_t capacity = DECODER_FRAGMENT_MEMORY / sizeof(struct datagram);
    const struct decode_stats *stats = decoder_stats(decoder);
    assert_int_equal(stats->verdicts[HELD], capacity);
    assert_int_equal(stats->verdicts[DENIED], 10000 - capacity);
    const struct step whole[2] = {{.id = 20000, .more = true, .want = HELD},
                                  {.id = 20000, .at = 16, .want = VERDICT_UDP}};
    run_batch(decoder, whole, 2);
    assert_stats_add_up(decoder, 10002);
    decoder_close(decoder);
}

/* All that fits into a batch: each has its own bytes until the batch is done. */
static void test_sixteen_datagrams_in_one_batch(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(0);
    struct step steps[FRAME_BATCH_MAX];
    for (uint16_t i = 0; i < FRAME_BATCH_MAX; i++) {
        bool first = i < FRAME_BATCH_MAX / 2;
        steps[i] = (struct step){.id = i % (FRAME_BATCH_MAX / 2),
                                 .at = first ? 0 : 16,
                                 .more = first,
                                 .want = first ? HELD : VERDICT_UDP};
    }
    for (int batch = 0; batch < 20; batch++)
        run_batch(decoder, steps, FRAME_BATCH_MAX);
    assert_stats_add_up(decoder, UINT64_C(20) * FRAME_BATCH_MAX);
    decoder_close(decoder);
}

/* Two fragments as text: what makes them one datagram, and what the datagram then is. */
struct pair_row {
    const char *name;
    const char *first;
    const char *second;
    enum verdict verdict; /* of the second */
};

#define V4(id, offset, protocol, source, target)                                                   \
    "4500 0024 " id " " offset " 40 " protocol " 0000 " source " " target " "
#define ONE4             "7f000001"
#define TWO4             "7f000002"
#define FIRST4           V4("0001", "2000", "06", ONE4, TWO4) TCP16
#define SECOND_BITS      "0000 0000 686900000000000000000000"
#define V6(next, offset) "60000000 0018 2c 40 " IPV6_ONE IPV6_TWO next "00 " offset " 00000007 "
#define TCP16            "9c40 0050 00000001 00000002 5010 1000"

static const struct pair_row pair_rows[] = {
    {"IPv4: a TCP header in two", FIRST4, V4("0001", "0002", "06", ONE4, TWO4) SECOND_BITS,
     VERDICT_TCP},
    {"IPv4: another id", FIRST4, V4("0002", "0002", "06", ONE4, TWO4) SECOND_BITS, HELD},
    {"IPv4: another source", FIRST4, V4("0001", "0002", "06", "7f000003", TWO4) SECOND_BITS, HELD},
    {"IPv4: another target", FIRST4, V4("0001", "0002", "06", ONE4, "7f000003") SECOND_BITS, HELD},
    {"IPv4: ends swapped", FIRST4, V4("0001", "0002", "06", TWO4, ONE4) SECOND_BITS, HELD},
    {"IPv4: another protocol", FIRST4, V4("0001", "0002", "11", ONE4, TWO4) SECOND_BITS, HELD},
    {"IPv4: GRE", V4("0001", "2000", "2f", ONE4, TWO4) TCP16,
     V4("0001", "0002", "2f", ONE4, TWO4) SECOND_BITS, VERDICT_IP_OTHER},
    {"IPv4: an ICMP error",
     "4500 0024 0001 2000 40 01 0000 7f000001 7f000002 0303 0000 00000000 4500003c00010000",
     "4500 0028 0001 0002 40 01 0000 7f000001 7f000002 40060000 7f000001 7f000002 9c40005000000001",
     VERDICT_ICMP_ERROR},
    {"IPv6: a TCP header in two", V6("06", "0001") TCP16, V6("06", "0010") SECOND_BITS,
     VERDICT_TCP},
    {"IPv6: the first next header counts", V6("06", "0001") TCP16, V6("11", "0010") SECOND_BITS,
     VERDICT_TCP},
    {"IPv6: and only the first", V6("3b", "0001") TCP16, V6("06", "0010") SECOND_BITS,
     VERDICT_IP_OTHER},
    {"IPv6: another half of the id", V6("06", "0001") TCP16,
     "60000000 0018 2c 40 " IPV6_ONE IPV6_TWO "0600 0010 00010007" SECOND_BITS, HELD},
    {"IPv6: options in the datagram", V6("3c", "0001") "0600 0104 00000000 9c40 0050 00000001",
     V6("3c", "0010") "00000002 5010 1000 0000 0000 6869", VERDICT_TCP},
    {"IPv6: broken options in the datagram",
     V6("3c", "0001") "06ff 0104 00000000 9c40 0050 00000001",
     V6("3c", "0010") "00000002 5010 1000 0000 0000 6869", VERDICT_IPV6_EXTENSION},
    {"IPv6: fragments in fragments", V6("2c", "0001") "0600 0001 00000009 9c40 0050 00000001",
     V6("2c", "0010") "00000002 5010 1000 0000 0000 6869", VERDICT_IPV6_EXTENSION},
    {"IPv6: an atomic fragment in fragments",
     V6("2c", "0001") "0600 0000 00000009 9c40 0050 00000001",
     V6("2c", "0010") "00000002 5010 1000 0000 0000 6869", VERDICT_TCP},
};

static void check_pair_row(void **state)
{
    const struct pair_row *row = *state;
    static struct build build;
    struct decoder *decoder = decoder_new(0);
    build.len = 0;
    build_hex(&build, row->first);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    assert_string_equal(verdict_word(decode_one(decoder, &frame).verdict), "fragment_held");
    frame_free(&frame);
    build.len = 0;
    build_hex(&build, row->second);
    frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct packet packet = decode_one(decoder, &frame);
    assert_string_equal(verdict_word(packet.verdict), verdict_word(row->verdict));
    frame_free(&frame);
    assert_stats_add_up(decoder, 2);
    decoder_close(decoder);
    check_truncations(&build, LINK_RAW);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_budget_row);
    ROWS_ADD(&set, pair_rows, check_pair_row);
    ROWS_ADD_ONE(&set, test_flood_costs_no_more_than_the_budget);
    ROWS_ADD_ONE(&set, test_sixteen_datagrams_in_one_batch);
    return rows_run(&set, "decode_fragment_budget");
}
