/*
 * Purpose: the bytes of a capture file as a stdio stream for libpcap, wherever they come from (a
 *          descriptor or memory) and whether or not they are compressed with gzip or zstd.
 * Owns:    the descriptor, the stream and the decompressor.
 * Borrows: the bytes of a memory input and the stop descriptor, until inflate_close.
 * Bounds:  INFLATE_OUTPUT_SIZE + INFLATE_INPUT_SIZE bytes and the decompressor's window (gzip
 *          32 KiB; zstd at most 128 MiB, its own limit for files).
 * Fails:   a failed read ends the stream; `trouble` tells why it ended.
 * Used by: savefile.c.
 */
#ifndef LOFLOW_CAPTURE_INFLATE_H
#define LOFLOW_CAPTURE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define INFLATE_OUTPUT_SIZE (256u << 10)
#define INFLATE_INPUT_SIZE  (128u << 10)
#define INFLATE_HEAD_SIZE   16

struct inflate;

enum inflate_trouble {
    INFLATE_WELL,
    INFLATE_CUT,     /* the compressed data ends in the middle */
    INFLATE_DAMAGED, /* the compressed data makes no sense from here on */
    INFLATE_FAILED,  /* read(2) failed */
    INFLATE_STOPPED, /* somebody wrote to stop_fd */
};

struct inflate_input {
    int fd;      /* -1: memory; becomes the inflate's, even when opening fails */
    int stop_fd; /* -1: none; once readable, a waiting read gives up */
    const void *bytes;
    size_t len;
};

struct inflate_state {
    enum inflate_trouble trouble;
    int error; /* errno of INFLATE_FAILED */
    bool compressed;
    uint64_t position;               /* bytes taken from the input */
    uint8_t head[INFLATE_HEAD_SIZE]; /* the first bytes after decompression */
    size_t head_len;                 /* bytes */
};

int inflate_open(struct inflate **inflate, const struct inflate_input *input, struct err *err);

/* The stream; whoever calls this closes it, before inflate_close. NULL when there is no memory. */
FILE *inflate_stream(struct inflate *inflate);

const struct inflate_state *inflate_state(const struct inflate *inflate);
void inflate_close(struct inflate *inflate);

#endif
