/*
 * Purpose: how far a long file has been read, on standard error when that is a terminal.
 * Bounds:  one line, rewritten at most ten times a second; nothing for files below
 *          PROGRESS_FILE_MIN bytes.
 * Used by: app/session.c.
 */
#ifndef LOFLOW_APP_PROGRESS_H
#define LOFLOW_APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_FILE_MIN (16 << 20)

struct progress {
    int64_t size; /* bytes of the file; 0: show nothing */
    bool shown;
};

/* `size` is -1 when unknown. */
void progress_open(struct progress *progress, int64_t size);
void progress_show(struct progress *progress, int64_t position, uint64_t packets);
void progress_clear(struct progress *progress);

#endif
