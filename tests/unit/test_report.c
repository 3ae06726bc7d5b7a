#include <errno.h>
#include <fcntl.h>
#include <sha1.h>
#include <unistd.h>

#include "base/clock.h"
#include "flows/detail.h"
#include "report/community.h"
#include "report/format.h"
#include "tests/support/printed.h"
#include "tests/support/scene.h"

/* What a scene looks like in a format; parts that the text must hold, in this order. */
static const struct row {
    const char *name;
    enum report_format format;
    const char *scene;
    const char *parts[6];
} rows[] = {
    {"JSON: a refused connection",
     REPORT_JSON,
     "> S 100; < RA 0 101",
     {"{\"type\":\"start\",\"version\":\"9.9\",\"interface\":\"lo\\u001b\\\"\\ufffd\"",
      "{\"type\":\"event\",\"kind\":\"opened\",\"time\":\"1700000000.000000000\",\"flow\":1,",
      "{\"type\":\"event\",\"kind\":\"refused\",\"time\":\"1700000000.001000000\",\"flow\":1,"
      "\"proto\":\"tcp\",\"client\":\"127.0.0.1\",\"client_port\":40000,\"server\":\"127.0.0.1\","
      "\"server_port\":3000,\"side\":\"server\",\"by\":\"rst\"}\n",
      "{\"type\":\"flow\",\"id\":1,\"proto\":\"tcp\",\"client\":\"127.0.0.1\",",
      "\"state\":\"refused\",\"conn_state\":\"REJ\",\"history\":\"Sr\",",
      "{\"type\":\"summary\",\"packets\":7,\"flows\":1,\"truncated_packets\":3,"
      "\"undecoded_packets\":2,\"undecoded\":{\"tcp_cut\":2}"}},
    {"JSON: refused by ICMP",
     REPORT_JSON,
     "> S 100; > icmp3/13",
     {"\"by\":\"icmp\",\"icmp_type\":3,\"icmp_code\":13}\n"}},
    {"JSON: handshake",
     REPORT_JSON,
     "> S 100; < SA 300 101; > A 101 301",
     {"\"kind\":\"established\"", "\"handshake_rtt\":\"0.002000000\"}\n",
      "\"client_syn\":1,\"server_syn\":1",
      "\"handshake_rtt\":\"0.002000000\",\"handshake_syn_ack\":\"0.001000000\","
      "\"handshake_ack\":\"0.001000000\",",
      "\"reset_by\":\"\",\"reset_phase\":\"\"", "\"community_id\":\"1:"}},
    {"JSON: no handshake",
     REPORT_JSON,
     "> S 100",
     {"\"handshake_rtt\":null,\"handshake_syn_ack\":null,\"handshake_ack\":null,"}},
    {"JSON: half a handshake",
     REPORT_JSON,
     "> S 100; < SA 300 101",
     {"\"handshake_rtt\":null,\"handshake_syn_ack\":\"0.001000000\",\"handshake_ack\":null,"}},
    {"JSON: a flow without payload has no times",
     REPORT_JSON,
     "> S 100; < SA 300 101 ws7; > A 101 301",
     {"\"client_window_scale\":null,\"server_window_scale\":7,", "\"client_rtt\":null,",
      "\"client_first_byte\":null,\"server_first_byte\":null,\"client_responses\":0,",
      "\"server_response\":null,", "\"idle_max\":\"0.000000000\",\"denied\":false,"}},
    {"JSON: times and marks",
     REPORT_JSON,
     "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; < A 301 111; > PA 101 301 +10;"
     "< PA 301 111 +20 @10; > A 111 321",
     {"\"client_fast_retransmits\":0,\"client_spurious_retransmits\":1,",
      "\"server_fast_retransmits\":0,", "\"client_rtt\":\"0.001000000\",",
      "\"client_rtt_samples\":1,",
      "\"client_first_byte\":\"0.003000000\",\"server_first_byte\":\"0.010000000\","
      "\"client_responses\":0,\"server_responses\":1,\"client_response\":null,"
      "\"server_response\":\"0.007000000\","}},
    {"JSON: a stall",
     REPORT_JSON,
     "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; < A 301 111; < PA 301 111 +20 @3004",
     {"\"kind\":\"stalled\",\"time\":\"1700000003.004000000\",",
      "\"side\":\"server\",\"cause\":\"answer\",\"silence_ms\":3000}\n",
      "\"client_stalls\":0,\"server_stalls\":1,", "\"server_stalled\":\"3.000000000\","}},
    {"JSON: a reset",
     REPORT_JSON,
     "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; < RA 301 101",
     {"\"kind\":\"reset\",", "\"side\":\"server\",\"phase\":\"data\"}\n",
      "\"reset_by\":\"server\",\"reset_phase\":\"data\","}},
    {"JSON: self-connect",
     REPORT_JSON,
     "> S 100 ~self; > SA 100 101 ~self",
     {"\"client_port\":3000,\"server\":\"127.0.0.1\",\"server_port\":3000,",
      "\"state\":\"syn_received\"", "\"self_connect\":true}\n"}},
    {"JSON: drops of a live run",
     REPORT_JSON,
     "> S 100",
     {"\"drops\":{\"received\":11,\"dropped_by_kernel\":4,\"dropped_by_interface\":5},",
      "\"missing\":[\"events\"]}\n"}},
    {"JSON: UDP has no keys of TCP",
     REPORT_JSON,
     "> udp +10",
     {"\"proto\":\"udp\"", "\"server_bytes\":0,\"community_id\""}},
    {"text: flows, failures, totals",
     REPORT_TEXT,
     "> S 100; < RA 0 101",
     {"loflow 9.9, live on lo\\x1b\"\\xff (EN10MB), filter: tcp\n",
      "     1  tcp    127.0.0.1:40000 -> 127.0.0.1:3000", "refused       1 / 1", "What failed:\n",
      "refused     tcp  127.0.0.1:40000 -> 127.0.0.1:3000  RST after 1.0ms\n",
      "7 packets, 1 TCP flow, 0 UDP flows"}},
    {"text: repeats are one line",
     REPORT_TEXT,
     "> S 1 :40001; < RA 0 2 :40001; > S 1 :40002; < RA 0 2 :40002; > S 1 :40003; < RA 0 2 :40003",
     {"What failed:\n",
      "127.0.0.1:40001 -> 127.0.0.1:3000  RST after 1.0ms  x3, 22:13:20.001000 .. "
      "22:13:20.005000\n"}},
    {"text: losses are told",
     REPORT_TEXT,
     "> S 100",
     {"  3 cut by the snap length\n", "  2 undecoded: packets that end inside\n",
      "11 received, 4 dropped by the kernel, 5 dropped by the interface\n", "larger ring (-B)"}},
    {"text: reset and silence",
     REPORT_TEXT,
     "> S 1; < SA 9 2; > A 2 10; > PA 2 10 +100; < R 10; > S 7 :5; > S 7 :5 @2000",
     {"reset       tcp  127.0.0.1:40000 -> 127.0.0.1:3000  by the server after 4.0ms, "
      "100B sent, 0B back, data\n",
      "no_answer   tcp  127.0.0.1:5 -> 127.0.0.1:3000  2 SYNs, no answer\n"}},
    {"text: a stall",
     REPORT_TEXT,
     "> S 1; < SA 9 2; > A 2 10; > PA 2 10 +100; < PA 10 102 w0; > A 102 10 @5000;"
     "< A 10 102 w9 @9000; > A 102 10 @9001",
     {"               server: zero window 1, stalls 1 (8.9s)\n",
      "stalled     tcp  127.0.0.1:40000 -> 127.0.0.1:3000  window closed by the server for "
      "4.9s\n"}},
    {"text: bytes that differ",
     REPORT_TEXT,
     "> PA 1 1 +10; > PA 1 1 +10 other",
     {"               client: retransmission 1, overlap differs 1\n",
      "overlap     tcp  127.0.0.1:40000 -> 127.0.0.1:3000  by the client\n"}},
    {"lines: one an event",
     REPORT_LINES,
     "> S 1; < SA 9 2; > A 2 10; > FA 2 10; < FA 10 3",
     {"loflow 9.9, live on lo\\x1b\"\\xff (EN10MB), filter: tcp\n22:13:20.000000  opened          "
      "#1 tcp  127.0.0.1:40000 -> 127.0.0.1:3000\n",
      "22:13:20.002000  established     #1 tcp  127.0.0.1:40000 -> 127.0.0.1:3000  handshake took "
      "2.0ms\n",
      "closed          #1 tcp  127.0.0.1:40000 -> 127.0.0.1:3000  after 4.0ms, 0B sent, "
      "0B back\n"}},
    {"lines: ICMP",
     REPORT_LINES,
     "> S 1; > icmp11/0; > icmp3/3",
     {"icmp_error      #1 tcp  127.0.0.1:40000 -> 127.0.0.1:3000  TTL exceeded (11/0)\n",
      "refused         #1 tcp  127.0.0.1:40000 -> 127.0.0.1:3000  ICMP port unreachable (3/3)\n"}},
};

static void pass_event(void *context, const struct tracker *tracker, const struct flow_event *event)
{
    report_event(context, tracker, event);
}

static void print_totals(struct report *report, const struct tracker *tracker)
{
    const struct report_count reason = {"tcp_cut", "packets that end inside", 2};
    const struct report_missing gap = {"events", "7 kernel events were lost"};
    report_summary(report, &(struct report_totals){
                               .packets = 7,
                               .truncated_packets = 3,
                               .undecoded_packets = 2,
                               .undecoded = &reason,
                               .undecoded_reasons = 1,
                               .live = true,
                               .received = 11,
                               .dropped_by_kernel = 4,
                               .dropped_by_interface = 5,
                               .gaps = &gap,
                               .gap_count = 1,
                               .flows = tracker_stats(tracker),
                           });
}

/* A report that prints into memory. */
struct printer {
    struct out out;
    struct report *report;
};

static struct printer *printer_open(enum report_format format)
{
    struct printer *printer = calloc(1, sizeof *printer);
    assert_non_null(printer);
    struct err err;
    printed_open(&printer->out);
    struct report_options options = {.format = format};
    assert_int_equal(report_open(&printer->report, &options, &printer->out, &err), 0);
    report_start(printer->report, &(struct report_run){.version = "9.9",
                                                       .name = "lo\x1b\"\xff",
                                                       .live = true,
                                                       .link_name = "EN10MB",
                                                       .filter = "tcp",
                                                       .snaplen = 1});
    return printer;
}

/* Reads back what was printed; the caller frees it. */
static char *printer_close(struct printer *printer, const struct tracker *tracker)
{
    print_totals(printer->report, tracker);
    report_close(printer->report);
    size_t len = 0;
    char *printed = printed_close(&printer->out, &len);
    free(printer);
    return printed;
}

static void expect_parts(const char *printed, const char *const *parts, size_t count)
{
    const char *at = printed;
    for (size_t part = 0; part < count && parts[part]; part++) {
        const char *found = strstr(at, parts[part]);
        if (!found)
            fail_msg("\"%s\" is not where it should be in:\n%s", parts[part], printed);
        else
            at = found + strlen(parts[part]);
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct printer *printer = printer_open(row->format);
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 9});
    scene->each = pass_event;
    scene->context = printer->report;
    scene_play(scene, row->scene, 1);
    scene_finish(scene);
    char *printed = printer_close(printer, scene->tracker);
    scene_close(scene);
    expect_parts(printed, row->parts, sizeof row->parts / sizeof row->parts[0]);
    free(printed);
}

/* Every reason of ICMP's is a line of its own; those that were quiet longest make room. */
static void test_more_failures_than_are_kept(void **state)
{
    (void)state;
    struct printer *printer = printer_open(REPORT_TEXT);
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 9});
    scene_play(scene, "> S 1", 1);
    uint32_t at = 0;
    struct flow_event event = {.kind = EVENT_ICMP_ERROR, .time_ns = SCENE_BEGIN_NS};
    struct flow_view flow;
    assert_true(tracker_next(scene->tracker, &at, &event.flow, &flow));
    for (event.arg = 5 << 8; event.arg < (5 << 8) + FAILURE_LOG_MAX + 7; event.arg++)
        report_event(printer->report, scene->tracker, &event);
    char *printed = printer_close(printer, scene->tracker);
    scene_close(scene);
    static const char *const parts[] = {
        "What failed:\n",
        "icmp_error  tcp  127.0.0.1:40000 -> 127.0.0.1:3000  redirect (5/7)\n",
        "redirect (5/8)\n",
        "error (8/238)\n  7 others that were quiet longer had to make room\n\n",
    };
    expect_parts(printed, parts, sizeof parts / sizeof parts[0]);
    free(printed);
}

/* A disk that is full: the error is kept, nothing crashes, nothing more is tried. */
static void test_a_full_disk_is_remembered(void **state)
{
    (void)state;
    static struct out out;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    out_open(&out, fd, NULL);
    out_string(&out, "text");
    assert_int_equal(out_flush(&out), -ENOSPC);
    out_string(&out, "more");
    assert_int_equal(out_flush(&out), -ENOSPC);
    assert_int_equal(out.error, ENOSPC);
    (void)close(fd);
}

/* The vectors of the specification's repository. */
static const struct id_row {
    const char *name;
    uint8_t family, protocol;
    uint8_t first[16], second[16];
    uint16_t first_port, second_port;
    const char *id;
} ids[] = {
    {"TCP over IPv4",
     4,
     6,
     {128, 232, 110, 120},
     {66, 35, 250, 204},
     34855,
     80,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"the other direction",
     4,
     6,
     {66, 35, 250, 204},
     {128, 232, 110, 120},
     80,
     34855,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"UDP over IPv4",
     4,
     17,
     {192, 168, 1, 52},
     {8, 8, 8, 8},
     54585,
     53,
     "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
};

static void check_id(void **state)
{
    const struct id_row *row = *state;
    struct tuple tuple = {
        .family = row->family,
        .protocol = row->protocol,
        .address = {address_from_ipv4(row->first), address_from_ipv4(row->second)},
        .port = {row->first_port, row->second_port},
    };
    (void)tuple_canonicalize(&tuple);
    char id[COMMUNITY_ID_LEN + 1];
    *put_community_id(id, &tuple) = '\0';
    assert_string_equal(id, row->id);
}

/* The library's SHA-1 over what the specification wants, in the usual base64. */
static void reference_id(const struct tuple *tuple, char *id)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t skip = tuple->family == 4 ? 12 : 0, len = 2;
    uint8_t bytes[64] = {0}, digest[SHA1_DIGEST_LENGTH + 1] = {0};
    for (unsigned end = 0; end < 2; end++) {
        memcpy(bytes + len, tuple->address[end].octets + skip, 16 - skip);
        len += 16 - skip;
    }
    bytes[len] = tuple->protocol;
    len += 2;
    for (unsigned end = 0; end < 2; end++) {
        bytes[len++] = (uint8_t)(tuple->port[end] / 256);
        bytes[len++] = (uint8_t)(tuple->port[end] % 256);
    }
    SHA1_CTX hash;
    SHA1Init(&hash);
    SHA1Update(&hash, bytes, len);
    SHA1Final(digest, &hash);
    memcpy(id, "1:", 2);
    for (size_t at = 0; at < 28; at++) {
        size_t bit = at * 6;
        unsigned two = digest[bit / 8] * 256u + (bit / 8 < 20 ? digest[bit / 8 + 1] : 0);
        id[2 + at] = alphabet[two >> (10 - bit % 8) & 63];
    }
    id[COMMUNITY_ID_LEN - 1] = '=';
    id[COMMUNITY_ID_LEN] = '\0';
}

static void test_random_ids(void **state)
{
    (void)state;
    uint64_t seed = 44;
    for (int round = 0; round < 20000; round++) {
        struct tuple tuple = {0};
        uint8_t octets[36];
        for (size_t at = 0; at < sizeof octets; at++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            octets[at] = (uint8_t)(seed >> 40);
        }
        tuple.family = round % 2 ? 4 : 6;
        tuple.protocol = round % 3 ? PROTOCOL_TCP : PROTOCOL_UDP;
        for (unsigned end = 0; end < 2; end++) {
            const uint8_t *from = octets + 16 * (size_t)end;
            tuple.address[end] =
                tuple.family == 4 ? address_from_ipv4(from) : address_from_ipv6(from);
            tuple.port[end] = load_be16(octets + 32 + 2 * (size_t)end);
        }
        char id[COMMUNITY_ID_LEN + 1], expected[COMMUNITY_ID_LEN + 1];
        *put_community_id(id, &tuple) = '\0';
        reference_id(&tuple, expected);
        assert_string_equal(id, expected);
    }
}

/* One report writes them in this order. */
static const struct clock_step {
    int64_t time_ns;
    const char *expected;
} clock_steps[] = {
    {0, "00:00:00.000000"},
    {-1, "00:00:00.000000"},
    {999, "00:00:00.000000"},
    {1000, "00:00:00.000001"},
    {CLOCK_NS_PER_S - 1, "00:00:00.999999"},
    {CLOCK_NS_PER_S, "00:00:01.000000"},
    {0, "00:00:00.000000"},
    {INT64_MIN, "00:00:00.000000"},
    {INT64_C(1700000000201444080), "22:13:20.201444"},
    {INT64_C(1699999999999999999), "22:13:19.999999"},
    {INT64_MAX, "23:47:16.854775"},
    {INT64_C(1700000000201444080), "22:13:20.201444"},
};

static void test_clock(void **state)
{
    (void)state;
    for (size_t from = 0; from < sizeof clock_steps / sizeof clock_steps[0]; from++) {
        struct report *report = NULL;
        struct err err;
        const struct report_options options = {.format = REPORT_TEXT};
        assert_int_equal(report_open(&report, &options, NULL, &err), 0);
        for (size_t at = from; at < sizeof clock_steps / sizeof clock_steps[0]; at++) {
            char written[PUT_ROOM];
            *format_put_clock(report, written, clock_steps[at].time_ns) = '\0';
            assert_string_equal(written, clock_steps[at].expected);
        }
        report_close(report);
    }
}

/* A flow of which every number is as great, and every address and name as long, as it can be. */
static void test_the_longest_flow(void **state)
{
    (void)state;
    static struct flow hot;
    static struct flow_cold cold;
    static struct flow_detail detail;
    static const char escaped[] =
        "\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x1f";
    const struct host_process client = {
        .pid = INT32_MAX, .comm = "a \"b\" \\c\xc3\xa9\xff", .how = HOST_BY_TRACER};
    struct host_process server = {.pid = 1, .how = HOST_BY_CAPTURE};
    struct names *names = NULL;
    struct err err;
    struct printer *printer = printer_open(REPORT_JSON);
    assert_int_equal(names_open(&names, &err), 0);
    printer->report->options.names = names;
    memcpy(server.comm, escaped, sizeof escaped);
    memset(&hot, 0xff, sizeof hot);
    memset(&cold, 0xff, sizeof cold);
    memset(&detail, 0xff, sizeof detail);
    hot.tuple.protocol = PROTOCOL_TCP;
    hot.tuple.family = 6;
    hot.client = 1;
    cold.owner[1] = names_process(names, &client);
    cold.owner[0] = names_process(names, &server);
    hot.state = FLOW_TIMED_OUT;
    cold.reset_phase = RESET_NONE;
    cold.history_len = FLOW_HISTORY_MAX;
    memset(cold.history, 'S', sizeof cold.history);
    cold.start_ns = hot.last_ns = cold.handshake_ns = cold.syn_ack_ns = INT64_MAX;
    for (unsigned side = 0; side < 2; side++) {
        struct detail_side *one = &detail.side[side];
        hot.side[side].window_scale = 14;
        hot.side[side].state = ENDPOINT_ESTABLISHED;
        one->has_spoken = one->is_counted = true;
        one->rtt_ns = one->rtt_min_ns = one->response_ns = one->response_max_ns = INT64_MAX;
        one->first_byte_ns = one->stalled_ns = INT64_MAX;
    }
    const struct flow_event event = {.kind = EVENT_RETIRED};
    printer->report->format->event(
        printer->report, (struct flow_view){.hot = &hot, .cold = &cold, .detail = &detail}, &event);
    size_t len = 0;
    char *printed = printed_close(&printer->out, &len);
    static const char *const parts[] = {
        "{\"type\":\"flow\",\"client_pid\":2147483647,\"client_comm\":\"a \\\"b\\\" ",
        "\\\\c\xc3\xa9\\ufffd\",",
        "\"client_by\":\"tracer\",\"server_pid\":1,\"server_comm\":\"\\u0001\\u0002",
        "\\u0012\\u001f\",\"server_by\":\"capture\",\"id\":18446744073709551615,\"proto\":\"tcp\",",
        "\"client\":\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\",\"client_port\":65535,",
        "\"start\":\"9223372036.854775807\",\"end\":\"9223372036.854775807\"",
        "\"history\":\"^sssssssssssssssssssssssssssssssssss\"",
        "\"client_packets\":18446744073709551615",
        "\"server_window_scale\":14",
        "\"client_fast_retransmits\":4294967295",
        "\"server_fast_opens\":4294967295,\"client_rtt\":\"9223372036.854775807\"",
        "\"denied\":true,\"community_id\":\"1:",
        "\"self_connect\":true}\n",
    };
    expect_parts(printed, parts, sizeof parts / sizeof parts[0]);
    assert_true(strlen(strstr(printed, "{\"type\":\"flow\"")) < OUT_LINE_MAX / 2);
    report_close(printer->report);
    names_close(names);
    free(printed);
    free(printer);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, ids, check_id);
    ROWS_ADD_ONE(&set, test_more_failures_than_are_kept);
    ROWS_ADD_ONE(&set, test_a_full_disk_is_remembered);
    ROWS_ADD_ONE(&set, test_random_ids);
    ROWS_ADD_ONE(&set, test_clock);
    ROWS_ADD_ONE(&set, test_the_longest_flow);
    return rows_run(&set, "report");
}
