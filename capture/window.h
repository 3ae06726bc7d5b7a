/*
 * Purpose: a plain file read block by block, with records handed out where they lie.
 * Owns:    WINDOW_BLOCKS blocks, and the file.
 * Bounds:  WINDOW_BLOCKS blocks of WINDOW_BLOCK_SIZE and a largest record each.
 * Fails:   window_open with -ENOMEM; window_leave never.
 * Used by: capture/records.c, capture/pcapng.c.
 *
 * What is left of a block, less than a record, is moved to the next, which is filled up behind it: at the
 * beginning of a batch, so that a batch ends where its block does. Blocks take turns, so that somebody else
 * may still look at the records of the ones before.
 *
 * Where long records come so often that much is left out of them (window_leave), a block is filled in small
 * pieces, about as long as what lies between two long ones: what was read of a long record was read in vain.
 * Only what the kernel has in its cache is left out. From a disk the file comes faster as a whole.
 */
#ifndef LOFLOW_CAPTURE_WINDOW_H
#define LOFLOW_CAPTURE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WINDOW_BLOCKS     4u
#define WINDOW_BLOCK_SIZE (256u << 10)
#define WINDOW_MOST       (320u << 10) /* bytes that can be asked for at once */

struct window {
    int fd;
    uint8_t *blocks;
    uint8_t *block;      /* the one at hand */
    uint32_t begin, end; /* of what is left in it */
    bool begun;          /* a block was, in this batch */
    uint64_t number;     /* of the block at hand, see source_block */
    uint64_t
        position; /* bytes of the file before the block, as if nothing had been left out in it */
    bool leaves;  /* the system can say what is in its cache */
    uint64_t long_end; /* of the latest long record in the file */
    uint32_t spacing;  /* about so many bytes lie between two of them */
};

enum window_state {
    WINDOW_READY, /* it is there */
    WINDOW_LATER, /* with the next batch */
    WINDOW_SHORT, /* the file ends before; what there is lies between begin and end */
};

/* From the file's present place, which is `position`. The descriptor becomes the window's. */
int window_open(struct window *window, int fd, uint64_t position);
void window_close(struct window *window);

/* Called before the first record of a batch. */
static inline void window_begin_batch(struct window *window)
{
    window->begun = false;
}

static inline const uint8_t *window_at(const struct window *window)
{
    return window->block + window->begin;
}

/* Kept apart from window_has, which nearly always has it. */
int window_fill(struct window *window, uint32_t size, bool is_first);

/* The next `size` bytes, at most WINDOW_MOST, at window_at. `is_first`: no record of this batch was handed
 * out yet, so that the block may go. Returns enum window_state, or -errno when the file cannot be read. */
static inline int window_has(struct window *window, uint32_t size, bool is_first)
{
    if (window->end - window->begin >= size)
        return WINDOW_READY;
    return window_fill(window, size, is_first);
}

/* The record of `size` bytes at window_at is a long one, of which only the first `kept` and the last `tail` bytes are
 * wanted. True: they lie there now, one behind the other, the rest of it is left out, and it is all there in the
 * file. False: it has to be read as it is. The first `kept` must be there. */
bool window_leave(struct window *window, uint32_t size, uint32_t kept, uint32_t tail);

/* Bytes of the file before what comes next. */
static inline uint64_t window_position(const struct window *window)
{
    return window->position + window->begin;
}

#endif
