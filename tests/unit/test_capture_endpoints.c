/* Capture filters, asked about the ends of kernel events. */
#include "capture/endpoints.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/support/rows.h"

static const struct row {
    const char *name;
    const char *filter;
    const char *address[2];
    uint16_t port[2];
    enum ip_protocol protocol;
    bool passes;
} rows[] = {
    {"nothing asked", "", {"127.0.0.1", "127.0.0.1"}, {1, 2}, PROTOCOL_TCP, true},
    {"the server's port",
     "port 3000",
     {"127.0.0.1", "127.0.0.1"},
     {41234, 3000},
     PROTOCOL_TCP,
     true},
    {"the client's port",
     "port 41234",
     {"127.0.0.1", "127.0.0.1"},
     {41234, 3000},
     PROTOCOL_TCP,
     true},
    {"another port", "port 3001", {"127.0.0.1", "127.0.0.1"}, {41234, 3000}, PROTOCOL_TCP, false},
    {"a listener alone", "tcp port 3000", {"0.0.0.0", "0.0.0.0"}, {3000, 0}, PROTOCOL_TCP, true},
    {"either direction",
     "dst port 3000",
     {"127.0.0.1", "127.0.0.1"},
     {3000, 41234},
     PROTOCOL_TCP,
     true},
    {"IPv6", "ip6 and port 3000", {"::1", "::1"}, {41234, 3000}, PROTOCOL_TCP, true},
    {"IPv6 host", "host ::1", {"::1", "::1"}, {41234, 3000}, PROTOCOL_TCP, true},
    {"IPv4 only", "ip", {"::1", "::1"}, {41234, 3000}, PROTOCOL_TCP, false},
    {"the wrong protocol", "udp", {"127.0.0.1", "127.0.0.1"}, {1, 2}, PROTOCOL_TCP, false},
    {"UDP", "udp port 53", {"127.0.0.1", "127.0.0.53"}, {1, 53}, PROTOCOL_UDP, true},
    {"flags", "tcp[13] & 2 != 0", {"127.0.0.1", "127.0.0.1"}, {1, 2}, PROTOCOL_TCP, true},
    {"what no end can answer",
     "ether host 1:2:3:4:5:6",
     {"127.0.0.1", "127.0.0.1"},
     {1, 2},
     PROTOCOL_TCP,
     true},
};

static void check(void **state)
{
    const struct row *row = *state;
    struct tuple tuple = {.protocol = (uint8_t)row->protocol};
    struct endpoints *endpoints = NULL;
    struct err err;
    for (unsigned end = 0; end < 2; end++) {
        uint8_t octets[16];
        bool is_ipv6 = strchr(row->address[end], ':') != NULL;
        assert_int_equal(inet_pton(is_ipv6 ? AF_INET6 : AF_INET, row->address[end], octets), 1);
        tuple.family = is_ipv6 ? 6 : 4;
        tuple.address[end] = is_ipv6 ? address_from_ipv6(octets) : address_from_ipv4(octets);
        tuple.port[end] = row->port[end];
    }
    assert_int_equal(endpoints_open(&endpoints, row->filter, &err), 0);
    assert_int_equal(endpoints_pass(endpoints, &tuple), row->passes);
    endpoints_close(endpoints);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check);
    return rows_run(&set, "capture_endpoints");
}
