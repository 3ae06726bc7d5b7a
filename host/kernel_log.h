/*
 * Purpose: the kernel's latest events, to be found again by the connection or process they are
 *          about.
 * Owns:    five rings of events, from kernel_log_open to kernel_log_close.
 * Bounds:  KERNEL_LOG_CONNECTS connects, KERNEL_LOG_EVENTS of the other kinds each, listening and its end in one,
 *          some 4 MiB; the oldest are written over. A question follows one chain of a hash table.
 * Fails:   kernel_log_open with -errno and a sentence.
 * Used by: host/host.
 *
 * Addresses repeat in every network namespace: events of another one are not kept, but for the ends
 * of processes.
 */
#ifndef LOFLOW_HOST_KERNEL_LOG_H
#define LOFLOW_HOST_KERNEL_LOG_H

#include "host/tracer.h"

#define KERNEL_LOG_CONNECTS 16384u
#define KERNEL_LOG_EVENTS   4096u

struct kernel_log;

/* `netns`: the one that is kept. */
int kernel_log_open(struct kernel_log **log, uint32_t netns, struct err *err);
void kernel_log_close(struct kernel_log *log);

void kernel_log_note(struct kernel_log *log, const struct trace_event *event);

/* Is the event of the namespace that is kept, or of an unknown one? */
bool kernel_log_is_ours(const struct kernel_log *log, const struct trace_event *event);

/* The latest event of a kind (CONNECT, RESET or DROP) whose end 0 is that end of the tuple, not
 * before `since_ns`; NULL for none. Valid until the next kernel_log_note. */
const struct trace_event *kernel_log_find(const struct kernel_log *log, enum trace_kind kind,
                                          const struct tuple *tuple, unsigned end,
                                          int64_t since_ns);

/* The LISTEN of who accepts at that time what comes to that end: of the address that fits best, the latest whose
 * socket did not end before. NULL: none is remembered. */
const struct trace_event *kernel_log_listen(const struct kernel_log *log, const struct tuple *tuple,
                                            unsigned end, int64_t time_ns);

/* Packets that were dropped. */
struct host_drops {
    uint32_t count; /* of those that are remembered: KERNEL_LOG_EVENTS at most */
    struct trace_event first, last;
};

bool kernel_log_drops(const struct kernel_log *log, const struct tuple *tuple, unsigned end,
                      int64_t since_ns, struct host_drops *drops);

/* The latest end of a process, not before `since_ns`; NULL for none. */
const struct trace_event *kernel_log_exit(const struct kernel_log *log, pid_t pid,
                                          int64_t since_ns);

#endif
