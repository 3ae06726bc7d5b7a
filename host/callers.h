/*
 * Purpose: the processes that made calls of late, so that /proc is not asked after each call of a busy one.
 * Owns:    a plain table.
 * Bounds:  CALLERS_MAX processes; two small files are read for a call that came later than they were read last.
 * Fails:   by saying less, as process_of_call.
 * Used by: host/host.
 */
#ifndef LOFLOW_HOST_CALLERS_H
#define LOFLOW_HOST_CALLERS_H

#include "host/process.h"

#define CALLERS_MAX 64u

/* What was read of a process holds for its calls between one that it was there for and the reading. */
struct caller {
    struct host_process process;
    int64_t from_ns, until_ns; /* CLOCK_REALTIME */
};

struct callers {
    struct caller known[CALLERS_MAX]; /* by pid */
};

/* As process_of_call. */
struct host_process callers_find(struct callers *callers, pid_t pid,
                                 const char comm[OWNER_COMM + 1], int64_t time_ns);

#endif
