/*
 * Purpose: opens a capture file for writing, carefully: loflow often runs as root, and captures
 *          hold other people's secrets.
 * Owns:    nothing; the descriptor is the caller's.
 * Bounds:  a few system calls.
 * Fails:   with -errno and a sentence.
 * Secrets: never through a symbolic link; a new file is 0600 and belongs to `owner`; a file that
 *          loflow reads or writes just now (flock) is left alone.
 * Used by: writer.c.
 */
#ifndef LOFLOW_CAPTURE_CREATE_H
#define LOFLOW_CAPTURE_CREATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct create_owner {
    uid_t user; /* (uid_t)-1: whoever runs the program */
    gid_t group;
};

/* An empty file or, as it is, a device or FIFO; with `must_be_new` none of them may be there: -EEXIST. Returns
 * the descriptor or -errno. */
int create_file(const char *path, bool must_be_new, struct create_owner owner, struct err *err);

/* A copy of standard output, refused when that is a terminal. */
int create_stdout(struct err *err);

#endif
