/*
 * Purpose: which processes hold a socket, asked again and again and answered quickly.
 * Owns:    HOLDERS_KEPT answers and HOLDERS_KNOWN processes that are likely to hold the next one.
 * Bounds:  an answer younger than HOLDERS_AGE_NS costs some 10 us; else a look into the processes
 *          known and their families, some 3 us an open file; else one walk over /proc, some 30 us a
 *          process.
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

struct holders;

int holders_open(struct holders **holders, struct err *err);
void holders_close(struct holders *holders);

/* A process that is likely to hold what will be asked for. */
void holders_know(struct holders *holders, pid_t pid);

/* The holders of one socket, least pid first. Returns how many there are; `room` of them are
 * written. */
size_t holders_of(struct holders *holders, uint32_t inode, struct host_process *found, size_t room);

/* Does the process hold it? */
bool holders_is_held_by(pid_t pid, uint32_t inode);

/* Walks over /proc once for all of these (sorted), HOLDERS_KEPT at most, and hands each answer over:
 * the holder with the least pid, NULL for none, and how many there are. */
void holders_find_all(struct holders *holders, const uint32_t *inodes, size_t count,
                      void (*take)(void *context, uint32_t inode, const struct host_process *first,
                                   size_t holders),
                      void *context);

/* Processes that the last walk could not look into. */
uint32_t holders_hidden(const struct holders *holders);

#endif
