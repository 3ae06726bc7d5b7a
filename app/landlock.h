/*
 * Purpose: which files can be opened, made or written from now on, by Landlock.
 * Owns:    nothing.
 * Bounds:  some 10 us a path. Holds for this thread and those that it starts.
 * Fails:   by saying so in the layer: a kernel without Landlock, or one that was started without it.
 * Source:  landlock(7).
 * Used by: app/sandbox.
 *
 * A process in it cannot be looked into by others, nor look into one that is not: ptrace and /proc/PID/fd of all others are
 * refused, whoever owns them. That is what the helper (app/helper.h) is for.
 */
#ifndef LOFLOW_APP_LANDLOCK_H
#define LOFLOW_APP_LANDLOCK_H

#include <stddef.h>

#include "app/sandbox_layer.h"

enum reach_access {
    REACH_READ = 1,     /* files are opened for reading, folders are listed */
    REACH_MAKE = 2,     /* files are made and written */
    REACH_FOLDERS = 4,  /* folders are made */
    REACH_TERMINAL = 8, /* a device is read and written */
};

struct reach {
    const char *path; /* what does not exist is left out */
    unsigned access;
};

void landlock_restrict(const struct reach *reaches, size_t count, struct sandbox_layer *layer);

#endif
