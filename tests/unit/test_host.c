#include <fcntl.h>
#include <sys/stat.h>

#include "host/host.h"
#include "tests/support/loopback.h"

/* Enough for a walk in slices. After it they do nothing. */
#define WALK_TICKS 500

static struct host *open_host(void)
{
    struct err err;
    struct host *host = NULL;
    assert_int_equal(host_open(&host, &(struct host_options){.trace = false}, &err), 0);
    return host;
}

static void tick_a_walk(struct host *host)
{
    for (int tick = 0; tick < WALK_TICKS; tick++)
        host_tick(host, clock_wall_ns());
}

static void count_event(void *context, const struct trace_event *event)
{
    (void)event;
    ++*(unsigned *)context;
}

static void test_without_a_tracer(void **state)
{
    (void)state;
    unsigned events = 0;
    struct host_past past;
    struct trace_event event;
    struct host_drops drops;
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1, 2);
    struct host *host = open_host();
    assert_true(host_missing(host) & HOST_MISSING_TRACER);
    assert_string_equal(host_tracer_trouble(host), "");
    assert_int_equal(host_lost(host), 0);
    host_poll(host, count_event, &events);
    assert_int_equal(events, 0);
    assert_false(host_exited(host, getpid(), &past));
    assert_false(host_past_listener(host, 1, &past));
    assert_false(host_reset(host, &tuple, 0, 0, &event));
    assert_false(host_drops(host, &tuple, 0, 0, &drops));
    assert_int_not_equal(host_netns(host), 0);
    host_close(host);
    host_close(NULL);
}

static void test_listeners(void **state)
{
    (void)state;
    struct host_listener found[2];
    struct host *host = open_host();
    int fd = loopback_listen("127.0.0.1", 5);
    uint16_t port = loopback_port(fd);
    int64_t until_ns = 0;
    /* The last look is good for a moment, and on a busy machine processes come later. */
    while (host_listeners(host, port, found, 2) == 0 || found[0].process.pid == 0)
        assert_true(loopback_await(&until_ns));
    assert_int_equal(found[0].process.pid, getpid());
    assert_int_equal(found[0].holders, 1);
    assert_int_equal(found[0].socket.queue_limit, 5);
    assert_int_equal(found[0].opener.pid, 0);
    assert_true(found[0].opened_ns > 0);
    int client = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    until_ns = 0;
    while (found[0].socket.queue == 0) {
        assert_true(loopback_await(&until_ns));
        assert_int_equal(host_listeners(host, port, found, 2), 1);
    }
    assert_int_equal(found[0].queue_most, 1);
    /* Nobody listens on all: no more is written than there is room for. */
    assert_int_equal(host_listeners(host, port, found, 0), 0);
    tick_a_walk(host);
    (void)close(client);
    (void)close(fd);
    struct host_past past;
    until_ns = 0;
    while (!host_past_listener(host, port, &past))
        assert_true(loopback_await(&until_ns));
    assert_int_equal(past.process.pid, getpid());
    assert_int_equal(past.tuple.port[0], port);
    assert_int_equal(past.exited_ns, 0);
    assert_int_equal(host_listeners(host, port, found, 2), 0);
    host_close(host);
}

/* Holders are found by ticks, while they live. */
static void test_a_listener_whose_process_is_gone(void **state)
{
    (void)state;
    struct host_past past;
    struct host_listener found;
    struct host *host = open_host();
    int fd = loopback_listen("127.0.0.1", 5);
    uint16_t port = loopback_port(fd);
    pid_t child = loopback_sleeper();
    (void)close(fd);
    int64_t until_ns = 0;
    while (host_listeners(host, port, &found, 1) == 0)
        assert_true(loopback_await(&until_ns));
    tick_a_walk(host);
    loopback_kill(child);
    while (!host_past_listener(host, port, &past))
        assert_true(loopback_await(&until_ns));
    assert_int_equal(past.process.pid, child);
    assert_int_equal(strncmp(past.process.comm, "test_host", OWNER_COMM), 0);
    host_close(host);
}

static void test_bound(void **state)
{
    (void)state;
    struct host_listener found[2];
    struct host *host = open_host();
    int fd = loopback_bind(SOCK_STREAM, "127.0.0.1", 0);
    uint16_t port = loopback_port(fd);
    if (loopback_tells_bound()) {
        int64_t until_ns = 0;
        while (host_bound(host, port, found, 2) == 1 && found[0].process.pid == 0)
            assert_true(loopback_await(&until_ns));
        assert_int_equal(found[0].socket.state, SOCKET_BOUND_INACTIVE);
        assert_int_equal(found[0].process.pid, getpid());
        assert_int_equal(found[0].holders, 1);
        assert_int_equal(host_bound(host, port, found, 0), 0);
    }
    assert_int_equal(host_listeners(host, port, found, 2), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(host_bound(host, port, found, 2), 0);
    (void)close(fd);
    host_close(host);
}

static void test_a_client(void **state)
{
    (void)state;
    struct host_process process;
    struct host_socket socket;
    struct host *host = open_host();
    int listener = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(listener);
    int client = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", port, loopback_port(client));
    int64_t until_ns = 0;
    while (!host_client(host, &tuple, 1, &process))
        assert_true(loopback_await(&until_ns));
    assert_int_equal(process.pid, getpid());
    assert_int_equal(process.how, HOST_BY_SOCKET);
    assert_true(host_socket(host, &tuple, 1, &socket));
    until_ns = 0;
    while (host_holders(host, socket.inode, &process, 1) != 1)
        assert_true(loopback_await(&until_ns));
    /* The server's end was not accepted. */
    assert_true(host_socket(host, &tuple, 0, &socket));
    assert_int_equal(socket.inode, 0);
    assert_false(host_client(host, &tuple, 0, &process));
    (void)close(listener);
    (void)close(client);
    tuple.port[1] ^= 1;
    assert_false(host_client(host, &tuple, 1, &process));
    assert_false(host_socket(host, &tuple, 1, &socket));
    host_close(host);
}

static void test_udp(void **state)
{
    (void)state;
    struct host_socket socket;
    struct host *host = open_host();
    int fd = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
    struct tuple tuple = loopback_tuple(PROTOCOL_UDP, "127.0.0.1", 9, loopback_port(fd));
    assert_true(host_udp_socket(host, &tuple, 1, &socket));
    struct host_process process;
    int64_t until_ns = 0;
    while (host_holders(host, socket.inode, &process, 1) != 1)
        assert_true(loopback_await(&until_ns));
    assert_int_equal(process.pid, getpid());
    (void)close(fd);
    assert_false(host_udp_socket(host, &tuple, 1, &socket));
    host_close(host);
}

/* Is a listener on the port next to the one that was tried told? */
static const struct similar_row {
    const char *name;
    const char *listens, *tried;
    bool found;
} similar_rows[] = {
    {"of the address", "127.0.0.1", "127.0.0.1", true},
    {"of all addresses", "0.0.0.0", "127.0.0.1", true},
    {"of both families", "::", "127.0.0.1", true},
    {"of another address", "127.0.0.9", "127.0.0.1", false},
    {"of another family", "127.0.0.1", "::1", false},
};

/* A port of that address whose neighbours nobody listens on, as far as can be seen. */
static void check_similar(void **state)
{
    const struct similar_row *row = *state;
    struct host_listener found = {.holders = 0};
    struct host *host = open_host();
    int fd = loopback_listen(row->listens, 1);
    uint16_t port = loopback_port(fd);
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, row->tried, 9, (uint16_t)(port + 1));
    int64_t until_ns = 0;
    host_tick(host, clock_wall_ns() + CLOCK_NS_PER_S);
    bool told = host_similar_port(host, &tuple, 1, &found);
    while (row->found && (!told || found.socket.tuple.port[0] != port || found.process.pid == 0)) {
        assert_true(loopback_await(&until_ns));
        told = host_similar_port(host, &tuple, 1, &found);
    }
    if (row->found)
        assert_int_equal(found.process.pid, getpid());
    else
        assert_false(told && found.socket.tuple.port[0] == port);
    (void)close(fd);
    host_close(host);
}

static void test_activity(void **state)
{
    (void)state;
    struct host_activity activity;
    struct host *host = open_host();
    pid_t child = loopback_sleeper();
    int64_t until_ns = 0;
    assert_int_equal(kill(child, SIGSTOP), 0);
    while (!host_activity(host, child, &activity) || activity.state != 'T')
        assert_true(loopback_await(&until_ns));
    assert_int_equal(activity.parent, getpid());
    assert_int_equal(activity.user, geteuid());
    assert_true(activity.fd_count >= 3);
    assert_true(activity.fd_limit >= activity.fd_count);
    assert_true(activity.start > 0);
    assert_true(host_same_program(host, getpid(), child));
    loopback_kill(child);
    assert_false(host_activity(host, child, &activity));
    host_close(host);
}

static void test_other_namespaces(void **state)
{
    (void)state;
    struct host_elsewhere elsewhere;
    struct host_net net;
    struct host_count count;
    struct host *host = open_host();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1, 2);
    assert_true(host_net(host, 0, &net));
    assert_true(host_has_address(host, &tuple.address[0], 4, 0));
    assert_true(host_count(host, &(struct host_count_query){.local_port = 1}, &count));
    pid_t pid = loopback_elsewhere(true);
    if (pid == 0) {
        /* Without the privilege it is said so, and nothing is guessed. */
        assert_false(host_elsewhere(host, 3000, &elsewhere));
        assert_true(host_missing(host) & HOST_MISSING_NETNS);
        host_close(host);
        return;
    }
    assert_false(host_missing(host) & HOST_MISSING_NETNS);
    assert_true(host_elsewhere(host, 3000, &elsewhere));
    struct host_count_query query = {.states = 1u << SOCKET_LISTEN, .in_netns_of = pid};
    assert_true(host_count(host, &query, &count));
    assert_int_equal(count.sockets, 1);
    loopback_kill(pid);
    host_close(host);
}

static void test_interfaces(void **state)
{
    (void)state;
    char name[16 + 1];
    struct host *host = open_host();
    host_interface_name(host, host_loopback_index(), name);
    assert_string_equal(name, "lo");
    host_interface_name(host, 1 << 30, name);
    assert_string_equal(name, "");
    host_close(host);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_without_a_tracer);
    ROWS_ADD_ONE(&set, test_listeners);
    ROWS_ADD_ONE(&set, test_a_listener_whose_process_is_gone);
    ROWS_ADD_ONE(&set, test_bound);
    ROWS_ADD_ONE(&set, test_a_client);
    ROWS_ADD_ONE(&set, test_udp);
    ROWS_ADD(&set, similar_rows, check_similar);
    ROWS_ADD_ONE(&set, test_activity);
    ROWS_ADD_ONE(&set, test_other_namespaces);
    ROWS_ADD_ONE(&set, test_interfaces);
    return rows_run(&set, "host");
}
