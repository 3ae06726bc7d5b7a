/*
 * Purpose: the keys of ui/key.def with the contexts that it names, for sessions that press them, and the footer
 *          as the table says it is. It knows the table only, not what the program makes of it.
 * Owns:    nothing.
 * Used by: tests/screen.
 */
#ifndef LOFLOW_TESTS_SCREEN_KEYS_H
#define LOFLOW_TESTS_SCREEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYS_CONTEXTS_MAX 256
#define KEYS_WORD_MAX     1024

struct key_row {
    const char *contexts; /* "LIST | PAGE" */
    uint32_t code;
    const char *action, *name;
};

extern const struct key_row key_rows[];
extern const size_t key_row_count;

/* The row's contexts one by one: `at` is 0 at first. False: no more. */
bool key_row_next(const struct key_row *row, size_t *at, char context[KEYS_CONTEXTS_MAX]);

bool key_row_is_in(const struct key_row *row, const char *context);

/* The row of that name in the context; NULL when there is none. */
const struct key_row *key_row_find(const char *context, const char *name);

/* Does any key hold there? */
bool key_context_exists(const char *context);

struct key_room {
    int width, lines;
};

/* What a footer says in these contexts, with a newline between two lines. Returns how many there are. */
int key_footer(char (*contexts)[KEYS_WORD_MAX], int count, const struct key_room *room, char *text,
               size_t size);

#endif
