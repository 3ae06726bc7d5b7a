/*
 * Purpose: reads the notes of a pcapng file: what loflow kept beside the packets.
 * Bounds:  one pass over the file's block headers; NOTES_MAX notes of BLOCKS_NOTE_MAX bytes.
 * Fails:   never: a file that is no pcapng, is damaged or not to be read has no notes, or those before
 *          the damage. What is wrong with it is said when its packets are read.
 * Used by: app/causes.
 */
#ifndef LOFLOW_CAPTURE_NOTES_H
#define LOFLOW_CAPTURE_NOTES_H

#include <stdint.h>

#define NOTES_MAX 1000000u

/* Calls `take` for each note, in the file's order; `note` ends with a zero. Only regular files have notes:
 * a pipe can be read once. Returns how many there were. */
uint32_t notes_read(const char *path, void (*take)(void *context, const char *note), void *context);

/* The same of a file that is open: from its beginning, and then its position is what it was. */
uint32_t notes_read_open(int fd, void (*take)(void *context, const char *note), void *context);

#endif
