#include "tests/support/build.h"

/* TCP options and what the packet must say of them. Every row is also decoded at every truncation.
 */
struct option_row {
    const char *name;
    const char *hex; /* the options, a multiple of 4 bytes */
    uint8_t options;
    uint16_t mss;
    uint8_t window_scale;
    uint32_t timestamp, timestamp_echo;
    uint8_t sack_count;
    uint32_t sack[TCP_SACK_MAX][2];
};

#define SYN_LINUX "020405b4 0402 080a 00000011 00000022 01 030307"

static const struct option_row rows[] = {
    {.name = "none", .hex = ""},
    {.name = "end at once", .hex = "00000000"},
    {.name = "what is behind the end is not looked at", .hex = "00020405b4030307"},
    {.name = "no-ops", .hex = "01010101"},
    {.name = "timestamps, the usual way",
     .hex = "0101080a 12345678 9abcdef0",
     .options = TCP_OPTION_TIMESTAMPS,
     .timestamp = 0x12345678,
     .timestamp_echo = 0x9abcdef0},
    {.name = "timestamps, no-ops behind",
     .hex = "080a 12345678 9abcdef0 0101",
     .options = TCP_OPTION_TIMESTAMPS,
     .timestamp = 0x12345678,
     .timestamp_echo = 0x9abcdef0},
    {.name = "timestamps of a wrong length", .hex = "08061234567800 00"},
    {.name = "MSS", .hex = "020405b4", .options = TCP_OPTION_MSS, .mss = 1460},
    {.name = "MSS of loopback", .hex = "0204ffd7", .options = TCP_OPTION_MSS, .mss = 65495},
    {.name = "MSS of a wrong length", .hex = "02030500"},
    {.name = "window scale",
     .hex = "01030307",
     .options = TCP_OPTION_WINDOW_SCALE,
     .window_scale = 7},
    {.name = "window scale 14",
     .hex = "0103030e",
     .options = TCP_OPTION_WINDOW_SCALE,
     .window_scale = 14},
    {.name = "window scale 15 is 14",
     .hex = "0103030f",
     .options = TCP_OPTION_WINDOW_SCALE,
     .window_scale = 14},
    {.name = "window scale 255 is 14",
     .hex = "010303ff",
     .options = TCP_OPTION_WINDOW_SCALE,
     .window_scale = 14},
    {.name = "window scale 0",
     .hex = "01030300",
     .options = TCP_OPTION_WINDOW_SCALE,
     .window_scale = 0},
    {.name = "window scale of a wrong length", .hex = "03040007"},
    {.name = "SACK permitted", .hex = "01010402", .options = TCP_OPTION_SACK_PERMITTED},
    {.name = "SACK permitted of a wrong length", .hex = "01040300"},
    {.name = "SACK, one block",
     .hex = "0101050a 00000001 00000002",
     .options = TCP_OPTION_SACK,
     .sack_count = 1,
     .sack = {{1, 2}}},
    {.name = "SACK, three blocks and timestamps",
     .hex = "0101080a 00000007 00000008 0101051a 00000001 00000002 00000003 00000004"
            "00000005 fffffff6",
     .options = TCP_OPTION_SACK | TCP_OPTION_TIMESTAMPS,
     .timestamp = 7,
     .timestamp_echo = 8,
     .sack_count = 3,
     .sack = {{1, 2}, {3, 4}, {5, 0xfffffff6}}},
    {.name = "SACK, four blocks",
     .hex = "01010522 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008",
     .options = TCP_OPTION_SACK,
     .sack_count = 4,
     .sack = {{1, 2}, {3, 4}, {5, 6}, {7, 8}}},
    {.name = "SACK without a block", .hex = "01010502"},
    {.name = "SACK with half a block", .hex = "01010506 00000001"},
    {.name = "Fast Open request", .hex = "01012202", .options = TCP_OPTION_FAST_OPEN},
    {.name = "Fast Open cookie",
     .hex = "0101220a 0102030405060708",
     .options = TCP_OPTION_FAST_OPEN},
    {.name = "Fast Open, experimental", .hex = "fe04f989", .options = TCP_OPTION_FAST_OPEN},
    {.name = "Fast Open, experimental cookie",
     .hex = "fe0cf989 0102030405060708",
     .options = TCP_OPTION_FAST_OPEN},
    {.name = "another experiment", .hex = "fe04e2d4"},
    {.name = "an experiment too short for its number", .hex = "01fe03f9"},
    {.name = "MPTCP", .hex = "1e0c 0081 0102030405060708", .options = TCP_OPTION_MPTCP},
    {.name = "MPTCP without a subtype", .hex = "01011e02"},
    {.name = "an unknown kind", .hex = "4d040102"},
    {.name = "a SYN of Linux",
     .hex = SYN_LINUX,
     .options = TCP_OPTION_MSS | TCP_OPTION_SACK_PERMITTED | TCP_OPTION_TIMESTAMPS |
                TCP_OPTION_WINDOW_SCALE,
     .mss = 1460,
     .window_scale = 7,
     .timestamp = 0x11,
     .timestamp_echo = 0x22},
    {.name = "length 0 breaks the list", .hex = "01040001", .options = TCP_OPTION_MALFORMED},
    {.name = "length 1 breaks the list", .hex = "01040101", .options = TCP_OPTION_MALFORMED},
    {.name = "a length beyond the list", .hex = "01010403", .options = TCP_OPTION_MALFORMED},
    {.name = "a kind without a length", .hex = "01010104", .options = TCP_OPTION_MALFORMED},
    {.name = "what came before the break holds",
     .hex = "020405b4 030307ff",
     .options = TCP_OPTION_MSS | TCP_OPTION_WINDOW_SCALE | TCP_OPTION_MALFORMED,
     .mss = 1460,
     .window_scale = 7},
    {.name = "nearly the usual timestamps",
     .hex = "0101080c 12345678 9abcdef0",
     .options = TCP_OPTION_MALFORMED},
};

static void build_segment(struct build *build, const char *options_hex)
{
    static struct build options;
    options.len = 0;
    build_hex(&options, options_hex);
    assert_int_equal(options.len % 4, 0);
    build->len = 0;
    build_hex(build, "4500");
    build_be16(build, 20 + 20 + options.len + 2);
    build_hex(build, "0001 0000 40 06 0000 7f000001 7f000002 9c40 0050 00000001 00000002");
    build_be16(build, (5 + options.len / 4) << 12 | TCP_SYN);
    build_hex(build, "1000 0000 0000");
    build_add(build, options.bytes, options.len);
    build_hex(build, "6869");
}

static void check_option_row(void **state)
{
    const struct option_row *row = *state;
    static struct build build;
    build_segment(&build, row->hex);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.kind, PACKET_TCP);
    assert_int_equal(packet.payload_wire_len, 2);
    assert_int_equal(packet.payload_captured_len, 2);
    assert_memory_equal(packet.payload, "hi", 2);
    assert_int_equal(packet.options, row->options);
    assert_int_equal(packet.mss, row->mss);
    assert_int_equal(packet.window_scale, row->window_scale);
    assert_int_equal(packet.timestamp, row->timestamp);
    assert_int_equal(packet.timestamp_echo, row->timestamp_echo);
    assert_int_equal(packet.sack_count, row->sack_count);
    for (int block = 0; block < packet.sack_count; block++) {
        assert_int_equal(packet.sack[block][0], row->sack[block][0]);
        assert_int_equal(packet.sack[block][1], row->sack[block][1]);
    }
    frame_free(&frame);
    decoder_close(decoder);
    check_truncations(&build, LINK_RAW);
}

/* A SYN of Linux, cut by the snap length: how many of its options can be known. */
struct cut_row {
    const char *name;
    uint32_t option_len; /* captured */
    uint8_t options;
};

static const struct cut_row cut_rows[] = {
    {"cut: no option captured", 0, TCP_OPTION_MALFORMED},
    {"cut: half the MSS", 3, TCP_OPTION_MALFORMED},
    {"cut: MSS", 4, TCP_OPTION_MSS | TCP_OPTION_MALFORMED},
    {"cut: MSS and SACK permitted", 6,
     TCP_OPTION_MSS | TCP_OPTION_SACK_PERMITTED | TCP_OPTION_MALFORMED},
    {"cut: all but the window scale", 19,
     TCP_OPTION_MSS | TCP_OPTION_SACK_PERMITTED | TCP_OPTION_TIMESTAMPS | TCP_OPTION_MALFORMED},
    {"cut: behind the options", 20,
     TCP_OPTION_MSS | TCP_OPTION_SACK_PERMITTED | TCP_OPTION_TIMESTAMPS | TCP_OPTION_WINDOW_SCALE},
};

static void check_cut_row(void **state)
{
    const struct cut_row *row = *state;
    static struct build build;
    build_segment(&build, SYN_LINUX);
    struct frame frame = frame_new(build.bytes, 40 + row->option_len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.kind, PACKET_TCP);
    assert_int_equal(packet.options, row->options);
    assert_int_equal(packet.payload_wire_len, 2);
    assert_int_equal(packet.payload_captured_len, 0);
    frame_free(&frame);
    decoder_close(decoder);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_option_row);
    ROWS_ADD(&set, cut_rows, check_cut_row);
    return rows_run(&set, "decode_options");
}
