/*
 * A screen shows some dozens of rows of a table that may hold a million. Entries before the place
 * and from it on are two problems of one kind, keep the k nearest, as complementing the keys turns
 * one order into the other. Each half collects entries in a buffer of several k; a full buffer is
 * cut to its k smallest by Hoare's FIND (C. A. R. Hoare, Algorithm 65, CACM 1961), and from then on
 * whatever is larger than the k-th is dropped at the first look. An entry costs a constant number
 * of comparisons whatever order they come in; the k that remain are sorted with heapsort (J. W. J.
 * Williams, Algorithm 232, CACM 1964), which needs no memory and has no bad case.
 */
#include "ui/select.h"

#include <assert.h>
#include <string.h>

bool select_key_less(const struct select_key *a, const struct select_key *b)
{
    for (int word = 0; word < SELECT_KEY_WORDS; word++) {
        if (a->words[word] != b->words[word])
            return a->words[word] < b->words[word];
    }
    return false;
}

static void swap(struct select_entry *a, struct select_entry *b)
{
    struct select_entry kept = *a;
    *a = *b;
    *b = kept;
}

/* Afterwards the `wanted` smallest come first, in any order, the largest of them last. */
static void find_smallest(struct select_entry *entries, uint32_t count, uint32_t wanted)
{
    int64_t target = (int64_t)wanted - 1;
    int64_t low = 0;
    int64_t high = (int64_t)count - 1;
    while (low < high) {
        struct select_key pivot = entries[(low + high) / 2].key;
        int64_t left = low;
        int64_t right = high;
        while (left <= right) {
            while (select_key_less(&entries[left].key, &pivot))
                left++;
            while (select_key_less(&pivot, &entries[right].key))
                right--;
            if (left <= right)
                swap(&entries[left++], &entries[right--]);
        }
        if (target <= right)
            high = right;
        else if (target >= left)
            low = left;
        else
            return;
    }
}

static void half_add(struct select_half *half, const struct select_entry *entry)
{
    if (half->full && !select_key_less(&entry->key, &half->limit))
        return;
    half->entries[half->count++] = *entry;
    if (half->count < SELECT_BUFFER)
        return;
    find_smallest(half->entries, half->count, SELECT_KEPT);
    half->count = SELECT_KEPT;
    half->limit = half->entries[SELECT_KEPT - 1].key;
    half->full = true;
}

static void half_finish(struct select_half *half)
{
    if (half->count > SELECT_KEPT) {
        find_smallest(half->entries, half->count, SELECT_KEPT);
        half->count = SELECT_KEPT;
    }
    select_sort(half->entries, half->count);
}

static void complement(struct select_key *key)
{
    for (int word = 0; word < SELECT_KEY_WORDS; word++)
        key->words[word] = ~key->words[word];
}

void select_begin(struct selection *selection, const struct select_key *place)
{
    selection->place = *place;
    selection->before = 0;
    selection->total = 0;
    selection->above.count = 0;
    selection->above.full = false;
    selection->below.count = 0;
    selection->below.full = false;
}

void select_add(struct selection *selection, const struct select_entry *entry)
{
    selection->total++;
    if (!select_key_less(&entry->key, &selection->place)) {
        half_add(&selection->below, entry);
        return;
    }
    selection->before++;
    struct select_entry turned = *entry;
    complement(&turned.key);
    half_add(&selection->above, &turned);
}

uint32_t select_finish(struct selection *selection, struct select_entry *out, uint32_t *at)
{
    half_finish(&selection->above);
    half_finish(&selection->below);
    uint32_t above = selection->above.count;
    for (uint32_t i = 0; i < above; i++) {
        out[i] = selection->above.entries[above - 1 - i];
        complement(&out[i].key);
    }
    memcpy(out + above, selection->below.entries, selection->below.count * sizeof *out);
    *at = above;
    return above + selection->below.count;
}

static void sift(struct select_entry *heap, uint32_t root, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && select_key_less(&heap[child].key, &heap[child + 1].key))
            child++;
        if (!select_key_less(&heap[root].key, &heap[child].key))
            return;
        swap(&heap[root], &heap[child]);
        root = child;
    }
}

void select_sort(struct select_entry *entries, uint32_t count)
{
    for (uint32_t root = count / 2; root > 0; root--)
        sift(entries, root - 1, count);
    for (uint32_t end = count; end > 1; end--) {
        swap(&entries[0], &entries[end - 1]);
        sift(entries, 0, end - 1);
    }
}
