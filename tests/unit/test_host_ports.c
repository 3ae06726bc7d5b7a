#include <errno.h>

#include "host/ports.h"
#include "tests/support/loopback.h"

/* Rows made up of words, and what is worth a second look about the first of them. */
struct made_row {
    const char *address; /* with a dot: IPv4 */
    uint16_t port;
    int pid; /* 0 unknown */
    const char *comm;
    bool v6only;
    uint32_t queue;
};

static const struct row {
    const char *name;
    struct made_row rows[3];
    uint32_t remarks; /* of the first */
} remark_rows[] = {
    {"a port for all", {{"0.0.0.0", 3000, 7, "node", false, 0}}, 0},
    {"only IPv4's loopback", {{"127.0.0.1", 3000, 7, "node", false, 0}}, 1u << PORT_LOOPBACK_V4},
    {"only IPv6's loopback", {{"::1", 3000, 7, "node", false, 0}}, 1u << PORT_LOOPBACK_V6},
    {"both loopbacks, one program",
     {{"127.0.0.1", 3000, 7, "node", false, 0}, {"::1", 3000, 7, "node", false, 0}},
     0},
    {"both loopbacks, two programs",
     {{"127.0.0.1", 3000, 7, "node", false, 0}, {"::1", 3000, 8, "vite", false, 0}},
     1u << PORT_SPLIT},
    {"a dual-stack socket beside",
     {{"127.0.0.1", 3000, 7, "node", false, 0}, {"::", 3000, 7, "node", false, 0}},
     0},
    {"an IPv6 socket that takes no IPv4", {{"::", 3000, 7, "node", true, 0}}, 0},
    {"two programs on one address",
     {{"0.0.0.0", 3000, 7, "node", false, 0}, {"0.0.0.0", 3000, 8, "vite", false, 0}},
     1u << PORT_SHARED},
    {"workers of one program",
     {{"0.0.0.0", 3000, 7, "nginx", false, 0}, {"0.0.0.0", 3000, 8, "nginx", false, 0}},
     0},
    {"an unknown program beside",
     {{"0.0.0.0", 3000, 7, "node", false, 0}, {"0.0.0.0", 3000, 0, "", false, 0}},
     0},
    {"the first of the clients' range",
     {{"0.0.0.0", 32768, 7, "node", false, 0}},
     1u << PORT_EPHEMERAL},
    {"the last of the clients' range",
     {{"0.0.0.0", 60999, 7, "node", false, 0}},
     1u << PORT_EPHEMERAL},
    {"just below the clients' range", {{"0.0.0.0", 32767, 7, "node", false, 0}}, 0},
    {"a queue that is as long as it may be", {{"0.0.0.0", 3000, 7, "node", false, 5}}, 0},
    {"a queue that is full", {{"0.0.0.0", 3000, 7, "node", false, 6}}, 1u << PORT_QUEUE_FULL},
};

static void make_row(struct port_row *row, struct owner *owner, const struct made_row *made)
{
    struct tuple *tuple = &row->socket.tuple;
    uint8_t octets[16];
    bool is_v4 = strchr(made->address, '.') != NULL;
    assert_int_equal(inet_pton(is_v4 ? AF_INET : AF_INET6, made->address, octets), 1);
    tuple->address[0] = is_v4 ? address_from_ipv4(octets) : address_from_ipv6(octets);
    tuple->family = is_v4 ? 4 : 6;
    tuple->protocol = PROTOCOL_TCP;
    tuple->port[0] = made->port;
    row->socket.state = SOCKET_LISTEN;
    row->socket.v6only = made->v6only;
    row->socket.queue = made->queue;
    row->socket.queue_limit = 5;
    if (made->pid == 0)
        return;
    owner->pid = made->pid;
    (void)strncpy(owner->comm, made->comm, OWNER_COMM);
    row->owner = owner;
    row->owner_count = 1;
}

static void check_remarks(void **state)
{
    const struct row *row = *state;
    struct port_row rows[3] = {0};
    struct owner owners[3] = {0};
    struct host_ports ports = {.rows = rows, .ephemeral_low = 32768, .ephemeral_high = 60999};
    while (ports.count < 3 && row->rows[ports.count].address) {
        make_row(&rows[ports.count], &owners[ports.count], &row->rows[ports.count]);
        ports.count++;
    }
    ports_remark(&ports);
    assert_int_equal(rows[0].remarks, row->remarks);
}

/* A listener of this test; returns its descriptor. */
static int listen_on(const char *address, uint16_t *port)
{
    int fd = loopback_listen(address, 3);
    *port = loopback_port(fd);
    return fd;
}

/* What the kernel says of a listener with two connections that wait, and of its process. */
static void test_a_listener_is_found(void **state)
{
    (void)state;
    struct err err;
    struct host_ports ports;
    uint16_t port = 0;
    int listener = listen_on("127.0.0.1", &port);
    int clients[2] = {loopback_connect(SOCK_STREAM, "127.0.0.1", port),
                      loopback_connect(SOCK_STREAM, "127.0.0.1", port)};
    assert_int_equal(ports_collect(&ports, port, NULL, &err), 0);
    assert_int_equal(ports.count, 1);
    const struct port_row *row = &ports.rows[0];
    assert_int_equal(row->socket.tuple.port[0], port);
    assert_int_equal(row->socket.tuple.family, 4);
    assert_int_equal(row->socket.state, SOCKET_LISTEN);
    assert_int_equal(row->socket.queue, 2);
    assert_int_equal(row->socket.queue_limit, 3);
    assert_int_equal(row->socket.user, getuid());
    assert_int_equal(row->connections, 2);
    assert_int_equal(row->owner_count, 1);
    assert_int_equal(row->owner->pid, getpid());
    assert_true(strncmp(row->owner->comm, "test_host_ports", OWNER_COMM - 1) == 0);
    assert_non_null(strstr(row->owner->command, "test_host_ports"));
    assert_true(row->remarks & 1u << PORT_LOOPBACK_V4);
    ports_free(&ports);
    (void)close(clients[0]);
    (void)close(clients[1]);
    (void)close(listener);
}

static void test_an_ipv6_listener_is_found(void **state)
{
    (void)state;
    struct err err;
    struct host_ports ports;
    uint16_t port = 0;
    int listener = listen_on("::1", &port);
    assert_int_equal(ports_collect(&ports, port, NULL, &err), 0);
    assert_int_equal(ports.count, 1);
    assert_int_equal(ports.rows[0].socket.tuple.family, 6);
    assert_true(ports.rows[0].remarks & 1u << PORT_LOOPBACK_V6);
    ports_free(&ports);
    (void)close(listener);
}

static void test_a_closed_listener_is_gone(void **state)
{
    (void)state;
    struct err err;
    struct host_ports ports;
    uint16_t port = 0;
    (void)close(listen_on("127.0.0.1", &port));
    assert_int_equal(ports_collect(&ports, port, NULL, &err), 0);
    assert_int_equal(ports.count, 0);
    ports_free(&ports);
}

/* One socket by two descriptors is one owner; another socket's owner is not taken for it. */
static void test_owners_count_once(void **state)
{
    (void)state;
    struct err err;
    struct host_ports ports;
    uint16_t port = 0, other_port = 0;
    int listener = listen_on("127.0.0.1", &port);
    int other = listen_on("127.0.0.1", &other_port);
    int copy = dup(listener);
    assert_int_equal(ports_collect(&ports, 0, NULL, &err), 0);
    for (size_t at = 0; at < ports.count; at++) {
        if (ports.rows[at].socket.tuple.port[0] != port)
            continue;
        assert_int_equal(ports.rows[at].owner_count, 1);
        size_t count = 99;
        assert_null(owners_of(&ports.owners, 1, &count));
        assert_int_equal(count, 0);
    }
    ports_free(&ports);
    (void)close(copy);
    (void)close(other);
    (void)close(listener);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, remark_rows, check_remarks);
    ROWS_ADD_ONE(&set, test_a_listener_is_found);
    ROWS_ADD_ONE(&set, test_an_ipv6_listener_is_found);
    ROWS_ADD_ONE(&set, test_a_closed_listener_is_gone);
    ROWS_ADD_ONE(&set, test_owners_count_once);
    return rows_run(&set, "host_ports");
}
