/*
 * Purpose: what keys do where, and their names, from ui/key.def.
 * Owns:    nothing.
 * Used by: ui/screen, ui/help.
 */
#ifndef LOFLOW_UI_KEYMAP_H
#define LOFLOW_UI_KEYMAP_H

#include <stdint.h>

#include "base/text.h"
#include "ui/grid.h"

enum key_context {
#define CONTEXT(NAME, bits) KEY_IN_##NAME = bits,
#include "ui/key_context.def"
#undef CONTEXT
};

enum key_action {
#define ACTION(NAME, footer, meaning) ACTION_##NAME,
#include "ui/key.def"
    ACTION_COUNT,
    ACTION_NONE = ACTION_COUNT
};

/* `contexts`: bits of enum key_context. ACTION_NONE for a key that does nothing there. */
enum key_action keymap_find(unsigned contexts, uint32_t key);

/* Where it has a key: bits of enum key_context. */
unsigned keymap_contexts(enum key_action action);

/* "Up k", all keys of an action, each once. */
void keymap_write_keys(struct text *text, enum key_action action);
const char *keymap_meaning(enum key_action action);

/* The first key of an action there; NULL when there is none. */
const char *keymap_key_name(unsigned contexts, enum key_action action);

/* Names and words of the keys of these contexts, as far as they fit. Returns where more may be written. */
int keymap_draw_footer(struct grid *grid, int row, int column, unsigned contexts);

#endif
