/*
 * Purpose: what keys do where: ui/key.def, and what the user made of it.
 * Owns:    its bindings; a plain value.
 * Bounds:  KEYMAP_MAX bindings; a key is looked for in all of them.
 * Fails:   keymap_bind is false when there is no room.
 * Used by: ui/screen, ui/help, ui/preferences, ui/command, app (the manual).
 */
#ifndef LOFLOW_UI_KEYMAP_H
#define LOFLOW_UI_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "ui/grid.h"
#include "ui/keycode.h"

#define KEYMAP_MAX 384

/* Bits: a binding may hold in several. */
enum key_context {
#define CONTEXT(NAME, bits, word, meaning) KEY_IN_##NAME = (bits),
#include "ui/key_context.def"
#undef CONTEXT
};

struct key_context_row {
    unsigned bits;
    const char *word, *meaning;
};

enum key_action {
#define ACTION(NAME, footer, meaning) ACTION_##NAME,
#include "ui/key.def"
    ACTION_COUNT,
    ACTION_NONE = ACTION_COUNT
};

struct keymap_binding {
    uint32_t key;
    uint16_t contexts, action;
};

struct keymap {
    uint32_t count;
    struct keymap_binding bindings[KEYMAP_MAX]; /* the first of an action is the footer's */
};

/* Everything as in ui/key.def. */
void keymap_begin(struct keymap *keymap);

/* From now on the key does that, and only that, in these contexts. */
bool keymap_bind(struct keymap *keymap, unsigned contexts, uint32_t key, enum key_action action);
void keymap_unbind(struct keymap *keymap, unsigned contexts, uint32_t key);

/* `contexts`: bits of enum key_context. ACTION_NONE for a key that does nothing there. */
enum key_action keymap_find(const struct keymap *keymap, unsigned contexts, uint32_t key);

/* Where it has a key: bits of enum key_context. */
unsigned keymap_contexts(const struct keymap *keymap, enum key_action action);

/* "Up k", all keys of an action, each once. */
void keymap_write_keys(const struct keymap *keymap, struct text *text, enum key_action action);
/* Those of these contexts. */
void keymap_write_keys_in(const struct keymap *keymap, unsigned contexts, enum key_action action,
                          struct text *text);
const char *keymap_meaning(enum key_action action);

/* The first key of an action there; SCREEN_KEY_NONE when there is none. */
uint32_t keymap_key(const struct keymap *keymap, unsigned contexts, enum key_action action);

/* Adds the name of that key; false when there is none. */
bool keymap_write_key(const struct keymap *keymap, unsigned contexts, enum key_action action,
                      struct text *text);

/* Actions by name: "page-down". */
void keymap_write_action(enum key_action action, struct text *text);
bool keymap_parse_action(const char *word, size_t len, enum key_action *action);

/* It is about a line being typed, and means nothing elsewhere. */
bool keymap_edits_line(enum key_action action);

/* The rows of ui/key_context.def, from 0 on; NULL: no more. */
const struct key_context_row *keymap_context(unsigned number);

/* A name and a word of the footer. */
struct keymap_hint {
    enum key_action action;
    uint32_t key;
    int line, left, width;
};

/* The room of a footer: what does not fit into its last line is left out. */
struct keymap_room {
    int width, lines;
};

/* The next that fits; before the first it is {ACTION_NONE}. False: no more. */
bool keymap_next_hint(const struct keymap *keymap, unsigned contexts,
                      const struct keymap_room *room, struct keymap_hint *hint);

/* Draws it, where it lies; `row` is that of the footer's first line. */
void keymap_draw_hint(const struct keymap_hint *hint, struct grid *grid, int row);

#endif
