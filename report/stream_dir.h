/*
 * Purpose: writes each direction of each flow to a file of its own in one directory.
 * Owns:    the directory's descriptor, and up to STREAM_DIR_OPEN_MAX open files.
 * Borrows: the bytes of a chunk during the call.
 * Bounds:  STREAM_DIR_OPEN_MAX descriptors; a file whose turn comes again is opened again.
 * Fails:   stream_dir_open with -errno and a sentence; later the first trouble is kept, nothing is
 *          written after it, and stream_dir_trouble tells.
 * Secrets: the directory itself is no symbolic link. A file is new (never overwritten, never
 *          through a symbolic link), 0600, and belongs to `owner`. Its name is made of digits and
 *          letters only: 000001_127.0.0.1.40000-127.0.0.1.3000_client, flow number, client, server,
 *          who sent it.
 * Used by: app.
 *
 * A file holds the bytes that were seen, one after the other. Where some are missing, a second file
 * of that name with .gaps behind it has a line for each place: offset in the file, bytes missing.
 */
#ifndef LOFLOW_REPORT_STREAM_DIR_H
#define LOFLOW_REPORT_STREAM_DIR_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "flows/sink.h"

#define STREAM_DIR_OPEN_MAX 128

struct stream_dir;

/* Makes the directory unless it exists. `owner` and `group` may be (uid_t)-1. */
int stream_dir_open(struct stream_dir **dir, const char *path, uid_t owner, gid_t group,
                    struct err *err);

/* To be given to a sink as `take`, with a struct stream_dir as context. */
void stream_dir_take(void *context, struct flow_view flow, unsigned side,
                     const struct reassembly_chunk *chunk);

/* 0, or -errno and a sentence. */
int stream_dir_trouble(const struct stream_dir *dir, struct err *err);

/* Closes everything. Returns as stream_dir_trouble does. */
int stream_dir_close(struct stream_dir *dir, struct err *err);

#endif
