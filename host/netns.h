/*
 * Purpose: the network namespaces of this machine: which process is in which, what is theirs called,
 *          and doing something inside another one.
 * Owns:    a descriptor of this thread's own namespace, from netns_open to netns_close.
 * Bounds:  NETNS_MAX namespaces are told apart; a walk costs some 3 us a process.
 * Fails:   netns_run with -errno: a namespace may be gone or, without privilege, closed to us.
 *          When the way back is barred the program aborts: every later answer would be about
 *          another namespace.
 * Source:  namespaces(7), setns(2), ip-netns(8) for /run/netns.
 * Used by: host/host, host/elsewhere.
 */
#ifndef LOFLOW_HOST_NETNS_H
#define LOFLOW_HOST_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define NETNS_MAX  256u
#define NETNS_NAME 63

struct netns;

int netns_open(struct netns **netns, struct err *err);
void netns_close(struct netns *netns);

/* The inode number of this thread's own. */
uint32_t netns_own(const struct netns *netns);

/* Its descriptor, by which this process comes back; -1: there is none. */
int netns_descriptor(const struct netns *netns);

/* May other ones be entered? */
bool netns_may_enter(const struct netns *netns);

/* The inode number of that of a process; 0 unknown. */
uint32_t netns_of(pid_t pid);

/* One of those that were found. */
struct netns_place {
    uint32_t inode;
    pid_t pid;                 /* one of the processes in it; 0: none is known */
    char name[NETNS_NAME + 1]; /* in /run/netns; "" when it has none. Untrusted */
};

/* From now on the helper tells which process is where, and enters namespaces; it is borrowed. */
struct helper;
void netns_use(struct netns *netns, struct helper *helper);
struct helper *netns_helper(const struct netns *netns);

/* All but our own. Returns how many were written. */
size_t netns_list(const struct netns *netns, struct netns_place *places, size_t room);

/* The processes in that one; returns how many were written. */
size_t netns_processes(const struct netns *netns, uint32_t inode, pid_t *pids, size_t room);

/* The number of the namespace of that process (0: of this one), and who it is. False: it is gone, or not to be looked into. */
bool netns_place_of(const struct netns *netns, pid_t pid, struct netns_place *place);

/* Calls `run` with this thread inside; what it returns is returned. Where the helper enters them, this thread may not. */
int netns_run(struct netns *netns, const struct netns_place *place, int (*run)(void *context),
              void *context);

#endif
