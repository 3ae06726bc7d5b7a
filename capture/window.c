#include "capture/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (WINDOW_BLOCK_SIZE + WINDOW_MOST)

int window_open(struct window *window, int fd, uint64_t position)
{
    *window = (struct window){.fd = fd, .position = position};
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

int window_fill(struct window *window, uint32_t size, bool is_first)
{
    assert(size <= WINDOW_MOST);
    bool must_begin = window->begin > 0 || window->end == 0;
    if (!is_first || (must_begin && window->begun))
        return WINDOW_LATER;
    if (must_begin)
        begin_block(window);
    while (window->end < size) {
        ssize_t got = read(window->fd, window->block + window->end, BUFFER_SIZE - window->end);
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
