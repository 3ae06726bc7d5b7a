/*
 * Purpose: which processes hold a socket, by its inode, from /proc.
 * Owns:    what one walk found, until owners_walk_end or owners_free; meanwhile two directories.
 * Borrows: the inodes and pids of a query, until owners_walk_end.
 * Bounds:  a walk costs some 3 to 6 us an open file of all processes; OWNERS_MAX pairs are kept. A
 *          step goes on until its deadline and one read of a directory longer: a millisecond.
 * Fails:   with -errno and a sentence when there is no /proc. Processes that this user may not look
 *          into are counted in `hidden`.
 * Source:  proc(5): /proc/PID/fd, comm, cmdline.
 * Used by: host/ports, host/names, host/holders.
 */
#ifndef LOFLOW_HOST_OWNERS_H
#define LOFLOW_HOST_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/helper.h"
#include "host/process.h"

#define OWNERS_MAX   16384u
#define OWNERS_LEAST 1024u /* room for the workers of a few servers */

/* One process that holds one socket. The texts are the process's own: untrusted. */
struct owner {
    uint32_t inode;
    pid_t pid;
    int fd;         /* the first descriptor it has of the socket */
    uint8_t how;    /* enum host_how; HOST_UNKNOWN stands for a socket */
    uint64_t start; /* of the process, in clock ticks since boot; 0 unknown */
    char comm[OWNER_COMM + 1];
    char command[OWNER_COMMAND + 1]; /* its arguments, separated by spaces; "" unknown */
};

struct owners {
    struct owner *found; /* sorted by inode, then pid */
    size_t count;
    size_t room;
    uint32_t hidden; /* processes whose files this user may not see */
};

/* What a walk looks for: the holders of the sockets with these inodes (sorted), in all processes or,
 * which is cheaper by far, in `pid_count` of them. */
struct owners_query {
    const uint32_t *inodes;
    size_t count;
    const pid_t *pids; /* NULL: all processes, least pid first */
    size_t pid_count;
    struct helper *helper; /* who looks; NULL, or where it is not there: this process */
};

/* A walk that goes on. All 0: none does. */
struct owners_walk {
    struct owners owners; /* so far, in the order of finding */
    struct owners_query query;
    struct descriptors_walk own; /* without a helper */
    bool is_asked;               /* of the helper */
    uint32_t number;             /* of its walk; 0: it has none */
    size_t next;                 /* of query.pids, that it was not asked for */
};

/* After a failure no walk goes on. */
int owners_walk_begin(struct owners_walk *walk, const struct owners_query *query, struct err *err);

/* Goes on until that time of clock_thread_ns, by one file or process at least. True: it is over. */
bool owners_walk_step(struct owners_walk *walk, int64_t deadline_ns);

/* Ends a walk, over or not, or none. What it found is the caller's; NULL: it is dropped. */
void owners_walk_end(struct owners_walk *walk, struct owners *owners);

/* A walk at once, to its end or until that time of clock_thread_ns. */
int owners_find(struct owners *owners, const struct owners_query *query, int64_t deadline_ns,
                struct err *err);

/* Is that descriptor of the process the socket, now? `helper` as in a query. */
bool owners_hold(struct helper *helper, pid_t pid, int fd, uint32_t inode);

void owners_free(struct owners *owners);

/* The first holder of a socket and how many there are; NULL for none. */
const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count);

#endif
