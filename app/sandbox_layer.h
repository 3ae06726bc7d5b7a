/*
 * Purpose: one layer of the sandbox: what it is called, whether it holds, and why not.
 * Owns:    its words; a plain value.
 * Used by: app/sandbox and what it is made of: app/privilege, app/landlock, app/syscalls.
 */
#ifndef LOFLOW_APP_SANDBOX_LAYER_H
#define LOFLOW_APP_SANDBOX_LAYER_H

#include <stdbool.h>

#define LAYER_WORDS_MAX 200

enum sandbox_layer_name {
#define LAYER(NAME, word, purpose) LAYER_##NAME,
#include "app/sandbox_layer.def"
#undef LAYER
    LAYER_COUNT
};

struct sandbox_layer {
    bool holds;
    char words[LAYER_WORDS_MAX]; /* how it holds, or what is missing */
};

/* Writes the words and returns `holds`. */
bool sandbox_layer_set(struct sandbox_layer *layer, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
