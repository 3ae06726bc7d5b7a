/*
 * Purpose: what this process gives up once everything is open, and what holds of it: the least privilege.
 * Owns:    what is known of each layer, for the life of the process.
 * Bounds:  one or two milliseconds, once.
 * Fails:   a layer that is missing is told (sandbox_layers); with SANDBOX_STRICT that is -SANDBOX_MISSING and a sentence.
 * Used by: app/confine (plans it), app/helper, app/main and app/health (tell it).
 *
 * Who holds what, when:
 *
 *   file    -r and what it prints: the file is opened; then all layers; then its first byte is read. On a screen a helper makes the
 *           files that are saved.
 *   live    capture ring, tracer, netlink, -w and the terminal are opened; the helper is forked; then all layers; then the first
 *           packet is read. `why` watches in the same way.
 *   run     as live; the command is started before the layers, with the rights that loflow was started with.
 *   why     what is known at once: a process of its own, with helper and all layers, before the capture is opened.
 *   ports   helper and all layers before the first question.
 *   helper  see app/helper.h: the capabilities that its few questions need, and seccomp.
 *
 * Layers, from the first to the last: no_new_privs, user, capabilities, Landlock, seccomp (app/sandbox_layer.def).
 */
#ifndef LOFLOW_APP_SANDBOX_H
#define LOFLOW_APP_SANDBOX_H

#include <errno.h>
#include <stddef.h>

#include "app/syscalls.h"
#include "app/landlock.h"
#include "app/sandbox_layer.h"
#include "app/privilege.h"
#include "base/err.h"

#define SANDBOX_MISSING     ENOPKG
#define SANDBOX_REACHES_MAX 40

enum sandbox_wish { SANDBOX_BEST, SANDBOX_STRICT, SANDBOX_OFF };

/* False: there is no such word. */
bool sandbox_parse(const char *word, enum sandbox_wish *wish);

struct sandbox_plan {
    const char *mode; /* "file", "live" ... */
    enum sandbox_wish wish;
    unsigned groups; /* of app/syscall.def and app/reach.def */
    struct calls_barred barred;
    struct privilege_plan privilege;
    struct reach reaches[SANDBOX_REACHES_MAX]; /* beyond those of app/reach.def */
    size_t reach_count;
};

/* All threads but this one must not have begun. */
int sandbox_enter(const struct sandbox_plan *plan, struct err *err);

/* LAYER_COUNT of them; NULL: it is not up. */
const struct sandbox_layer *sandbox_layers(void);

const char *sandbox_layer_word(enum sandbox_layer_name layer);

/* What the helper tells of itself; without one none is needed. */
void sandbox_note_helper(const struct sandbox_layer *layer);

#endif
