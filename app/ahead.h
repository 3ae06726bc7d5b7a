/*
 * Purpose: reads and decodes a file on a thread of its own, ahead of whoever takes the packets, so that two
 *          processors share the work.
 * Owns:    the thread, and AHEAD_SLOTS batches.
 * Borrows: the source and the decoder, which nobody else may use until ahead_stop.
 * Bounds:  AHEAD_SLOTS batches, and no more blocks of the source than it keeps. The batches are the same,
 *          in the same order, as those that source_next and decode_batch give: so is all that follows.
 * Fails:   ahead_open with -errno when there is no thread to be had; the caller then reads by itself.
 * Used by: app/session.
 */
#ifndef LOFLOW_APP_AHEAD_H
#define LOFLOW_APP_AHEAD_H

#include "base/err.h"
#include "capture/source.h"
#include "decode/decoder.h"

#define AHEAD_SLOTS 64u /* a power of two */

struct ahead;

struct ahead_batch {
    struct frame_batch frames;
    struct packet_batch packets;
    int state; /* as source_next returns it; nothing follows what is not SOURCE_OPEN */
    struct err err;
    struct source_stats stats; /* when it was read */
    uint64_t block;            /* see source_block */
    bool is_lent;              /* see decoder_lends */
};

/* It pays: there is a second processor, and the source keeps its frames. */
bool ahead_pays(const struct source *source);

int ahead_open(struct ahead **ahead, struct source *source, struct decoder *decoder,
               struct err *err);

/* The next batch, waited for if need be; the caller's until the next call. What came last comes again. */
struct ahead_batch *ahead_next(struct ahead *ahead);

/* Ends the thread. What was read and not taken yet still comes, then SOURCE_ENDED. */
void ahead_stop(struct ahead *ahead);

/* As source_stats, of the batch that was taken last. */
void ahead_stats(const struct ahead *ahead, struct source_stats *stats);

void ahead_close(struct ahead *ahead);

#endif
