/*
 * Purpose: which processes hold a socket, by its inode, from /proc.
 * Owns:    what one walk found, from owners_find to owners_free.
 * Bounds:  a walk costs some 6 us an open file of all processes; OWNERS_MAX pairs are kept.
 * Fails:   with -errno and a sentence when there is no /proc. Processes that this user may not look
 *          into are counted in `hidden`.
 * Source:  proc(5): /proc/PID/fd, comm, cmdline.
 * Used by: host/ports, host/names, host/holders.
 */
#ifndef LOFLOW_HOST_OWNERS_H
#define LOFLOW_HOST_OWNERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/process.h"

#define OWNERS_MAX   16384u
#define OWNERS_LEAST 1024u /* room for the workers of a few servers */

/* One process that holds one socket. The texts are the process's own: untrusted. */
struct owner {
    uint32_t inode;
    pid_t pid;
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

/* Looks for the holders of the sockets with these inodes (sorted), in all processes or, which is
 * cheaper by far, in `pid_count` of them. */
int owners_find(struct owners *owners, const uint32_t *inodes, size_t count, struct err *err);
int owners_find_in(struct owners *owners, const uint32_t *inodes, size_t count, const pid_t *pids,
                   size_t pid_count, struct err *err);
void owners_free(struct owners *owners);

/* The first holder of a socket and how many there are; NULL for none. */
const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count);

#endif
