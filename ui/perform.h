/*
 * Purpose: does what a command says, and copies the flow or the diagnosis the user is looking at.
 * Owns:    nothing.
 * Fails:   by a sentence on the screen.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_PERFORM_H
#define LOFLOW_UI_PERFORM_H

#include "ui/place.h"

/* Returns the action that is to follow, ACTION_NONE for none. */
enum key_action perform_command(struct screen *screen, const struct command *command);

/* What there is to copy: contexts of enum key_context that ask for it, 0 for nothing. */
unsigned perform_copyable(const struct screen *screen);

/* Asks for the text to be copied. */
void perform_copy(struct screen *screen, enum copy_kind kind);
void perform_copy_text(struct screen *screen, const char *words);

#endif
