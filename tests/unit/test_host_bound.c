/* Sockets that are bound and do not listen: those of the port that is asked for, and no others; and
 * those of UDP. */
#include "host/host.h"
#include "tests/support/loopback.h"

static int bind_any(int type, uint16_t *port)
{
    int fd = loopback_bind(type, "127.0.0.1", 0);
    *port = loopback_port(fd);
    return fd;
}

static void of_one_port(void **state)
{
    (void)state;
    struct host *host = NULL;
    struct err err;
    struct host_listener found[8];
    uint16_t one = 0, other = 0;
    int fds[] = {bind_any(SOCK_STREAM, &one), bind_any(SOCK_STREAM, &other)};
    assert_int_equal(host_open(&host, &(struct host_options){.trace = false}, &err), 0);
    size_t count = host_bound(host, one, found, 8);
    if (count == 0) /* before Linux 6.8 they are not told */
        skip();
    assert_int_equal(count, 1);
    assert_int_equal(found[0].socket.tuple.port[0], one);
    int64_t until_ns = 0;
    while (found[0].process.pid == 0 && loopback_await(&until_ns)) /* on a busy machine */
        assert_int_equal(host_bound(host, one, found, 8), 1);
    assert_int_equal(found[0].process.pid, getpid());
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(host_bound(host, one, found, 8), 0);
    assert_int_equal(host_bound(host, other, found, 8), 1);
    assert_int_equal(close(fds[1]), 0);
    host_close(host);
}

/* For UDP the kernel is asked the other way round. */
static void of_datagrams(void **state)
{
    (void)state;
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    struct host *host = NULL;
    struct err err;
    struct host_socket found;
    uint16_t port = 0;
    int fd = bind_any(SOCK_DGRAM, &port);
    assert_int_equal(host_open(&host, &(struct host_options){.trace = false}, &err), 0);
    struct tuple tuple = {.family = 4, .protocol = PROTOCOL_UDP, .port = {40000, port}};
    tuple.address[0] = tuple.address[1] = address_from_ipv4(loopback);
    assert_true(host_udp_socket(host, &tuple, 1, &found));
    assert_int_equal(found.tuple.port[0], port);
    assert_int_equal(close(fd), 0);
    assert_false(host_udp_socket(host, &tuple, 1, &found));
    host_close(host);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, of_one_port);
    ROWS_ADD_ONE(&set, of_datagrams);
    return rows_run(&set, "host_bound");
}
