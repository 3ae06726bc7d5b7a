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
    struct tuple tuple = made.tuple;
    const struct copy_flow flow = {.tuple = &tuple, .client = made.client};
    char copied[COPY_TEXT_MAX] = "";
    struct text text = text_begin(copied, sizeof copied);
    tuple.protocol = row->protocol;
    assert_int_equal(copy_write(row->kind, &flow, &text), row->text != NULL);
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
    struct copy_flow flow = {.tuple = &made.tuple, .client = made.client};
    struct owner one = {.pid = 11};
    struct owner other = {.pid = 22};
    char copied[COPY_TEXT_MAX];
    struct text text = text_begin(copied, sizeof copied);
    flow.owner[made.client] = &one;
    flow.owner[!made.client] = &other;
    assert_true(copy_write(COPY_PIDS, &flow, &text));
    assert_string_equal(copied, "11 22");
    flow.owner[!made.client] = &one;
    text = text_begin(copied, sizeof copied);
    assert_true(copy_write(COPY_PIDS, &flow, &text));
    assert_string_equal(copied, "11");
    flow.owner[made.client] = NULL;
    text = text_begin(copied, sizeof copied);
    assert_true(copy_write(COPY_PIDS, &flow, &text));
    assert_string_equal(copied, "11");
}

/* The longest there is fits. */
static void test_copy_fits(void **state)
{
    (void)state;
    const char *end = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
    struct connection made =
        world_connection(end, "[2001:db8:1111:2222:3333:4444:5555:6667]:65535");
    const struct copy_flow flow = {.tuple = &made.tuple, .client = made.client};
    for (int kind = 0; kind < COPY_KIND_COUNT; kind++) {
        char copied[COPY_TEXT_MAX];
        struct text text = text_begin(copied, sizeof copied);
        (void)copy_write((enum copy_kind)kind, &flow, &text);
        assert_false(text.cut);
    }
}

/* A diagnosis that names a hostile process: lines are those of the text, and nothing else ends one. */
static void test_copy_diagnosis(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {
        .code = CODE_REFUSED_NO_LISTENER, .certainty = CERTAINTY_PROVED, .count = 2, .port = 3000};
    char copied[COPY_DIAGNOSIS_MAX];
    struct text text = text_begin(copied, sizeof copied);
    diagnosis_set(&diagnosis, FACT_PORT, 3000);
    diagnosis_set_text(&diagnosis, FACT_ADDRESS, "127.0.0.1");
    diagnosis_set(&diagnosis, FACT_CLIENT_PID, 666);
    diagnosis_set_text(&diagnosis, FACT_CLIENT_COMM, "\x1b[2J\nrm");
    diagnosis_set(&diagnosis, FACT_WAITED_MS, 1200);
    assert_true(copy_write_diagnosis(COPY_DIAGNOSIS, &diagnosis, &text));
    assert_string_equal(copied,
                        "refused-no-listener (proved)  x2\n"
                        "\\x1b[2J\\x0arm(666) tried 127.0.0.1:3000, but no program listens on port "
                        "3000\n"
                        "port: 3000\naddress: 127.0.0.1\nclient pid: 666\n"
                        "client comm: \\x1b[2J\\x0arm\nwaited: 1200 ms\n"
                        "Start the server, or correct the port that the client uses\n"
                        "loflow ports   # what listens, and where\n");
    text = text_begin(copied, sizeof copied);
    assert_true(copy_write_diagnosis(COPY_ADVICE, &diagnosis, &text));
    assert_string_equal(copied, "Start the server, or correct the port that the client uses\n"
                                "loflow ports   # what listens, and where\n");
    text = text_begin(copied, sizeof copied);
    assert_false(copy_write_diagnosis(COPY_TUPLE, &diagnosis, &text));
}

/* All facts there is room for, each as long as it may be. */
static void test_copy_diagnosis_fits(void **state)
{
    (void)state;
    char longest[FACT_TEXT_SIZE];
    memset(longest, '\x1b', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (int code = 0; code < CODE_COUNT; code++) {
        struct diagnosis diagnosis = {.code = (uint8_t)code, .count = UINT64_MAX};
        for (int name = 0; name < FACT_COUNT; name++) {
            if (diagnosis.fact_count == DIAGNOSIS_FACTS)
                break;
            if (fact_kind(name) == FACT_KIND_TEXT)
                diagnosis_set_text(&diagnosis, name, longest);
        }
        char copied[COPY_DIAGNOSIS_MAX];
        struct text text = text_begin(copied, sizeof copied);
        assert_true(copy_write_diagnosis(COPY_DIAGNOSIS, &diagnosis, &text));
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
    ROWS_ADD_ONE(&set, test_copy_diagnosis);
    ROWS_ADD_ONE(&set, test_copy_diagnosis_fits);
    return rows_run(&set, "ui_copy");
}
