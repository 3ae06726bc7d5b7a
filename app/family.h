/*
 * Purpose: which processes belong to a command: it, its children, theirs, and so on.
 * Owns:    one bit for each pid there can be (512 KiB, of which little is touched), host/forks.
 * Bounds:  constant time a new process; without the kernel's word a walk to the root of the tree for a
 *          question, and one over the tree in family_tick.
 * Fails:   family_open with -errno and a sentence.
 * Used by: app/run.
 *
 * The kernel tells every new process, so that one that lived for a millisecond is known. Where it does
 * not (another pid or network namespace, no privilege) parents are asked for in /proc while they are
 * there. In both cases loflow adopts orphans (PR_SET_CHILD_SUBREAPER), so that /proc leads back to it.
 */
#ifndef LOFLOW_APP_FAMILY_H
#define LOFLOW_APP_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct family;

int family_open(struct family **family, struct err *err);
void family_close(struct family *family);

/* The command has this pid; called right after it was made. */
void family_begin(struct family *family, pid_t root);

bool family_has(struct family *family, pid_t pid);

/* Takes what the kernel tells; called before questions and ten times a second. */
void family_poll(struct family *family);
void family_tick(struct family *family);

/* Did the kernel tell every new process so far? Else those may be missing that lived for a moment. */
bool family_is_complete(const struct family *family);

#endif
