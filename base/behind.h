/*
 * Purpose: writes pieces of output to a file on a thread of its own, behind whoever makes them: to copy 3 GB
 *          into the page cache takes as long as to make them.
 * Owns:    the thread, and BEHIND_PIECES places.
 * Borrows: the descriptor.
 * Bounds:  BEHIND_PIECES pieces wait at most; then whoever passes one waits. They are written in order.
 * Fails:   behind_open with -errno when there is no thread to be had; the caller then writes by itself. The
 *          first failed write is told by every call that follows; nothing is written after it.
 * Used by: base/out.
 */
#ifndef LOFLOW_BASE_BEHIND_H
#define LOFLOW_BASE_BEHIND_H

#include <stdbool.h>
#include <stddef.h>

#define BEHIND_PIECE                                                                               \
    (256u << 10)             /* bytes of a full piece: big enough to be worth waking somebody */
#define BEHIND_MORE   16384u /* room behind a full piece */
#define BEHIND_PIECES 4u     /* a power of two */

struct behind;

/* It pays: there is a second processor, and a write takes a processor's time. A pipe or a terminal takes the
 * reader's, and there a write must be interrupted when the user wants out. */
bool behind_pays(int fd);

int behind_open(struct behind **behind, int fd);

/* The place of the next piece: BEHIND_PIECE + BEHIND_MORE bytes. */
char *behind_place(struct behind *behind);

/* That many bytes at the place are a piece; the next one has another place. Returns 0 or -errno. */
int behind_pass(struct behind *behind, size_t len);

/* Waits until all is written. Returns 0 or -errno. */
int behind_wait(struct behind *behind);

/* What was passed is written before. */
void behind_close(struct behind *behind);

#endif
