#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/wait.h>

#include "app/helper_process.h"
#include "host/sockets.h"
#include "tests/support/loopback.h"

static struct sockets *open_sockets(void)
{
    struct err err;
    struct sockets *sockets = NULL;
    assert_int_equal(sockets_open(&sockets, &err), 0);
    return sockets;
}

/* Would a listener take a connection to an address and port 80? */
static const struct fit_row {
    const char *name;
    const char *listens;
    uint32_t interface;
    uint16_t port;
    bool v6only;
    const char *tried;
    int fit;
} fit_rows[] = {
    {"its address", "127.0.0.1", 0, 80, false, "127.0.0.1", 3},
    {"its address of IPv6", "::1", 0, 80, false, "::1", 3},
    {"all addresses", "0.0.0.0", 0, 80, false, "127.0.0.1", 2},
    {"all addresses of IPv6", "::", 0, 80, false, "::1", 2},
    {"of both families", "::", 0, 80, false, "127.0.0.1", 1},
    {"of IPv6 only", "::", 0, 80, true, "127.0.0.1", 0},
    {"of IPv4, tried by IPv6", "0.0.0.0", 0, 80, false, "::1", 0},
    {"another address", "127.0.0.1", 0, 80, false, "127.0.0.2", 0},
    {"another port", "127.0.0.1", 0, 81, false, "127.0.0.1", 0},
    {"on lo", "0.0.0.0", SOCKETS_LOOPBACK, 80, false, "127.0.0.1", 2},
    {"on another interface", "0.0.0.0", SOCKETS_LOOPBACK + 1, 80, false, "127.0.0.1", 0},
    {"on another interface, whose address is tried", "0.0.0.0", SOCKETS_LOOPBACK + 1, 80, false,
     "192.0.2.1", 2},
};

static void check_fit(void **state)
{
    const struct fit_row *row = *state;
    struct host_socket listener = {
        .tuple = loopback_tuple(PROTOCOL_TCP, row->listens, row->port, 0),
        .interface = row->interface,
        .v6only = row->v6only,
        .state = SOCKET_LISTEN,
    };
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, row->tried, 1000, 80);
    assert_int_equal(socket_fit(&listener, &tuple, 1), row->fit);
}

/* A datagram from one port of an address to a socket that is bound. */
static const struct udp_row {
    const char *name;
    const char *bound;
    const char *address; /* that is called */
    bool found;
} udp_rows[] = {
    {"IPv4", "127.0.0.1", "127.0.0.1", true},
    {"IPv4, all addresses", "0.0.0.0", "127.0.0.1", true},
    {"IPv6", "::1", "::1", true},
    {"IPv4 to a socket of both families", "::", "127.0.0.1", true},
    {"another address", "127.0.0.1", "127.0.0.2", false},
    {"another family", "127.0.0.1", "::1", false},
};

static void check_udp(void **state)
{
    const struct udp_row *row = *state;
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int fd = loopback_bind(SOCK_DGRAM, row->bound, 0);
    uint16_t port = loopback_port(fd);
    struct tuple tuple = loopback_tuple(PROTOCOL_UDP, row->address, 9, port);
    assert_int_equal(sockets_find_udp(sockets, &tuple, 1, &found), row->found);
    if (row->found) {
        assert_int_equal(found.tuple.port[0], port);
        assert_int_equal(found.tuple.protocol, PROTOCOL_UDP);
        assert_true(found.inode != 0);
        assert_int_equal(found.drops, 0);
    }
    (void)close(fd);
    assert_false(sockets_find_udp(sockets, &tuple, 1, &found));
    sockets_close(sockets);
}

/* A socket that is connected takes only the datagrams of its peer. */
static void test_connected_udp(void **state)
{
    (void)state;
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int all = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
    uint16_t port = loopback_port(all);
    int client = loopback_connect(SOCK_DGRAM, "127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_UDP, "127.0.0.1", loopback_port(client), port);
    assert_true(sockets_find_udp(sockets, &tuple, 0, &found));
    assert_int_equal(found.state, SOCKET_ESTABLISHED);
    assert_int_equal(found.tuple.port[1], port);
    assert_true(sockets_find_udp(sockets, &tuple, 1, &found));
    assert_int_equal(found.state, SOCKET_CLOSE);
    tuple.port[1] ^= 1;
    assert_false(sockets_find_udp(sockets, &tuple, 0, &found));
    (void)close(client);
    (void)close(all);
    sockets_close(sockets);
}

static void test_datagrams_without_room(void **state)
{
    (void)state;
    char datagram[1000] = {0};
    const int least = 1;
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int server = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
    uint16_t port = loopback_port(server);
    assert_int_equal(setsockopt(server, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
    int client = loopback_connect(SOCK_DGRAM, "127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_UDP, "127.0.0.1", loopback_port(client), port);
    for (int at = 0; at < 50; at++)
        assert_int_equal(send(client, datagram, sizeof datagram, 0), sizeof datagram);
    assert_true(sockets_find_udp(sockets, &tuple, 1, &found));
    assert_in_range(found.drops, 30, 50);
    assert_true(found.queue > 0);
    (void)close(client);
    (void)close(server);
    sockets_close(sockets);
}

/* What the peer did not read waits in both queues. */
static void test_queues(void **state)
{
    (void)state;
    static char bytes[1 << 20];
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int listener = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(listener);
    int client = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", loopback_port(client), port);
    /* Not accepted: nobody holds it. */
    assert_true(sockets_find(sockets, &tuple, 1, &found));
    assert_int_equal(found.inode, 0);
    int server = accept(listener, NULL, NULL);
    assert_true(sockets_find(sockets, &tuple, 1, &found));
    assert_true(found.inode != 0);
    assert_int_equal(found.queue, 0);
    while (send(client, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
    assert_true(sockets_find(sockets, &tuple, 0, &found));
    assert_true(found.send_queue > 0);
    assert_int_equal(found.queue, 0);
    assert_true(sockets_find(sockets, &tuple, 1, &found));
    assert_true(found.queue > 0);
    assert_int_equal(found.send_queue, 0);
    (void)close(server);
    (void)close(client);
    (void)close(listener);
    sockets_close(sockets);
}

/* Who closed first waits: it is an end that nobody holds. */
static void test_time_wait(void **state)
{
    (void)state;
    struct host_socket found = {0};
    struct sockets *sockets = open_sockets();
    int listener = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(listener);
    int client = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", loopback_port(client), port);
    int server = accept(listener, NULL, NULL);
    (void)close(client);
    (void)close(server);
    int64_t until_ns = 0;
    while (!sockets_find(sockets, &tuple, 0, &found) || found.state != SOCKET_TIME_WAIT)
        assert_true(loopback_await(&until_ns));
    assert_int_equal(found.inode, 0);
    assert_false(sockets_find(sockets, &tuple, 1, &found));
    (void)close(listener);
    sockets_close(sockets);
}

/* A connection of IPv4 has IPv4's name, though its sockets are of IPv6. */
static void test_mapped_addresses(void **state)
{
    (void)state;
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int listener = loopback_listen("::", 1);
    uint16_t port = loopback_port(listener);
    int client = loopback_connect(SOCK_STREAM, "::ffff:127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", loopback_port(client), port);
    for (unsigned end = 0; end < 2; end++) {
        assert_true(sockets_find(sockets, &tuple, end, &found));
        assert_int_equal(found.tuple.family, 4);
        assert_memory_equal(&found.tuple.address[0], &tuple.address[0], sizeof(struct address));
        assert_memory_equal(&found.tuple.address[1], &tuple.address[1], sizeof(struct address));
    }
    (void)close(client);
    (void)close(listener);
    sockets_close(sockets);
}

/* Not found under the number 0, which stands for all interfaces. */
static void test_a_socket_bound_to_lo(void **state)
{
    (void)state;
    struct host_socket found;
    struct sockets *sockets = open_sockets();
    int listener = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(listener);
    int client = loopback_bind(SOCK_STREAM, "127.0.0.1", 0);
    struct sockaddr_storage name;
    socklen_t len = loopback_name(&name, AF_INET, "127.0.0.1", port);
    bool may = setsockopt(client, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0;
    assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", loopback_port(client), port);
    assert_true(sockets_find(sockets, &tuple, 0, &found));
    assert_int_equal(found.interface, may ? if_nametoindex("lo") : 0);
    (void)close(client);
    (void)close(listener);
    sockets_close(sockets);
}

struct seen {
    uint16_t port;
    unsigned count;
    struct host_socket last;
};

static void begin(void *context)
{
    ((struct seen *)context)->count = 0;
}

static void visit(void *context, const struct host_socket *socket)
{
    struct seen *seen = context;
    if (socket->tuple.port[0] != seen->port)
        return;
    seen->count++;
    seen->last = *socket;
}

/* A socket that is only bound, by what is asked for. */
static const struct bound_row {
    const char *name;
    uint32_t states;
    uint16_t off; /* added to its port */
    bool found;
} bound_rows[] = {
    {"asked for", 1u << SOCKET_BOUND_INACTIVE, 0, true},
    {"no connection", SOCKETS_ALL, 0, false},
    {"no listener", 1u << SOCKET_LISTEN, 0, false},
    {"another port", 1u << SOCKET_BOUND_INACTIVE, 1, false},
};

static void check_bound(void **state)
{
    const struct bound_row *row = *state;
    struct err err;
    struct sockets *sockets = open_sockets();
    int fd = loopback_bind(SOCK_STREAM, "127.0.0.1", 0);
    struct seen seen = {.port = loopback_port(fd)};
    const struct sockets_query query = {PROTOCOL_TCP, row->states, (uint16_t)(seen.port + row->off),
                                        0};
    const struct sockets_visitor visitor = {&seen, begin, visit};
    assert_int_equal(sockets_dump(sockets, &query, &visitor, &err), 0);
    assert_int_equal(seen.count, row->found && loopback_tells_bound());
    if (seen.count > 0)
        assert_int_equal(seen.last.state, SOCKET_BOUND_INACTIVE);
    (void)close(fd);
    sockets_close(sockets);
}

/* Who may send to such a socket, as the root of a container can in its namespace, is not heard: the kernel
 * refuses it. */
static void check_refused(uint32_t number)
{
    const struct sockaddr_nl ours = {.nl_family = AF_NETLINK, .nl_pid = number};
    const struct nlmsghdr forged = {.nlmsg_len = sizeof forged, .nlmsg_type = NLMSG_DONE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    assert_true(fd >= 0);
    ssize_t sent =
        sendto(fd, &forged, sizeof forged, 0, (const struct sockaddr *)&ours, sizeof ours);
    assert_int_equal(sent, -1);
    assert_true(errno == ECONNREFUSED || errno == EPERM);
    (void)close(fd);
}

/* The first netlink socket of a process has the process's number. */
static void test_only_the_kernel_is_heard(void **state)
{
    (void)state;
    struct sockets *sockets = open_sockets();
    check_refused((uint32_t)getpid());
    sockets_close(sockets);
}

/* What others send to a socket that the helper opened, whose number they know, before the first question. */
static const struct forged_row {
    const char *name;
    unsigned count;
    bool is_flood; /* then nothing need be told, but it comes to an end */
} forged_rows[] = {
    {"of others: nothing", 0, false},
    {"of others: an answer", 1, false},
    {"of others: more answers than are read over", 250, false},
    {"of others: a flood", 100000, true},
};

/* Of the netlink socket of this process. */
static uint32_t own_number(void)
{
    struct sockaddr_nl own = {.nl_family = AF_UNSPEC};
    for (int fd = 3; fd < 64; fd++) {
        socklen_t size = sizeof own;
        if (getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.nl_family == AF_NETLINK)
            return own.nl_pid;
    }
    return 0;
}

static void forge(uint32_t number, unsigned count)
{
    const struct sockaddr_nl theirs = {.nl_family = AF_NETLINK, .nl_pid = number};
    const struct nlmsghdr forged = {
        .nlmsg_len = sizeof forged, .nlmsg_type = NLMSG_DONE, .nlmsg_seq = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    assert_true(fd >= 0);
    for (unsigned at = 0; at < count; at++) {
        if (sendto(fd, &forged, sizeof forged, MSG_DONTWAIT, (const struct sockaddr *)&theirs,
                   sizeof theirs) < 0)
            break;
    }
    (void)close(fd);
}

static void check_forged(void **state)
{
    const struct forged_row *row = *state;
    struct err err = {0};
    struct helper *helper = NULL;
    struct sockets *sockets = NULL;
    const struct helper_plan plan = {.asks_host = true, .command = -1};
    int listener = loopback_listen("127.0.0.1", 1);
    struct seen seen = {.port = loopback_port(listener)};
    const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_LISTEN, seen.port, 0};
    const struct sockets_visitor visitor = {&seen, begin, visit};
    assert_int_equal(helper_open(&helper, &err), 0);
    assert_int_equal(helper_process_start(helper, &plan, &err), 0);
    assert_int_equal(sockets_open_by(&sockets, helper, NULL, &err), 0);
    forge(own_number(), row->count);
    int failed = sockets_dump(sockets, &query, &visitor, &err);
    assert_true(failed ? row->is_flood && err.text[0] : seen.count == 1);
    sockets_close(sockets);
    helper_close(helper);
    assert_true(wait(NULL) > 0);
    (void)close(listener);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, fit_rows, check_fit);
    ROWS_ADD(&set, udp_rows, check_udp);
    ROWS_ADD_ONE(&set, test_connected_udp);
    ROWS_ADD_ONE(&set, test_datagrams_without_room);
    ROWS_ADD_ONE(&set, test_queues);
    ROWS_ADD_ONE(&set, test_time_wait);
    ROWS_ADD_ONE(&set, test_mapped_addresses);
    ROWS_ADD_ONE(&set, test_a_socket_bound_to_lo);
    ROWS_ADD(&set, bound_rows, check_bound);
    ROWS_ADD_ONE(&set, test_only_the_kernel_is_heard);
    ROWS_ADD(&set, forged_rows, check_forged);
    return rows_run(&set, "host_sockets");
}
