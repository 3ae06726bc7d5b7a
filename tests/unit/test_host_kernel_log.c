#include "host/kernel_log.h"
#include "tests/support/loopback.h"

#define OWN   4026531840u
#define OTHER 4026532000u

static struct kernel_log *open_log(void)
{
    struct err err;
    struct kernel_log *log = NULL;
    assert_int_equal(kernel_log_open(&log, OWN, &err), 0);
    return log;
}

static struct trace_event make(enum trace_kind kind, uint16_t port, int64_t time_ns)
{
    return (struct trace_event){.kind = (uint8_t)kind,
                                .time_ns = time_ns,
                                .netns = OWN,
                                .pid = 7,
                                .tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", port, 80)};
}

static void note(struct kernel_log *log, struct trace_event event)
{
    kernel_log_note(log, &event);
}

/* One event, then a question about port 1000 and end 0. */
static const struct row {
    const char *name;
    uint8_t noted, asked; /* enum trace_kind */
    uint16_t port;
    uint32_t netns;
    int time_ns, since_ns;
    bool found;
} rows[] = {
    {"a connect", TRACE_CONNECT, TRACE_CONNECT, 1000, OWN, 50, 0, true},
    {"a reset", TRACE_RESET, TRACE_RESET, 1000, OWN, 50, 0, true},
    {"a drop", TRACE_DROP, TRACE_DROP, 1000, OWN, 50, 0, true},
    {"of an unknown namespace", TRACE_CONNECT, TRACE_CONNECT, 1000, 0, 50, 0, true},
    {"a connect of another namespace", TRACE_CONNECT, TRACE_CONNECT, 1000, OTHER, 50, 0, false},
    {"a reset of another namespace", TRACE_RESET, TRACE_RESET, 1000, OTHER, 50, 0, false},
    {"a drop of another namespace", TRACE_DROP, TRACE_DROP, 1000, OTHER, 50, 0, false},
    {"another kind", TRACE_CONNECT, TRACE_RESET, 1000, OWN, 50, 0, false},
    {"another port", TRACE_RESET, TRACE_RESET, 1001, OWN, 50, 0, false},
    {"at the time", TRACE_RESET, TRACE_RESET, 1000, OWN, 50, 50, true},
    {"before the time", TRACE_RESET, TRACE_RESET, 1000, OWN, 50, 51, false},
    {"a failed call is not kept", TRACE_CALL, TRACE_CONNECT, 1000, OWN, 50, 0, false},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    struct trace_event event = make(row->noted, row->port, row->time_ns);
    event.netns = row->netns;
    note(log, event);
    const struct trace_event *found = kernel_log_find(log, row->asked, &tuple, 0, row->since_ns);
    assert_int_equal(found != NULL, row->found);
    assert_null(kernel_log_find(log, row->asked, &tuple, 1, row->since_ns));
    /* The same seen from the other side of the tuple. */
    struct tuple turned = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 80, 1000);
    found = kernel_log_find(log, row->asked, &turned, 1, row->since_ns);
    assert_int_equal(found != NULL, row->found);
    kernel_log_close(log);
}

static void test_the_latest_one_is_told(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    for (int at = 1; at <= 3; at++)
        note(log, make(TRACE_CONNECT, 1000, at));
    note(log, make(TRACE_CONNECT, 1001, 9));
    assert_int_equal(kernel_log_find(log, TRACE_CONNECT, &tuple, 0, 0)->time_ns, 3);
    kernel_log_close(log);
}

/* Every one of the newest is found, none of those that were written over. */
static void test_the_oldest_are_written_over(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    const unsigned over = 5000;
    for (unsigned at = 0; at < KERNEL_LOG_CONNECTS + over; at++)
        note(log, make(TRACE_CONNECT, (uint16_t)(1000 + at), 1 + at));
    for (unsigned at = 0; at < KERNEL_LOG_CONNECTS + over; at++) {
        struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", (uint16_t)(1000 + at), 80);
        const struct trace_event *found = kernel_log_find(log, TRACE_CONNECT, &tuple, 0, 0);
        assert_int_equal(found != NULL, at >= over);
        if (found)
            assert_int_equal(found->time_ns, 1 + at);
    }
    kernel_log_close(log);
}

static void test_drops_are_counted(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    struct host_drops drops;
    assert_false(kernel_log_drops(log, &tuple, 0, 0, &drops));
    for (int at = 1; at <= 10; at++) {
        note(log, make(TRACE_DROP, 1000, at));
        note(log, make(TRACE_DROP, 1001, at));
    }
    assert_true(kernel_log_drops(log, &tuple, 0, 0, &drops));
    assert_int_equal(drops.count, 10);
    assert_true(kernel_log_drops(log, &tuple, 0, 4, &drops));
    assert_int_equal(drops.count, 7);
    assert_int_equal(drops.first.time_ns, 4);
    assert_int_equal(drops.last.time_ns, 10);
    assert_false(kernel_log_drops(log, &tuple, 0, 11, &drops));
    assert_false(kernel_log_drops(log, &tuple, 1, 0, &drops));
    kernel_log_close(log);
}

static void test_drops_are_bounded(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    struct host_drops drops;
    for (unsigned at = 0; at < KERNEL_LOG_EVENTS * 2; at++)
        note(log, make(TRACE_DROP, 1000, 1 + at));
    assert_true(kernel_log_drops(log, &tuple, 0, 0, &drops));
    assert_int_equal(drops.count, KERNEL_LOG_EVENTS);
    assert_int_equal(drops.last.time_ns, KERNEL_LOG_EVENTS * 2);
    kernel_log_close(log);
}

/* A connection of IPv4 over a socket of IPv6. */
static void test_mapped_addresses_are_of_ipv4(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    struct trace_event event = make(TRACE_CONNECT, 1000, 5);
    event.tuple.family = 6;
    note(log, event);
    assert_non_null(kernel_log_find(log, TRACE_CONNECT, &tuple, 0, 0));
    kernel_log_close(log);
}

/* Of whatever namespace: a pid is one of the machine. */
static void test_ends_of_processes(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct trace_event event = make(TRACE_EXIT, 0, 5);
    event.netns = OTHER;
    event.value = 9;
    note(log, event);
    event.pid = 7 + (1 << 16);
    event.value = 256;
    note(log, event);
    assert_int_equal(kernel_log_exit(log, 7, 0)->value, 9);
    assert_int_equal(kernel_log_exit(log, 7 + (1 << 16), 5)->value, 256);
    assert_null(kernel_log_exit(log, 7, 6));
    assert_null(kernel_log_exit(log, 8, 0));
    kernel_log_close(log);
}

/* A connect that got no port is nobody's later. */
static void test_port_0_is_not_kept(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 0, 80);
    note(log, make(TRACE_CONNECT, 0, 5));
    assert_null(kernel_log_find(log, TRACE_CONNECT, &tuple, 0, 0));
    kernel_log_close(log);
}

/* Events of port 80, one after the other; then: who accepts at 127.0.0.1:80 at time 100? */
static const struct listen_row {
    const char *name;
    struct {
        uint8_t kind; /* enum trace_kind */
        const char *address;
        int time_ns;
        int pid;
    } events[3];
    int pid; /* 0: nobody */
} listen_rows[] = {
    {"nobody", {{0}}, 0},
    {"on that address", {{TRACE_LISTEN, "127.0.0.1", 10, 1}}, 1},
    {"on all addresses", {{TRACE_LISTEN, "0.0.0.0", 10, 1}}, 1},
    {"on all addresses of both families", {{TRACE_LISTEN, "::", 10, 1}}, 1},
    {"on another address", {{TRACE_LISTEN, "127.0.0.2", 10, 1}}, 0},
    {"afterwards", {{TRACE_LISTEN, "127.0.0.1", 101, 1}}, 0},
    {"no more", {{TRACE_LISTEN, "127.0.0.1", 10, 1}, {TRACE_UNLISTEN, "127.0.0.1", 90, 1}}, 0},
    {"until afterwards",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1}, {TRACE_UNLISTEN, "127.0.0.1", 101, 1}},
     1},
    {"another address no more",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1}, {TRACE_UNLISTEN, "0.0.0.0", 90, 1}},
     1},
    {"again, by another",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1},
      {TRACE_UNLISTEN, "127.0.0.1", 50, 1},
      {TRACE_LISTEN, "127.0.0.1", 60, 2}},
     2},
    {"again, told before the end of the first",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1},
      {TRACE_LISTEN, "127.0.0.1", 60, 2},
      {TRACE_UNLISTEN, "127.0.0.1", 50, 1}},
     2},
    {"the address before all addresses",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1}, {TRACE_LISTEN, "0.0.0.0", 20, 2}},
     1},
    {"all addresses, when the address is no more",
     {{TRACE_LISTEN, "127.0.0.1", 10, 1},
      {TRACE_LISTEN, "0.0.0.0", 20, 2},
      {TRACE_UNLISTEN, "127.0.0.1", 50, 1}},
     2},
};

static void check_listen(void **state)
{
    const struct listen_row *row = *state;
    struct kernel_log *log = open_log();
    for (size_t at = 0; at < 3 && row->events[at].address; at++) {
        struct trace_event event = make(row->events[at].kind, 80, row->events[at].time_ns);
        event.tuple = loopback_tuple(PROTOCOL_TCP, row->events[at].address, 80, 0);
        event.pid = row->events[at].pid;
        note(log, event);
    }
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    const struct trace_event *found = kernel_log_listen(log, &tuple, 1, 100);
    assert_int_equal(found ? found->pid : 0, row->pid);
    assert_null(kernel_log_listen(log, &tuple, 0, 100));
    kernel_log_close(log);
}

/* A program that does nothing but listen costs no more than one that listens once. */
static void test_listening_without_end(void **state)
{
    (void)state;
    struct kernel_log *log = open_log();
    struct tuple tuple = loopback_tuple(PROTOCOL_TCP, "127.0.0.1", 1000, 80);
    for (int at = 0; at < 1000; at++) {
        struct trace_event event = make(TRACE_LISTEN, 80, 2 * at);
        note(log, event);
        event.kind = TRACE_UNLISTEN;
        event.time_ns++;
        note(log, event);
    }
    assert_null(kernel_log_listen(log, &tuple, 1, 5000));
    assert_int_equal(kernel_log_listen(log, &tuple, 1, 2 * 980)->time_ns, 2 * 980);
    assert_null(kernel_log_listen(log, &tuple, 1, 2 * 900));
    kernel_log_close(log);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, listen_rows, check_listen);
    ROWS_ADD_ONE(&set, test_listening_without_end);
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD_ONE(&set, test_the_latest_one_is_told);
    ROWS_ADD_ONE(&set, test_the_oldest_are_written_over);
    ROWS_ADD_ONE(&set, test_drops_are_counted);
    ROWS_ADD_ONE(&set, test_drops_are_bounded);
    ROWS_ADD_ONE(&set, test_mapped_addresses_are_of_ipv4);
    ROWS_ADD_ONE(&set, test_ends_of_processes);
    ROWS_ADD_ONE(&set, test_port_0_is_not_kept);
    return rows_run(&set, "host_kernel_log");
}
