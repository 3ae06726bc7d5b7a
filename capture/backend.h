/*
 * Purpose: what every kind of source (live, file, records, pipe) gives to source.c: a head and four
 *          functions. Inside capture/ only.
 * Owns:    nothing; a kind embeds `struct source` as its first member and frees itself in `close`.
 * Used by: source.c, live.c, file.c, records.c, pipe.c.
 */
#ifndef LOFLOW_CAPTURE_BACKEND_H
#define LOFLOW_CAPTURE_BACKEND_H

#include "capture/source.h"

struct source_ops {
    /* As source_next; the batch arrives empty. */
    int (*next)(struct source *source, struct frame_batch *batch, struct err *err);
    /* Fills what it knows besides `read`; the rest arrives as "none" or "unknown". */
    void (*stats)(struct source *source, struct source_stats *stats);
    void (*close)(struct source *source);
    void (*keep_payload)(struct source *source, uint32_t payload_len); /* NULL: takes all */
};

struct source {
    const struct source_ops *ops;
    struct source_info info;
    int fd;               /* what source_fd answers */
    uint32_t blocks_kept; /* see source_blocks_kept */
    uint64_t block;
    uint64_t read;
};

/* Names the source and fills the rest with "not known yet". */
void source_begin(struct source *source, const struct source_ops *ops, const char *name);

/* `dlt` is what pcap_datalink answered. */
void source_set_link(struct source *source, int dlt);

/* A regular file from its current offset (the descriptor becomes the source's), or memory when
 * `fd` is -1. */
struct file_input {
    int fd;
    const void *bytes;
    size_t len;
    int64_t size; /* of the file, for the progress bar */
    const char *name;
    const char *filter;
};

/* Reads plain pcap files without libpcap, see records.c. False when it is not one, and then nothing
 * has happened; true when it was opened, or failed with *result (-EINVAL: bad filter), and then the
 * descriptor is taken. Needs a descriptor that can seek. */
bool records_open(struct source **source, const struct file_input *input, int *result,
                  struct err *err);

/* The same for plain pcapng files, see pcapng.c. */
bool pcapng_open(struct source **source, const struct file_input *input, int *result,
                 struct err *err);

int file_open(struct source **source, const struct file_input *input, struct err *err);

/* Anything that may keep its reader waiting; the descriptor becomes the source's, even on failure.
 * What is wrong with the bytes or the filter is told by source_next. */
int pipe_open(struct source **source, int fd, const struct source_file_options *options,
              struct err *err);

#endif
