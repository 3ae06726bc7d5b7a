/* Failed calls and dropped packets as the kernel tells them. */
#include "tests/support/tracing.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

/* One call that fails, done again until it is told. */
struct failing {
    enum trace_call call;
    int type; /* of the socket */
    int expected;
    struct place place;
    int fd; /* of listen */
};

static int fail_once(const struct failing *failing)
{
    const struct sockaddr *address = (const void *)&failing->place.address;
    if (failing->call == TRACE_CALL_LISTEN)
        return listen(failing->fd, 1) ? errno : 0;
    int fd = socket_for(&failing->place, failing->type);
    int failed = failing->call == TRACE_CALL_BIND ? bind(fd, address, failing->place.len)
                                                  : connect(fd, address, failing->place.len);
    failed = failed ? errno : 0;
    (void)close(fd);
    return failed;
}

static void fail_again(void *context)
{
    const struct failing *failing = context;
    assert_int_equal(fail_once(failing), failing->expected);
}

/* `end` 0 for the socket's own address, 1 for the one that was asked for. */
static struct trace_event await_call(struct watch *watch, struct failing *failing, unsigned end,
                                     int port)
{
    struct wanted wanted = {.kind = TRACE_CALL, .value = failing->expected, .pid = getpid()};
    wanted.port[end] = watch->port = port;
    struct trace_event event = watch_await(watch, &wanted, fail_again, failing);
    check_is_mine(&event);
    assert_int_equal(event.detail, failing->call);
    return event;
}

static void check_asked(const struct trace_event *event, unsigned end, const char *address)
{
    char text[64];
    struct text written = text_begin(text, sizeof text);
    text_add_address(&written, &event->tuple.address[end], event->tuple.family);
    assert_string_equal(text, address);
}

static const struct bind_row {
    const char *name;
    int type, expected;
    const char *address;
    const char *written;
    bool taken; /* the port is */
} binds[] = {
    {"bind, in use", SOCK_STREAM, EADDRINUSE, "127.0.0.1", "127.0.0.1", true},
    {"bind, in use, UDP", SOCK_DGRAM, EADDRINUSE, "127.0.0.1", "127.0.0.1", true},
    {"bind, in use, IPv6", SOCK_STREAM, EADDRINUSE, "::1", "::1", true},
    {"bind, in use, mapped", SOCK_STREAM, EADDRINUSE, "::ffff:127.0.0.1", "127.0.0.1", true},
    {"bind, not here", SOCK_STREAM, EADDRNOTAVAIL, "192.0.2.1", "192.0.2.1", false},
};

static void check_bind(void **state)
{
    const struct bind_row *row = *state;
    struct watch *watch = watch_open();
    int taken = bound_socket(row->taken ? row->address : "127.0.0.1", row->type);
    int port = port_of(taken);
    struct failing failing = {.call = TRACE_CALL_BIND,
                              .type = row->type,
                              .expected = row->expected,
                              .place = place_of(row->address, port)};
    struct trace_event event = await_call(watch, &failing, 0, port);
    check_asked(&event, 0, row->written);
    assert_int_equal(event.tuple.protocol, row->type == SOCK_DGRAM ? PROTOCOL_UDP : PROTOCOL_TCP);
    (void)close(taken);
    watch_close(watch);
}

/* Ends with the errno of its last bind. */
static void bind_low_port(const void *context)
{
    struct place place = place_of("127.0.0.1", *(const int *)context);
    int failed = 0;
    if (setresuid(65534, 65534, 65534) != 0)
        _exit(0);
    int64_t deadline_ns = clock_monotonic_ns() + 3 * CLOCK_NS_PER_S;
    do {
        int fd = socket_for(&place, SOCK_STREAM);
        failed = bind(fd, (struct sockaddr *)&place.address, place.len) ? errno : 0;
        (void)close(fd);
        (void)usleep(5000);
    } while (failed == EACCES && clock_monotonic_ns() < deadline_ns);
    _exit(failed);
}

static void test_a_low_port_is_not_for_everyone(void **state)
{
    (void)state;
    static const int port = 81;
    struct watch *watch = watch_open();
    watch->port = port;
    pid_t pid = fork();
    if (pid == 0)
        bind_low_port(&port);
    const struct wanted call = {TRACE_CALL, EACCES, {port, 0}, pid};
    int status = 0;
    pid_t over = 0;
    while (over == 0) {
        watch_read(watch, 20);
        over = waitpid(pid, &status, WNOHANG);
    }
    bool refused = WEXITSTATUS(status) == EACCES; /* see net.ipv4.ip_unprivileged_port_start */
    if (refused) {
        struct trace_event event = watch_await(watch, &call, NULL, NULL);
        assert_int_equal(event.detail, TRACE_CALL_BIND);
        event = watch_await(watch, &(struct wanted){TRACE_EXIT, UNKNOWN, {0}, pid}, NULL, NULL);
        assert_int_equal(event.value, EACCES << 8);
    }
    watch_close(watch);
    if (!refused)
        skip();
}

static void test_listen_in_use(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    const int yes = 1;
    struct place place = place_of("127.0.0.1", 0);
    int first = socket_for(&place, SOCK_STREAM), second = socket_for(&place, SOCK_STREAM);
    assert_int_equal(setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    assert_int_equal(setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    assert_int_equal(bind(first, (struct sockaddr *)&place.address, place.len), 0);
    place = place_of("127.0.0.1", port_of(first));
    assert_int_equal(bind(second, (struct sockaddr *)&place.address, place.len), 0);
    assert_int_equal(listen(first, 1), 0);
    struct failing failing = {.call = TRACE_CALL_LISTEN, .expected = EADDRINUSE, .fd = second};
    struct trace_event event = await_call(watch, &failing, 0, port_of(first));
    check_asked(&event, 0, "127.0.0.1");
    (void)close(first);
    (void)close(second);
    watch_close(watch);
}

static void accept_forever(int listener)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0)
        _exit(1);
    /* cppcheck-suppress nullPointer ; accept4 takes no address, too */
    while (accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EMFILE)
        (void)usleep(100);
    _exit(1);
}

/* A server in a loop that never gets a descriptor: told ten times a second, not thousands. */
static void test_accept_without_descriptors(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int listener = listener_on("127.0.0.1", 1);
    watch->port = port_of(listener);
    struct place place = place_of("127.0.0.1", watch->port);
    int client = socket_for(&place, SOCK_STREAM);
    assert_int_equal(connect(client, (struct sockaddr *)&place.address, place.len), 0);
    int64_t begin_ns = clock_monotonic_ns();
    pid_t pid = fork();
    if (pid == 0)
        accept_forever(listener);
    const struct wanted wanted = {TRACE_CALL, EMFILE, {port_of(listener), 0}, pid};
    struct trace_event event = {0};
    while (watch_count(watch, &wanted, &event) < 3 &&
           clock_monotonic_ns() - begin_ns < WATCH_PATIENCE_NS)
        watch_read(watch, 20);
    int64_t span_ns = clock_monotonic_ns() - begin_ns;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_in_range(watch_count(watch, &wanted, &event), 3, span_ns / (100 * CLOCK_NS_PER_MS) + 1);
    assert_int_equal(event.detail, TRACE_CALL_ACCEPT);
    (void)close(client);
    (void)close(listener);
    watch_close(watch);
}

/* Moves this process into a network namespace of its own; gives the way back. */
static int enter_netns(bool up)
{
    int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    assert_true(back >= 0);
    if (unshare(CLONE_NEWNET) != 0) {
        (void)close(back);
        return -1;
    }
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(up ? ioctl(fd, SIOCSIFFLAGS, &lo) : 0, 0);
    (void)close(fd);
    return back;
}

static void leave_netns(int back)
{
    assert_int_equal(setns(back, CLONE_NEWNET), 0);
    (void)close(back);
}

static void test_connect_without_a_way(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int back = enter_netns(false);
    struct failing failing = {.call = TRACE_CALL_CONNECT,
                              .type = SOCK_STREAM,
                              .expected = ENETUNREACH,
                              .place = place_of("127.0.0.1", 4000)};
    if (back >= 0) {
        struct trace_event event = await_call(watch, &failing, 1, 4000);
        check_asked(&event, 1, "127.0.0.1");
        leave_netns(back);
    }
    watch_close(watch);
    if (back < 0)
        skip();
}

/* Sends one datagram to a port and gives the sender's port. */
static int send_datagram(const char *address, int port)
{
    struct place place = place_of(address, port);
    int fd = bound_socket(address, SOCK_DGRAM);
    (void)sendto(fd, "x", 1, 0, (struct sockaddr *)&place.address, place.len);
    int from = port_of(fd);
    (void)close(fd);
    return from;
}

static const struct udp_row {
    const char *name;
    const char *address;
    uint8_t family;
} datagrams[] = {
    {"a datagram to nobody", "127.0.0.1", 4},
    {"a datagram to nobody, IPv6", "::1", 6},
    {"a datagram to nobody, mapped", "::ffff:127.0.0.1", 4},
};

static void check_datagram(void **state)
{
    const struct udp_row *row = *state;
    struct watch *watch = watch_open();
    int taken = bound_socket(row->address, SOCK_DGRAM);
    int port = watch->port = port_of(taken);
    (void)close(taken);
    int from = send_datagram(row->address, port);
    struct trace_event event = watch_await(
        watch, &(struct wanted){TRACE_DROP, TRACE_DROP_NO_SOCKET, {from, port}, 0}, NULL, NULL);
    check_is_here(&event);
    assert_int_equal(event.tuple.protocol, PROTOCOL_UDP);
    assert_int_equal(event.tuple.family, row->family);
    assert_false(event.output);
    watch_close(watch);
}

static void test_a_full_receive_buffer(void **state)
{
    (void)state;
    struct watch *watch = watch_open();
    int receiver = bound_socket("127.0.0.1", SOCK_DGRAM);
    int port = watch->port = port_of(receiver);
    const int small = 1;
    assert_int_equal(setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    for (int at = 0; at < 50; at++)
        (void)send_datagram("127.0.0.1", port);
    struct trace_event event = watch_await(
        watch, &(struct wanted){TRACE_DROP, TRACE_DROP_RECEIVE_BUFFER, {0, port}, 0}, NULL, NULL);
    check_is_here(&event);
    assert_false(event.output);
    (void)close(receiver);
    watch_close(watch);
}

static const struct filter_row {
    const char *name;
    const char *hook;
    const char *address;
    const char *match;
    bool tcp, output;
} filters[] = {
    {"filter in input, UDP", "input", "127.0.0.1", "udp dport 4001 drop", false, false},
    {"filter in output, UDP", "output", "127.0.0.1", "udp dport 4001 drop", false, true},
    {"filter in input, TCP", "input", "127.0.0.1", "tcp dport 4001 drop", true, false},
    {"filter in output, TCP", "output", "127.0.0.1", "tcp dport 4001 drop", true, true},
    {"filter in input, IPv6", "input", "::1", "tcp dport 4001 drop", true, false},
    {"filter in output, IPv6", "output", "::1", "tcp dport 4001 drop", true, true},
};

/* Exit status of a program with those arguments, 127 when there is none. */
static int run(char *const arguments[])
{
    char *const environment[] = {(char[]){"PATH=/usr/sbin:/sbin:/usr/bin:/bin"}, NULL};
    pid_t pid;
    int status = 0;
    (void)setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
    if (posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environment) != 0)
        return 127;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/* A SYN that nobody waits for. */
static void send_syn(const char *address, int port)
{
    struct place place = place_of(address, port);
    int fd = socket_for(&place, SOCK_STREAM | SOCK_NONBLOCK);
    (void)connect(fd, (struct sockaddr *)&place.address, place.len);
    (void)close(fd);
}

static void check_filter(void **state)
{
    const struct filter_row *row = *state;
    struct watch *watch = watch_open();
    int back = enter_netns(true);
    char rules[256];
    struct text text = text_begin(rules, sizeof rules);
    text_add(&text, "table inet t { chain c { type filter hook %s priority 0; %s; }; }", row->hook,
             row->match);
    char nft[] = "nft";
    watch->port = 4001;
    int failed = back < 0 ? 127 : run((char *[]){nft, rules, NULL});
    if (failed == 0 && row->tcp)
        send_syn(row->address, 4001);
    else if (failed == 0)
        (void)send_datagram(row->address, 4001);
    if (failed == 0) {
        struct trace_event event = watch_await(
            watch, &(struct wanted){TRACE_DROP, TRACE_DROP_FILTER, {0, 4001}, 0}, NULL, NULL);
        check_is_here(&event);
        assert_int_equal(event.output, row->output);
        assert_int_equal(event.tuple.protocol, row->tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
    }
    if (back >= 0)
        leave_netns(back);
    watch_close(watch);
    if (failed == 127)
        skip();
    assert_int_equal(failed, 0);
}

static void make_calls(const void *context)
{
    int64_t until_ns = clock_monotonic_ns() + *(const int64_t *)context;
    while (clock_monotonic_ns() < until_ns) {
        for (int at = 0; at < 1000; at++)
            (void)getppid();
    }
}

/* Very many system calls are not watched, but what fails again and again is found all the same. */
static void test_calls_of_a_busy_machine_are_sampled(void **state)
{
    (void)state;
    static const int64_t busy_ns = 4 * CLOCK_NS_PER_S;
    struct watch *watch = watch_open();
    pid_t busy[64];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    for (long at = 0; at < count && at < 64; at++) {
        busy[at] = fork();
        if (busy[at] == 0) {
            make_calls(&busy_ns);
            _exit(0);
        }
    }
    int taken = bound_socket("127.0.0.1", SOCK_STREAM);
    int64_t until_ns = clock_monotonic_ns() + busy_ns / 4;
    assert_int_equal(tracer_unwatched_ns(watch->tracer), 0);
    while (tracer_unwatched_ns(watch->tracer) == 0 && clock_monotonic_ns() < until_ns)
        watch_read(watch, 100);
    assert_true(tracer_unwatched_ns(watch->tracer) > 0);
    struct failing failing = {.call = TRACE_CALL_BIND,
                              .type = SOCK_STREAM,
                              .expected = EADDRINUSE,
                              .place = place_of("127.0.0.1", port_of(taken))};
    (void)await_call(watch, &failing, 0, port_of(taken));
    assert_true(tracer_unwatched_ns(watch->tracer) < busy_ns);
    for (long at = 0; at < count && at < 64; at++)
        assert_int_equal(waitpid(busy[at], NULL, 0), busy[at]);
    (void)close(taken);
    watch_close(watch);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, binds, check_bind);
    ROWS_ADD_ONE(&set, test_a_low_port_is_not_for_everyone);
    ROWS_ADD_ONE(&set, test_listen_in_use);
    ROWS_ADD_ONE(&set, test_accept_without_descriptors);
    ROWS_ADD_ONE(&set, test_connect_without_a_way);
    ROWS_ADD(&set, datagrams, check_datagram);
    ROWS_ADD_ONE(&set, test_a_full_receive_buffer);
    ROWS_ADD(&set, filters, check_filter);
    ROWS_ADD_ONE(&set, test_calls_of_a_busy_machine_are_sampled);
    return rows_run(&set, "host_tracer_calls");
}
