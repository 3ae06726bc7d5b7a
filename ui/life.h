/*
 * Purpose: a flow's life in words, for the page about it: handshake and close step by step, and how long
 *          things took.
 * Owns:    nothing.
 * Bounds:  what details and story have.
 * Used by: ui/details.
 */
#ifndef LOFLOW_UI_LIFE_H
#define LOFLOW_UI_LIFE_H

#include "ui/details.h"
#include "ui/page.h"

void life_draw(const struct details *details, struct page *page);

#endif
