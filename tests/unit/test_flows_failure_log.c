/* Which failures are repeats of others, in which order they are kept, and what makes room. */
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#include "flows/failure_log.h"

struct sample {
    const char *client, *server; /* last octet of 127.0.0.x is the letter's place: "a" is .0 */
    uint16_t client_port, server_port;
    uint8_t protocol, kind;
    bool by_client;
    uint16_t arg;
};

static void add(struct failure_log *log, const struct sample *sample, int64_t time_ns)
{
    uint8_t octets[2][4] = {{127, 0, 0, (uint8_t)(sample->client[0] - 'a')},
                            {127, 0, 0, (uint8_t)(sample->server[0] - 'a')}};
    struct flow hot = {.tuple = {
                           .address = {address_from_ipv4(octets[0]), address_from_ipv4(octets[1])},
                           .port = {sample->client_port, sample->server_port},
                           .protocol = sample->protocol,
                           .family = 4,
                       }};
    hot.client = tuple_canonicalize(&hot.tuple);
    struct flow_cold cold = {.id = 1};
    struct flow_event event = {
        .kind = sample->kind,
        .side = sample->by_client ? hot.client : !hot.client,
        .arg = sample->arg,
        .time_ns = time_ns,
    };
    failure_log_add(log, (struct flow_view){.hot = &hot, .cold = &cold}, &event);
}

#define TCP PROTOCOL_TCP
#define UDP PROTOCOL_UDP

static const struct group_row {
    const char *name;
    struct sample first, second;
    bool same;
} group_rows[] = {
    {"the very same",
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     true},
    {"another client port",
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     {"b", "b", 4001, 80, TCP, EVENT_REFUSED, false, 0},
     true},
    {"another client, and the server at the other end of the tuple",
     {"b", "c", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     {"d", "c", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     true},
    {"another server port",
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     {"b", "b", 4000, 81, TCP, EVENT_REFUSED, false, 0},
     false},
    {"another server address",
     {"b", "c", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     {"b", "d", 4000, 80, TCP, EVENT_REFUSED, false, 0},
     false},
    {"another protocol",
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0x0303},
     {"b", "b", 4000, 80, UDP, EVENT_REFUSED, false, 0x0303},
     false},
    {"another kind",
     {"b", "b", 4000, 80, TCP, EVENT_RESET, false, 0},
     {"b", "b", 4000, 80, TCP, EVENT_NO_ANSWER, false, 0},
     false},
    {"another word of ICMP",
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0x0303},
     {"b", "b", 4000, 80, TCP, EVENT_REFUSED, false, 0x030d},
     false},
    {"caused by the other side",
     {"b", "b", 4000, 80, TCP, EVENT_RESET, false, 0},
     {"b", "b", 4000, 80, TCP, EVENT_RESET, true, 0},
     false},
};

static struct failure_log *open_log(void)
{
    struct failure_log *log = malloc(sizeof *log);
    assert_non_null(log);
    failure_log_clear(log);
    return log;
}

static void check_group(void **state)
{
    const struct group_row *row = *state;
    struct failure_log *log = open_log();
    assert_null(failure_log_next(log, NULL));
    add(log, &row->first, 10);
    add(log, &row->second, 20);
    assert_int_equal(log->total, 2);
    assert_int_equal(log->count, row->same ? 1 : 2);
    const struct failure *failure = failure_log_next(log, NULL);
    assert_non_null(failure);
    assert_int_equal(failure->id, 1);
    assert_int_equal(failure->count, row->same ? 2 : 1);
    assert_int_equal(failure->first.time_ns, 10);
    assert_int_equal(failure->latest.time_ns, row->same ? 20 : 10);
    unsigned client = failure->first.client;
    assert_int_equal(failure->first.tuple.port[client], row->first.client_port);
    assert_int_equal(failure->first.tuple.port[!client], row->first.server_port);
    const struct failure *next = failure_log_next(log, failure);
    assert_true(row->same ? !next : next && next->id == 2 && next->first.time_ns == 20);
    free(log);
}

static void fail_at(struct failure_log *log, int server_port)
{
    struct sample sample = {"b", "b", 65535, (uint16_t)server_port, TCP, EVENT_REFUSED, false, 0};
    add(log, &sample, server_port);
}

/* Whatever made room for whatever: a server that is in the log is found there. */
static void test_the_log_finds_what_it_holds(void **state)
{
    (void)state;
    struct failure_log *log = open_log();
    for (int port = 1; port <= 4 * FAILURE_LOG_MAX; port++)
        fail_at(log, port);
    assert_int_equal(failure_log_forgotten(log), 3 * FAILURE_LOG_MAX);
    for (int port = 3 * FAILURE_LOG_MAX + 1; port <= 4 * FAILURE_LOG_MAX; port++)
        fail_at(log, port);
    assert_int_equal(failure_log_forgotten(log), 3 * FAILURE_LOG_MAX);
    int port = 3 * FAILURE_LOG_MAX;
    const struct failure *failure = failure_log_next(log, NULL);
    for (; failure; failure = failure_log_next(log, failure)) {
        assert_int_equal(failure->count, 2);
        assert_int_equal(failure->first.time_ns, ++port);
    }
    assert_int_equal(port, 4 * FAILURE_LOG_MAX);
    free(log);
}

/* The one that was quiet longest makes room, not the one that came first. */
static void test_who_fails_again_stays(void **state)
{
    (void)state;
    struct failure_log *log = open_log();
    for (int port = 1; port <= FAILURE_LOG_MAX; port++)
        fail_at(log, port);
    fail_at(log, 1);
    fail_at(log, FAILURE_LOG_MAX + 1);
    assert_int_equal(failure_log_forgotten(log), 1);
    const struct failure *failure = failure_log_next(log, NULL);
    assert_int_equal(failure->first.time_ns, 1);
    assert_int_equal(failure->count, 2);
    assert_int_equal(failure_log_next(log, failure)->first.time_ns, 3);
    free(log);
}

static const struct words_row {
    const char *name;
    struct event_facts facts;
    const char *words;
} words_rows[] = {
    {"refused by RST", {.kind = EVENT_REFUSED, .after_ns = 12000}, "RST after 12us"},
    {"refused by ICMP",
     {.kind = EVENT_REFUSED, .family = 4, .arg = 0x0303},
     "ICMP port unreachable (3/3)"},
    {"refused by ICMPv6",
     {.kind = EVENT_REFUSED, .family = 6, .arg = 0x0104},
     "ICMP port unreachable (1/4)"},
    {"a code without words of its own",
     {.kind = EVENT_ICMP_ERROR, .family = 4, .arg = 0x030f},
     "unreachable (3/15)"},
    {"a type without words",
     {.kind = EVENT_ICMP_ERROR, .family = 6, .arg = 0x6400},
     "error (100/0)"},
    {"one SYN", {.kind = EVENT_NO_ANSWER, .syns = 1}, "1 SYN, no answer"},
    {"more SYNs", {.kind = EVENT_NO_ANSWER, .syns = 5}, "5 SYNs, no answer"},
    {"reset by the client",
     {.kind = EVENT_RESET, .by_client = true, .after_ns = 287000, .received_bytes = 35},
     "by the client after 287us, 0B sent, 35B back"},
    {"reset by the server",
     {.kind = EVENT_RESET, .after_ns = 60000000000, .sent_bytes = 1200},
     "by the server after 1m00s, 1.2KB sent, 0B back"},
    {"closed", {.kind = EVENT_CLOSED, .after_ns = 1}, "after 0us, 0B sent, 0B back"},
    {"handshake", {.kind = EVENT_ESTABLISHED, .handshake_ns = 2000}, "handshake took 2us"},
    {"handshake that was not seen", {.kind = EVENT_ESTABLISHED, .handshake_ns = -1}, ""},
    {"zero window", {.kind = EVENT_ZERO_WINDOW, .by_client = true}, "by the client"},
    {"held back by the client",
     {.kind = EVENT_HELD_BACK, .by_client = true, .silence_ms = 40},
     "by the client for 40 ms"},
    {"held back by the server",
     {.kind = EVENT_HELD_BACK, .silence_ms = 1},
     "by the server for 1 ms"},
    {"opened", {.kind = EVENT_OPENED}, ""},
};

static void check_words(void **state)
{
    const struct words_row *row = *state;
    char buffer[DESCRIBE_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_event(&text, &row->facts);
    assert_string_equal(buffer, row->words);
    assert_false(text.cut);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, group_rows, check_group);
    ROWS_ADD(&set, words_rows, check_words);
    ROWS_ADD_ONE(&set, test_the_log_finds_what_it_holds);
    ROWS_ADD_ONE(&set, test_who_fails_again_stays);
    return rows_run(&set, "flows_failure_log");
}
