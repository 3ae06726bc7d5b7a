/*
 * Purpose: who listens on this machine, looked at again once a second: what `loflow ports` tells, and
 *          with it how long queues were, who opened what, and who listened before.
 * Owns:    its list, netlink dumps and one walk over /proc that go on from step to step.
 * Borrows: the host.
 * Bounds:  PORT_LIST_MAX lines; a step goes on until its deadline, then by one answer of the kernel or one
 *          read of a directory at most, and at the end of a look by the sorting of the list: some 0.5 ms
 *          for 1000 lines. What costs most rests for PORT_WATCH_REST times as long as it took: connections
 *          are counted anew when there are more or fewer of them, else every PORT_WATCH_COUNT_NS; files of
 *          processes are walked over for sockets that are new, else every PORT_WATCH_WALK_NS, or later.
 * Fails:   port_watch_open with -errno and a sentence; a look that fails leaves the list as it was.
 * Used by: app/view, ui/ports_page (the list).
 */
#ifndef LOFLOW_HOST_PORT_WATCH_H
#define LOFLOW_HOST_PORT_WATCH_H

#include "host/host.h"
#include "host/ports.h"
#include "host/settings.h"

#define PORT_LIST_MAX       2048u
#define PORT_LIST_CLOSED    64u
#define PORT_WATCH_EVERY_NS CLOCK_NS_PER_S
#define PORT_WATCH_COUNT_NS                                                                        \
    (10 * CLOCK_NS_PER_S) /* who is connected may change, and how many are not */
#define PORT_WATCH_WALK_NS (5 * CLOCK_NS_PER_S) /* holders may change: between two walks for all */
#define PORT_WATCH_REST    200
#define PORT_WATCH_HURRY   50 /* in place of that, for sockets that are new */

/* A socket that listens, or the end where one did. */
struct port_line {
    struct host_socket socket;   /* of a closed one the tuple only */
    struct host_process process; /* the holder with the least pid; pid 0 unknown */
    uint32_t holders;
    uint32_t connections, time_wait; /* as in struct port_row */
    uint32_t remarks;                /* bits 1 << enum port_remark */
    uint32_t queue_most;             /* in the last LISTENERS_SECONDS */
    int64_t process_age_s;           /* -1 unknown */
    int64_t opened_ns;               /* 0: before the run */
    struct host_process opener;      /* pid 0 unknown */
    bool closed;
    uint32_t past_count;   /* how often somebody stopped listening there */
    struct host_past past; /* the last of them; valid with past_count */
    char service[SETTINGS_SERVICE + 1];
};

struct port_list {
    uint64_t number;  /* of the look: 1, 2, 3 ... */
    size_t count;     /* those that listen by port, then the closed ones, latest first */
    size_t listening; /* of them */
    uint64_t left_out;
    uint64_t past_left_out; /* that stopped listening, and are told on no line */
    uint32_t hidden;        /* processes whose files this user may not see */
    uint16_t ephemeral_low, ephemeral_high;
    struct port_line lines[PORT_LIST_MAX];
};

struct port_watch;

int port_watch_open(struct port_watch **watch, struct host *host, struct err *err);
void port_watch_close(struct port_watch *watch);

/* Goes on for so long, in time of this thread. now_ns is of clock_monotonic_ns. */
void port_watch_step(struct port_watch *watch, int64_t now_ns, int64_t budget_ns);

/* As of the latest look; its number is 0 before the first. */
const struct port_list *port_watch_list(const struct port_watch *watch);

#endif
