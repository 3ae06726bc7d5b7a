/*
 * Purpose: the command of `loflow run`: starts it, hands signals on to it, and learns how it ended.
 * Owns:    the process, until it has ended.
 * Fails:   child_start with -errno and a sentence; `status` is then what a shell would say: 127 when there
 *          is no such program, 126 when it cannot be run.
 * Used by: app/run, app/main.c.
 *
 * It runs as loflow does, in its process group and on its terminal: what the terminal sends (Ctrl-C,
 * Ctrl-Z) it gets from there. It inherits the descriptors and ignored signals that loflow inherited, and
 * nothing that loflow opened or set.
 */
#ifndef LOFLOW_APP_CHILD_H
#define LOFLOW_APP_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct child {
    pid_t pid; /* 0: not started */
    bool ended;
    int status;    /* for our own exit: its own, or 128 and the signal that killed it */
    int killed_by; /* that signal, 0 for none */
};

/* Called once, before anything is opened and any signal is touched. */
void child_note_inherited(void);

int child_start(struct child *child, char **argv, struct err *err);

/* Takes ended children: the command, and orphans of its. Returns whether the command has ended. */
bool child_reap(struct child *child);

#endif
