#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEFAULT = -1, RED = 1, GREEN, YELLOW, BLUE, MAGENTA, CYAN };
enum {
    BOLD = LOOK_BOLD,
    UNDERLINE = LOOK_UNDERLINE,
    REVERSE = LOOK_REVERSE,
    DIM = LOOK_DIM,
    DIM_16 = LOOK_DIM_16,
};

static const struct {
    const char *name, *meaning;
} themes[THEME_COUNT] = {
#define THEME(NAME, name, meaning) {name, meaning},
#include "ui/theme.def"
};

static const struct look looks[STYLE_COUNT][THEME_COUNT] = {
#define LOOK(colour16, colour256, attributes)                                                      \
    {                                                                                              \
        colour16, colour256, attributes                                                            \
    }
#define STYLE(NAME, letter, meaning, dark, light, contrast, mono) {dark, light, contrast, mono},
#include "ui/theme.def"
};

struct look theme_look(enum theme theme, enum style style)
{
    return looks[style][theme];
}

bool theme_parse(const char *name, size_t len, enum theme *theme)
{
    for (int at = 0; at < THEME_COUNT; at++) {
        if (strlen(themes[at].name) == len && strncasecmp(themes[at].name, name, len) == 0) {
            *theme = (enum theme)at;
            return true;
        }
    }
    return false;
}

const char *theme_name(enum theme theme)
{
    return themes[theme].name;
}

const char *theme_meaning(enum theme theme)
{
    return themes[theme].meaning;
}

/* Of the 16 colours 7 (light grey) and 9 to 15 are light; 8 is dark grey. */
enum theme theme_for_background(const char *colorfgbg)
{
    const char *last = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
    char *end = NULL;
    long colour = last ? strtol(last + 1, &end, 10) : 0;
    bool light = last && end != last + 1 && *end == '\0' && (colour == 7 || colour > 8);
    return light && colour < 16 ? THEME_LIGHT : THEME_DARK;
}
