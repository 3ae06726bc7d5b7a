#include "tests/screen/keys.h"

#include <string.h>

#include "ui/keymap.h"
#include "ui/screen.h"

enum {
#define CONTEXT(NAME, bits) NAME = KEY_IN_##NAME,
#include "ui/key_context.def"
#undef CONTEXT
};

const struct key_row key_rows[] = {
#define KEY(contexts, code, NAME, name) {contexts, code, #NAME, name},
#include "ui/key.def"
};

const size_t key_row_count = sizeof key_rows / sizeof key_rows[0];

const struct key_context_row key_contexts[] = {
#define CONTEXT(NAME, bits) {#NAME, bits},
#include "ui/key_context.def"
#undef CONTEXT
};

const size_t key_context_count = sizeof key_contexts / sizeof key_contexts[0];

unsigned key_context_bit(const char *context)
{
    for (size_t i = 0; i < key_context_count; i++) {
        if (strcmp(key_contexts[i].name, context) == 0)
            return key_contexts[i].bits;
    }
    return 0;
}

const struct key_row *key_row_find(const char *context, const char *name)
{
    unsigned bits = key_context_bit(context);
    for (size_t i = 0; i < key_row_count; i++) {
        if (strcmp(key_rows[i].name, name) == 0 && key_rows[i].contexts & bits)
            return &key_rows[i];
    }
    return NULL;
}
