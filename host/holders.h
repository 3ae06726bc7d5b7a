/*
 * Purpose: which processes hold a socket, asked again and again and answered quickly.
 * Owns:    HOLDERS_KEPT answers and HOLDERS_KNOWN processes that are likely to hold the next one;
 *          a walk over /proc for what could not be answered.
 * Bounds:  an answer younger than HOLDERS_AGE_NS costs some 10 us; else a look into the processes
 *          known and their families, some 3 us an open file; else a walk over /proc, some 30 us a
 *          process. All questions within HOLDERS_MOMENT_NS look no longer than holders_open was told
 *          (and one read of a directory: a millisecond). What that was not enough for is unknown
 *          then, is found by holders_step, and answered when it is asked for again. The walks of
 *          holders_step rest for HOLDERS_REST times as long as they took: 1 % of a core.
 * Fails:   by not finding: holders_hidden says whether processes could not be looked into.
 * Used by: host/host, host/listeners.
 *
 * A socket is inherited: who shares one with a process is its child, parent or sibling. A holder
 * that a stranger sent it to (SCM_RIGHTS) is not counted while the family of a known one holds it.
 */
#ifndef LOFLOW_HOST_HOLDERS_H
#define LOFLOW_HOST_HOLDERS_H

#include "base/clock.h"
#include "host/owners.h"

#define HOLDERS_KEPT   256u
#define HOLDERS_KNOWN  16u
#define HOLDERS_AGE_NS CLOCK_NS_PER_S
#define HOLDERS_REST   100

#define HOLDERS_ASK_NS    (100 * CLOCK_NS_PER_MS)
#define HOLDERS_MOMENT_NS (500 * CLOCK_NS_PER_MS)

struct holders;

/* Questions of one moment may look for ask_ns, as a rule HOLDERS_ASK_NS. */
int holders_open(struct holders **holders, int64_t ask_ns, struct err *err);
void holders_close(struct holders *holders);

/* From now on the helper looks into processes; it is borrowed. */
void holders_use(struct holders *holders, struct helper *helper);

/* A process that is likely to hold what will be asked for. */
void holders_know(struct holders *holders, pid_t pid);

/* The holders of one socket, least pid first. Returns how many there are; `room` of them are
 * written. Without the time to find all: those who surely hold it, 0 for unknown, and it is wanted. */
size_t holders_of(struct holders *holders, uint32_t inode, struct host_process *found, size_t room);

/* Does the process hold it? Not `known` when there was no time to find out. */
bool holders_is_held_by(struct holders *holders, pid_t pid, uint32_t inode, int64_t deadline_ns,
                        bool *known);

/* The next walk looks for the holders of that socket. False: it looks for HOLDERS_KEPT already. */
bool holders_want(struct holders *holders, uint32_t inode);

/* Is given each answer of a walk: the holder with the least pid, NULL for none, and how many. */
struct holders_taker {
    void *context;
    void (*take)(void *context, uint32_t inode, const struct host_process *first, size_t holders);
};

/* Goes on with the walk for those that are wanted until that time of clock_thread_ns, and hands
 * its answers over when it is over. False: it is not over. */
bool holders_step(struct holders *holders, int64_t deadline_ns, const struct holders_taker *taker);

/* Processes that the last walk could not look into. */
uint32_t holders_hidden(const struct holders *holders);

#endif
