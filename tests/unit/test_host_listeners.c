#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "host/listeners.h"
#include "tests/support/loopback.h"

/* Times are made up: the listeners take them as they come. */
#define BEGIN_NS (INT64_C(1700000000) * CLOCK_NS_PER_S)
#define MS(n)    (BEGIN_NS + (n)*CLOCK_NS_PER_MS)

#define HISTORY 20000u

struct world {
    struct holders *holders;
    struct listeners *listeners;
};

static void open_world(struct world *world)
{
    struct err err;
    assert_int_equal(holders_open(&world->holders, HOLDERS_ASK_NS, &err), 0);
    assert_int_equal(listeners_open(&world->listeners, world->holders, BEGIN_NS, &err), 0);
}

static void close_world(struct world *world)
{
    listeners_close(world->listeners);
    holders_close(world->holders);
}

static size_t place_of(const struct world *world, uint16_t port)
{
    size_t n = 0;
    const struct host_listener *listener = listeners_at(world->listeners, 0);
    for (; listener; listener = listeners_at(world->listeners, ++n)) {
        if (listener->socket.tuple.port[0] == port)
            break;
    }
    return n;
}

static const struct host_listener *find(const struct world *world, uint16_t port)
{
    return listeners_at(world->listeners, place_of(world, port));
}

static void refresh(const struct world *world, int64_t now_ns)
{
    listeners_refresh(world->listeners, now_ns, 0);
}

static void note_by(const struct world *world, enum trace_kind kind, uint16_t port, pid_t pid,
                    int64_t time_ns)
{
    struct trace_event event = {.kind = (uint8_t)kind,
                                .time_ns = time_ns,
                                .pid = pid,
                                .tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", port, 0),
                                .comm = "made-up"};
    listeners_note(world->listeners, &event);
}

static void note(const struct world *world, enum trace_kind kind, uint16_t port, int64_t time_ns)
{
    note_by(world, kind, port, getpid(), time_ns);
}

static void test_seen_by_looks(void **state)
{
    (void)state;
    struct world world;
    int old = loopback_listen("127.0.0.1", 1);
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd), old_port = loopback_port(old);
    assert_null(find(&world, port));
    assert_int_equal(find(&world, old_port)->opened_ns, 0);
    refresh(&world, MS(100));
    assert_int_equal(find(&world, port)->opened_ns, MS(100));
    assert_null(listeners_past(world.listeners, port));
    assert_true(listeners_find_holders(world.listeners, INT64_MAX));
    assert_int_equal(find(&world, port)->process.pid, getpid());
    assert_int_equal(find(&world, port)->holders, 1);
    (void)close(fd);
    (void)close(old);
    refresh(&world, MS(200));
    assert_null(find(&world, port));
    const struct host_past *past = listeners_past(world.listeners, port);
    assert_int_equal(past->process.pid, getpid());
    assert_int_equal(past->process.how, HOST_BY_SOCKET);
    assert_int_equal(past->opened_ns, MS(100));
    assert_int_equal(past->closed_ns, MS(200));
    assert_int_equal(past->exited_ns, 0);
    assert_int_equal(listeners_past(world.listeners, old_port)->opened_ns, 0);
    close_world(&world);
}

/* A look is as old as it may be, unless something happened. */
static void test_when_it_is_looked(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    listeners_refresh(world.listeners, MS(4), 5 * CLOCK_NS_PER_MS);
    assert_null(find(&world, port));
    listeners_refresh(world.listeners, MS(5), 5 * CLOCK_NS_PER_MS);
    assert_non_null(find(&world, port));
    (void)close(fd);
    note(&world, TRACE_UNLISTEN, port, MS(6));
    listeners_refresh(world.listeners, MS(6), 5 * CLOCK_NS_PER_MS);
    assert_null(find(&world, port));
    close_world(&world);
}

/* An event tells when, and who. */
static void test_opened_by_event(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    note(&world, TRACE_LISTEN, port, MS(50));
    refresh(&world, MS(100));
    const struct host_listener *listener = find(&world, port);
    assert_int_equal(listener->opened_ns, MS(50));
    assert_int_equal(listener->opener.pid, getpid());
    assert_int_equal(listener->opener.how, HOST_BY_TRACER);
    assert_string_equal(listener->opener.comm, "made-up");
    (void)close(fd);
    note(&world, TRACE_UNLISTEN, port, MS(150));
    refresh(&world, MS(200));
    const struct host_past *past = listeners_past(world.listeners, port);
    assert_int_equal(past->opened_ns, MS(50));
    assert_int_equal(past->closed_ns, MS(150));
    /* Its holders were not looked for: who called listen stands in. */
    assert_int_equal(past->process.pid, getpid());
    assert_int_equal(past->process.how, HOST_BY_TRACER);
    close_world(&world);
}

/* The look came before the events were read. */
static void test_events_that_are_late(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    refresh(&world, MS(100));
    note(&world, TRACE_LISTEN, port, MS(50));
    refresh(&world, MS(110));
    assert_int_equal(find(&world, port)->opened_ns, MS(50));
    assert_int_equal(find(&world, port)->opener.pid, getpid());
    (void)close(fd);
    refresh(&world, MS(200));
    assert_int_equal(listeners_past(world.listeners, port)->closed_ns, MS(200));
    note(&world, TRACE_UNLISTEN, port, MS(150));
    assert_int_equal(listeners_past(world.listeners, port)->closed_ns, MS(150));
    close_world(&world);
}

/* Two looks see it come and go; when its events are read: before the second look, or behind it. */
static void test_events_read_late(void **state)
{
    (void)state;
    for (int behind = 0; behind < 2; behind++) {
        struct world world;
        open_world(&world);
        int fd = loopback_listen("127.0.0.1", 1);
        uint16_t port = loopback_port(fd);
        refresh(&world, MS(100));
        (void)close(fd);
        for (int step = 0; step < 2; step++) {
            if (step == behind) {
                note(&world, TRACE_LISTEN, port, MS(99));
                note(&world, TRACE_UNLISTEN, port, MS(150));
            } else {
                refresh(&world, MS(200));
            }
        }
        refresh(&world, MS(300));
        const struct host_past *past = listeners_past(world.listeners, port);
        assert_int_equal(past->process.pid, getpid());
        assert_int_equal(past->process.how, HOST_BY_TRACER);
        assert_int_equal(past->opened_ns, MS(99));
        assert_int_equal(past->closed_ns, MS(150));
        close_world(&world);
    }
}

/* The same, but for the event of its end: a look comes in between. */
static void test_opened_late_and_left(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    refresh(&world, MS(100));
    note(&world, TRACE_LISTEN, port, MS(99));
    (void)close(fd);
    refresh(&world, MS(200));
    assert_int_equal(listeners_past(world.listeners, port)->process.pid, getpid());
    close_world(&world);
}

/* Opened and closed, and no look between. */
static const struct unseen_row {
    const char *name;
    int64_t lived_ns;
    bool told;
} unseen_rows[] = {
    {"a listen that failed", 10 * CLOCK_NS_PER_US, false},
    {"just too short", LISTENERS_LEAST_NS - 1, false},
    {"long enough", LISTENERS_LEAST_NS, true},
    {"a while", 40 * CLOCK_NS_PER_MS, true},
};

static void check_unseen(void **state)
{
    const struct unseen_row *row = *state;
    struct world world;
    const uint16_t port = 1; /* nobody listens there */
    open_world(&world);
    note(&world, TRACE_LISTEN, port, MS(50));
    note(&world, TRACE_UNLISTEN, port, MS(50) + row->lived_ns);
    refresh(&world, MS(100));
    const struct host_past *past = listeners_past(world.listeners, port);
    assert_int_equal(past != NULL, row->told);
    if (past) {
        assert_int_equal(past->opened_ns, MS(50));
        assert_int_equal(past->closed_ns, MS(50) + row->lived_ns);
        assert_int_equal(past->process.pid, getpid());
    }
    close_world(&world);
}

/* A second program's listen(2) fails: the first one's listener goes on as it was. */
static void test_a_failed_listen_beside(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    note(&world, TRACE_LISTEN, port, MS(50));
    refresh(&world, MS(60));
    note_by(&world, TRACE_LISTEN, port, 1, MS(70));
    note_by(&world, TRACE_UNLISTEN, port, 1, MS(70) + 10000);
    refresh(&world, MS(80));
    assert_int_equal(find(&world, port)->opened_ns, MS(50));
    assert_int_equal(find(&world, port)->opener.pid, getpid());
    assert_null(listeners_past(world.listeners, port));
    (void)close(fd);
    close_world(&world);
}

static int listen_shared(uint16_t port)
{
    const int yes = 1;
    struct sockaddr_storage name;
    socklen_t len = loopback_name(&name, AF_INET, "127.0.0.1", port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* Listeners on the port whose opener is known. */
static unsigned count_opened(const struct world *world, uint16_t port)
{
    unsigned count = 0;
    for (size_t n = 0; listeners_at(world->listeners, n); n++) {
        const struct host_listener *listener = listeners_at(world->listeners, n);
        count += listener->socket.tuple.port[0] == port && listener->opener.pid != 0;
    }
    return count;
}

/* Two listeners at one end, opened by two processes between two looks: each to its holder. */
static void test_two_at_one_end(void **state)
{
    (void)state;
    struct world world;
    struct stat status;
    open_world(&world);
    int first = listen_shared(0);
    uint16_t port = loopback_port(first);
    int second = listen_shared(port);
    assert_int_equal(fstat(second, &status), 0);
    pid_t child = loopback_sleeper();
    (void)close(second); /* the child has it, and this process has the first one */
    note_by(&world, TRACE_LISTEN, port, getpid(), MS(50));
    note_by(&world, TRACE_LISTEN, port, child, MS(51));
    int64_t until_ns = 0;
    do {
        refresh(&world, MS(100)); /* one look may have no time for both */
    } while (count_opened(&world, port) < 2 && loopback_await(&until_ns));
    assert_int_equal(count_opened(&world, port), 2);
    /* The child has inherited the first one, too. */
    for (size_t n = 0; listeners_at(world.listeners, n); n++) {
        const struct host_listener *listener = listeners_at(world.listeners, n);
        if (listener->socket.inode == (uint32_t)status.st_ino)
            assert_int_equal(listener->opener.pid, child);
    }
    loopback_kill(child);
    (void)close(first);
    close_world(&world);
}

/* Who opened it has passed it on and is gone. */
static void test_an_opener_that_is_gone(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    note_by(&world, TRACE_LISTEN, port, 1 << 30, MS(50));
    refresh(&world, MS(100));
    (void)listeners_find_holders(world.listeners, INT64_MAX);
    assert_int_equal(find(&world, port)->opener.pid, 1 << 30);
    assert_int_equal(find(&world, port)->process.pid, getpid());
    (void)close(fd);
    close_world(&world);
}

static uint32_t most(const struct world *world, uint16_t port, int64_t now_ns)
{
    return listeners_queue_most(world->listeners, place_of(world, port), now_ns);
}

/* Three wait, one is accepted, and ten seconds later it is forgotten. */
static void test_the_longest_queue(void **state)
{
    (void)state;
    struct world world;
    int clients[3], server = -1;
    open_world(&world);
    int fd = loopback_listen("127.0.0.1", 5);
    uint16_t port = loopback_port(fd);
    refresh(&world, MS(0));
    assert_int_equal(most(&world, port, MS(0)), 0);
    for (int at = 0; at < 3; at++)
        clients[at] = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    refresh(&world, MS(100));
    assert_int_equal(find(&world, port)->socket.queue, 3);
    assert_int_equal(find(&world, port)->socket.queue_limit, 5);
    server = accept(fd, NULL, NULL);
    refresh(&world, MS(2500));
    assert_int_equal(find(&world, port)->socket.queue, 2);
    assert_int_equal(most(&world, port, MS(2500)), 3);
    assert_int_equal(most(&world, port, MS(9900)), 3);
    assert_int_equal(most(&world, port, MS(10000)), 2);
    assert_int_equal(most(&world, port, MS(60000)), 2);
    for (int at = 0; at < 3; at++)
        (void)close(clients[at]);
    (void)close(server);
    (void)close(fd);
    close_world(&world);
}

/* The past is bounded, and the one that went last is told. */
static void test_the_past_is_written_over(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    for (unsigned at = 0; at < LISTENERS_PAST + 1; at++) {
        uint16_t port = at == 0 ? 1 : at == 1 ? 2 : 3;
        note(&world, TRACE_LISTEN, port, MS(100 + at * 10));
        note(&world, TRACE_UNLISTEN, port, MS(105 + at * 10));
    }
    assert_null(listeners_past(world.listeners, 1));
    assert_non_null(listeners_past(world.listeners, 2));
    assert_int_equal(listeners_past(world.listeners, 3)->closed_ns, MS(105 + LISTENERS_PAST * 10));
    close_world(&world);
}

/* A history of as many as LOFLOW_LISTENERS says, each opened and closed and opened anew by somebody else. What is
 * kept of it is bounded, and so is the time that each costs; what is kept no longer is counted. */
static void test_a_long_history(void **state)
{
    (void)state;
    struct world world;
    const char *wanted = getenv("LOFLOW_LISTENERS");
    uint64_t count = wanted ? strtoull(wanted, NULL, 10) : HISTORY;
    struct rusage before, after;
    assert_true(count > 0 && count < INT32_MAX / 2);
    open_world(&world);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    int64_t begin_ns = clock_thread_ns();
    for (uint64_t at = 0; at < count; at++) {
        uint16_t port = (uint16_t)(1024 + at % 60000);
        int64_t now_ns = MS((int64_t)at * 3);
        note_by(&world, TRACE_LISTEN, port, (pid_t)(1000 + at), now_ns);
        note_by(&world, TRACE_UNLISTEN, port, (pid_t)(1000 + at), now_ns + 2 * CLOCK_NS_PER_MS);
        if (at % 100 == 0)
            refresh(&world, now_ns);
    }
    int64_t spent_ns = clock_thread_ns() - begin_ns;
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    /* Others on this machine may have stopped listening, too. */
    assert_true(listeners_past_count(world.listeners) >= count);
    size_t kept = 0;
    bool is_latest_told = false;
    const struct host_past *past = NULL;
    for (; (past = listeners_past_at(world.listeners, kept)); kept++)
        is_latest_told |= past->process.pid == (pid_t)(1000 + count - 1) &&
                          past->closed_ns == MS((int64_t)(count - 1) * 3 + 2);
    assert_int_equal(kept, LISTENERS_PAST);
    assert_true(is_latest_told);
    assert_true(after.ru_maxrss - before.ru_maxrss < 4096); /* KiB */
    assert_true(spent_ns < (int64_t)count * 100000);
    if (wanted)
        print_message("%llu listeners: %.0f ns each, %ld KiB more\n", (unsigned long long)count,
                      (double)spent_ns / (double)count, after.ru_maxrss - before.ru_maxrss);
    close_world(&world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_seen_by_looks);
    ROWS_ADD_ONE(&set, test_when_it_is_looked);
    ROWS_ADD_ONE(&set, test_opened_by_event);
    ROWS_ADD_ONE(&set, test_events_that_are_late);
    ROWS_ADD_ONE(&set, test_events_read_late);
    ROWS_ADD_ONE(&set, test_opened_late_and_left);
    ROWS_ADD(&set, unseen_rows, check_unseen);
    ROWS_ADD_ONE(&set, test_a_failed_listen_beside);
    ROWS_ADD_ONE(&set, test_two_at_one_end);
    ROWS_ADD_ONE(&set, test_an_opener_that_is_gone);
    ROWS_ADD_ONE(&set, test_the_longest_queue);
    ROWS_ADD_ONE(&set, test_the_past_is_written_over);
    ROWS_ADD_ONE(&set, test_a_long_history);
    return rows_run(&set, "host_listeners");
}
