/*
 * Purpose: sockets on loopback and child processes, for tests that ask the kernel about them.
 * Owns:    nothing; the caller closes descriptors and ends children.
 * Used by: tests/unit/test_host_*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_LOOPBACK_H
#define LOFLOW_TESTS_SUPPORT_LOOPBACK_H

#include "tests/support/rows.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/tuple.h"

/* What is awaited comes within this time or the test fails. */
#define LOOPBACK_PATIENCE_NS (10 * CLOCK_NS_PER_S)

static inline socklen_t loopback_name(struct sockaddr_storage *name, int family,
                                      const char *address, uint16_t port)
{
    *name = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
    struct sockaddr_in *v4 = (struct sockaddr_in *)name;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)name;
    v4->sin_port = htons(port); /* the same place in both */
    void *octets = family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr;
    assert_int_equal(inet_pton(family, address, octets), 1);
    return family == AF_INET ? sizeof *v4 : sizeof *v6;
}

static inline int loopback_family(const char *address)
{
    return strchr(address, ':') ? AF_INET6 : AF_INET;
}

/* A socket of that type that is bound to the address; port 0: to any. */
static inline int loopback_bind(int type, const char *address, uint16_t port)
{
    struct sockaddr_storage name;
    int family = loopback_family(address);
    socklen_t len = loopback_name(&name, family, address, port);
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    return fd;
}

static inline int loopback_listen(const char *address, int backlog)
{
    int fd = loopback_bind(SOCK_STREAM, address, 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static inline uint16_t loopback_port(int fd)
{
    struct sockaddr_in6 name = {0}; /* the port is at the same place in both */
    socklen_t len = sizeof name;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    return ntohs(name.sin6_port);
}

static inline int loopback_connect(int type, const char *address, uint16_t port)
{
    struct sockaddr_storage name;
    int family = loopback_family(address);
    socklen_t len = loopback_name(&name, family, address, port);
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, len), 0);
    return fd;
}

/* Of a connection between two ports of one address; end 0 has the first one. */
static inline struct tuple loopback_tuple(uint8_t protocol, const char *address, uint16_t port,
                                          uint16_t other_port)
{
    uint8_t octets[16];
    int family = loopback_family(address);
    assert_int_equal(inet_pton(family, address, octets), 1);
    struct address end = family == AF_INET ? address_from_ipv4(octets) : address_from_ipv6(octets);
    return (struct tuple){.address = {end, end},
                          .port = {port, other_port},
                          .protocol = protocol,
                          .family = family == AF_INET ? 4 : 6};
}

/* A process that sleeps until it is killed, at the latest with its parent. It has all descriptors. */
static inline pid_t loopback_sleeper(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        (void)pause();
}

static inline void loopback_kill(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* A network namespace of its own with a process in it that listens on port 3000 of 127.0.0.1, or, with
 * lo down, does nothing. Returns 0 without the privilege. */
static inline pid_t loopback_elsewhere(bool lo_up)
{
    int ready[2];
    char answer = 'n';
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) == 0) {
            struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
            int fd = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in name = {.sin_family = AF_INET,
                                       .sin_port = htons(3000),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
            bool done = !lo_up || (ioctl(fd, SIOCSIFFLAGS, &lo) == 0 &&
                                   bind(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
                                   listen(fd, 1) == 0);
            answer = done ? 'y' : 'n';
            /* cppcheck-suppress resourceLeak ; it is to stay open */
        }
        (void)!write(ready[1], &answer, 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ready[0], &answer, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    if (answer == 'y')
        return pid;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return 0;
}

/* Since Linux 6.8 sockets that are only bound are told. */
static inline bool loopback_tells_bound(void)
{
    struct utsname name;
    int major = 0, minor = 0;
    assert_int_equal(uname(&name), 0);
    assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 8);
}

/* Waits a moment; false when patience is at its end. `until_ns` is 0 at first. */
static inline bool loopback_await(int64_t *until_ns)
{
    int64_t now_ns = clock_monotonic_ns();
    if (*until_ns == 0)
        *until_ns = now_ns + LOOPBACK_PATIENCE_NS;
    (void)usleep(2000);
    return now_ns < *until_ns;
}

#endif
