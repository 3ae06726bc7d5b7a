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
    unsigned contexts; /* bits of enum key_context */
    uint32_t code;
    const char *action, *name;
};

extern const struct key_row key_rows[];
extern const size_t key_row_count;

struct key_context_row {
    const char *name;
    unsigned bits; /* of more than one context for a name of several */
};

extern const struct key_context_row key_contexts[];
extern const size_t key_context_count;

/* The row of that name in the context; NULL when there is none. */
const struct key_row *key_row_find(const char *context, const char *name);

/* The bits of enum key_context; 0 for a name that is none. */
unsigned key_context_bit(const char *context);

#endif
