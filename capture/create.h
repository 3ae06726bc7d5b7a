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

#include <sys/types.h>

#include "base/err.h"

/* An empty file or, as it is, a device or FIFO. Returns the descriptor or -errno. `owner` may be
 * (uid_t)-1 for whoever runs the program. */
int create_file(const char *path, uid_t owner, gid_t group, struct err *err);

/* A copy of standard output, refused when that is a terminal. */
int create_stdout(struct err *err);

#endif
