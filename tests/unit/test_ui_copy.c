/* What is copied of a flow. */
#include "tests/support/rows.h"

#include "test_ui_world.h"
#include "ui/copy.h"

/* Client and server; what each kind copies. */
static const struct copy_row {
    const char *name;
    const char *client, *server;
    uint8_t protocol;
    enum copy_kind kind;
    const char *text;
} copy_rows[] = {
    {"copy_tuple", "127.0.0.1:40001", "127.0.0.1:3000", PROTOCOL_TCP, COPY_TUPLE,
     "tcp 127.0.0.1:40001 > 127.0.0.1:3000"},
    {"copy_tuple_v6", "[::1]:40001", "[::1]:53", PROTOCOL_UDP, COPY_TUPLE,
     "udp [::1]:40001 > [::1]:53"},
    {"copy_tcpdump", "127.0.0.1:40001", "127.0.0.1:3000", PROTOCOL_TCP, COPY_TCPDUMP,
     "tcp and ((src host 127.0.0.1 and src port 40001 and dst host 127.0.0.1 and dst port 3000) or "
     "(src host 127.0.0.1 and src port 3000 and dst host 127.0.0.1 and dst port 40001))"},
    {"copy_tcpdump_v6", "[::1]:40001", "[fd00::2]:53", PROTOCOL_UDP, COPY_TCPDUMP,
     "udp and ((src host ::1 and src port 40001 and dst host fd00::2 and dst port 53) or "
     "(src host fd00::2 and src port 53 and dst host ::1 and dst port 40001))"},
    {"copy_tcpdump_self", "127.0.0.1:5000", "127.0.0.1:5000", PROTOCOL_TCP, COPY_TCPDUMP,
     "tcp and src host 127.0.0.1 and src port 5000 and dst host 127.0.0.1 and dst port 5000"},
    {"copy_wireshark", "127.0.0.1:40001", "127.0.0.1:3000", PROTOCOL_TCP, COPY_WIRESHARK,
     "((ip.src == 127.0.0.1 && tcp.srcport == 40001 && ip.dst == 127.0.0.1 && tcp.dstport == 3000) "
     "|| (ip.src == 127.0.0.1 && tcp.srcport == 3000 && ip.dst == 127.0.0.1 && "
     "tcp.dstport == 40001))"},
    {"copy_wireshark_v6", "[::1]:40001", "[::1]:53", PROTOCOL_UDP, COPY_WIRESHARK,
     "((ipv6.src == ::1 && udp.srcport == 40001 && ipv6.dst == ::1 && udp.dstport == 53) || "
     "(ipv6.src == ::1 && udp.srcport == 53 && ipv6.dst == ::1 && udp.dstport == 40001))"},
    {"copy_ss", "127.0.0.1:40001", "127.0.0.1:3000", PROTOCOL_TCP, COPY_SS,
     "( src 127.0.0.1:40001 and dst 127.0.0.1:3000 ) or "
     "( src 127.0.0.1:3000 and dst 127.0.0.1:40001 )"},
    {"copy_ss_v6", "[::1]:40001", "[::1]:3000", PROTOCOL_TCP, COPY_SS,
     "( src [::1]:40001 and dst [::1]:3000 ) or ( src [::1]:3000 and dst [::1]:40001 )"},
    {"copy_pids_unknown", "127.0.0.1:40001", "127.0.0.1:3000", PROTOCOL_TCP, COPY_PIDS, NULL},
};

static void test_copy(void **state)
{
    const struct copy_row *row = *state;
    struct connection made = world_connection(row->client, row->server);
    struct flow hot = {.tuple = made.tuple, .client = made.client};
    struct flow_view flow = {.hot = &hot};
    const struct owner *nobody[2] = {NULL, NULL};
    char copied[COPY_TEXT_MAX] = "";
    struct text text = text_begin(copied, sizeof copied);
    hot.tuple.protocol = row->protocol;
    assert_int_equal(copy_write(row->kind, flow, nobody, &text), row->text != NULL);
    assert_string_equal(copied, row->text ? row->text : "");
    assert_false(text.cut);
}

static const struct end_row {
    const char *name;
    const char *server;
    uint8_t protocol;
    enum copy_kind kind;
    const char *text;
} end_rows[] = {
    {"end_tuple", "127.0.0.1:3000", PROTOCOL_TCP, COPY_TUPLE, "tcp 127.0.0.1:3000"},
    {"end_tcpdump", "127.0.0.1:3000", PROTOCOL_TCP, COPY_TCPDUMP,
     "tcp and ((src host 127.0.0.1 and src port 3000) or (dst host 127.0.0.1 and dst port 3000))"},
    {"end_wireshark", "[::1]:53", PROTOCOL_UDP, COPY_WIRESHARK,
     "((ipv6.src == ::1 && udp.srcport == 53) || (ipv6.dst == ::1 && udp.dstport == 53))"},
    {"end_ss", "[::1]:3000", PROTOCOL_TCP, COPY_SS, "src [::1]:3000 or dst [::1]:3000"},
    {"end_pids", "127.0.0.1:3000", PROTOCOL_TCP, COPY_PIDS, NULL},
};

static void test_end(void **state)
{
    const struct end_row *row = *state;
    struct tuple tuple = {0};
    char copied[COPY_TEXT_MAX];
    struct text text = text_begin(copied, sizeof copied);
    world_parse(row->server, &tuple, 0);
    tuple.protocol = row->protocol;
    assert_int_equal(copy_write_end(row->kind, &tuple, 0, &text), row->text != NULL);
    assert_string_equal(copied, row->text ? row->text : "");
}

static void test_copy_pids(void **state)
{
    (void)state;
    struct connection made = world_connection("127.0.0.1:40001", "127.0.0.1:3000");
    struct flow hot = {.tuple = made.tuple, .client = made.client};
    struct flow_view flow = {.hot = &hot};
    struct owner one = {.pid = 11};
    struct owner other = {.pid = 22};
    const struct owner *owners[2];
    char copied[COPY_TEXT_MAX];
    struct text text = text_begin(copied, sizeof copied);
    owners[made.client] = &one;
    owners[!made.client] = &other;
    assert_true(copy_write(COPY_PIDS, flow, owners, &text));
    assert_string_equal(copied, "11 22");
    owners[!made.client] = &one;
    text = text_begin(copied, sizeof copied);
    assert_true(copy_write(COPY_PIDS, flow, owners, &text));
    assert_string_equal(copied, "11");
    owners[made.client] = NULL;
    text = text_begin(copied, sizeof copied);
    assert_true(copy_write(COPY_PIDS, flow, owners, &text));
    assert_string_equal(copied, "11");
}

/* The longest there is fits. */
static void test_copy_fits(void **state)
{
    (void)state;
    const char *end = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
    struct connection made =
        world_connection(end, "[2001:db8:1111:2222:3333:4444:5555:6667]:65535");
    struct flow hot = {.tuple = made.tuple, .client = made.client};
    struct flow_view flow = {.hot = &hot};
    const struct owner *nobody[2] = {NULL, NULL};
    for (int kind = 0; kind < COPY_KIND_COUNT; kind++) {
        char copied[COPY_TEXT_MAX];
        struct text text = text_begin(copied, sizeof copied);
        (void)copy_write((enum copy_kind)kind, flow, nobody, &text);
        assert_false(text.cut);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, copy_rows, test_copy);
    ROWS_ADD(&set, end_rows, test_end);
    ROWS_ADD_ONE(&set, test_copy_pids);
    ROWS_ADD_ONE(&set, test_copy_fits);
    return rows_run(&set, "ui_copy");
}
