#include "base/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int pool_open(struct pool *pool, const char *name, size_t item_size, uint32_t capacity,
              struct err *err)
{
    assert(item_size >= sizeof(uint32_t) && capacity > 0 && capacity < POOL_NONE);
    void *items = mmap(NULL, item_size * capacity, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (items == MAP_FAILED)
        return err_set(err, ENOMEM, "no memory for %u %s; give a smaller limit", capacity, name);
    /* Records are visited at random: large pages spare most of the address translation. */
    (void)madvise(items, item_size * capacity, MADV_HUGEPAGE);
    *pool = (struct pool){
        .items = items,
        .item_size = item_size,
        .capacity = capacity,
        .free_head = POOL_NONE,
    };
    return 0;
}

void pool_close(struct pool *pool)
{
    if (pool->items)
        (void)munmap(pool->items, pool->item_size * pool->capacity);
    *pool = (struct pool){0};
}

void pool_clear(struct pool *pool)
{
    pool->high = pool->live = 0;
    pool->free_head = POOL_NONE;
    pool->denied = 0;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free_head;
    if (index != POOL_NONE) {
        memcpy(&pool->free_head, pool_at(pool, index), sizeof pool->free_head);
    } else if (pool->high < pool->capacity) {
        index = pool->high++;
    } else {
        pool->denied++;
        return POOL_NONE;
    }
    pool->live++;
    return index;
}

void pool_give(struct pool *pool, uint32_t index)
{
    assert(pool->live > 0);
    memcpy(pool_at(pool, index), &pool->free_head, sizeof pool->free_head);
    pool->free_head = index;
    pool->live--;
}
