#include "host/similar.h"

#define DIGITS 5

/* The last digit comes first; returns how many there are. */
static unsigned split(uint16_t port, uint8_t digits[DIGITS])
{
    unsigned count = 0;
    for (uint16_t left = port; left != 0 || count == 0; left /= 10)
        digits[count++] = (uint8_t)(left % 10);
    return count;
}

static bool is_swapped(const uint8_t *tried, const uint8_t *other, unsigned at)
{
    return tried[at] == other[at + 1] && tried[at + 1] == other[at];
}

static bool is_mistyped(uint16_t tried, uint16_t other)
{
    uint8_t one[DIGITS], two[DIGITS];
    unsigned count = split(tried, one), wrong = 0, first = DIGITS;
    if (split(other, two) != count)
        return false;
    for (unsigned at = 0; at < count; at++) {
        if (one[at] == two[at])
            continue;
        wrong++;
        first = at < first ? at : first;
    }
    if (wrong == 1)
        return first < 2;
    return wrong == 2 && is_swapped(one, two, first);
}

uint16_t similar_difference(uint16_t tried, uint16_t other, uint16_t low, uint16_t high)
{
    uint16_t difference = (uint16_t)(tried > other ? tried - other : other - tried);
    bool at_random = (tried >= low && tried <= high) || (other >= low && other <= high);
    if (difference <= 1)
        return difference;
    return !at_random && is_mistyped(tried, other) ? difference : 0;
}
