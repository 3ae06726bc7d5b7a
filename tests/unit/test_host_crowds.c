/* Sockets in CLOSE_WAIT, in a network namespace of the test's own where nobody else has any. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "host/crowds.h"
#include "tests/support/loopback.h"
#include "tests/support/tracing.h"

#define LEAST   5u
#define ASKED   123456u /* is written over when all sockets are gone over */
#define MOST    16
#define FEW     4
#define EARLIER 3 /* sockets from before the tracer */

struct scene {
    struct watch *watch;
    struct netns *netns;
    struct crowds crowds;
    int listener;
    int fds[MOST];
    int count;
};

static void enter_namespace(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0)
        skip();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int failed = ioctl(fd, SIOCSIFFLAGS, &lo) ? errno : 0;
    (void)close(fd);
    if (failed == EPERM) {
        print_message("this user may not set interfaces up\n");
        skip();
    }
    assert_int_equal(failed, 0);
}

/* One more, or with `count` less some of them closed. */
static void keep(struct scene *scene, int count)
{
    char byte;
    while (scene->count < count) {
        int fd = loopback_connect(SOCK_STREAM, "127.0.0.1", loopback_port(scene->listener));
        int end = accept(scene->listener, NULL, NULL);
        assert_true(end >= 0);
        (void)close(end);
        assert_int_equal(recv(fd, &byte, 1, 0), 0); /* the FIN is there */
        scene->fds[scene->count++] = fd;
    }
    while (scene->count > count)
        (void)close(scene->fds[--scene->count]);
}

/* Many that come and go. */
static void churn(struct scene *scene)
{
    int kept = scene->count;
    for (int at = 0; at < 50; at++) {
        keep(scene, kept + 1);
        keep(scene, kept);
    }
}

static void check(struct scene *scene, bool is_asked)
{
    struct host_crowd found[HOST_CROWDS_MAX];
    struct elsewhere_crowds ask = {SOCKET_CLOSE_WAIT, LEAST, ASKED};
    const struct crowds_sources sources = {scene->netns, scene->watch->tracer};
    size_t count = crowds_find(&scene->crowds, &sources, &ask, found);
    assert_int_equal(ask.sockets, is_asked ? (uint32_t)scene->count : ASKED);
    assert_int_equal(count, scene->count >= (int)LEAST ? 1 : 0);
    if (count > 0)
        assert_int_equal(found[0].sockets, scene->count);
}

/* How many there are, one step after the other, and whether that takes going over all sockets. */
static const struct step {
    int count;
    bool churns;
    bool is_asked;
} steps[] = {
    {EARLIER, false, true}, /* what was before the tracer is not known */
    {EARLIER, false, false}, {FEW, false, false},
    {FEW, true, false}, /* nobody stays */
    {LEAST, false, true},    {MOST - 1, true, true},
    {MOST - 1, false, true}, /* many are asked for each time */
    {FEW, false, false},     /* as many as went are gone */
    {0, true, false},        {LEAST, false, true},
    {0, false, false},
};

static void test_they_are_counted_when_they_may_be_many(void **state)
{
    (void)state;
    struct err err;
    struct scene scene = {.listener = -1};
    enter_namespace();
    scene.listener = loopback_listen("127.0.0.1", MOST);
    keep(&scene, EARLIER);
    scene.watch = watch_open();
    assert_int_equal(netns_open(&scene.netns, &err), 0);
    for (size_t at = 0; at < sizeof steps / sizeof *steps; at++) {
        keep(&scene, steps[at].count);
        if (steps[at].churns)
            churn(&scene);
        check(&scene, steps[at].is_asked);
    }
    (void)close(scene.listener);
    netns_close(scene.netns);
    watch_close(scene.watch);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_they_are_counted_when_they_may_be_many);
    return rows_run(&set, "host_crowds");
}
