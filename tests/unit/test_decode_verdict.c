#include "tests/support/build.h"

/* One frame for each verdict: whoever adds a verdict adds its row here. */
#define ROW_FOR(NAME, hex)                                                                         \
    {                                                                                              \
#NAME, LINK_ETHERNET, hex, VERDICT_##NAME, 0, 0, 0                                         \
    }
#define FRAGMENT(offset) "4500 0024 0001 " offset " 40 11 0000 7f000001 7f000002 "

static const struct decode_row rows[] = {
    ROW_FOR(TCP, ETHER("0800") IPV4("0028", "06") TCP("5010")),
    ROW_FOR(UDP, ETHER("0800") IPV4("001c", "11") UDP("0008")),
    ROW_FOR(ICMP_ERROR,
            ETHER("0800") IPV4("0038", "01") "0303 0000 00000000" IPV4("001c", "11") UDP("0008")),
    ROW_FOR(ICMP_OTHER, ETHER("0800") IPV4("001c", "01") "0800 0000 00010001"),
    ROW_FOR(ARP, ETHER("0806") "0001 0800 06 04 0001"),
    ROW_FOR(NOT_IP, ETHER("88cc") "0207"),
    ROW_FOR(IP_OTHER, ETHER("0800") IPV4("0018", "2f") "00000800"),
    ROW_FOR(FRAGMENT_HELD, ETHER("0800") FRAGMENT("2000") "000102030405060708090a0b0c0d0e0f"),
    ROW_FOR(FRAGMENT_BAD, ETHER("0800") FRAGMENT("1fff") "000102030405060708090a0b0c0d0e0f"),
    {"LINK_UNKNOWN", 147, "00", VERDICT_LINK_UNKNOWN, 0, 0, 0},
    ROW_FOR(LINK_CUT, "020000000001"),
    ROW_FOR(IP_CUT, ETHER("0800") "4500"),
    ROW_FOR(IP_VERSION, ETHER("0800") "2500"),
    ROW_FOR(IP_HEADER_LENGTH, ETHER("0800") "4300 0028 0001 0000 40 06 0000 7f000001 7f000002"),
    ROW_FOR(IP_TOTAL_LENGTH, ETHER("0800") IPV4("0010", "06") TCP("5010")),
    ROW_FOR(IPV6_EXTENSION, ETHER("86dd") IPV6("0008", "00") "0601 0104 00000000"),
    ROW_FOR(TCP_CUT, ETHER("0800") IPV4("0028", "06") "9c40 0050"),
    ROW_FOR(TCP_HEADER_LENGTH, ETHER("0800") IPV4("0028", "06") TCP("f010")),
    ROW_FOR(UDP_CUT, ETHER("0800") IPV4("001c", "11") "9c40"),
    ROW_FOR(UDP_LENGTH, ETHER("0800") IPV4("001c", "11") UDP("0003")),
    ROW_FOR(ICMP_CUT, ETHER("0800") IPV4("001c", "01") "0800"),
    ROW_FOR(ICMP_QUOTE, ETHER("0800") IPV4("001c", "01") "0300 0000 00000000"),
};

/* Two take more than one frame: tests/unit/test_decode_fragment.c and ..._fragment_budget.c. */
static void test_every_verdict_has_a_row(void **state)
{
    (void)state;
    bool seen[VERDICT_COUNT] = {
        [VERDICT_FRAGMENT_DENIED] = true, [VERDICT_FRAGMENT_OVERLAP] = true};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        seen[rows[i].verdict] = true;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (!seen[verdict])
            fail_msg("no row for %s", verdict_word(verdict));
    }
}

static void test_words_are_words_and_differ(void **state)
{
    (void)state;
    for (int a = 0; a < VERDICT_COUNT; a++) {
        const char *word = verdict_word(a);
        assert_true(strlen(word) > 0);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(word));
        assert_true(strlen(verdict_explanation(a)) > 0);
        for (int b = 0; b < a; b++)
            assert_string_not_equal(word, verdict_word(b));
    }
}

static void test_undecoded_are_those_without_a_meaning(void **state)
{
    (void)state;
    struct decode_stats stats = {.frames = 0};
    uint64_t expected = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        stats.verdicts[verdict] = UINT64_C(1) << verdict;
        if (verdict_is_undecoded(verdict))
            expected += UINT64_C(1) << verdict;
    }
    assert_int_equal(decode_undecoded_count(&stats), expected);
    assert_false(verdict_is_undecoded(VERDICT_TCP));
    assert_false(verdict_is_undecoded(VERDICT_ARP));
    assert_false(verdict_is_undecoded(VERDICT_FRAGMENT_HELD));
    assert_true(verdict_is_undecoded(VERDICT_FRAGMENT_DENIED));
    assert_true(verdict_is_undecoded(VERDICT_LINK_UNKNOWN));
    assert_true(verdict_is_undecoded(VERDICT_TCP_CUT));
}

static void test_empty_batch(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(0);
    const struct frame_batch frames = {.count = 0};
    struct packet_batch packets = {.count = 7};
    decode_batch(decoder, &frames, &packets);
    assert_int_equal(packets.count, 0);
    assert_stats_add_up(decoder, 0);
    decoder_close(decoder);
    decoder_close(NULL);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_decode_row);
    ROWS_ADD_ONE(&set, test_every_verdict_has_a_row);
    ROWS_ADD_ONE(&set, test_words_are_words_and_differ);
    ROWS_ADD_ONE(&set, test_undecoded_are_those_without_a_meaning);
    ROWS_ADD_ONE(&set, test_empty_batch);
    return rows_run(&set, "decode_verdict");
}
