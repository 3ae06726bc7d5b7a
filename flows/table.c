#include "flows/table.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define TABLE_FIRST_SLOTS 4096u

static uint64_t *map_slots(size_t count)
{
    uint64_t *slots = mmap(NULL, count * sizeof *slots, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED)
        return NULL;
    (void)madvise(slots, count * sizeof *slots, MADV_HUGEPAGE);
    memset(slots, 0xff, count * sizeof *slots);
    return slots;
}

int table_open(struct table *table, struct err *err)
{
    *table = (struct table){.slots = map_slots(TABLE_FIRST_SLOTS), .mask = TABLE_FIRST_SLOTS - 1};
    if (!table->slots)
        return err_set(err, ENOMEM, "no memory for the flow table; close other programs");
    return 0;
}

void table_close(struct table *table)
{
    if (table->slots)
        (void)munmap(table->slots, ((size_t)table->mask + 1) * sizeof *table->slots);
    *table = (struct table){0};
}

void table_clear(struct table *table)
{
    memset(table->slots, 0xff, ((size_t)table->mask + 1) * sizeof *table->slots);
    table->used = 0;
}

static void put(struct table *table, uint64_t slot)
{
    uint32_t at = (uint32_t)(slot >> 32) & table->mask;
    while (table->slots[at] != TABLE_EMPTY)
        at = (at + 1) & table->mask;
    table->slots[at] = slot;
}

bool table_reserve(struct table *table, uint32_t count)
{
    size_t slots = (size_t)table->mask + 1;
    if ((size_t)table->used + count <= slots / 2)
        return true;
    struct table bigger = {
        .slots = map_slots(slots * 2), .mask = (uint32_t)(slots * 2 - 1), .used = table->used};
    if (!bigger.slots)
        return false;
    for (size_t at = 0; at < slots; at++) {
        if (table->slots[at] != TABLE_EMPTY)
            put(&bigger, table->slots[at]);
    }
    table_close(table);
    *table = bigger;
    return true;
}

void table_insert(struct table *table, uint32_t hash, uint32_t index)
{
    assert(table->used < table->mask);
    put(table, (uint64_t)hash << 32 | index);
    table->used++;
}

void table_remove(struct table *table, uint32_t hash, uint32_t index)
{
    uint64_t wanted = (uint64_t)hash << 32 | index;
    uint32_t hole = hash & table->mask;
    while (table->slots[hole] != wanted) {
        assert(table->slots[hole] != TABLE_EMPTY);
        hole = (hole + 1) & table->mask;
    }
    uint32_t at = hole;
    for (;;) {
        at = (at + 1) & table->mask;
        uint64_t slot = table->slots[at];
        if (slot == TABLE_EMPTY)
            break;
        uint32_t home = (uint32_t)(slot >> 32) & table->mask;
        /* The entry may move back only if its home is not behind the hole. */
        if (((at - home) & table->mask) >= ((at - hole) & table->mask)) {
            table->slots[hole] = slot;
            hole = at;
        }
    }
    table->slots[hole] = TABLE_EMPTY;
    table->used--;
}
