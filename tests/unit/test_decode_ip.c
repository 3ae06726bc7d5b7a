#include "tests/support/build.h"

#define HI TCP("5018") "6869 "
#define OPTIONS_40                                                                                 \
    "01010101010101010101 01010101010101010101 01010101010101010101 01010101010101010100 "

static const struct decode_row ipv4_rows[] = {
    {"IPv4: plain", LINK_RAW, IPV4("002a", "06") HI, VERDICT_TCP, 2, 2, 0},
    {"IPv4: one word of options", LINK_RAW,
     "4600 002e 0001 0000 40 06 0000 7f000001 7f000002 01010100" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv4: ten words of options", LINK_RAW,
     "4f00 0052 0001 0000 40 06 0000 7f000001 7f000002" OPTIONS_40 HI, VERDICT_TCP, 2, 2, 0},
    {"IPv4: do not fragment", LINK_RAW, "4500 002a 0001 4000 40 06 0000 7f000001 7f000002" HI,
     VERDICT_TCP, 2, 2, 0},
    {"IPv4: the reserved flag", LINK_RAW, "4500 002a 0001 8000 40 06 0000 7f000001 7f000002" HI,
     VERDICT_TCP, 2, 2, 0},
    {"IPv4: header length 16", LINK_RAW, "4400 002a 0001 0000 40 06 0000 7f000001 7f000002" HI,
     VERDICT_IP_HEADER_LENGTH, 0, 0, 0},
    {"IPv4: header length 0", LINK_RAW, "4000 002a 0001 0000 40 06 0000 7f000001 7f000002" HI,
     VERDICT_IP_HEADER_LENGTH, 0, 0, 0},
    {"IPv4: total length 19", LINK_RAW, IPV4("0013", "06") HI, VERDICT_IP_TOTAL_LENGTH, 0, 0, 0},
    {"IPv4: total length inside the options", LINK_RAW,
     "4600 0014 0001 0000 40 06 0000 7f000001 7f000002 01010100" HI, VERDICT_IP_TOTAL_LENGTH, 0, 0,
     0},
    {"IPv4: total length 20 of TCP", LINK_RAW, IPV4("0014", "06") HI, VERDICT_TCP_CUT, 0, 0, 0},
    {"IPv4: total length 0, the wire decides", LINK_RAW, IPV4("0000", "06") HI, VERDICT_TCP, 2, 2,
     0},
    {"IPv4: total length 0, BIG TCP, cut", LINK_RAW, IPV4("0000", "06") HI, VERDICT_TCP, 80002, 2,
     80042},
    {"IPv4: total length beyond the wire", LINK_RAW, IPV4("0064", "06") HI, VERDICT_TCP, 2, 2, 0},
    {"IPv4: total length beyond what was captured", LINK_RAW, IPV4("05dc", "06") HI, VERDICT_TCP,
     1460, 2, 1500},
    {"IPv4: padding behind", LINK_RAW, IPV4("002a", "06") HI "000000000000", VERDICT_TCP, 2, 2, 0},
    {"IPv4: padding, empty segment", LINK_RAW, IPV4("0028", "06") HI, VERDICT_TCP, 0, 0, 0},
    {"IPv4: more captured than was on the wire", LINK_RAW, IPV4("002a", "06") HI, VERDICT_TCP, 2, 2,
     10},
    {"IPv4: cut at 19", LINK_RAW, "4500 002a 0001 0000 40 06 0000 7f000001 7f0000", VERDICT_IP_CUT,
     0, 0, 0},
    {"IPv4: cut in the options", LINK_RAW, "4600 002e 0001 0000 40 06 0000 7f000001 7f000002 0101",
     VERDICT_IP_CUT, 0, 0, 46},
    {"IPv4: GRE", LINK_RAW, IPV4("0018", "2f") "00000800", VERDICT_IP_OTHER, 0, 0, 0},
    {"IPv4: IPv4 in IPv4", LINK_RAW, IPV4("003e", "04") IPV4("002a", "06") HI, VERDICT_IP_OTHER, 0,
     0, 0},
    {"IPv4: IPv6 in IPv4", LINK_RAW, IPV4("0052", "29") IPV6("0016", "06") HI, VERDICT_IP_OTHER, 0,
     0, 0},
    {"IPv4: SCTP", LINK_RAW, IPV4("0020", "84") "9c40 0050 00000001 00000000", VERDICT_IP_OTHER, 0,
     0, 0},
    {"IPv4: ICMPv6", LINK_RAW, IPV4("001c", "3a") "8000 0000 00000000", VERDICT_IP_OTHER, 0, 0, 0},
    {"version 5", LINK_RAW, "55" HI, VERDICT_IP_VERSION, 0, 0, 0},
    {"version 0", LINK_RAW, "00" HI, VERDICT_IP_VERSION, 0, 0, 0},
};

static const struct decode_row ipv6_rows[] = {
    {"IPv6: plain", LINK_RAW, IPV6("0016", "06") HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: padding behind", LINK_RAW, IPV6("0016", "06") HI "0000", VERDICT_TCP, 2, 2, 0},
    {"IPv6: payload length beyond the wire", LINK_RAW, IPV6("0064", "06") HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: payload length beyond what was captured", LINK_RAW, IPV6("05a0", "06") HI, VERDICT_TCP,
     1420, 2, 1480},
    {"IPv6: payload length 0, the wire decides", LINK_RAW, IPV6("0000", "06") HI, VERDICT_TCP,
     80002, 2, 80062},
    {"IPv6: cut at 39", LINK_RAW, "60000000 0016 06 40" IPV6_ONE "0000000000000000000000000000 02",
     VERDICT_IP_CUT, 0, 0, 0},
    {"IPv6: hop-by-hop", LINK_RAW, IPV6("001e", "00") "0600 0104 00000000" HI, VERDICT_TCP, 2, 2,
     0},
    {"IPv6: routing", LINK_RAW, IPV6("001e", "2b") "0600 0000 00000000" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: destination, 16 bytes", LINK_RAW,
     IPV6("0026", "3c") "0601 010c 000000000000000000000000" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: AH", LINK_RAW,
     IPV6("002e", "33") "0604 0000 00000001 00000001 000102030405060708090a0b" HI, VERDICT_TCP, 2,
     2, 0},
    {"IPv6: mobility, no next header", LINK_RAW, IPV6("0008", "87") "3b00 0000 00000000",
     VERDICT_IP_OTHER, 0, 0, 0},
    {"IPv6: HIP", LINK_RAW, IPV6("001e", "8b") "0600 0000 00000000" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: Shim6", LINK_RAW, IPV6("001e", "8c") "0600 0000 00000000" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: four in a row", LINK_RAW,
     IPV6("0036", "00") "3c00 0104 00000000 2b00 0104 00000000 3c00 0000 00000000"
                        "0600 0104 00000000" HI,
     VERDICT_TCP, 2, 2, 0},
    {"IPv6: atomic fragment", LINK_RAW, IPV6("001e", "2c") "0600 0000 00000007" HI, VERDICT_TCP, 2,
     2, 0},
    {"IPv6: atomic fragment with reserved bits", LINK_RAW,
     IPV6("001e", "2c") "06ff 0006 00000007" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: atomic fragment, then options", LINK_RAW,
     IPV6("0026", "2c") "3c00 0000 00000007 0600 0104 00000000" HI, VERDICT_TCP, 2, 2, 0},
    {"IPv6: ESP", LINK_RAW, IPV6("0008", "32") "00000001 00000001", VERDICT_IP_OTHER, 0, 0, 0},
    {"IPv6: no next header", LINK_RAW, IPV6("0008", "3b") "00000001 00000001", VERDICT_IP_OTHER, 0,
     0, 0},
    {"IPv6: ICMP of version 4", LINK_RAW, IPV6("0008", "01") "0800 0000 00000000", VERDICT_IP_OTHER,
     0, 0, 0},
    {"IPv6: extension beyond the payload", LINK_RAW, IPV6("001e", "00") "06ff 0104 00000000" HI,
     VERDICT_IPV6_EXTENSION, 0, 0, 0},
    {"IPv6: half an extension", LINK_RAW, IPV6("0004", "00") "0600 0104", VERDICT_IPV6_EXTENSION, 0,
     0, 0},
    {"IPv6: extension not captured", LINK_RAW, IPV6("0800", "00") "0610 0104 00000000",
     VERDICT_IP_CUT, 0, 0, 2088},
    {"IPv6: start of extension not captured", LINK_RAW, IPV6("0800", "00") "0610 01",
     VERDICT_IP_CUT, 0, 0, 2088},
    {"jumbo", LINK_RAW, IPV6("0000", "00") "0600 c204 0001118c" HI, VERDICT_TCP, 70000, 2, 70068},
    {"jumbo: padding behind", LINK_RAW, IPV6("0000", "00") "0600 c204 0001118c" HI, VERDICT_TCP,
     70000, 2, 70070},
    {"jumbo: among other options", LINK_RAW,
     IPV6("0000", "00") "0601 00 010100 c204 00011194 0102 0000" HI, VERDICT_TCP, 70000, 2, 70080},
    {"jumbo: shorter than its own header", LINK_RAW, IPV6("0000", "00") "0600 c204 00000004" HI,
     VERDICT_IP_TOTAL_LENGTH, 0, 0, 0},
    {"jumbo: 4 GiB", LINK_RAW, IPV6("0000", "00") "0600 c204 ffffffff" HI, VERDICT_TCP, 2, 2, 0},
    {"jumbo: option of a wrong length", LINK_RAW, IPV6("0000", "00") "0600 c202 0000 0000" HI,
     VERDICT_TCP, 2, 2, 0},
    {"jumbo: options that run out", LINK_RAW, IPV6("0000", "00") "0600 05ff 00000000" HI,
     VERDICT_TCP, 2, 2, 0},
    {"jumbo: not with a payload length", LINK_RAW, IPV6("001e", "00") "0600 c204 00000010" HI "00",
     VERDICT_TCP, 2, 2, 0},
    {"jumbo: not captured", LINK_RAW, IPV6("0000", "00") "0600 c2", VERDICT_IP_CUT, 0, 0, 70068},
    {"jumbo: not there", LINK_RAW, IPV6("0000", "00") "0600 c2", VERDICT_IPV6_EXTENSION, 0, 0, 0},
};

static struct build build;

static void test_jumbogram_of_70000_bytes(void **state)
{
    (void)state;
    build.len = 0;
    build_hex(&build, IPV6("0000", "00") "0600 c204 0001118c" TCP("5018"));
    for (uint32_t i = 0; i < 70000; i++)
        build_add(&build, &(uint8_t){(uint8_t)(i * 7)}, 1);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    struct packet packet = decode_one(decoder, &frame);
    assert_int_equal(packet.payload_wire_len, 70000);
    assert_int_equal(packet.payload_captured_len, 70000);
    assert_memory_equal(packet.payload, build.bytes + 68, 70000);
    frame_free(&frame);
    decoder_close(decoder);
}

struct chain_row {
    const char *name;
    uint32_t extension_count;
    enum verdict verdict;
};

static const struct chain_row chain_rows[] = {
    {"IPv6: 127 extension headers", 127, VERDICT_TCP},
    {"IPv6: 128 extension headers", 128, VERDICT_IPV6_EXTENSION},
    {"IPv6: 4000 extension headers", 4000, VERDICT_IPV6_EXTENSION},
};

static void check_chain_row(void **state)
{
    const struct chain_row *row = *state;
    build.len = 0;
    build_hex(&build, IPV6("8000", "3c"));
    for (uint32_t i = 1; i < row->extension_count; i++)
        build_hex(&build, "3c00 0104 00000000");
    build_hex(&build, "0600 0104 00000000" HI);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_RAW);
    struct decoder *decoder = decoder_new(0);
    assert_int_equal(decode_one(decoder, &frame).verdict, row->verdict);
    frame_free(&frame);
    decoder_close(decoder);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, ipv4_rows, check_decode_row);
    ROWS_ADD(&set, ipv6_rows, check_decode_row);
    ROWS_ADD(&set, chain_rows, check_chain_row);
    ROWS_ADD_ONE(&set, test_jumbogram_of_70000_bytes);
    return rows_run(&set, "decode_ip");
}
