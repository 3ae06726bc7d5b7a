/*
 * Purpose: finds the record of a tuple: a hash table of (hash, index) pairs beside the records.
 * Owns:    its slots.
 * Bounds:  8 bytes a slot, at most half of them used: 16 to 32 bytes a flow, 48 while it doubles.
 *          Constant expected time; the hash is keyed, so nobody can choose collisions.
 * Fails:   table_open with -ENOMEM. When doubling finds no memory, table_reserve says so and the
 *          tracker evicts instead.
 * Used by: flows/tracker.
 *
 * Open addressing with linear probing; a removed slot is closed by shifting its followers back
 * (Knuth, The Art of Computer Programming, vol. 3, section 6.4, algorithm R), so there are no
 * tombstones and lookups never grow slower.
 */
#ifndef LOFLOW_FLOWS_TABLE_H
#define LOFLOW_FLOWS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TABLE_EMPTY UINT64_MAX

struct table {
    uint64_t *slots; /* hash << 32 | index, or TABLE_EMPTY */
    uint32_t mask;   /* number of slots - 1, a power of two - 1 */
    uint32_t used;
};

int table_open(struct table *table, struct err *err);
void table_close(struct table *table);

/* Takes all out; it stays as large as it was. */
void table_clear(struct table *table);

/* Makes sure that `count` more entries fit. False when there is no memory for it. */
bool table_reserve(struct table *table, uint32_t count);

/* Bytes of the slots. */
static inline uint64_t table_size(const struct table *table)
{
    return ((uint64_t)table->mask + 1) * sizeof *table->slots;
}

void table_insert(struct table *table, uint32_t hash, uint32_t index);
void table_remove(struct table *table, uint32_t hash, uint32_t index);

static inline void table_prefetch(const struct table *table, uint32_t hash)
{
    __builtin_prefetch(&table->slots[hash & table->mask]);
}

/* Steps through the records that may hold the tuple: begin with *at = hash, compare keys, go on
 * until it returns false. */
static inline bool table_candidate(const struct table *table, uint32_t hash, uint32_t *at,
                                   uint32_t *index)
{
    for (;;) {
        uint64_t slot = table->slots[*at & table->mask];
        if (slot == TABLE_EMPTY)
            return false;
        (*at)++;
        if ((uint32_t)(slot >> 32) == hash) {
            *index = (uint32_t)slot;
            return true;
        }
    }
}

#endif
