/*
 * Purpose: when a new capture file begins and what it is called, exactly as tcpdump(8) says under
 *          -C, -G and -W.
 * Owns:    nothing. Borrows: the pattern, as long as it is used.
 * Bounds:  constant time.
 * Fails:   rotation_name, when the name is empty or too long.
 * Used by: writer.c.
 */
#ifndef LOFLOW_CAPTURE_ROTATE_H
#define LOFLOW_CAPTURE_ROTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

struct rotation {
    const char *pattern;
    uint64_t size_limit; /* -C in bytes, 0: none */
    uint32_t period_s;   /* -G, 0: none */
    uint32_t file_count; /* -W, 0: none */
    time_t period_begin; /* when the current -G period began; names its files */
    uint32_t periods;    /* that are over */
    uint32_t number;     /* of the current file within its period, by -C */
    int digits;          /* of the number, 0: as many as it needs, and none for 0 */
};

enum rotation_step {
    ROTATION_KEEP,
    ROTATION_NEXT, /* close the file and open the next */
    ROTATION_OVER, /* -G and -W: close the file, that was the last */
};

/* Takes pattern, size_limit, period_s and file_count as they stand and begins at the first file. */
void rotation_begin(struct rotation *rotation, time_t now);

/* To be asked before a packet is written; either may move on to the next file. */
enum rotation_step rotation_check_time(struct rotation *rotation, time_t now);
enum rotation_step rotation_check_size(struct rotation *rotation, uint64_t file_size);

int rotation_name(const struct rotation *rotation, char *name, size_t size, struct err *err);

#endif
