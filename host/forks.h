/*
 * Purpose: who begets whom: the kernel's word of every process that is made on this machine.
 * Owns:    a netlink socket, from forks_open to forks_close.
 * Bounds:  FORKS_BUFFER bytes of what waits; what finds no room is lost, and forks_read says so.
 * Fails:   forks_open with -errno and a sentence: privilege, or another network namespace. In another
 *          pid namespace than the first the kernel accepts the question and tells nothing.
 * Source:  the process connector, Documentation/driver-api/connector.rst; linux/cn_proc.h.
 * Used by: app/family.
 */
#ifndef LOFLOW_HOST_FORKS_H
#define LOFLOW_HOST_FORKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define FORKS_BUFFER (4 << 20)

struct forks;

int forks_open(struct forks **forks, struct err *err);
void forks_close(struct forks *forks);

/* Hands over what waits: `child` is a new process of `parent`. Returns false when some were lost since
 * the last call. */
bool forks_read(struct forks *forks, void (*take)(void *context, pid_t parent, pid_t child),
                void *context);

#endif
