/*
 * Purpose: the helper: a process that keeps the few rights that are needed after loflow itself has none, and does host/helper.def.
 * Owns:    its process, which ends when the other end of its channel is closed, and that is when loflow ends, whatever the way.
 * Bounds:  one question at a time. It looks at no packet.
 * Fails:   helper_process_start with -errno and a sentence; what it may not do it answers with -errno.
 * Used by: app/confine.
 *
 * It is forked when everything is open and before loflow gives up its rights, and keeps of these CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH (files of processes), CAP_SYS_ADMIN (other network namespaces), CAP_BPF and CAP_PERFMON (if there is a tracer),
 * CAP_KILL (if there is a command); as far as they were there. Behind sudo it is the user, too. It is under seccomp, not under
 * Landlock, which would hide all processes from it. It opens files for reading, or makes them anew.
 */
#ifndef LOFLOW_APP_HELPER_PROCESS_H
#define LOFLOW_APP_HELPER_PROCESS_H

#include "app/sandbox.h"
#include "host/helper.h"
#include "host/tracer.h"

struct helper_plan {
    enum sandbox_wish wish;
    bool asks_host;        /* processes and namespaces are asked for */
    bool makes_files;      /* the user may save some from a screen */
    struct tracer *tracer; /* NULL: there is none */
    int command;           /* pidfd of the command of loflow run; -1: there is none */
};

/* Forks it and connects `helper` to it. No thread may have begun. */
int helper_process_start(struct helper *helper, const struct helper_plan *plan, struct err *err);

/* A new file, as the user, not in or as what is hidden (-EPERM): a descriptor, or -errno. Without a helper this process makes it,
 * hidden or not. Without an answer of a helper that there is -EOWNERDEAD or -ETIME, and helper_create_trouble says what to do. */
int helper_create(const char *path);
const char *helper_create_trouble(void);

/* The file that helper_create made last was not finished. Returns 0, or -errno when it is still there. */
int helper_discard(const char *path);

/* Sends the command a signal. Returns 0, or -errno as above when it could not. */
int helper_signal(pid_t pid, int number);

#endif
