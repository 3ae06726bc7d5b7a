#include "tests/screen/keys.h"

#include <string.h>

#include "ui/keymap.h"
#include "ui/screen.h"

const struct key_row key_rows[] = {
#define KEY(contexts, code, NAME, name) {#contexts, code, #NAME, name},
#include "ui/key.def"
};

const size_t key_row_count = sizeof key_rows / sizeof key_rows[0];

bool key_row_is_in(const struct key_row *row, const char *context)
{
    const char *at = row->contexts;
    size_t len = strlen(context);
    while (*at != '\0') {
        size_t word = strcspn(at, " |");
        if (word == len && strncmp(at, context, len) == 0)
            return true;
        at += word;
        at += strspn(at, " |");
    }
    return false;
}

const struct key_row *key_row_find(const char *context, const char *name)
{
    for (size_t i = 0; i < key_row_count; i++) {
        if (strcmp(key_rows[i].name, name) == 0 && key_row_is_in(&key_rows[i], context))
            return &key_rows[i];
    }
    return NULL;
}

unsigned key_context_bit(const char *context)
{
    static const struct {
        const char *name;
        unsigned bit;
    } contexts[] = {
        {"LIST", KEY_IN_LIST},
        {"PAGE", KEY_IN_PAGE},
        {"FILTER", KEY_IN_FILTER},
        {"EVENTS", KEY_IN_EVENTS},
        {"PORTS", KEY_IN_PORTS},
        {"ABOUT", KEY_IN_ABOUT},
    };
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (strcmp(contexts[i].name, context) == 0)
            return contexts[i].bit;
    }
    return 0;
}
