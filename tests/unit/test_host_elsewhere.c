#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "host/elsewhere.h"
#include "tests/support/loopback.h"

static struct netns *open_netns(void)
{
    struct err err;
    struct netns *netns = NULL;
    assert_int_equal(netns_open(&netns, &err), 0);
    return netns;
}

/* A process elsewhere; the test is skipped without the privilege to make one. */
static pid_t begin_elsewhere(bool lo_up)
{
    pid_t pid = loopback_elsewhere(lo_up);
    if (pid == 0)
        skip();
    return pid;
}

static void test_our_own(void **state)
{
    (void)state;
    struct stat status;
    struct netns *netns = open_netns();
    assert_int_equal(stat("/proc/self/ns/net", &status), 0);
    assert_int_equal(netns_own(netns), status.st_ino);
    assert_int_equal(netns_of(getpid()), status.st_ino);
    assert_int_equal(netns_of(1 << 30), 0);
    netns_close(netns);
}

/* Is a process among those of a namespace? */
static bool is_in(uint32_t inode, pid_t pid)
{
    static pid_t pids[65536];
    struct netns *netns = open_netns();
    size_t count = netns_processes(netns, inode, pids, sizeof pids / sizeof pids[0]);
    netns_close(netns);
    for (size_t at = 0; at < count; at++) {
        if (pids[at] == pid)
            return true;
    }
    return false;
}

static void test_they_are_told_apart(void **state)
{
    (void)state;
    pid_t first = begin_elsewhere(true), second = begin_elsewhere(false);
    struct netns *netns = open_netns();
    struct netns_place places[NETNS_MAX];
    unsigned seen[2] = {0, 0};
    size_t count = netns_list(netns, places, NETNS_MAX);
    for (size_t at = 0; at < count; at++) {
        assert_int_not_equal(places[at].inode, netns_own(netns));
        seen[0] += places[at].inode == netns_of(first);
        seen[1] += places[at].inode == netns_of(second);
    }
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], 1);
    assert_int_equal(netns_list(netns, places, 1), 1);
    assert_true(is_in(netns_of(first), first));
    assert_false(is_in(netns_of(first), second));
    assert_true(is_in(netns_own(netns), getpid()));
    loopback_kill(first);
    loopback_kill(second);
    netns_close(netns);
}

static int run_where(void *context)
{
    struct stat status;
    *(uint32_t *)context =
        stat("/proc/thread-self/ns/net", &status) == 0 ? (uint32_t)status.st_ino : 0;
    return 42;
}

static void test_there_and_back(void **state)
{
    (void)state;
    pid_t pid = begin_elsewhere(true);
    struct netns *netns = open_netns();
    struct netns_place place = {.inode = netns_of(pid), .pid = pid};
    uint32_t inside = 0, outside = 0;
    assert_true(netns_may_enter(netns));
    assert_int_equal(netns_run(netns, &place, run_where, &inside), 42);
    (void)run_where(&outside);
    assert_int_equal(inside, place.inode);
    assert_int_equal(outside, netns_own(netns));
    /* The number of the process is another one's by now. */
    place.pid = getpid();
    inside = 0;
    assert_true(netns_run(netns, &place, run_where, &inside) < 0);
    assert_int_equal(inside, 0);
    loopback_kill(pid);
    place.pid = pid;
    assert_true(netns_run(netns, &place, run_where, &inside) < 0);
    netns_close(netns);
}

/* Port 3000 of the other namespace may be listened on by others of this machine, too. */
static void test_a_listener(void **state)
{
    (void)state;
    struct host_elsewhere found;
    pid_t pid = begin_elsewhere(true);
    struct netns *netns = open_netns();
    assert_true(elsewhere_find(netns, 3000, &found));
    assert_int_equal(found.tuple.port[0], 3000);
    assert_int_not_equal(found.netns, netns_own(netns));
    if (found.netns == netns_of(pid)) {
        assert_int_equal(found.process.pid, pid);
        assert_int_equal(found.process.how, HOST_BY_SOCKET);
        assert_int_equal(strncmp(found.process.comm, "test_host_elsew", OWNER_COMM - 1), 0);
        assert_string_equal(found.name, "");
    }
    loopback_kill(pid);
    assert_false(elsewhere_find(netns, 1, &found));
    netns_close(netns);
}

/* A listener of our own is not elsewhere. */
static void test_not_our_own(void **state)
{
    (void)state;
    struct host_elsewhere found;
    struct netns *netns = open_netns();
    int fd = loopback_listen("127.0.0.1", 1);
    assert_false(elsewhere_find(netns, loopback_port(fd), &found));
    assert_int_equal(found.process.pid, 0);
    (void)close(fd);
    netns_close(netns);
}

/* As ip-netns(8) names one: by mounting it on a file. */
static void test_its_name(void **state)
{
    (void)state;
    char path[64], source[64];
    pid_t pid = begin_elsewhere(true);
    struct netns *netns = open_netns();
    struct netns_place places[NETNS_MAX];
    uint32_t inode = netns_of(pid);
    (void)mkdir("/run/netns", 0755);
    (void)snprintf(path, sizeof path, "/run/netns/loflow-test-%d", (int)getpid());
    (void)snprintf(source, sizeof source, "/proc/%d/ns/net", (int)pid);
    int fd = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool mounted = fd >= 0 && mount(source, path, NULL, MS_BIND, NULL) == 0;
    if (fd >= 0)
        (void)close(fd);
    const char *name = "";
    size_t count = netns_list(netns, places, NETNS_MAX);
    for (size_t at = 0; at < count; at++) {
        if (places[at].inode == inode)
            name = places[at].name;
    }
    bool named = strcmp(name, path + sizeof "/run/netns/" - 1) == 0;
    /* It outlives its process, and is found by its name alone. */
    loopback_kill(pid);
    uint32_t inside = 0;
    struct netns_place place = {.inode = inode};
    (void)snprintf(place.name, sizeof place.name, "%s", path + sizeof "/run/netns/" - 1);
    int result = netns_run(netns, &place, run_where, &inside);
    (void)umount2(path, MNT_DETACH);
    (void)unlink(path);
    netns_close(netns);
    if (!mounted)
        skip();
    assert_true(named);
    assert_int_equal(result, 42);
    assert_int_equal(inside, inode);
}

static void test_sockets_are_counted(void **state)
{
    (void)state;
    pid_t pid = begin_elsewhere(true);
    struct netns *netns = open_netns();
    struct host_count count;
    struct host_count_query query = {.states = 1u << SOCKET_LISTEN, .in_netns_of = pid};
    assert_true(elsewhere_count(netns, &query, &count));
    assert_int_equal(count.sockets, 1);
    assert_int_equal(count.local_low, 3000);
    assert_int_equal(count.local_high, 3000);
    assert_int_equal(count.example.state, SOCKET_LISTEN);
    query.local_port = 3001;
    assert_true(elsewhere_count(netns, &query, &count));
    assert_int_equal(count.sockets, 0);
    loopback_kill(pid);
    assert_false(elsewhere_count(netns, &query, &count));
    netns_close(netns);
}

/* The remote port that has at least so many connections, and none that has more. */
static void check_crowd(uint16_t port, uint32_t count)
{
    struct host_crowd crowds[HOST_CROWDS_MAX];
    struct netns *netns = open_netns();
    struct elsewhere_crowds ask = {.state = SOCKET_ESTABLISHED, .least = count};
    size_t found = elsewhere_crowds(netns, &ask, crowds, HOST_CROWDS_MAX);
    assert_true(ask.sockets >= count && ask.sockets < UINT32_MAX);
    size_t at = 0;
    while (at < found && crowds[at].remote_port != port)
        at++;
    assert_true(at < found);
    assert_int_equal(crowds[at].sockets, count);
    assert_int_equal(crowds[at].example.tuple.port[1], port);
    assert_true(crowds[at].example.inode != 0);
    ask.least = count + 1;
    found = elsewhere_crowds(netns, &ask, crowds, HOST_CROWDS_MAX);
    for (at = 0; at < found; at++)
        assert_int_not_equal(crowds[at].remote_port, port);
    ask.least = count;
    assert_int_equal(elsewhere_crowds(netns, &ask, crowds, 0), 0);
    netns_close(netns);
}

/* Connections of this namespace, of which one end has a port that is ours alone. */
static void test_sockets_of_our_own(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    int clients[COUNT];
    struct netns *netns = open_netns();
    struct host_count count;
    int listener = loopback_listen("127.0.0.1", COUNT);
    uint16_t port = loopback_port(listener), low = UINT16_MAX, high = 0;
    for (int at = 0; at < COUNT; at++) {
        clients[at] = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
        uint16_t own = loopback_port(clients[at]);
        low = own < low ? own : low;
        high = own > high ? own : high;
    }
    struct host_count_query query = {.states = 1u << SOCKET_ESTABLISHED, .remote_port = port};
    assert_true(elsewhere_count(netns, &query, &count));
    assert_int_equal(count.sockets, COUNT);
    assert_int_equal(count.local_low, low);
    assert_int_equal(count.local_high, high);
    assert_int_equal(count.example.tuple.port[1], port);
    query = (struct host_count_query){.local_port = port};
    assert_true(elsewhere_count(netns, &query, &count));
    assert_int_equal(count.sockets, COUNT + 1); /* and the listener */
    query = (struct host_count_query){.states = 1u << SOCKET_CLOSE_WAIT, .local_port = port};
    assert_true(elsewhere_count(netns, &query, &count));
    assert_int_equal(count.sockets, 0);
    check_crowd(port, COUNT);
    for (int at = 0; at < COUNT; at++)
        (void)close(clients[at]);
    (void)close(listener);
    netns_close(netns);
}

/* What does the namespace of a process have? */
static const struct address_row {
    const char *name;
    const char *address;
    bool elsewhere, lo_up;
    bool has;
} address_rows[] = {
    {"loopback", "127.0.0.1", false, false, true},
    {"of the loopback's net", "127.9.8.7", false, false, true},
    {"of another machine, RFC 5737", "192.0.2.1", false, false, false},
    {"none", "0.0.0.0", false, false, false},
    {"loopback elsewhere", "127.0.0.1", true, true, true},
    {"of the loopback's net elsewhere", "127.9.8.7", true, true, true},
    {"loopback elsewhere, lo down", "127.0.0.1", true, false, false},
    {"IPv6 elsewhere, lo down", "::1", true, false, false},
    {"of another machine, RFC 3849", "2001:db8::1", true, true, false},
};

static void check_address(void **state)
{
    const struct address_row *row = *state;
    pid_t pid = row->elsewhere ? begin_elsewhere(row->lo_up) : 0;
    struct netns *netns = open_netns();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, row->address, 0, 0);
    assert_int_equal(elsewhere_has_address(netns, &tuple.address[0], tuple.family, pid), row->has);
    if (pid != 0)
        loopback_kill(pid);
    netns_close(netns);
}

static int run_write(void *context)
{
    (void)context;
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");
    if (!range)
        return -1;
    int written = fprintf(range, "20000 20009\n");
    FILE *first = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "we");
    int failed = fclose(range) != 0 || written < 0 || !first || fprintf(first, "80\n") < 0;
    return (first && fclose(first) != 0) || failed ? -1 : 0;
}

/* Settings are read inside: each namespace has its own. */
static void test_settings(void **state)
{
    (void)state;
    pid_t down = begin_elsewhere(false), up = begin_elsewhere(true);
    struct netns *netns = open_netns();
    struct host_net own, again, inside;
    assert_true(elsewhere_net(netns, 0, &own));
    assert_true(own.lo_up);
    assert_true(own.ephemeral_low <= own.ephemeral_high && own.ephemeral_low > 0);
    assert_true(elsewhere_net(netns, down, &inside));
    assert_false(inside.lo_up);
    assert_false(inside.ipv6_on_lo);
    struct netns_place place = {.inode = netns_of(up), .pid = up};
    bool written = netns_run(netns, &place, run_write, NULL) == 0;
    assert_true(elsewhere_net(netns, up, &inside));
    assert_true(inside.lo_up);
    if (written) {
        assert_int_equal(inside.ephemeral_low, 20000);
        assert_int_equal(inside.ephemeral_high, 20009);
        assert_int_equal(inside.first_unprivileged, 80);
    }
    assert_true(elsewhere_net(netns, getpid(), &again));
    assert_int_equal(again.ephemeral_low, own.ephemeral_low);
    assert_int_equal(again.first_unprivileged, own.first_unprivileged);
    loopback_kill(up);
    loopback_kill(down);
    assert_false(elsewhere_net(netns, up, &inside));
    netns_close(netns);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_our_own);
    ROWS_ADD_ONE(&set, test_they_are_told_apart);
    ROWS_ADD_ONE(&set, test_there_and_back);
    ROWS_ADD_ONE(&set, test_a_listener);
    ROWS_ADD_ONE(&set, test_not_our_own);
    ROWS_ADD_ONE(&set, test_its_name);
    ROWS_ADD_ONE(&set, test_sockets_are_counted);
    ROWS_ADD_ONE(&set, test_sockets_of_our_own);
    ROWS_ADD(&set, address_rows, check_address);
    ROWS_ADD_ONE(&set, test_settings);
    return rows_run(&set, "host_elsewhere");
}
