/*
 * Purpose: which colour and attributes each meaning of a cell has, from ui/theme.def.
 * Owns:    nothing.
 * Bounds:  constant time.
 * Fails:   theme_parse is false for a word that is no theme.
 * Used by: ui/term, ui/preferences, ui/command, app (the manual).
 */
#ifndef LOFLOW_UI_THEME_H
#define LOFLOW_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/grid.h"

enum theme {
#define THEME(NAME, name, meaning) THEME_##NAME,
#include "ui/theme.def"
    THEME_COUNT
};

enum look_attribute {
    LOOK_BOLD = 1,
    LOOK_UNDERLINE = 2,
    LOOK_REVERSE = 4,
    LOOK_DIM = 8,
    LOOK_DIM_16 = 16, /* dim where there are only 16 colours */
};

struct look {
    int16_t colour16;  /* the eight of every terminal; -1: its own */
    int16_t colour256; /* of xterm's palette; -1: its own */
    uint8_t attributes;
};

struct look theme_look(enum theme theme, enum style style);
bool theme_parse(const char *name, size_t len, enum theme *theme);
const char *theme_name(enum theme theme);
const char *theme_meaning(enum theme theme);

/* The theme for a terminal that tells its colours in COLORFGBG ("15;0", as rxvt and konsole do);
 * NULL and what is not understood are dark. */
enum theme theme_for_background(const char *colorfgbg);

#endif
