#include "capture/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define BUFFER_SIZE (WINDOW_BLOCK_SIZE + WINDOW_MOST)

/* A piece costs a call to the system, as much as to copy some 7 KB. */
#define PIECE_LEAST  (1u << 10)
#define PIECE_MOST   (16u << 10)
#define LEAVE_LEAST  (8u << 10)  /* bytes that are worth leaving out */
#define SPACING_MOST (64u << 10) /* long records are so near that pieces pay */
#define SPACING_NONE (1u << 20)
#define PATIENCE     (128u << 10) /* bytes without a long record, and there may be no more of them */

int window_open(struct window *window, int fd, uint64_t position)
{
    *window = (struct window){.fd = fd,
                              .position = position,
                              .leaves = true,
                              .long_end = position,
                              .spacing = SPACING_NONE};
    window->blocks = window->block = malloc((size_t)WINDOW_BLOCKS * BUFFER_SIZE);
    return window->blocks ? 0 : -ENOMEM;
}

void window_close(struct window *window)
{
    free(window->blocks);
    if (window->fd >= 0)
        (void)close(window->fd);
    *window = (struct window){.fd = -1};
}

static void begin_block(struct window *window)
{
    uint32_t left = window->end - window->begin;
    window->number++;
    uint8_t *block = window->blocks + window->number % WINDOW_BLOCKS * BUFFER_SIZE;
    memcpy(block, window->block + window->begin, left);
    window->block = block;
    window->position += window->begin;
    window->begin = 0;
    window->end = left;
    window->begun = true;
}

/* How much is to be read at a time. */
static uint32_t piece_of(const struct window *window)
{
    uint64_t read_to = window->position + window->end;
    if (window->spacing > SPACING_MOST || read_to > window->long_end + PATIENCE)
        return BUFFER_SIZE;
    uint32_t piece = 2 * window->spacing;
    if (piece < PIECE_LEAST)
        return PIECE_LEAST;
    return piece < PIECE_MOST ? piece : PIECE_MOST;
}

int window_fill(struct window *window, uint32_t size, bool is_first)
{
    assert(size <= WINDOW_MOST);
    if (window->begin + size > BUFFER_SIZE) {
        if (!is_first || window->begun)
            return WINDOW_LATER;
        begin_block(window);
    }
    while (window->end - window->begin < size) {
        uint32_t missing = size - (window->end - window->begin), room = BUFFER_SIZE - window->end;
        uint32_t piece = piece_of(window);
        piece = piece > missing ? piece : missing;
        ssize_t got = pread(window->fd, window->block + window->end, piece < room ? piece : room,
                            (off_t)(window->position + window->end));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return WINDOW_SHORT;
        window->end += (uint32_t)got;
    }
    return WINDOW_READY;
}

/* A long record is at hand, perhaps again. */
static void note_long(struct window *window, uint32_t size)
{
    uint64_t begin = window_position(window);
    if (window->long_end == begin + size)
        return;
    uint64_t distance = begin - window->long_end;
    distance = distance < SPACING_NONE ? distance : SPACING_NONE;
    window->spacing = (uint32_t)((3 * (uint64_t)window->spacing + distance) / 4);
    window->long_end = begin + size;
}

bool window_leave(struct window *window, uint32_t size, uint32_t kept, uint32_t tail)
{
    assert(kept <= window->end - window->begin && kept + tail <= size);
    note_long(window, size);
    uint32_t there = window->end - window->begin, from = window->begin + kept;
    uint32_t piece = piece_of(window) < PIECE_MOST ? piece_of(window) : PIECE_MOST;
    if (!window->leaves || there + LEAVE_LEAST > size || BUFFER_SIZE - from < piece)
        return false;
    const struct iovec place = {window->block + from, piece};
    ssize_t got =
        preadv2(window->fd, &place, 1, (off_t)(window_position(window) + size - tail), RWF_NOWAIT);
    if (got < (ssize_t)tail) {
        /* Short of the file's end, or of the cache's; all other words mean that there is no such call. */
        window->leaves = got >= 0 || errno == EAGAIN || errno == EINTR;
        window->spacing = SPACING_NONE;
        /* What was read may lie on bytes of the record that are needed now. */
        window->end = got > 0 ? from : window->end;
        return false;
    }
    window->position += size - kept - tail;
    window->end = from + (uint32_t)got;
    return true;
}
