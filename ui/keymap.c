#include "ui/keymap.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>

#define HINT_GAP 2 /* columns between two of the footer */

enum {
#define CONTEXT(NAME, bits, word, meaning) NAME = KEY_IN_##NAME,
#include "ui/key_context.def"
#undef CONTEXT
};

static const struct {
    const char *word;
    const char *footer;
    const char *meaning;
} actions[ACTION_COUNT] = {
#define ACTION(NAME, footer, meaning) {#NAME, footer, meaning},
#include "ui/key.def"
};

static const struct key_context_row contexts_of[] = {
#define CONTEXT(NAME, bits, word, meaning) {bits, word, meaning},
#include "ui/key_context.def"
#undef CONTEXT
};

#define CONTEXT_ROWS (sizeof contexts_of / sizeof contexts_of[0])

static const struct keymap_binding keys[] = {
#define KEY(contexts, code, NAME, name) {code, contexts, ACTION_##NAME},
#include "ui/key.def"
};

#define KEY_COUNT (sizeof keys / sizeof keys[0])

void keymap_begin(struct keymap *keymap)
{
    static_assert(KEY_COUNT <= KEYMAP_MAX, "all keys have room");
    memcpy(keymap->bindings, keys, sizeof keys);
    keymap->count = KEY_COUNT;
}

void keymap_unbind(struct keymap *keymap, unsigned contexts, uint32_t key)
{
    uint32_t kept = 0;
    for (uint32_t at = 0; at < keymap->count; at++) {
        struct keymap_binding binding = keymap->bindings[at];
        if (binding.key == key)
            binding.contexts &= (uint16_t)~contexts;
        if (binding.contexts != 0)
            keymap->bindings[kept++] = binding;
    }
    keymap->count = kept;
}

bool keymap_bind(struct keymap *keymap, unsigned contexts, uint32_t key, enum key_action action)
{
    keymap_unbind(keymap, contexts, key);
    if (keymap->count == KEYMAP_MAX)
        return false;
    memmove(keymap->bindings + 1, keymap->bindings, keymap->count * sizeof(struct keymap_binding));
    keymap->bindings[0] = (struct keymap_binding){key, (uint16_t)contexts, (uint16_t)action};
    keymap->count++;
    return true;
}

enum key_action keymap_find(const struct keymap *keymap, unsigned contexts, uint32_t key)
{
    for (uint32_t at = 0; at < keymap->count; at++) {
        const struct keymap_binding *binding = &keymap->bindings[at];
        if (binding->key == key && (binding->contexts & contexts))
            return (enum key_action)binding->action;
    }
    return ACTION_NONE;
}

unsigned keymap_contexts(const struct keymap *keymap, enum key_action action)
{
    unsigned contexts = 0;
    for (uint32_t at = 0; at < keymap->count; at++)
        contexts |= keymap->bindings[at].action == action ? keymap->bindings[at].contexts : 0u;
    return contexts;
}

static bool is_earlier(const struct keymap *keymap, unsigned contexts, uint32_t at)
{
    const struct keymap_binding *binding = &keymap->bindings[at];
    for (uint32_t before = 0; before < at; before++) {
        const struct keymap_binding *other = &keymap->bindings[before];
        if (other->action == binding->action && other->key == binding->key &&
            other->contexts & contexts)
            return true;
    }
    return false;
}

void keymap_write_keys_in(const struct keymap *keymap, unsigned contexts, enum key_action action,
                          struct text *text)
{
    for (uint32_t at = 0; at < keymap->count; at++) {
        const struct keymap_binding *binding = &keymap->bindings[at];
        bool wanted = binding->action == action && binding->contexts & contexts;
        if (!wanted || is_earlier(keymap, contexts, at))
            continue;
        text_add_string(text, text->len > 0 ? " " : "");
        keycode_write(text, binding->key);
    }
}

void keymap_write_keys(const struct keymap *keymap, struct text *text, enum key_action action)
{
    keymap_write_keys_in(keymap, UINT_MAX, action, text);
}

const char *keymap_meaning(enum key_action action)
{
    return actions[action].meaning;
}

uint32_t keymap_key(const struct keymap *keymap, unsigned contexts, enum key_action action)
{
    for (uint32_t at = 0; at < keymap->count; at++) {
        const struct keymap_binding *binding = &keymap->bindings[at];
        /* Another context may take the key away from this one. */
        if (binding->action == action && binding->contexts & contexts &&
            keymap_find(keymap, contexts, binding->key) == action)
            return binding->key;
    }
    return SCREEN_KEY_NONE;
}

bool keymap_write_key(const struct keymap *keymap, unsigned contexts, enum key_action action,
                      struct text *text)
{
    uint32_t key = keymap_key(keymap, contexts, action);
    if (key == SCREEN_KEY_NONE)
        return false;
    keycode_write(text, key);
    return true;
}

static bool is_word(const char *name, const char *word, size_t len)
{
    if (strlen(name) != len)
        return false;
    for (size_t at = 0; at < len; at++) {
        int letter = name[at] == '_' ? '-' : tolower((unsigned char)name[at]);
        if (letter != tolower((unsigned char)word[at]))
            return false;
    }
    return true;
}

void keymap_write_action(enum key_action action, struct text *text)
{
    for (const char *at = actions[action].word; *at != '\0'; at++) {
        int letter = *at == '_' ? '-' : tolower((unsigned char)*at);
        text_add(text, "%c", letter);
    }
}

bool keymap_parse_action(const char *word, size_t len, enum key_action *action)
{
    for (int at = 0; at < ACTION_COUNT; at++) {
        if (is_word(actions[at].word, word, len)) {
            *action = (enum key_action)at;
            return true;
        }
    }
    return false;
}

bool keymap_edits_line(enum key_action action)
{
    unsigned contexts = 0;
    for (size_t at = 0; at < KEY_COUNT; at++)
        contexts |= keys[at].action == action ? keys[at].contexts : 0;
    return (contexts & ~(unsigned)(KEY_IN_FILTER | KEY_IN_PROMPT | KEY_IN_ASK | KEY_IN_SEEK)) == 0;
}

const struct key_context_row *keymap_context(unsigned number)
{
    return number < CONTEXT_ROWS ? &contexts_of[number] : NULL;
}

/* Behind the one before, or in a new line; false: there is no room. */
static bool place_hint(const struct keymap_room *room, const struct keymap_hint *before,
                       struct keymap_hint *hint)
{
    hint->line = before->line;
    hint->left = before->left + (before->width > 0 ? before->width + HINT_GAP : 0);
    if (hint->left > 0 && hint->left + hint->width > room->width && hint->line + 1 < room->lines) {
        hint->line++;
        hint->left = 0;
    }
    return hint->left + hint->width <= room->width;
}

bool keymap_next_hint(const struct keymap *keymap, unsigned contexts,
                      const struct keymap_room *room, struct keymap_hint *hint)
{
    int action = hint->action == ACTION_NONE ? 0 : (int)hint->action + 1;
    for (; action < ACTION_COUNT; action++) {
        char name[KEYCODE_NAME_MAX];
        struct text text = text_begin(name, sizeof name);
        uint32_t key = keymap_key(keymap, contexts, (enum key_action)action);
        if (key == SCREEN_KEY_NONE || actions[action].footer[0] == '\0')
            continue;
        keycode_write(&text, key);
        struct keymap_hint next = {
            .action = (enum key_action)action,
            .key = key,
            .width = grid_columns(name) + 1 + grid_columns(actions[action].footer),
        };
        if (!place_hint(room, hint, &next))
            continue;
        *hint = next;
        return true;
    }
    return false;
}

void keymap_draw_hint(const struct keymap_hint *hint, struct grid *grid, int row)
{
    char name[KEYCODE_NAME_MAX];
    struct text text = text_begin(name, sizeof name);
    keycode_write(&text, hint->key);
    row += hint->line;
    int used = grid_text(grid, row, hint->left, hint->width, STYLE_KEY, name) + 1;
    (void)grid_text(grid, row, hint->left + used, hint->width - used, STYLE_NORMAL,
                    actions[hint->action].footer);
}
