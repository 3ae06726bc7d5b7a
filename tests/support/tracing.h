/*
 * Purpose: what the tests of the tracer share: awaiting an event, and sockets to make events with.
 * Owns:    a watch, from watch_open to watch_close; its tracer and the events it was told.
 * Bounds:  WATCH_MAX events are kept, of which the oldest go first; WATCH_PATIENCE_NS for one. The
 *          machine's other programs may make as many as they like: only those about the port of
 *          the test and about ends of its own processes are kept.
 * Fails:   skips the test where the tracer may not work.
 * Used by: tests/unit/test_host_tracer*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_TRACING_H
#define LOFLOW_TESTS_SUPPORT_TRACING_H

#include "tests/support/rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <time.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/tracer.h"

#define WATCH_MAX         8192u
#define WATCH_PATIENCE_NS (20 * CLOCK_NS_PER_S)

struct watch {
    struct tracer *tracer;
    int port; /* set before events are read */
    char comm[OWNER_COMM + 1];
    size_t count;
    struct trace_event events[WATCH_MAX];
};

/* What an event must have; 0 and UNKNOWN ask for nothing. */
struct wanted {
    enum trace_kind kind;
    int32_t value;
    int port[2];
    pid_t pid;
};

#define UNKNOWN (-1)

static inline struct watch *watch_open(void)
{
    struct err err = {0};
    struct watch *watch = calloc(1, sizeof *watch);
    assert_non_null(watch);
    assert_int_equal(prctl(PR_GET_NAME, watch->comm), 0);
    int failed = tracer_open(&watch->tracer, &err);
    if (failed == 0)
        return watch;
    free(watch);
    if (failed != -EPERM && failed != -ENOTSUP)
        fail_msg("%d: %s", failed, err.text);
    print_message("%s\n", err.text);
    skip();
    return NULL;
}

static inline void watch_close(struct watch *watch)
{
    tracer_close(watch->tracer);
    free(watch);
}

static inline void watch_take(void *context, const struct trace_event *event)
{
    struct watch *watch = context;
    bool about_port = watch->port != 0 &&
                      (event->tuple.port[0] == watch->port || event->tuple.port[1] == watch->port);
    if (!about_port && (event->kind != TRACE_EXIT || strcmp(event->comm, watch->comm) != 0))
        return;
    watch->events[watch->count++ % WATCH_MAX] = *event;
}

static inline bool watch_fits(const struct trace_event *event, const struct wanted *wanted)
{
    return event->kind == wanted->kind &&
           (wanted->value == UNKNOWN || event->value == wanted->value) &&
           (wanted->port[0] == 0 || event->tuple.port[0] == wanted->port[0]) &&
           (wanted->port[1] == 0 || event->tuple.port[1] == wanted->port[1]) &&
           (wanted->pid == 0 || event->pid == wanted->pid);
}

/* How many such events were told up to now; *last is the latest of them. */
static inline size_t watch_count(const struct watch *watch, const struct wanted *wanted,
                                 struct trace_event *last)
{
    size_t found = 0;
    for (size_t at = 0; at < watch->count && at < WATCH_MAX; at++) {
        if (!watch_fits(&watch->events[at], wanted))
            continue;
        found++;
        *last = watch->events[at];
    }
    return found;
}

static inline void watch_read(struct watch *watch, int patience_ms)
{
    const struct timespec pause = {.tv_nsec = CLOCK_NS_PER_MS};
    int64_t until_ns = clock_monotonic_ns() + patience_ms * CLOCK_NS_PER_MS;
    while (tracer_read(watch->tracer, watch_take, watch) == 0 && clock_monotonic_ns() < until_ns)
        (void)nanosleep(&pause, NULL);
}

/* Waits for such an event. `again`, when there is one, is done every now and then until it comes:
 * on a busy machine failed calls are only sampled. */
static inline struct trace_event watch_await(struct watch *watch, const struct wanted *wanted,
                                             void (*again)(void *context), void *context)
{
    struct trace_event found = {0};
    int64_t deadline_ns = clock_monotonic_ns() + WATCH_PATIENCE_NS;
    while (watch_count(watch, wanted, &found) == 0) {
        if (clock_monotonic_ns() > deadline_ns)
            fail_msg("no event of kind %d, value %d, ports %d %d", wanted->kind, wanted->value,
                     wanted->port[0], wanted->port[1]);
        if (again)
            again(context);
        watch_read(watch, 20);
    }
    return found;
}

static inline uint32_t own_netns(void)
{
    struct stat file;
    assert_int_equal(stat("/proc/self/ns/net", &file), 0);
    return (uint32_t)file.st_ino;
}

/* Now, in this namespace. Whatever packets bring about may happen in anybody's context. */
static inline void check_is_here(const struct trace_event *event)
{
    assert_int_equal(event->netns, own_netns());
    assert_true(llabs(clock_wall_ns() - event->time_ns) < 60 * CLOCK_NS_PER_S);
}

/* And of this process. */
static inline void check_is_mine(const struct trace_event *event)
{
    char comm[OWNER_COMM + 1] = "";
    assert_int_equal(prctl(PR_GET_NAME, comm), 0);
    assert_int_equal(event->pid, getpid());
    assert_string_equal(event->comm, comm);
    check_is_here(event);
}

struct place {
    struct sockaddr_storage address;
    socklen_t len;
};

static inline struct place place_of(const char *text, int port)
{
    struct place place = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&place.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place.address;
    v4->sin_port = htons((uint16_t)port); /* the same place in both */
    v4->sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        return place;
    place.len = sizeof *v6;
    v6->sin6_family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
    return place;
}

static inline int port_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t len = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin6_port);
}

static inline int socket_for(const struct place *place, int type)
{
    int fd = socket(place->address.ss_family, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

static inline int bound_socket(const char *text, int type)
{
    struct place place = place_of(text, 0);
    int fd = socket_for(&place, type);
    assert_int_equal(bind(fd, (struct sockaddr *)&place.address, place.len), 0);
    return fd;
}

static inline int listener_on(const char *text, int backlog)
{
    int fd = bound_socket(text, SOCK_STREAM);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

/* A port that nobody has while its socket is open: bound, but not listening. */
static inline int try_connect(const char *text, int port)
{
    struct place place = place_of(text, port);
    int fd = socket_for(&place, SOCK_STREAM);
    int failed = connect(fd, (struct sockaddr *)&place.address, place.len) ? errno : 0;
    (void)close(fd);
    return failed;
}

/* Runs `act` in a child and gives its wait(2) status. */
static inline int in_child(void (*act)(const void *context), const void *context, pid_t *pid)
{
    int status = 0;
    *pid = fork();
    if (*pid == 0) {
        act(context);
        _exit(0);
    }
    assert_true(*pid > 0);
    assert_int_equal(waitpid(*pid, &status, 0), *pid);
    return status;
}

#endif
