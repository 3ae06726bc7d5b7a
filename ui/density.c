#include "ui/density.h"

#include <stddef.h>

#define WIDTH_LEAST_NS 1000

static void widen(struct density *density)
{
    for (size_t at = 0; at < DENSITY_MAX / 2; at++) {
        density->packets[at] = density->packets[2 * at] + density->packets[2 * at + 1];
        density->failures[at] = density->failures[2 * at] + density->failures[2 * at + 1];
    }
    for (size_t at = DENSITY_MAX / 2; at < DENSITY_MAX; at++)
        density->packets[at] = density->failures[at] = 0;
    density->width_ns *= 2;
}

void density_add(struct density *density, int64_t place_ns, bool is_failure)
{
    if (density->width_ns == 0)
        density->width_ns = WIDTH_LEAST_NS;
    while (place_ns / density->width_ns >= DENSITY_MAX)
        widen(density);
    density->packets[place_ns / density->width_ns]++;
    density->failures[place_ns / density->width_ns] += is_failure;
    density->last_ns = place_ns;
}

struct density_part density_between(const struct density *density, int64_t from_ns, int64_t to_ns)
{
    struct density_part part = {0};
    if (density->width_ns == 0)
        return part;
    int64_t first = (from_ns + density->width_ns - 1) / density->width_ns;
    int64_t end = (to_ns + density->width_ns - 1) / density->width_ns;
    if (end <= first) {
        first = from_ns / density->width_ns;
        end = first + 1;
    }
    for (int64_t at = first; at < end && at < DENSITY_MAX; at++) {
        part.packets += density->packets[at];
        part.failures += density->failures[at];
    }
    return part;
}
