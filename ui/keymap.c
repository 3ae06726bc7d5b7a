#include "ui/keymap.h"

#include <string.h>

#include "ui/screen.h"

enum {
#define CONTEXT(NAME, bits) NAME = KEY_IN_##NAME,
#include "ui/key_context.def"
#undef CONTEXT
};

static const struct {
    const char *footer;
    const char *meaning;
} actions[ACTION_COUNT] = {
#define ACTION(NAME, footer, meaning) {footer, meaning},
#include "ui/key.def"
};

static const struct {
    uint32_t code;
    uint16_t contexts;
    uint8_t action;
    const char *name;
} keys[] = {
#define KEY(contexts, code, NAME, name) {code, contexts, ACTION_##NAME, name},
#include "ui/key.def"
};

#define KEY_COUNT (sizeof keys / sizeof keys[0])

enum key_action keymap_find(unsigned contexts, uint32_t key)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].code == key && (keys[i].contexts & contexts))
            return (enum key_action)keys[i].action;
    }
    return ACTION_NONE;
}

unsigned keymap_contexts(enum key_action action)
{
    unsigned contexts = 0;
    for (size_t i = 0; i < KEY_COUNT; i++)
        contexts |= keys[i].action == action ? keys[i].contexts : 0u;
    return contexts;
}

/* No row before it is of the same key and action. */
static bool is_first(size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (keys[i].action == keys[row].action && keys[i].code == keys[row].code)
            return false;
    }
    return true;
}

void keymap_write_keys(struct text *text, enum key_action action)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].action == action && is_first(i))
            text_add(text, text->len > 0 ? " %s" : "%s", keys[i].name);
    }
}

const char *keymap_meaning(enum key_action action)
{
    return actions[action].meaning;
}

const char *keymap_key_name(unsigned contexts, enum key_action action)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        /* Another context may take the key away from this one. */
        if (keys[i].action == action && keymap_find(contexts, keys[i].code) == action)
            return keys[i].name;
    }
    return NULL;
}

int keymap_draw_footer(struct grid *grid, int row, int column, unsigned contexts)
{
    for (int action = 0; action < ACTION_COUNT; action++) {
        const char *name = keymap_key_name(contexts, (enum key_action)action);
        const char *word = actions[action].footer;
        if (!name || word[0] == '\0')
            continue;
        if (column + (int)strlen(name) + 1 + (int)strlen(word) > grid->width)
            continue;
        column += grid_text(grid, row, column, grid->width - column, STYLE_KEY, name) + 1;
        column += grid_text(grid, row, column, grid->width - column, STYLE_NORMAL, word) + 2;
    }
    return column;
}
