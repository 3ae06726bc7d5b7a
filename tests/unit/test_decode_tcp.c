#include "tests/support/build.h"

static const struct decode_row header_rows[] = {
    {"empty segment", LINK_RAW, IPV4("0028", "06") TCP("5010"), VERDICT_TCP, 0, 0, 0},
    {"payload", LINK_RAW, IPV4("002d", "06") TCP("5018") "68656c6c6f", VERDICT_TCP, 5, 5, 0},
    {"payload cut by the snap length", LINK_RAW, IPV4("ffff", "06") TCP("5018") "6865", VERDICT_TCP,
     65495, 2, 65535},
    {"payload not captured at all", LINK_RAW, IPV4("0050", "06") TCP("5018"), VERDICT_TCP, 40, 0,
     80},
    {"IP announces 19 bytes", LINK_RAW, IPV4("0027", "06") TCP("5010"), VERDICT_TCP_CUT, 0, 0, 0},
    {"IP announces nothing", LINK_RAW, IPV4("0014", "06"), VERDICT_TCP_CUT, 0, 0, 0},
    {"data offset 4", LINK_RAW, IPV4("0028", "06") TCP("4010"), VERDICT_TCP_HEADER_LENGTH, 0, 0, 0},
    {"data offset 0", LINK_RAW, IPV4("0028", "06") TCP("0010"), VERDICT_TCP_HEADER_LENGTH, 0, 0, 0},
    {"data offset beyond the segment", LINK_RAW, IPV4("0028", "06") TCP("6010"),
     VERDICT_TCP_HEADER_LENGTH, 0, 0, 0},
    {"snap length cuts behind the window", LINK_RAW,
     IPV4("003c", "06") "9c40 0050 00000001 00000002 5018 1000", VERDICT_TCP, 20, 0, 60},
    {"snap length cuts in the window", LINK_RAW,
     IPV4("003c", "06") "9c40 0050 00000001 00000002 5018 10", VERDICT_TCP_CUT, 0, 0, 60},
    {"snap length cuts in the options", LINK_RAW, IPV4("003c", "06") TCP("8018") "0101",
     VERDICT_TCP, 8, 0, 60},
    {"IPv6", LINK_RAW, IPV6("0019", "06") TCP("5018") "68656c6c6f", VERDICT_TCP, 5, 5, 0},
};

/* Every field of a header, by its place. */
static void test_header_fields(void **state)
{
    (void)state;
    static struct build build;
    build.len = 0;
    build_hex(&build, "4500 002a 0001 0000 40 06 0000 7f000002 7f000001"
                      "9c40 0050 89abcdef 01234567 5039 fedc ffff 1234 6869");
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.seq, 0x89abcdef);
    assert_int_equal(packet.ack, 0x01234567);
    assert_int_equal(packet.flags, TCP_FIN | TCP_PSH | TCP_ACK | TCP_URG);
    assert_int_equal(packet.window, 0xfedc);
    assert_int_equal(packet.urgent, 0x1234);
    assert_int_equal(packet.options, 0);
    assert_int_equal(packet.timestamp | packet.timestamp_echo | packet.mss, 0);
    assert_int_equal(packet.window_scale | packet.sack_count, 0);
    assert_int_equal(packet.icmp_type | packet.icmp_code, 0);
    assert_ptr_equal(packet.payload, frame.data + 40);
    frame_free(&frame);
    decoder_close(decoder);
}

struct end_row {
    const char *name;
    const char *hex;
    const char *sender;
    const char *receiver;
    uint8_t direction;
};

static const struct end_row end_rows[] = {
    {"lower address sends", IPV4("0028", "06") TCP("5010"), "127.0.0.1:40000", "127.0.0.2:80", 0},
    {"higher address sends", "4500 0028 0001 0000 40 06 0000 7f000002 7f000001" TCP("5010"),
     "127.0.0.2:40000", "127.0.0.1:80", 1},
    {"one address, higher port sends",
     "4500 0028 0001 0000 40 06 0000 7f000001 7f000001" TCP("5010"), "127.0.0.1:40000",
     "127.0.0.1:80", 1},
    {"one address, lower port sends",
     "4500 0028 0001 0000 40 06 0000 7f000001 7f000001 0050 9c40 0000000100000002 5010100000000000",
     "127.0.0.1:80", "127.0.0.1:40000", 0},
    {"self-connect",
     "4500 0028 0001 0000 40 06 0000 7f000001 7f000001"
     "9c40 9c40 0000000100000002 5010100000000000",
     "127.0.0.1:40000", "127.0.0.1:40000", 0},
    {"IPv6, lower address sends", IPV6("0014", "06") TCP("5010"), "[::1]:40000", "[::2]:80", 0},
    {"IPv6, higher address sends", "60000000 0014 06 40" IPV6_TWO IPV6_ONE TCP("5010"),
     "[::2]:40000", "[::1]:80", 1},
    {"IPv6 that looks mapped stays IPv6",
     "60000000 0014 06 40 00000000000000000000ffff7f000001 00000000000000000000ffff7f000002" TCP(
         "5010"),
     "[::ffff:127.0.0.1]:40000", "[::ffff:127.0.0.2]:80", 0},
};

static void check_end_row(void **state)
{
    const struct end_row *row = *state;
    static struct build build;
    build.len = 0;
    build_hex(&build, row->hex);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.kind, PACKET_TCP);
    assert_int_equal(packet.tuple.protocol, PROTOCOL_TCP);
    assert_int_equal(packet.tuple.family, build.bytes[0] >> 4);
    assert_int_equal(packet.direction, row->direction);
    assert_end(&packet.tuple, packet.direction, row->sender);
    assert_end(&packet.tuple, !packet.direction, row->receiver);
    frame_free(&frame);
    decoder_close(decoder);
}

struct flag_row {
    const char *name;
    const char *offset_flags;
    uint16_t flags;
};

static const struct flag_row flag_rows[] = {
    {"no flag", "5000", 0},
    {"FIN", "5001", TCP_FIN},
    {"SYN", "5002", TCP_SYN},
    {"RST", "5004", TCP_RST},
    {"PSH", "5008", TCP_PSH},
    {"ACK", "5010", TCP_ACK},
    {"URG", "5020", TCP_URG},
    {"ECE", "5040", TCP_ECE},
    {"CWR", "5080", TCP_CWR},
    {"AE", "5100", TCP_AE},
    {"reserved bits are no flags", "5e00", 0},
    {"all", "5fff", 0x1ff},
};

static void check_flag_row(void **state)
{
    const struct flag_row *row = *state;
    static struct build build;
    build.len = 0;
    build_hex(&build, IPV4("0028", "06") "9c40 0050 00000001 00000002");
    build_hex(&build, row->offset_flags);
    build_hex(&build, "1000 0000 0000");
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.kind, PACKET_TCP);
    assert_int_equal(packet.flags, row->flags);
    frame_free(&frame);
    decoder_close(decoder);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, header_rows, check_decode_row);
    ROWS_ADD(&set, end_rows, check_end_row);
    ROWS_ADD(&set, flag_rows, check_flag_row);
    ROWS_ADD_ONE(&set, test_header_fields);
    return rows_run(&set, "decode_tcp");
}
