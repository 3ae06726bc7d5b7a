#include "tests/support/rows.h"

#include <arpa/inet.h>

#include "base/hash.h"

static const struct hash_key key = {{0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110,
                                     0x17161514, 0x1b1a1918, 0x1f1e1d1c, 0x23222120, 0x27262524}};

static struct tuple make_tuple(uint8_t family, const char *low, uint16_t low_port, const char *high,
                               uint16_t high_port)
{
    struct tuple tuple = {.port = {low_port, high_port}, .protocol = PROTOCOL_TCP};
    uint8_t octets[2][16];
    tuple.family = family;
    for (int end = 0; end < 2; end++) {
        const char *address = end ? high : low;
        assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, address, octets[end]), 1);
        tuple.address[end] =
            family == 4 ? address_from_ipv4(octets[end]) : address_from_ipv6(octets[end]);
    }
    return tuple;
}

/* From another implementation of the description in base/hash.h. */
struct value_row {
    const char *name;
    uint8_t family;
    const char *low;
    uint16_t low_port;
    const char *high;
    uint16_t high_port;
    uint8_t protocol;
    uint64_t expected;
};

static const struct value_row value_rows[] = {
    {"IPv4 TCP", 4, "127.0.0.1", 80, "127.0.0.1", 40000, PROTOCOL_TCP, 0x49b0accb44d1e192},
    {"IPv4 UDP", 4, "127.0.0.1", 80, "127.0.0.1", 40000, PROTOCOL_UDP, 0xa4eb54c3d172dd49},
    {"IPv6 loopback", 6, "::1", 80, "::1", 40000, PROTOCOL_TCP, 0x7bcd6a582e2b1bca},
    {"IPv6", 6, "2001:db8::1", 443, "2001:db8::2", 50000, PROTOCOL_TCP, 0x50ae460a99b90cf1},
};

static void check_value_row(void **state)
{
    const struct value_row *row = *state;
    struct tuple tuple =
        make_tuple(row->family, row->low, row->low_port, row->high, row->high_port);
    tuple.protocol = row->protocol;
    assert_true(hash_tuple(&key, &tuple) == row->expected);
}

/* Which bytes of a tuple the hash must depend on: all that can differ between two flows. */
struct depend_row {
    const char *name;
    uint8_t family;
    const char *address;
    size_t from, to;
};

static const struct depend_row depend_rows[] = {
    {"IPv4: one address", 4, "127.0.0.1", 12, 16},
    {"IPv4: the other address", 4, "127.0.0.1", 28, 32},
    {"IPv4: ports and protocol", 4, "127.0.0.1", 32, 37},
    {"IPv6: both addresses", 6, "2001:db8::1", 0, 32},
    {"IPv6: ports and protocol", 6, "2001:db8::1", 32, 37},
};

static void check_depend_row(void **state)
{
    const struct depend_row *row = *state;
    const struct tuple tuple = make_tuple(row->family, row->address, 80, row->address, 40000);
    uint64_t hash = hash_tuple(&key, &tuple);
    assert_true(hash == hash_tuple(&key, &tuple));
    for (size_t bit = row->from * 8; bit < row->to * 8; bit++) {
        struct tuple other = tuple;
        ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(hash_tuple(&key, &other) != hash);
    }
}

static void test_key_decides(void **state)
{
    (void)state;
    const struct tuple tuple = make_tuple(4, "127.0.0.1", 80, "127.0.0.1", 40000);
    for (int word = 0; word < 2; word++) {
        struct hash_key other = key;
        other.word[word] ^= 1;
        assert_true(hash_tuple(&other, &tuple) != hash_tuple(&key, &tuple));
    }
}

/* All ephemeral ports to one server, which is what loopback has: 1024 buckets of 64 on average. */
static void test_neighbouring_ports_spread(void **state)
{
    (void)state;
    static uint32_t low[1024], high[1024];
    struct tuple tuple = make_tuple(4, "127.0.0.1", 80, "127.0.0.1", 0);
    for (uint32_t port = 0; port < 65536; port++) {
        tuple.port[1] = (uint16_t)port;
        uint64_t hash = hash_tuple(&key, &tuple);
        low[hash & 1023]++;
        high[hash >> 54]++;
    }
    /* Six standard deviations of a random spread. */
    for (int bucket = 0; bucket < 1024; bucket++) {
        assert_in_range(low[bucket], 16, 112);
        assert_in_range(high[bucket], 16, 112);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, value_rows, check_value_row);
    ROWS_ADD(&set, depend_rows, check_depend_row);
    ROWS_ADD_ONE(&set, test_key_decides);
    ROWS_ADD_ONE(&set, test_neighbouring_ports_spread);
    return rows_run(&set, "base_hash");
}
