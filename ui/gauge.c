#include "ui/gauge.h"

#define EIGHTHS 8u

enum style gauge_style(uint64_t used, uint64_t limit)
{
    if (used >= limit)
        return used > 0 ? STYLE_FAILURE : STYLE_GOOD;
    return used * 4 >= limit * 3 ? STYLE_WARNING : STYLE_GOOD;
}

static uint64_t share(uint64_t part, uint64_t limit, uint64_t of)
{
    if (limit == 0)
        return part > 0 ? of : 0;
    uint64_t found = part >= limit ? of : part * of / limit;
    return part > 0 && found == 0 ? 1 : found;
}

/* One more cell of eighths; the last one is as wide as what is left. */
static const char *cell_of(uint64_t eighths)
{
    static const char *const parts[EIGHTHS + 1] = {"·", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    return parts[eighths < EIGHTHS ? eighths : EIGHTHS];
}

void gauge_draw(const struct gauge *gauge, struct grid *grid, struct gauge_place place, bool utf8)
{
    uint64_t width = (uint64_t)(place.width > 0 ? place.width : 0);
    uint64_t eighths = share(gauge->used, gauge->limit, width * EIGHTHS);
    uint64_t peak = share(gauge->most, gauge->limit, width);
    enum style style = gauge_style(gauge->used, gauge->limit);
    for (uint64_t at = 0; at < width; at++) {
        uint64_t here = eighths > at * EIGHTHS ? eighths - at * EIGHTHS : 0;
        const char *cell = utf8 ? cell_of(here) : here > 0 ? "#" : ".";
        (void)grid_text(grid, place.row, place.left + (int)at, 1, here > 0 ? style : STYLE_DIM,
                        cell);
    }
    bool is_higher = peak * EIGHTHS > eighths + EIGHTHS - 1 && gauge->most > gauge->used;
    if (is_higher)
        (void)grid_text(grid, place.row, place.left + (int)peak - 1, 1,
                        gauge_style(gauge->most, gauge->limit), utf8 ? "┃" : "|");
}
