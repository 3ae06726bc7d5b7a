/* The kernel's filter program, run over frames: it takes what the filter takes, and of it all that the
 * decoder looks at. */
#include "capture/program.h"
#include "tests/support/build.h"

#define SNAPLEN      262144u
#define PAYLOAD      64u
#define ROUNDS       200000
#define LONG_PAYLOAD 3000u
#define ALL          UINT32_MAX

#define OPTIONS_40                                                                                 \
    "0101010101010101 0101010101010101 0101010101010101 0101010101010101 0101010101010101"
#define STAMPED TCP("8018") "0101 080a 00000011 00000022"
#define QUOTED  IPV4("003c", "06") "9c40 0050 00000001"

struct program_row {
    const char *name;
    const char *hex;
    uint32_t more;  /* bytes behind that */
    uint32_t taken; /* of all of them; ALL: the whole frame */
};

static const struct program_row rows[] = {
    {"TCP", ETHER("0800") IPV4("05dc", "06") TCP("5010"), 1460, 54 + PAYLOAD},
    {"TCP without payload", ETHER("0800") IPV4("0028", "06") TCP("5010"), 0, ALL},
    {"TCP with less payload than is wanted", ETHER("0800") IPV4("0068", "06") TCP("5010"), 64, ALL},
    {"TCP with timestamps", ETHER("0800") IPV4("05dc", "06") STAMPED, 1448, 66 + PAYLOAD},
    {"TCP with all options there can be", ETHER("0800") IPV4("05dc", "06") TCP("f010") OPTIONS_40,
     1420, 94 + PAYLOAD},
    {"TCP behind all IP options there can be",
     ETHER("0800") "4f00 05dc 0001 0000 40 06 0000 7f000001 7f000002" OPTIONS_40 TCP("f010")
         OPTIONS_40,
     1380, 134 + PAYLOAD},
    {"TCP over IPv6", ETHER("86dd") IPV6("05dc", "06") STAMPED, 1468, 86 + PAYLOAD},
    {"TCP of 64 KB", ETHER("0800") IPV4("ffff", "06") STAMPED, 65483, 66 + PAYLOAD},
    {"TCP longer than its IP header can say", ETHER("0800") IPV4("0000", "06") STAMPED, 130000,
     66 + PAYLOAD},
    {"TCP whose header is said to be too short", ETHER("0800") IPV4("05dc", "06") TCP("1010"), 1460,
     38 + PAYLOAD},
    {"TCP whose header is cut", ETHER("0800") IPV4("0028", "06") "9c40 0050 00000001 0000", 0, ALL},
    {"UDP", ETHER("0800") IPV4("05dc", "11") UDP("05c8"), 1472, 42 + PAYLOAD},
    {"UDP over IPv6", ETHER("86dd") IPV6("05dc", "11") UDP("05dc"), 1492, 62 + PAYLOAD},
    {"the first fragment",
     ETHER("0800") "4500 05dc 0001 2000 40 11 0000 7f000001 7f000002" UDP("2000"), 1472, ALL},
    {"a later fragment", ETHER("0800") "4500 05dc 0001 00b9 40 11 0000 7f000001 7f000002", 1480,
     ALL},
    {"don't fragment is no fragment",
     ETHER("0800") "4500 05dc 0001 4000 40 06 0000 7f000001 7f000002" TCP("5010"), 1460,
     54 + PAYLOAD},
    {"an ICMP error with what it quotes",
     ETHER("0800") IPV4("0238", "01") "0303 0000 00000000" QUOTED, 508, ALL},
    {"an ICMPv6 error with what it quotes",
     ETHER("86dd") IPV6("04d0", "3a") "0104 0000 00000000" IPV6("0028", "06") "9c40 0050 00000001",
     1100, ALL},
    {"IPv6 with a hop-by-hop header",
     ETHER("86dd") IPV6("05dc", "00") "0600 0104 00000000" TCP("5010"), 1460, ALL},
    {"an IPv6 fragment", ETHER("86dd") IPV6("05dc", "2c") "1100 0001 00000007", 1480, ALL},
    {"another protocol", ETHER("0800") IPV4("05dc", "84"), 1480, ALL},
    {"a VLAN tag", ETHER("8100") "0001 0800" IPV4("05dc", "06") TCP("5010"), 1460, ALL},
    {"IPv6 that is said to be IPv4", ETHER("0800") IPV6("05dc", "06") TCP("5010"), 1460, ALL},
    {"IPv4 that is said to be IPv6", ETHER("86dd") IPV4("05dc", "06") TCP("5010"), 1460, ALL},
    {"a SYN", ETHER("0800") IPV4("05dc", "06") TCP("5002"), 1460, 54 + PAYLOAD},
    {"ARP", ETHER("0806"), 300, ALL},
    {"an IPv4 header that is cut", ETHER("0800") "4500 0028 0001 0000 40 06 0000 7f000001 7f00", 0,
     ALL},
    {"an IPv6 header that is cut",
     ETHER("86dd") "60000000 0014 06 40 0000000000000000 0000000000000000", 0, ALL},
    {"less than an Ethernet header", "020000000001 02", 0, ALL},
};

static struct program program_new(const char *filter, uint32_t snaplen, uint32_t payload_len)
{
    struct program program;
    struct err err;
    struct bpf_program compiled;
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, (int)SNAPLEN);
    assert_non_null(pcap);
    if (filter)
        assert_int_equal(pcap_compile(pcap, &compiled, filter, 1, PCAP_NETMASK_UNKNOWN), 0);
    assert_int_equal(program_open(&program, filter ? &compiled : NULL, &err), 0);
    if (filter)
        pcap_freecode(&compiled);
    pcap_close(pcap);
    program_set(&program, snaplen, payload_len);
    return program;
}

/* What the kernel takes: never more than there is. */
static uint32_t run(const struct program *program, const struct frame *frame)
{
    assert_true(bpf_validate(program->instructions, (int)program->count));
    uint32_t answer =
        bpf_filter(program->instructions, frame->data, frame->captured_len, frame->captured_len);
    return answer < frame->captured_len ? answer : frame->captured_len;
}

static struct frame frame_of(const char *hex, uint32_t more)
{
    static struct build build;
    build.len = 0;
    build_hex(&build, hex);
    for (uint32_t at = 0; at < more; at++)
        build_add(&build, &(uint8_t){(uint8_t)at}, 1);
    return frame_new(build.bytes, build.len, build.len, LINK_ETHERNET);
}

static void check_row(void **state)
{
    const struct program_row *row = *state;
    struct frame frame = frame_of(row->hex, row->more);
    struct program program = program_new(NULL, SNAPLEN, PAYLOAD);
    assert_int_equal(run(&program, &frame), row->taken == ALL ? frame.captured_len : row->taken);
    program_set(&program, SNAPLEN, UINT32_MAX);
    assert_int_equal(run(&program, &frame), frame.captured_len);
    program_set(&program, 60, PAYLOAD);
    assert_int_equal(run(&program, &frame), frame.captured_len < 60 ? frame.captured_len : 60);
    program_set(&program, SNAPLEN, PAYLOAD);
    assert_int_equal(run(&program, &frame), row->taken == ALL ? frame.captured_len : row->taken);
    program_close(&program);
    frame_free(&frame);
}

struct filter_row {
    const char *name; /* the filter */
};

static const struct filter_row filters[] = {
    {"tcp"},
    {"udp"},
    {"tcp port 80"},
    {"not tcp port 80"},
    {"host 127.0.0.1 and (port 53 or port 80)"},
    {"tcp[tcpflags] & tcp-syn != 0"},
    {"len > 1000"},
    {"ip6"},
    {"icmp or icmp6"},
    {"vlan"},
    {"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x00010203"},
    {"ip6 protochain 6"},
};

/* The same packets as by the filter alone. */
static void check_filter(void **state)
{
    const struct filter_row *row = *state;
    struct program whole = program_new(row->name, SNAPLEN, UINT32_MAX);
    struct program program = program_new(row->name, SNAPLEN, PAYLOAD);
    struct program all = program_new(NULL, SNAPLEN, PAYLOAD);
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, (int)SNAPLEN);
    struct bpf_program filter;
    unsigned passed = 0;
    assert_int_equal(pcap_compile(pcap, &filter, row->name, 1, PCAP_NETMASK_UNKNOWN), 0);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct frame frame = frame_of(rows[at].hex, rows[at].more);
        bool passes =
            bpf_filter(filter.bf_insns, frame.data, frame.captured_len, frame.captured_len) != 0;
        assert_int_equal(run(&whole, &frame), passes ? frame.captured_len : 0);
        assert_int_equal(run(&program, &frame), passes ? run(&all, &frame) : 0);
        passed += passes;
        frame_free(&frame);
    }
    assert_true(passed > 0 && passed < sizeof rows / sizeof rows[0]);
    pcap_freecode(&filter);
    pcap_close(pcap);
    program_close(&all);
    program_close(&program);
    program_close(&whole);
}

/* Marsaglia, "Xorshift RNGs" (2003). */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* A frame of some row, with a few octets of its headers changed and its payload grown or cut. */
static struct frame mutate(uint64_t *random)
{
    static struct build build;
    const struct program_row *row = &rows[next_random(random) % (sizeof rows / sizeof rows[0])];
    build.len = 0;
    build_hex(&build, row->hex);
    uint32_t head = build.len;
    for (uint32_t changes = next_random(random) % 4; changes > 0; changes--)
        build.bytes[next_random(random) % (head > 0 ? head : 1)] ^=
            (uint8_t)(1u << next_random(random) % 8);
    uint32_t more = next_random(random) % 2 ? row->more : next_random(random) % LONG_PAYLOAD;
    for (uint32_t at = 0; at < more && build.len < LONG_PAYLOAD; at++)
        build_add(&build, &(uint8_t){(uint8_t)at}, 1);
    struct frame frame = frame_new(build.bytes, build.len, build.len, LINK_ETHERNET);
    frame.time_ns += (int64_t)next_random(random) * 100;
    return frame;
}

/* What a packet has as numbers. */
#define NUMBERS(SAME)                                                                              \
    SAME(verdict)                                                                                  \
    SAME(kind)                                                                                     \
    SAME(payload_wire_len)                                                                         \
    SAME(flags)                                                                                    \
    SAME(seq)                                                                                      \
    SAME(ack)                                                                                      \
    SAME(window)                                                                                   \
    SAME(urgent)                                                                                   \
    SAME(options)                                                                                  \
    SAME(timestamp)                                                                                \
    SAME(timestamp_echo)                                                                           \
    SAME(mss)                                                                                      \
    SAME(window_scale)                                                                             \
    SAME(sack_count)                                                                               \
    SAME(icmp_type)                                                                                \
    SAME(icmp_code)

/* But for bytes of payload beyond those that were wanted. */
static void assert_same(struct packet whole, struct packet cut)
{
    uint32_t wanted = whole.payload_captured_len < PAYLOAD ? whole.payload_captured_len : PAYLOAD;
    bool has_payload = whole.kind == PACKET_TCP || whole.kind == PACKET_UDP;
    if (has_payload) {
        assert_in_range(cut.payload_captured_len, wanted, whole.payload_captured_len);
        assert_memory_equal(cut.payload, whole.payload, wanted);
    }
#define SAME(field) assert_int_equal(cut.field, whole.field);
    NUMBERS(SAME)
#undef SAME
    assert_true(cut.hash == whole.hash && cut.direction == whole.direction);
    assert_memory_equal(&cut.tuple, &whole.tuple, sizeof whole.tuple);
    assert_memory_equal(cut.sack, whole.sack, whole.sack_count * sizeof whole.sack[0]);
}

/* Whatever the headers say, what is taken decodes as the whole frame does. */
static void test_what_is_left_out_is_not_missed(void **state)
{
    (void)state;
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    struct decoder *decoders[2] = {decoder_new(1u << 20), decoder_new(1u << 20)};
    struct program program = program_new(NULL, SNAPLEN, PAYLOAD);
    uint32_t cut_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct frame whole = mutate(&random);
        uint32_t len = run(&program, &whole);
        struct frame cut = frame_new(whole.data, len, whole.wire_len, LINK_ETHERNET);
        cut.time_ns = whole.time_ns;
        cut_count += len < whole.captured_len;
        assert_same(decode_one(decoders[0], &whole), decode_one(decoders[1], &cut));
        frame_free(&whole);
        frame_free(&cut);
    }
    assert_in_range(cut_count, ROUNDS / 10, ROUNDS);
    program_close(&program);
    decoder_close(decoders[0]);
    decoder_close(decoders[1]);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, filters, check_filter);
    ROWS_ADD_ONE(&set, test_what_is_left_out_is_not_missed);
    return rows_run(&set, "capture_program");
}
