/*
 * Purpose: what a terminal sends besides text: the numbers of keys and their names, from
 *          ui/keycode.def, and the mouse.
 * Owns:    nothing.
 * Bounds:  constant time.
 * Fails:   keycode_parse is false for what names no key.
 * Used by: ui/term (makes them), ui/keymap, ui/preferences, ui/screen.
 */
#ifndef LOFLOW_UI_KEYCODE_H
#define LOFLOW_UI_KEYCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A Unicode character is its own key; Ctrl-A is 1. */
enum screen_key {
    SCREEN_KEY_NONE = 0,
#define KEYCODE_AT(NAME, code, name) SCREEN_KEY_##NAME = (code),
#include "ui/keycode.def"
    SCREEN_KEY_NO_CHARACTER = 0x10ffff, /* the last number of Unicode */
#define KEYCODE(NAME, name) SCREEN_KEY_##NAME,
#include "ui/keycode.def"
    SCREEN_KEY_RESIZE,
    SCREEN_KEY_MOUSE,
};

enum mouse_kind {
    MOUSE_PRESS, /* of the first button, as the next three */
    MOUSE_DOUBLE,
    MOUSE_DRAG,
    MOUSE_RELEASE,
    MOUSE_WHEEL_UP,
    MOUSE_WHEEL_DOWN,
};

struct screen_mouse {
    int column, row; /* of the grid */
    enum mouse_kind kind;
};

#define KEYCODE_NAME_MAX 16

/* "Ctrl-X", "F5", "PgUp", "Space", "q": whatever the case, but for single characters. */
bool keycode_parse(const char *name, size_t len, uint32_t *key);

/* The name; "?" for what has none. */
void keycode_write(struct text *text, uint32_t key);

#endif
