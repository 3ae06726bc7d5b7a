/*
 * Purpose: the system calls that are allowed from now on, by libseccomp; app/syscall.def lists them.
 * Bounds:  some 100 rules, half a millisecond; a tenth of a microsecond a call afterwards.
 * Fails:   by saying so in the layer: libseccomp is not built in, or the kernel or a container refuses filters.
 * Source:  seccomp(2), seccomp_rule_add(3).
 * Used by: app/sandbox.
 */
#ifndef LOFLOW_APP_SYSCALLS_H
#define LOFLOW_APP_SYSCALLS_H

#include "app/sandbox_layer.h"
#include "base/text.h"

/* Who may call what. */
enum calls_group {
    CALLS_MAIN = 1,     /* who looks at packets */
    CALLS_OPENING = 2,  /* a reader of files: it is confined before it opens everything */
    CALLS_FILES = 4,    /* makes files as it goes on, of -w or --stream-dir */
    CALLS_LIVE = 8,     /* captures or asks the kernel */
    CALLS_RUN = 16,     /* waits for a command */
    CALLS_HELPER = 32,  /* the helper */
    CALLS_TRACE = 64,   /* it loads BPF programs */
    CALLS_SIGNAL = 128, /* it hands signals on to a command */
    CALLS_SANITIZER = 256,
    CALLS_SCREEN = 512, /* a reader of files with a screen, which opens its terminal */
    CALLS_ASKED = 1024, /* the helper is asked for processes and namespaces */
    CALLS_SAVES = 2048, /* the helper makes files */
};

/* Descriptors that less may be done with than with others; -1: there is none. */
struct calls_barred {
    int packets; /* a packet socket: nothing is written to it */
    int channel; /* of the helper: it gets no name */
};

/* For all threads. */
void calls_restrict(unsigned groups, const struct calls_barred *barred,
                    struct sandbox_layer *layer);

/* CALLS_SANITIZER in a build with the address sanitizer, else 0. */
unsigned calls_of_sanitizer(void);

/* "libseccomp 2.5.4" */
void text_add_calls_library(struct text *text);

#endif
