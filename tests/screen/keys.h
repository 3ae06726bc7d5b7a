/*
 * Purpose: the keys of ui/key.def with the contexts that it names, for sessions that press them.
 * Owns:    nothing.
 * Used by: tests/screen.
 */
#ifndef LOFLOW_TESTS_SCREEN_KEYS_H
#define LOFLOW_TESTS_SCREEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_row {
    const char *contexts; /* "LIST | PAGE" */
    uint32_t code;
    const char *action, *name;
};

extern const struct key_row key_rows[];
extern const size_t key_row_count;

/* Is the context one of "LIST | PAGE"? */
bool key_row_is_in(const struct key_row *row, const char *context);

/* The row of that name in the context; NULL when there is none. */
const struct key_row *key_row_find(const char *context, const char *name);

/* The bit of enum key_context; 0 for a name that is none. */
unsigned key_context_bit(const char *context);

#endif
