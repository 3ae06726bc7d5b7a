/*
 * Purpose: finds the rows around one place of an ordered list without ordering the list.
 * Owns:    its buffers; a plain value.
 * Bounds:  SELECT_BUFFER entries a side; on average a few comparisons an entry; at most SELECT_KEPT
 *          entries before the place and as many from it on are kept.
 * Used by: ui/flow_pane.
 */
#ifndef LOFLOW_UI_SELECT_H
#define LOFLOW_UI_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#define SELECT_KEPT      1000
#define SELECT_BUFFER    4096
#define SELECT_KEY_WORDS 5

/* Compared word by word, smallest first. */
struct select_key {
    uint64_t words[SELECT_KEY_WORDS];
};

struct select_entry {
    struct select_key key;
    uint32_t index; /* the caller's */
    uint32_t generation;
};

/* The SELECT_KEPT smallest of what was added. */
struct select_half {
    uint32_t count;
    bool full; /* SELECT_KEPT are there; larger than `limit` is not needed */
    struct select_key limit;
    struct select_entry entries[SELECT_BUFFER];
};

struct selection {
    struct select_key place;
    uint64_t before, total;   /* entries added, before the place and altogether */
    struct select_half above; /* keys complemented: the nearest are the smallest */
    struct select_half below;
};

bool select_key_less(const struct select_key *a, const struct select_key *b);

void select_begin(struct selection *selection, const struct select_key *place);
void select_add(struct selection *selection, const struct select_entry *entry);

/* Writes what was kept in order; `out` has room for 2 * SELECT_KEPT. Sets *at to the first entry
 * that is not before the place. Returns how many there are. */
uint32_t select_finish(struct selection *selection, struct select_entry *out, uint32_t *at);

/* Sorts in place, without memory of its own. */
void select_sort(struct select_entry *entries, uint32_t count);

#endif
