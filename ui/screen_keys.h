/*
 * Purpose: what keys and the mouse do on the screen: screen_key and screen_mouse of ui/screen.h.
 * Owns:    nothing.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_SCREEN_KEYS_H
#define LOFLOW_UI_SCREEN_KEYS_H

#include "ui/place.h"

/* Where keys are looked for now. */
unsigned screen_contexts(const struct screen *screen);

#endif
