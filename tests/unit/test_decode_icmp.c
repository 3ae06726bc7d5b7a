#include "tests/support/build.h"

/* Total and payload lengths of 0: the wire decides, so that the rows are about ICMP alone. */
#define ICMP4        IPV4("0000", "01")
#define ICMP6        IPV6("0000", "3a")
#define QUOTED_PORTS "9c40 0050 89abcdef "

static const struct decode_row rows[] = {
    {"echo", LINK_RAW, ICMP4 "0800 0000 00010001", VERDICT_ICMP_OTHER, 0, 0, 0},
    {"IPv6 echo", LINK_RAW, ICMP6 "8000 0000 00010001", VERDICT_ICMP_OTHER, 0, 0, 0},
    {"IPv6 neighbour solicitation", LINK_RAW, ICMP6 "8700 0000 00000000" IPV6_ONE,
     VERDICT_ICMP_OTHER, 0, 0, 0},
    {"header cut", LINK_RAW, ICMP4 "0300 0000 000000", VERDICT_ICMP_CUT, 0, 0, 0},
    {"no header", LINK_RAW, ICMP4, VERDICT_ICMP_CUT, 0, 0, 0},
    {"IPv6 header cut", LINK_RAW, ICMP6 "0104 0000", VERDICT_ICMP_CUT, 0, 0, 0},
    {"nothing quoted", LINK_RAW, ICMP4 "0303 0000 00000000", VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"half an IP header quoted", LINK_RAW, ICMP4 "0303 0000 00000000 4500003c0001",
     VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"7 bytes quoted", LINK_RAW, ICMP4 "0303 0000 00000000" IPV4("003c", "06") "9c40 0050 89abcd",
     VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"quoted header length is impossible", LINK_RAW,
     ICMP4 "0303 0000 00000000 4100 003c 0001 0000 40 06 0000 7f000001 7f000002" QUOTED_PORTS,
     VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"quoted total length is impossible", LINK_RAW,
     ICMP4 "0303 0000 00000000" IPV4("000a", "06") QUOTED_PORTS, VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"quoted version 7", LINK_RAW, ICMP4 "0303 0000 00000000 75", VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"IPv6 quoted by version 4", LINK_RAW,
     ICMP4 "0303 0000 00000000" IPV6("0014", "06") QUOTED_PORTS, VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"IPv4 quoted by version 6", LINK_RAW,
     ICMP6 "0104 0000 00000000" IPV4("003c", "06") QUOTED_PORTS, VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"quoted extension headers are cut", LINK_RAW,
     ICMP6 "0104 0000 00000000" IPV6("0028", "3c") "0601", VERDICT_ICMP_QUOTE, 0, 0, 0},
    {"quoted echo", LINK_RAW, ICMP4 "0301 0000 00000000" IPV4("001c", "01") "0800 0000 00010001",
     VERDICT_ICMP_OTHER, 0, 0, 0},
    {"quoted SCTP", LINK_RAW, ICMP4 "0302 0000 00000000" IPV4("0030", "84") "9c40 0050 00000001",
     VERDICT_ICMP_OTHER, 0, 0, 0},
    {"quoted later fragment", LINK_RAW,
     ICMP4 "0b01 0000 00000000 4500 003c 0001 0003 40 06 0000 7f000001 7f000002" QUOTED_PORTS,
     VERDICT_ICMP_OTHER, 0, 0, 0},
    {"quoted later fragment of IPv6", LINK_RAW,
     ICMP6 "0301 0000 00000000" IPV6("0010", "2c") "0600 0008 00000007" QUOTED_PORTS,
     VERDICT_ICMP_OTHER, 0, 0, 0},
    {"quoted fragment inside a fragment", LINK_RAW,
     ICMP6
     "0301 0000 00000000" IPV6("0018", "2c") "2c00 0001 00000007 0600 0001 00000007" QUOTED_PORTS,
     VERDICT_ICMP_QUOTE, 0, 0, 0},
};

struct error_row {
    const char *name;
    const char *hex;
    const char *sender; /* of the quoted packet */
    const char *receiver;
    uint8_t protocol;
    uint8_t direction;
    uint8_t icmp_type, icmp_code;
    uint32_t seq;
};

#define CLIENT4 "127.0.0.1:40000"
#define SERVER4 "127.0.0.2:80"
#define CLIENT6 "[::1]:40000"
#define SERVER6 "[::2]:80"
#define TCP4    IPV4("003c", "06") QUOTED_PORTS
#define TCP6    IPV6("0028", "06") QUOTED_PORTS
#define SEQ     0x89abcdef

static const struct error_row error_rows[] = {
    {"port unreachable, UDP", ICMP4 "0303 0000 00000000" IPV4("001c", "11") "9c40 0050 0008 0000",
     CLIENT4, SERVER4, PROTOCOL_UDP, 0, 3, 3, 0},
    {"port unreachable, TCP", ICMP4 "0303 0000 00000000" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 3,
     3, SEQ},
    {"prohibited", ICMP4 "030d 0000 00000000" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 3, 13, SEQ},
    {"fragmentation needed", ICMP4 "0304 0000 000005dc" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 3,
     4, SEQ},
    {"source quench", ICMP4 "0400 0000 00000000" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 4, 0,
     SEQ},
    {"redirect", ICMP4 "0501 0000 7f000003" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 5, 1, SEQ},
    {"time exceeded", ICMP4 "0b00 0000 00000000" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 11, 0,
     SEQ},
    {"parameter problem", ICMP4 "0c00 0000 14000000" TCP4, CLIENT4, SERVER4, PROTOCOL_TCP, 0, 12, 0,
     SEQ},
    {"IPv6 port unreachable", ICMP6 "0104 0000 00000000" TCP6, CLIENT6, SERVER6, PROTOCOL_TCP, 0, 1,
     4, SEQ},
    {"IPv6 too big", ICMP6 "0200 0000 00000500" TCP6, CLIENT6, SERVER6, PROTOCOL_TCP, 0, 2, 0, SEQ},
    {"IPv6 time exceeded", ICMP6 "0300 0000 00000000" TCP6, CLIENT6, SERVER6, PROTOCOL_TCP, 0, 3, 0,
     SEQ},
    {"IPv6 parameter problem", ICMP6 "0401 0000 00000000" TCP6, CLIENT6, SERVER6, PROTOCOL_TCP, 0,
     4, 1, SEQ},
    {"the quoted packet has the direction",
     ICMP4 "0303 0000 00000000 4500 003c 0001 0000 40 06 0000 7f000002 7f000001" QUOTED_PORTS,
     "127.0.0.2:40000", "127.0.0.1:80", PROTOCOL_TCP, 1, 3, 3, SEQ},
    {"quoted options",
     ICMP4
     "0303 0000 00000000 4600 0040 0001 0000 40 06 0000 7f000001 7f000002 01010100" QUOTED_PORTS,
     CLIENT4, SERVER4, PROTOCOL_TCP, 0, 3, 3, SEQ},
    {"quoted first fragment",
     ICMP4 "0b01 0000 00000000 4500 003c 0001 2000 40 06 0000 7f000001 7f000002" QUOTED_PORTS,
     CLIENT4, SERVER4, PROTOCOL_TCP, 0, 11, 1, SEQ},
    {"quoted first fragment of IPv6",
     ICMP6
     "0301 0000 00000000" IPV6("0018", "2c") "3c00 0001 00000007 0600 0104 00000000" QUOTED_PORTS,
     CLIENT6, SERVER6, PROTOCOL_TCP, 0, 3, 1, SEQ},
    {"quoted extension header",
     ICMP6 "0104 0000 00000000" IPV6("0030", "3c") "0600 0104 00000000" QUOTED_PORTS, CLIENT6,
     SERVER6, PROTOCOL_TCP, 0, 1, 4, SEQ},
    {"the whole segment quoted", ICMP4 "0303 0000 00000000" IPV4("002a", "06") TCP("5002") "6869",
     CLIENT4, SERVER4, PROTOCOL_TCP, 0, 3, 3, 1},
};

static void check_error_row(void **state)
{
    const struct error_row *row = *state;
    static struct build build;
    build.len = 0;
    build_hex(&build, row->hex);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_string_equal(verdict_word(packet.verdict), "icmp_error");
    assert_int_equal(packet.tuple.protocol, row->protocol);
    assert_int_equal(packet.direction, row->direction);
    assert_end(&packet.tuple, packet.direction, row->sender);
    assert_end(&packet.tuple, !packet.direction, row->receiver);
    assert_int_equal(packet.icmp_type, row->icmp_type);
    assert_int_equal(packet.icmp_code, row->icmp_code);
    assert_int_equal(packet.seq, row->seq);
    assert_int_equal(packet.payload_wire_len, 0);
    assert_int_equal(packet.flags | packet.options | packet.ack | packet.window, 0);
    frame_free(&frame);
    decoder_close(decoder);
    check_truncations(&build, LINK_RAW);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_decode_row);
    ROWS_ADD(&set, error_rows, check_error_row);
    return rows_run(&set, "decode_icmp");
}
