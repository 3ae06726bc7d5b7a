/*
 * Purpose: the sockets that processes hold, by their descriptors in /proc: what owners and helper look through.
 * Owns:    two directories, from descriptors_begin to descriptors_end.
 * Bounds:  some 3 to 6 us an open file of a process; nothing is kept. A step goes on until its deadline, or until there is no room,
 *          and one read of a directory longer: a millisecond.
 * Fails:   with -errno and a sentence when there is no /proc. Processes that may not be looked into are counted.
 * Source:  proc(5): /proc/PID/fd.
 * Used by: host/owners, host/helper_serve.
 */
#ifndef LOFLOW_HOST_DESCRIPTORS_H
#define LOFLOW_HOST_DESCRIPTORS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The kernel looks at every file that it puts into a buffer: a small one makes it answer soon. */
#define DESCRIPTORS_BUFFER 2048u

/* A process and a socket that it holds. */
struct descriptor {
    int32_t pid;
    int32_t fd;
    uint32_t inode;
};

/* All 0: no walk goes on. */
struct descriptors_walk {
    DIR *proc;
    const pid_t *pids; /* borrowed; NULL: all processes, least pid first */
    size_t pid_count, next;
    pid_t pid;       /* at hand */
    uint32_t hidden; /* processes whose files this user may not see */
    int folder;      /* of descriptors of the process at hand; valid while is_open */
    bool is_open;
    size_t at, len; /* bytes of the buffer */
    _Alignas(uint64_t) char buffer[DESCRIPTORS_BUFFER];
};

int descriptors_begin(struct descriptors_walk *walk, const pid_t *pids, size_t count,
                      struct err *err);

/* Goes on until that time of clock_thread_ns or as many rows, by one file or process at least. True: it is over. */
bool descriptors_step(struct descriptors_walk *walk, int64_t deadline_ns, struct descriptor *rows,
                      size_t room, size_t *count);

/* Over or not, or none. */
void descriptors_end(struct descriptors_walk *walk);

/* Is that descriptor of the process the socket, now? */
bool descriptors_hold(pid_t pid, int fd, uint32_t inode);

#endif
