/* The list of listeners that is looked at again and again, in slices. */
#include <stdlib.h>

#include "host/port_watch.h"
#include "tests/support/loopback.h"

struct watched {
    struct host *host;
    struct port_watch *watch;
    int64_t now_ns, wall_ns; /* of the test: they go faster */
};

static struct watched open_watch(void)
{
    struct err err;
    struct watched watched;
    assert_int_equal(host_open(&watched.host, &(struct host_options){.trace = false}, &err), 0);
    /* Not before it: that takes as long as it takes, and the host looks once itself. */
    watched.now_ns = clock_monotonic_ns();
    watched.wall_ns = clock_wall_ns();
    assert_int_equal(port_watch_open(&watched.watch, watched.host, &err), 0);
    assert_int_equal(port_watch_list(watched.watch)->number, 0);
    return watched;
}

static void close_watch(struct watched *watched)
{
    port_watch_close(watched->watch);
    host_close(watched->host);
}

/* Publishes: a look, a count of connections, a walk over processes. */
#define PUBLISHED 3

/* Goes on in steps of that budget until one more look is over, and the count and the walk that follow it. */
static const struct port_list *look(struct watched *watched, int64_t budget_ns)
{
    const struct port_list *list = port_watch_list(watched->watch);
    uint64_t number = list->number;
    int64_t end_ns = clock_monotonic_ns() + LOOPBACK_PATIENCE_NS;
    watched->now_ns += PORT_WATCH_COUNT_NS + CLOCK_NS_PER_S;
    /* Its listeners are looked at again, however long the last look took. */
    watched->wall_ns += 10 * CLOCK_NS_PER_S;
    host_tick(watched->host, watched->wall_ns);
    while (list->number < number + PUBLISHED && clock_monotonic_ns() < end_ns) {
        port_watch_step(watched->watch, watched->now_ns, budget_ns);
        watched->now_ns++;
    }
    assert_true(list->number >= number + PUBLISHED);
    return list;
}

static const struct port_line *find(const struct port_list *list, uint16_t port, bool udp)
{
    for (size_t at = 0; at < list->count; at++) {
        const struct tuple *tuple = &list->lines[at].socket.tuple;
        if (tuple->port[0] == port && (tuple->protocol == PROTOCOL_UDP) == udp)
            return &list->lines[at];
    }
    return NULL;
}

static const struct budget_row {
    const char *name;
    int64_t budget_ns;
} budget_rows[] = {
    {"a look at once", 100 * CLOCK_NS_PER_S},
    {"a look in milliseconds", 2 * CLOCK_NS_PER_MS},
    {"a look without time", 0},
};

/* What `loflow ports` tells as well, and the opener and the queue of this run. */
static void test_look(void **state)
{
    const struct budget_row *row = *state;
    struct watched watched = open_watch();
    int listener = loopback_listen("127.0.0.1", 3);
    uint16_t port = loopback_port(listener);
    int udp = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
    int clients[2] = {loopback_connect(SOCK_STREAM, "127.0.0.1", port),
                      loopback_connect(SOCK_STREAM, "127.0.0.1", port)};
    const struct port_list *list = look(&watched, row->budget_ns);
    const struct port_line *line = find(list, port, false);
    assert_non_null(line);
    assert_false(line->closed);
    assert_int_equal(line->socket.queue, 2);
    assert_int_equal(line->socket.queue_limit, 3);
    assert_int_equal(line->queue_most, 2);
    assert_int_equal(line->connections, 2);
    assert_int_equal(line->process.pid, getpid());
    assert_int_equal(line->holders, 1);
    assert_true(line->process_age_s >= 0);
    assert_true(line->opened_ns > 0);
    assert_true(line->remarks & 1u << PORT_LOOPBACK_V4);
    line = find(list, loopback_port(udp), true);
    assert_non_null(line);
    assert_int_equal(line->process.pid, getpid());
    assert_true(list->ephemeral_low < list->ephemeral_high);
    (void)close(clients[0]);
    (void)close(clients[1]);
    (void)close(udp);
    (void)close(listener);
    close_watch(&watched);
}

/* It leaves the listeners for those that are closed, and a new one at its end takes its line. */
static void test_closed_and_opened_again(void **state)
{
    (void)state;
    struct watched watched = open_watch();
    int listener = loopback_listen("127.0.0.1", 3);
    uint16_t port = loopback_port(listener);
    (void)look(&watched, CLOCK_NS_PER_S);
    (void)close(listener);
    const struct port_list *list = look(&watched, CLOCK_NS_PER_S);
    const struct port_line *line = find(list, port, false);
    assert_non_null(line);
    assert_true(line->closed);
    assert_true(line >= &list->lines[list->listening]);
    assert_int_equal(line->past_count, 1);
    assert_true(line->past.closed_ns > 0);
    assert_int_equal(line->remarks, 0);

    listener = loopback_bind(SOCK_STREAM, "127.0.0.1", port);
    assert_int_equal(listen(listener, 5), 0);
    line = find(look(&watched, CLOCK_NS_PER_S), port, false);
    assert_non_null(line);
    assert_false(line->closed);
    assert_int_equal(line->past_count, 1);
    (void)close(listener);
    close_watch(&watched);
}

/* Between two looks nothing is asked; a look is due a second after the one before began. */
static void test_rests(void **state)
{
    (void)state;
    struct watched watched = open_watch();
    const struct port_list *list = look(&watched, CLOCK_NS_PER_S);
    uint64_t number = list->number;
    int64_t began_ns = watched.now_ns;
    port_watch_step(watched.watch, began_ns + PORT_WATCH_EVERY_NS / 2, CLOCK_NS_PER_S);
    assert_int_equal(list->number, number);
    port_watch_step(watched.watch, began_ns + PORT_WATCH_EVERY_NS, CLOCK_NS_PER_S);
    assert_true(list->number > number);
    close_watch(&watched);
}

/* Connections are counted when there are more or fewer of them, or after a while. */
static void test_counts(void **state)
{
    (void)state;
    struct watched watched = open_watch();
    int listener = loopback_listen("127.0.0.1", 3);
    uint16_t port = loopback_port(listener);
    const struct port_list *list = look(&watched, CLOCK_NS_PER_S);
    assert_int_equal(find(list, port, false)->connections, 0);
    int client = loopback_connect(SOCK_STREAM, "127.0.0.1", port);
    int64_t end_ns = clock_monotonic_ns() + LOOPBACK_PATIENCE_NS;
    /* The kernel knows of one socket more: no need to wait for PORT_WATCH_COUNT_NS. */
    int64_t most_ns = watched.now_ns + PORT_WATCH_COUNT_NS / 2;
    while (find(list, port, false)->connections == 0 && clock_monotonic_ns() < end_ns &&
           watched.now_ns < most_ns) {
        watched.now_ns += CLOCK_NS_PER_S / 10;
        port_watch_step(watched.watch, watched.now_ns, CLOCK_NS_PER_S);
    }
    assert_int_equal(find(list, port, false)->connections, 1);
    (void)close(client);
    (void)close(listener);
    close_watch(&watched);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, budget_rows, test_look);
    ROWS_ADD_ONE(&set, test_closed_and_opened_again);
    ROWS_ADD_ONE(&set, test_rests);
    ROWS_ADD_ONE(&set, test_counts);
    return rows_run(&set, "host_port_watch");
}
