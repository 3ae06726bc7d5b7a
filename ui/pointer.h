/*
 * Purpose: what the mouse does on the screen: words of the footer and tabs are pressed, rows are chosen
 *          and opened, the wheel moves.
 * Owns:    nothing; places on the grid that can be pressed are in struct screen, noted while drawing.
 * Bounds:  ZONES_MAX places; a click moves the cursor by a screen at most.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_POINTER_H
#define LOFLOW_UI_POINTER_H

#include "ui/place.h"

/* While drawing: these cells press a key, or open a tab. */
void pointer_note_key(struct screen *screen, int row, int left, int width, uint32_t key);
void pointer_note_tab(struct screen *screen, int row, int left, int width, enum place place);

/* After drawing a page: where its cursor is. */
void pointer_note_cursor(struct screen *screen, const struct grid *grid, int top, int height);

/* What it means: a key to be pressed, SCREEN_KEY_NONE when all is done. */
uint32_t pointer_use(struct screen *screen, const struct screen_mouse *mouse);

#endif
