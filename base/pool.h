/*
 * Purpose: a fixed number of equal items, addressed by index, allocated once and given out and
 *          taken back in constant time.
 * Owns:    one reservation of address space; pages cost memory only once they are used.
 * Bounds:  `capacity` items, decided at pool_open; a request beyond it is denied and counted.
 * Fails:   pool_open returns -ENOMEM; pool_take returns POOL_NONE.
 * Used by: flows (records, holes), decode (fragments).
 */
#ifndef LOFLOW_BASE_POOL_H
#define LOFLOW_BASE_POOL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define POOL_NONE UINT32_MAX

struct pool {
    uint8_t *items;
    size_t item_size; /* bytes, at least 4 */
    uint32_t capacity;
    uint32_t high;      /* items ever used: [0, high) */
    uint32_t live;      /* items given out now */
    uint32_t free_head; /* chain of items taken back, through their first four bytes */
    uint64_t denied;    /* requests that found the pool full */
};

/* `name` is what the user knows the thing by, for the sentence when there is no memory. */
int pool_open(struct pool *pool, const char *name, size_t item_size, uint32_t capacity,
              struct err *err);
void pool_close(struct pool *pool);

/* Takes all items back at once; the memory stays. */
void pool_clear(struct pool *pool);

/* An item with undefined content, or POOL_NONE. */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t index);

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    assert(index < pool->high);
    return pool->items + (size_t)index * pool->item_size;
}

/* The item that pool_take gives when `ahead` others were taken; POOL_NONE: that is known only then. */
static inline uint32_t pool_next(const struct pool *pool, uint32_t ahead)
{
    if (pool->free_head != POOL_NONE)
        return ahead == 0 ? pool->free_head : POOL_NONE;
    return ahead < pool->capacity - pool->high ? pool->high + ahead : POOL_NONE;
}

/* Brings in the first `size` bytes of an item that is free, or will be taken soon: filling it would wait
 * for the memory. */
static inline void pool_prefetch(const struct pool *pool, uint32_t index, size_t size)
{
    if (index == POOL_NONE)
        return;
    const uint8_t *item = pool->items + (size_t)index * pool->item_size;
    for (size_t at = 0; at < size; at += 64)
        __builtin_prefetch(item + at, 1);
}

#endif
