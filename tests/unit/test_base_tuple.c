#include "tests/support/rows.h"

#include <arpa/inet.h>

#include "base/tuple.h"

static struct tuple make_tuple(const char *from, uint16_t from_port, const char *to,
                               uint16_t to_port)
{
    struct tuple tuple = {.port = {from_port, to_port}, .protocol = PROTOCOL_TCP, .family = 4};
    uint8_t octets[2][16];
    if (inet_pton(AF_INET, from, octets[0]) == 1 && inet_pton(AF_INET, to, octets[1]) == 1) {
        tuple.address[0] = address_from_ipv4(octets[0]);
        tuple.address[1] = address_from_ipv4(octets[1]);
        return tuple;
    }
    assert_int_equal(inet_pton(AF_INET6, from, octets[0]), 1);
    assert_int_equal(inet_pton(AF_INET6, to, octets[1]), 1);
    tuple.family = 6;
    tuple.address[0] = address_from_ipv6(octets[0]);
    tuple.address[1] = address_from_ipv6(octets[1]);
    return tuple;
}

struct order_row {
    const char *name;
    const char *from;
    uint16_t from_port;
    const char *to;
    uint16_t to_port;
    uint8_t direction;
    bool self;
};

static const struct order_row order_rows[] = {
    {"lower address first", "127.0.0.1", 40000, "127.0.0.2", 80, 0, false},
    {"higher address first", "127.0.0.2", 80, "127.0.0.1", 40000, 1, false},
    {"the address outweighs the port", "10.0.0.1", 65535, "10.0.0.2", 1, 0, false},
    {"addresses compare as unsigned bytes", "127.0.0.1", 1, "128.0.0.1", 1, 0, false},
    {"the first byte outweighs the last", "1.0.0.255", 1, "2.0.0.0", 1, 0, false},
    {"one address, lower port first", "127.0.0.1", 80, "127.0.0.1", 40000, 0, false},
    {"one address, higher port first", "127.0.0.1", 40000, "127.0.0.1", 80, 1, false},
    {"ports compare as numbers", "127.0.0.1", 255, "127.0.0.1", 256, 0, false},
    {"a socket with itself", "127.0.0.1", 40000, "127.0.0.1", 40000, 0, true},
    {"one port, two addresses", "127.0.0.1", 53, "127.0.0.2", 53, 0, false},
    {"IPv6, lower first", "::1", 40000, "::2", 80, 0, false},
    {"IPv6, higher first", "fe80::2", 80, "fe80::1", 40000, 1, false},
    {"IPv6, differ in the first byte", "1000::", 1, "2000::", 1, 0, false},
    {"IPv6, a socket with itself", "::1", 7, "::1", 7, 0, true},
};

static void check_order_row(void **state)
{
    const struct order_row *row = *state;
    struct tuple there = make_tuple(row->from, row->from_port, row->to, row->to_port);
    struct tuple back = make_tuple(row->to, row->to_port, row->from, row->from_port);
    assert_int_equal(tuple_canonicalize(&there), row->direction);
    assert_int_equal(tuple_canonicalize(&back), row->self ? 0 : !row->direction);
    assert_true(tuple_equal(&there, &back));
    assert_int_equal(there.port[row->direction], row->from_port);
    assert_int_equal(there.port[!row->direction], row->to_port);
    assert_int_equal(tuple_is_self(&there), row->self);
    /* What is in order stays. */
    assert_int_equal(tuple_canonicalize(&there), 0);
    assert_true(tuple_equal(&there, &back));
}

struct written_row {
    const char *name;
    const char *address;
    uint16_t port;
    const char *expected_address;
    const char *expected_endpoint;
};

static const struct written_row written_rows[] = {
    {"written: IPv4", "127.0.0.1", 80, "127.0.0.1", "127.0.0.1:80"},
    {"written: IPv4, longest", "255.255.255.255", 65535, "255.255.255.255",
     "255.255.255.255:65535"},
    {"written: port 0", "0.0.0.0", 0, "0.0.0.0", "0.0.0.0:0"},
    {"written: IPv6 loopback", "::1", 8080, "::1", "[::1]:8080"},
    {"written: IPv6 any", "::", 1, "::", "[::]:1"},
    {"written: IPv6, longest run of zeros", "2001:db8:0:0:1:0:0:0", 1,
     "2001:db8:0:0:1::", "[2001:db8:0:0:1::]:1"},
    {"written: IPv6, lower case", "2001:DB8::ABCD", 1, "2001:db8::abcd", "[2001:db8::abcd]:1"},
    {"written: IPv6, full", "1111:2222:3333:4444:5555:6666:7777:8888", 65535,
     "1111:2222:3333:4444:5555:6666:7777:8888", "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
    {"written: mapped stays IPv6", "::ffff:127.0.0.1", 80, "::ffff:127.0.0.1",
     "[::ffff:127.0.0.1]:80"},
};

static void check_written_row(void **state)
{
    const struct written_row *row = *state;
    struct tuple tuple = make_tuple(row->address, row->port, row->address, row->port);
    char buffer[64];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_address(&text, &tuple.address[0], tuple.family);
    assert_string_equal(buffer, row->expected_address);
    text = text_begin(buffer, sizeof buffer);
    text_add_endpoint(&text, &tuple, 1);
    assert_string_equal(buffer, row->expected_endpoint);
    assert_false(text.cut);
}

static const struct kind_row {
    const char *name;
    const char *address;
    bool any, loopback;
} kind_rows[] = {
    {"kind: 127.0.0.1", "127.0.0.1", false, true},
    {"kind: the first of 127.0.0.0/8", "127.0.0.0", false, true},
    {"kind: the last of 127.0.0.0/8", "127.255.255.255", false, true},
    {"kind: below 127.0.0.0/8", "126.255.255.255", false, false},
    {"kind: above 127.0.0.0/8", "128.0.0.0", false, false},
    {"kind: IPv4 any", "0.0.0.0", true, false},
    {"kind: IPv4, nearly any", "0.0.0.1", false, false},
    {"kind: IPv6 loopback", "::1", false, true},
    {"kind: IPv6, ends as the loopback address", "1::1", false, false},
    {"kind: IPv6, an octet as that of 127.0.0.1", "::7f00:1", false, false},
    {"kind: IPv6 any", "::", true, false},
    {"kind: IPv6, nearly any", "1::", false, false},
};

static void check_kind_row(void **state)
{
    const struct kind_row *row = *state;
    struct tuple tuple = make_tuple(row->address, 1, row->address, 1);
    assert_int_equal(address_is_any(&tuple.address[0], tuple.family), row->any);
    assert_int_equal(address_is_loopback(&tuple.address[0], tuple.family), row->loopback);
}

static void test_every_byte_counts_in_equality(void **state)
{
    (void)state;
    const struct tuple one = make_tuple("127.0.0.1", 40000, "127.0.0.2", 80);
    for (size_t at = 0; at < sizeof one; at++) {
        struct tuple other = one;
        ((uint8_t *)&other)[at] ^= 1;
        assert_false(tuple_equal(&one, &other));
    }
    struct tuple same = one;
    assert_true(tuple_equal(&one, &same));
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, order_rows, check_order_row);
    ROWS_ADD(&set, written_rows, check_written_row);
    ROWS_ADD(&set, kind_rows, check_kind_row);
    ROWS_ADD_ONE(&set, test_every_byte_counts_in_equality);
    return rows_run(&set, "base_tuple");
}
