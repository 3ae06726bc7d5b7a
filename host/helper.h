/*
 * Purpose: what loflow cannot do itself any more once it is confined, asked of a process that can: the messages, and asking.
 * Owns:    one end of a channel, from helper_connect to helper_close, and the latest answer.
 * Bounds:  a question costs some 15 us and what its answer costs. Requests have one size; answers a head and as many rows as it
 *          says, at most HELPER_ROWS.
 * Fails:   by not answering: NULL, and after the helper is gone for every question. One that is stopped is waited for once,
 *          HELPER_WAIT_NS; then every question is without answer, and without waiting, until the late answer comes. What is no
 *          answer ends the helper.
 * Used by: host/owners, host/netns, host/elsewhere, host/tracer, host/host (ask), host/helper_serve and app/helper_process (answer).
 *
 * Whoever asks does it itself as long as there is no helper: helper_is_there.
 */
#ifndef LOFLOW_HOST_HELPER_H
#define LOFLOW_HOST_HELPER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/tuple.h"
#include "host/descriptors.h"
#include "host/netns.h"
#include "host/settings.h"

#define HELPER_ROWS 1024u
#define HELPER_PIDS 512u
#define HELPER_NAME 16

/* Nothing that is asked takes a tenth of it. */
#define HELPER_WAIT_NS INT64_C(2000000000)

/* At most so long for one answer: whoever asks has other things to do. */
#define HELPER_BUDGET_NS INT64_C(20000000)

enum helper_kind {
#define HELPER(NAME, question) HELPER_##NAME,
#include "host/helper.def"
#undef HELPER
    HELPER_KINDS
};

struct helper_request {
    uint32_t kind;     /* enum helper_kind */
    uint32_t sequence; /* comes back with the answer */
    int64_t budget_ns; /* FILES: for this step */
    uint32_t walk;     /* FILES, END: 0 begins one */
    uint32_t number;   /* a socket's inode; a signal; an interface; on or off */
    int32_t pid,
        other; /* processes; HOLDS: `other` is the descriptor; NAMESPACES: behind that pid */
    uint32_t pid_count; /* FILES that begins: 0 for all processes */
    union {
        int32_t pids[HELPER_PIDS];
        struct {
            struct netns_place place; /* inode 0: our own */
            struct address address;
            uint8_t family;
        };
        char path[PATH_MAX]; /* CREATE; ends with a zero */
    };
};

struct helper_answer {
    uint32_t kind, sequence;
    int32_t result;   /* 0, 1 for yes, or -errno */
    uint32_t walk;    /* FILES: goes on by this number; 0: it is over */
    uint32_t hidden;  /* FILES: processes that could not be looked into */
    uint32_t count;   /* of rows */
    int64_t spent_ns; /* of the helper's processor */
    struct host_net net;
    char name[HELPER_NAME + 1];
    struct descriptor rows[HELPER_ROWS]; /* NAMESPACES: the inode is the namespace's */
};

struct helper;

int helper_open(struct helper **helper, struct err *err);
void helper_close(struct helper *helper);

/* From now on it is asked, in place of whom was asked before; the end of the channel is its own. */
void helper_connect(struct helper *helper, int end);

/* Is there one? Not for NULL. */
bool helper_is_there(const struct helper *helper);

/* Was there one that is gone, or does it not answer now? */
bool helper_is_lost(const struct helper *helper);

/* What is to be told then, and what to do: "it is gone: ..."; else NULL. */
const char *helper_trouble(const struct helper *helper);

/* The same as -EOWNERDEAD (gone) and -ETIME (no answer); else 0. */
int helper_error(const struct helper *helper);

/* Sets the sequence and asks. Valid until the next question; NULL: no answer. `fd` as in channel_take. */
const struct helper_answer *helper_ask(struct helper *helper, struct helper_request *request,
                                       int *fd);

/* All that answers cost so far, on the helper's processor. */
int64_t helper_spent_ns(const struct helper *helper);

/* The size of an answer with that many rows. */
size_t helper_answer_size(uint32_t count);

#endif
