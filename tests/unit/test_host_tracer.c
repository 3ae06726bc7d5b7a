/* Connections, listeners, resets and ends of processes as the kernel tells them. */
#include "tests/support/tracing.h"

#include <signal.h>
#include <string.h>

static const struct row {
    const char *name;
    const char *address;
    const char *listens; /* where the server is */
    uint8_t family;
} rows[] = {
    {"IPv4", "127.0.0.1", "127.0.0.1", 4},
    {"IPv4, another address of lo", "127.8.9.10", "0.0.0.0", 4},
    {"IPv6", "::1", "::1", 6},
    {"IPv4 of a socket of both families", "::ffff:127.0.0.1", "::", 4},
};

static void check_address(const struct trace_event *event, unsigned end, const struct row *row)
{
    char text[64];
    struct text written = text_begin(text, sizeof text);
    text_add_address(&written, &event->tuple.address[end], event->tuple.family);
    assert_int_equal(event->tuple.family, row->family);
    assert_int_equal(event->tuple.protocol, PROTOCOL_TCP);
    assert_string_equal(text,
                        strncmp(row->address, "::ffff:", 7) == 0 ? row->address + 7 : row->address);
}

static void check_refused(void **state)
{
    const struct row *row = *state;
    struct watch *watch = watch_open();
    int taken = bound_socket(row->listens, SOCK_STREAM);
    int port = watch->port = port_of(taken);
    assert_int_equal(try_connect(row->address, port), ECONNREFUSED);
    struct trace_event over =
        watch_await(watch, &(struct wanted){TRACE_CONNECT, 0, {0, port}, getpid()}, NULL, NULL);
    check_is_mine(&over);
    check_address(&over, 1, row);
    assert_int_not_equal(over.tuple.port[0], 0);
    struct trace_event reset = watch_await(
        watch, &(struct wanted){TRACE_RESET, TRACE_RESET_NO_SOCKET, {port, over.tuple.port[0]}, 0},
        NULL, NULL);
    check_is_here(&reset);
    check_address(&reset, 0, row);
    assert_int_equal(reset.detail, 0);
    /* The same packet is dropped too, which says nothing new. */
    struct trace_event drop;
    assert_int_equal(watch_count(watch, &(struct wanted){TRACE_DROP, UNKNOWN, {0, port}, 0}, &drop),
                     0);
    (void)close(taken);
    watch_close(watch);
}

/* The life of a connection, ended by a server that leaves bytes unread. */
static void check_established(void **state)
{
    const struct row *row = *state;
    struct watch *watch = watch_open();
    int listener = listener_on(row->listens, 7);
    int port = watch->port = port_of(listener);
    struct trace_event event =
        watch_await(watch, &(struct wanted){TRACE_LISTEN, 7, {port, 0}, getpid()}, NULL, NULL);
    check_is_mine(&event);
    struct place place = place_of(row->address, port);
    int client = socket_for(&place, SOCK_STREAM);
    assert_int_equal(connect(client, (struct sockaddr *)&place.address, place.len), 0);
    /* cppcheck-suppress nullPointer ; accept4 takes no address, too */
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server >= 0);
    int from = port_of(client);
    event =
        watch_await(watch, &(struct wanted){TRACE_CONNECT, 1, {from, port}, getpid()}, NULL, NULL);
    check_is_mine(&event);
    check_address(&event, 1, row);
    assert_int_equal(send(client, "unread", 6, 0), 6);
    char byte;
    assert_int_equal(recv(server, &byte, 1, MSG_PEEK), 1);
    (void)close(server);
    event = watch_await(
        watch, &(struct wanted){TRACE_RESET, TRACE_RESET_ABORT_ON_CLOSE, {port, from}, getpid()},
        NULL, NULL);
    check_is_mine(&event);
    check_address(&event, 0, row);
    assert_int_equal(event.detail, 7); /* TCP_CLOSE */
    (void)close(listener);
    event =
        watch_await(watch, &(struct wanted){TRACE_UNLISTEN, 0, {port, 0}, getpid()}, NULL, NULL);
    check_is_mine(&event);
    (void)close(client);
    watch_close(watch);
}

static void test_linger_zero_is_told_by_its_state(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int listener = listener_on("127.0.0.1", 1);
    watch->port = port_of(listener);
    struct place place = place_of("127.0.0.1", watch->port);
    int client = socket_for(&place, SOCK_STREAM);
    assert_int_equal(connect(client, (struct sockaddr *)&place.address, place.len), 0);
    int from = port_of(client);
    const struct linger linger = {.l_onoff = 1};
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    (void)close(client);
    (void)watch_await(
        watch,
        &(struct wanted){TRACE_RESET, TRACE_RESET_TCP_STATE, {from, port_of(listener)}, getpid()},
        NULL, NULL);
    (void)close(listener);
    watch_close(watch);
}

static void test_a_socket_connects_to_itself(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int fd = bound_socket("127.0.0.1", SOCK_STREAM);
    int port = watch->port = port_of(fd);
    struct place place = place_of("127.0.0.1", port);
    assert_int_equal(connect(fd, (struct sockaddr *)&place.address, place.len), 0);
    struct trace_event event =
        watch_await(watch, &(struct wanted){TRACE_CONNECT, 1, {port, port}, getpid()}, NULL, NULL);
    check_is_mine(&event);
    assert_true(tuple_is_self(&event.tuple));
    (void)close(fd);
    watch_close(watch);
}

/* How a child ends after it connected, or without. */
struct ending {
    const char *name;
    bool connects;
    int signal; /* 0: exits with 3 */
    int status;
};

static const struct ending endings[] = {
    {"a process that connected exits", true, 0, 3 << 8},
    {"a process that connected is killed", true, SIGKILL, SIGKILL},
    {"a process that did nothing exits", false, 0, 3 << 8},
};

static void connect_and_end(const void *context)
{
    const struct ending *ending = context;
    if (ending->connects)
        (void)try_connect("127.0.0.1", 1);
    if (ending->signal)
        (void)raise(ending->signal);
    _exit(3);
}

static void check_end(void **state)
{
    const struct ending *ending = *state;
    struct watch *watch = watch_open();
    pid_t pid = 0, marker = 0;
    assert_int_equal(in_child(connect_and_end, ending, &pid), ending->status);
    /* Whatever comes of the first has come once the second is told. */
    assert_int_equal(in_child(connect_and_end, &endings[0], &marker), 3 << 8);
    (void)watch_await(watch, &(struct wanted){TRACE_EXIT, 3 << 8, {0}, marker}, NULL, NULL);
    struct trace_event event;
    assert_int_equal(
        watch_count(watch, &(struct wanted){TRACE_EXIT, ending->status, {0}, pid}, &event),
        ending->connects);
    watch_close(watch);
}

#define BURST 3000

static void connect_often(const void *context)
{
    for (int at = 0; at < BURST; at++)
        (void)try_connect("127.0.0.1", *(const int *)context);
}

/* Every one of them lives some microseconds. Nobody reads meanwhile. */
static void test_a_burst_of_refusals_is_told_whole(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int taken = bound_socket("127.0.0.1", SOCK_STREAM);
    const int port = watch->port = port_of(taken);
    pid_t pid = 0;
    assert_int_equal(in_child(connect_often, &port, &pid), 0);
    (void)watch_await(watch, &(struct wanted){TRACE_EXIT, 0, {0}, pid}, NULL, NULL);
    struct trace_event last = {0};
    assert_int_equal(watch_count(watch, &(struct wanted){TRACE_CONNECT, 0, {0, port}, pid}, &last),
                     BURST);
    assert_int_equal(tracer_lost(watch->tracer), 0);
    (void)close(taken);
    watch_close(watch);
}

/* One event at a time: each is there to be read by itself. */
static void test_no_event_is_left_waiting(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int taken = bound_socket("127.0.0.1", SOCK_STREAM);
    watch->port = port_of(taken);
    const struct wanted wanted = {TRACE_CONNECT, 0, {0, watch->port}, getpid()};
    struct trace_event last = {0};
    for (size_t at = 1; at <= 40; at++) {
        assert_int_equal(try_connect("127.0.0.1", wanted.port[1]), ECONNREFUSED);
        int64_t deadline_ns = clock_monotonic_ns() + WATCH_PATIENCE_NS;
        while (watch_count(watch, &wanted, &last) < at && clock_monotonic_ns() < deadline_ns)
            watch_read(watch, 5000);
        assert_int_equal(watch_count(watch, &wanted, &last), at);
        (void)usleep((useconds_t)(at % 4 * 5000));
    }
    (void)close(taken);
    watch_close(watch);
}

/* More than the ring holds: what found no room is counted, and reading goes in bounded pieces. */
static void test_a_full_ring_is_counted(void **state)
{
    (void)state;
    static const unsigned many = 60000;
    struct watch *watch = watch_open();
    int taken = bound_socket("127.0.0.1", SOCK_DGRAM);
    struct place place = place_of("127.0.0.1", port_of(taken));
    (void)close(taken);
    int sender = socket_for(&place, SOCK_DGRAM);
    for (unsigned at = 0; at < many; at++)
        (void)sendto(sender, "x", 1, 0, (struct sockaddr *)&place.address, place.len);
    uint64_t lost = tracer_lost(watch->tracer);
    assert_true(lost > 0);
    unsigned told = 0;
    for (unsigned took = 1; took > 0; told += took) {
        took = tracer_read(watch->tracer, watch_take, watch);
        assert_true(took <= TRACER_READ_MAX);
    }
    assert_true(told + lost >= many);
    assert_true(told >= TRACER_RING_SIZE / 256);
    (void)close(sender);
    watch_close(watch);
}

static void open_without_privilege(const void *context)
{
    (void)context;
    struct tracer *tracer = NULL;
    struct err err = {0};
    if (setresuid(65534, 65534, 65534) != 0)
        _exit(2);
    int failed = tracer_open(&tracer, &err);
    _exit(failed == -EPERM && !tracer && strstr(err.text, "cap_perfmon") ? 0 : 1);
}

static void test_without_privilege_it_says_what_is_missing(void **state)
{
    (void)state;
    watch_close(watch_open());
    pid_t pid = 0;
    assert_int_equal(in_child(open_without_privilege, NULL, &pid), 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_refused);
    ROWS_ADD(&set, rows, check_established);
    ROWS_ADD(&set, endings, check_end);
    ROWS_ADD_ONE(&set, test_linger_zero_is_told_by_its_state);
    ROWS_ADD_ONE(&set, test_a_socket_connects_to_itself);
    ROWS_ADD_ONE(&set, test_a_burst_of_refusals_is_told_whole);
    ROWS_ADD_ONE(&set, test_no_event_is_left_waiting);
    ROWS_ADD_ONE(&set, test_a_full_ring_is_counted);
    ROWS_ADD_ONE(&set, test_without_privilege_it_says_what_is_missing);
    return rows_run(&set, "host_tracer");
}
