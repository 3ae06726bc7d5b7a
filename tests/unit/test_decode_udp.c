#include "tests/support/build.h"

static const struct decode_row rows[] = {
    {"payload", LINK_RAW, IPV4("001f", "11") UDP("000b") "646e73", VERDICT_UDP, 3, 3, 0},
    {"empty datagram", LINK_RAW, IPV4("001c", "11") UDP("0008"), VERDICT_UDP, 0, 0, 0},
    {"IPv6", LINK_RAW, IPV6("000b", "11") UDP("000b") "646e73", VERDICT_UDP, 3, 3, 0},
    {"shorter than the IP payload", LINK_RAW, IPV4("001f", "11") UDP("0009") "646e73", VERDICT_UDP,
     1, 1, 0},
    {"longer than the IP payload", LINK_RAW, IPV4("001f", "11") UDP("0020") "646e73", VERDICT_UDP,
     24, 3, 0},
    {"cut by the snap length", LINK_RAW, IPV4("05dc", "11") UDP("05c8") "646e73", VERDICT_UDP, 1472,
     3, 1500},
    {"length 0: offload", LINK_RAW, IPV4("001f", "11") UDP("0000") "646e73", VERDICT_UDP, 3, 3, 0},
    {"length 0: jumbogram", LINK_RAW, IPV6("0000", "00") "1100 c204 00011180" UDP("0000") "646e73",
     VERDICT_UDP, 70000, 3, 70056},
    {"length 1", LINK_RAW, IPV4("001f", "11") UDP("0001") "646e73", VERDICT_UDP_LENGTH, 0, 0, 0},
    {"length 7", LINK_RAW, IPV4("001f", "11") UDP("0007") "646e73", VERDICT_UDP_LENGTH, 0, 0, 0},
    {"IP announces 7 bytes", LINK_RAW, IPV4("001b", "11") UDP("0008"), VERDICT_UDP_CUT, 0, 0, 0},
    {"header cut by the snap length", LINK_RAW, IPV4("001f", "11") "9c400035000b00",
     VERDICT_UDP_CUT, 0, 0, 31},
};

/* Whatever the memory held before: nothing of TCP or ICMP is left in it. */
static void test_datagram_has_no_tcp_fields(void **state)
{
    (void)state;
    static struct build build;
    build.len = 0;
    build_hex(&build, IPV4("001f", "11") UDP("000b") "646e73");
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.kind, PACKET_UDP);
    assert_int_equal(packet.tuple.protocol, PROTOCOL_UDP);
    assert_int_equal(packet.tuple.port[packet.direction], 40000);
    assert_int_equal(packet.tuple.port[!packet.direction], 53);
    assert_int_equal(packet.seq | packet.ack | packet.timestamp | packet.timestamp_echo, 0);
    assert_int_equal(packet.options | packet.flags | packet.window | packet.urgent, 0);
    assert_int_equal(packet.mss | packet.window_scale | packet.sack_count, 0);
    assert_int_equal(packet.icmp_type | packet.icmp_code, 0);
    frame_free(&frame);
    decoder_close(decoder);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_decode_row);
    ROWS_ADD_ONE(&set, test_datagram_has_no_tcp_fields);
    return rows_run(&set, "decode_udp");
}
