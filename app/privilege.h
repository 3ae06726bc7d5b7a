/*
 * Purpose: gives up what root or file capabilities have given, once it has served: the user, and the capabilities.
 * Owns:    nothing.
 * Fails:   by saying so in the layers.
 * Source:  capabilities(7), credentials(7).
 * Used by: app/sandbox.
 */
#ifndef LOFLOW_APP_PRIVILEGE_H
#define LOFLOW_APP_PRIVILEGE_H

#include <stdint.h>

#include "app/sandbox_layer.h"
#include "base/text.h"

struct privilege_plan {
    uint64_t kept;     /* bits of capabilities that are kept, if they are there */
    bool is_helper;    /* what is kept is its work */
    const char *stays; /* why the user is not changed behind sudo; NULL: it is */
};

/* For this thread, which must be the only one. */
void privilege_drop(const struct privilege_plan *plan, struct sandbox_layer *user,
                    struct sandbox_layer *capabilities);

/* "libcap-ng 0.8" */
void text_add_privilege_library(struct text *text);

#endif
