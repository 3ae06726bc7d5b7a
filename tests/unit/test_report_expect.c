/* The language of --expect: what is understood, what is complained about and where, and what holds. */
#include "report/expect.h"
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

static const struct good_row {
    const char *name; /* the expression */
    enum expect_subject subject;
    enum expect_compare compare;
    uint16_t port;
    uint64_t limit;
} goods[] = {
    {"no refused", EXPECT_NO_REFUSED, 0, 0, 0},
    {"no resets", EXPECT_NO_RESETS, 0, 0, 0},
    {"no retransmissions", EXPECT_NO_RETRANSMISSIONS, 0, 0, 0},
    {"no timeouts", EXPECT_NO_TIMEOUTS, 0, 0, 0},
    {"no diagnoses", EXPECT_NO_DIAGNOSES, 0, 0, 0},
    {"no refused-no-listener", EXPECT_NO_CODE, 0, 0, 0},
    {"  no \t udp-refused  ", EXPECT_NO_CODE, 0, 0, 0},
    {"port 5432 established", EXPECT_PORT_ESTABLISHED, 0, 5432, 0},
    {"port 5432 established within 5s", EXPECT_PORT_ESTABLISHED, 0, 5432, 5000 * MS},
    {"port 5432 established within 1.5s", EXPECT_PORT_ESTABLISHED, 0, 5432, 1500 * MS},
    {"port 5432 established within 2m", EXPECT_PORT_ESTABLISHED, 0, 5432, 120000 * MS},
    {"port 1 refused", EXPECT_PORT_REFUSED, 0, 1, 0},
    {"port 65535 untouched", EXPECT_PORT_UNTOUCHED, 0, 65535, 0},
    {"port 80 connections >= 10", EXPECT_PORT_CONNECTIONS, EXPECT_AT_LEAST, 80, 10},
    {"port 80 connections>=10", EXPECT_PORT_CONNECTIONS, EXPECT_AT_LEAST, 80, 10},
    {"port 80 connections < 1k", EXPECT_PORT_CONNECTIONS, EXPECT_LESS, 80, 1000},
    {"port 80 connections = 0", EXPECT_PORT_CONNECTIONS, EXPECT_EQUAL, 80, 0},
    {"port 80 bytes > 1M", EXPECT_PORT_BYTES, EXPECT_MORE, 80, 1000000},
    {"port 80 bytes <= 1.5kB", EXPECT_PORT_BYTES, EXPECT_AT_MOST, 80, 1500},
    {"port 80 bytes<4294967295G", EXPECT_PORT_BYTES, EXPECT_LESS, 80,
     UINT64_C(4294967295000000000)},
    {"port 80 response p95 < 50ms", EXPECT_PORT_P95, EXPECT_LESS, 80, 50 * MS},
    {"port 80 response mean <= 500us", EXPECT_PORT_MEAN, EXPECT_AT_MOST, 80, MS / 2},
    {"port 80 response max > 0s", EXPECT_PORT_MAX, EXPECT_MORE, 80, 0},
    {"port 080 refused", EXPECT_PORT_REFUSED, 0, 80, 0},
};

static void check_good(void **state)
{
    const struct good_row *row = *state;
    struct expect expect;
    struct err err = {0};
    size_t wrong = 1;
    if (expect_parse(&expect, row->name, &wrong, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(expect.subject, row->subject);
    assert_int_equal(expect.port, row->port);
    assert_int_equal(expect.limit, row->limit);
    assert_int_equal(expect.compare, row->compare);
}

static const struct bad_row {
    const char *name; /* the expression */
    size_t wrong;
    const char *complaint;
} bads[] = {
    {"", 0, "ends too early"},
    {"   ", 3, "ends too early"},
    {"refused", 0, "begin with no or port"},
    {"No refused", 0, "begin with no or port"},
    {"no", 2, "say no refused"},
    {"no refusal", 3, "say no refused"},
    {"no REFUSED", 3, "say no refused"},
    {"no refused at all", 11, "nothing more"},
    {"no refused-no-listener-", 3, "say no refused"},
    {"port", 4, "from 1 to 65535"},
    {"port 0 refused", 5, "from 1 to 65535"},
    {"port 65536 refused", 5, "from 1 to 65535"},
    {"port 99999999999999999999999999 refused", 5, "from 1 to 65535"},
    {"port -1 refused", 5, "from 1 to 65535"},
    {"port +1 refused", 5, "from 1 to 65535"},
    {"port 80.5 refused", 5, "from 1 to 65535"},
    {"port 80x refused", 5, "from 1 to 65535"},
    {"port 80", 7, "say established"},
    {"port 80 open", 8, "say established"},
    {"port 80 established in 5s", 20, "within 5s"},
    {"port 80 established within", 26, "has a unit"},
    {"port 80 established within 5", 27, "has a unit"},
    {"port 80 established within 5 s", 27, "has a unit"},
    {"port 80 established within 0s", 27, "above 0"},
    {"port 80 established within -5s", 27, "has a unit"},
    {"port 80 established within .5s", 27, "has a unit"},
    {"port 80 established within 5.s", 27, "has a unit"},
    {"port 80 established within 1e3s", 27, "has a unit"},
    {"port 80 established within nans", 27, "has a unit"},
    {"port 80 established within 9999999999999m", 27, "has a unit"},
    {"port 80 connections 10", 20, "say <"},
    {"port 80 connections == 10", 20, "say <"},
    {"port 80 connections =< 10", 20, "say <"},
    {"port 80 connections >=", 22, "say a number"},
    {"port 80 connections >= 10s", 23, "say a number"},
    {"port 80 connections >= 10 20", 26, "nothing more"},
    {"port 80 bytes > 1MiB", 16, "say bytes"},
    {"port 80 response < 5ms", 17, "p95, mean or max"},
    {"port 80 response p99 < 5ms", 17, "p95, mean or max"},
    {"port 80 response p95 < 5", 23, "has a unit"},
    {"port 80 refused;rm", 8, "say established"},
    {"\xff\xfe\x1b[31m", 0, "begin with"},
};

static void check_bad(void **state)
{
    const struct bad_row *row = *state;
    struct expect expect;
    struct err err = {0};
    size_t wrong = 99;
    assert_true(expect_parse(&expect, row->name, &wrong, &err) < 0);
    if (!strstr(err.text, row->complaint))
        fail_msg("%s", err.text);
    assert_int_equal(wrong, row->wrong);
    assert_true(wrong <= strlen(row->name));
}

/* Exactly as long as its block on the heap, so that the sanitizer sees a byte too many. */
static void parse_block(const char *bytes, size_t len)
{
    struct expect expect;
    struct err err;
    size_t wrong = 0;
    char *block = malloc(len + 1);
    assert_non_null(block);
    memcpy(block, bytes, len);
    block[len] = '\0';
    (void)expect_parse(&expect, block, &wrong, &err);
    assert_true(wrong <= len);
    free(block);
}

/* Every good expression cut short, and with each byte replaced. */
static void test_hostile(void **state)
{
    static const char bytes[] = "\x01 <=>.9-~\xc3\xff";
    (void)state;
    for (size_t at = 0; at < sizeof goods / sizeof goods[0]; at++) {
        size_t len = strlen(goods[at].name);
        char *changed = strdup(goods[at].name);
        assert_non_null(changed);
        for (size_t cut = 0; cut < len; cut++) {
            parse_block(goods[at].name, cut);
            for (size_t by = 0; by < sizeof bytes - 1; by++) {
                changed[cut] = bytes[by];
                parse_block(changed, len);
            }
            changed[cut] = goods[at].name[cut];
        }
        free(changed);
    }
}

static void test_long(void **state)
{
    static char text[100000];
    (void)state;
    memset(text, '9', sizeof text - 1);
    parse_block(text, sizeof text - 1);
    memcpy(text, "port ", sizeof "port ");
    text[strlen(text)] = '9';
    parse_block(text, sizeof text - 1);
    parse_block(text, EXPECT_TEXT_MAX);
    parse_block(text, EXPECT_TEXT_MAX + 1);
}

/* Port 80 had three connections and two refusals, port 81 nothing, port 82 one refusal, 83 an unknown. */
static const struct holds_row {
    const char *name; /* the expression */
    bool holds;
    const char *what;
} holds[] = {
    {"no refused", false, "3 refusals"},
    {"no resets", true, "0 resets"},
    {"no retransmissions", false, "1 retransmission"},
    {"no timeouts", false, "2 connections without"},
    {"no diagnoses", false, "refused-no-listener"},
    {"no refused-no-listener", false, "diagnosed: refused-no-listener"},
    {"no self-connect", true, "not diagnosed"},
    {"port 80 established", true, "after 40ms"},
    {"port 80 established within 40ms", true, "after 40ms"},
    {"port 80 established within 39ms", false, "after 40ms"},
    {"port 82 established", false, "1 attempt, none was established; 1 refused"},
    {"port 81 established", false, "0 attempts"},
    {"port 80 refused", true, "2 refusals"},
    {"port 81 refused", false, "0 refusals"},
    {"port 81 untouched", true, "0 connections"},
    {"port 80 untouched", false, "5 connections"},
    {"port 83 untouched", true, "1 more of unknown ends"},
    {"port 80 connections < 3", false, "3 connections"},
    {"port 80 connections <= 3", true, "3"},
    {"port 80 connections = 3", true, "3"},
    {"port 80 connections = 4", false, "3"},
    {"port 80 connections >= 3", true, "3"},
    {"port 80 connections > 3", false, "3"},
    {"port 80 bytes > 1k", true, "1500 bytes"},
    {"port 80 bytes > 1.5k", false, "1500 bytes"},
    {"port 80 response max < 30ms", false, "max 30ms of 4 answers"},
    {"port 80 response max <= 30ms", true, "max 30ms"},
    {"port 80 response mean < 11ms", true, "mean 10ms"},
    {"port 80 response mean < 10ms", false, "mean 10ms"},
    {"port 80 response p95 < 25ms", true, "p95 20ms"},
    {"port 80 response p95 < 20ms", false, "p95 20ms"},
    {"port 81 response max < 1s", false, "no answer was seen"},
};

static void check_holds(void **state)
{
    const struct holds_row *row = *state;
    static struct expect_traffic ports[65536];
    ports[80] = (struct expect_traffic){.flows = 5,
                                        .connections = 3,
                                        .established = 3,
                                        .refused = 2,
                                        .bytes = 1500,
                                        .established_ns = 40 * MS,
                                        .responses = 4,
                                        .response_sum_ns = 40 * MS,
                                        .response_most_ns = 30 * MS,
                                        .response_p95_ns = 20 * MS};
    ports[82] = (struct expect_traffic){.flows = 1, .refused = 1};
    ports[83] = (struct expect_traffic){.unknown = 1};
    const struct expect_facts facts = {.all = {.refused = 3, .retransmissions = 1, .timeouts = 2},
                                       .ports = ports,
                                       .codes = UINT64_C(1) << CODE_REFUSED_NO_LISTENER};
    struct expect expect;
    struct err err = {0};
    char what[256];
    size_t wrong = 0;
    struct text text = text_begin(what, sizeof what);
    assert_int_equal(expect_parse(&expect, row->name, &wrong, &err), 0);
    bool is_so = expect_holds(&expect, &facts, &text);
    if (is_so != row->holds || !strstr(what, row->what))
        fail_msg("%s: %s", is_so ? "holds" : "does not hold", what);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, goods, check_good);
    ROWS_ADD(&set, bads, check_bad);
    ROWS_ADD(&set, holds, check_holds);
    ROWS_ADD_ONE(&set, test_hostile);
    ROWS_ADD_ONE(&set, test_long);
    return rows_run(&set, "report_expect");
}
