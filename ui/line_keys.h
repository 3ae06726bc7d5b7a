/*
 * Purpose: what the keys of a line being typed do to it, the same in every line.
 * Owns:    nothing.
 * Used by: ui/filter_line, ui/prompt, ui/ask.
 */
#ifndef LOFLOW_UI_LINE_KEYS_H
#define LOFLOW_UI_LINE_KEYS_H

#include "ui/keymap.h"
#include "ui/line_edit.h"

/* Moves and erases as the action says. Returns whether the text changed. */
bool line_keys_edit(struct line_edit *edit, enum key_action action);

#endif
