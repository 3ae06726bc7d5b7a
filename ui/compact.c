#include "ui/compact.h"

#include "base/clock.h"

void compact_add_count(struct text *text, uint64_t count)
{
    if (count < 1000) {
        text_add(text, "%u", (unsigned)count);
        return;
    }
    static const char prefixes[] = "kMGTPE";
    const char *prefix = prefixes;
    uint64_t divisor = 1000;
    while (count / divisor >= 1000) {
        divisor *= 1000;
        prefix++;
    }
    unsigned whole = (unsigned)(count / divisor);
    if (whole >= 100)
        text_add(text, "%u%c", whole, *prefix);
    else
        text_add(text, "%u.%u%c", whole, (unsigned)(count / (divisor / 10) % 10), *prefix);
}

/* A big unit and, while the number is short enough, a small one. */
static void add_pair(struct text *text, uint64_t small_units, unsigned small_per_big,
                     const char units[2])
{
    uint64_t big = small_units / small_per_big;
    if (big < 10)
        text_add(text, "%u%c%02u%c", (unsigned)big, units[0],
                 (unsigned)(small_units % small_per_big), units[1]);
    else
        text_add(text, "%u%c", (unsigned)(big < 9999 ? big : 9999), units[0]);
}

void compact_add_span(struct text *text, int64_t span_ns)
{
    uint64_t ns = span_ns > 0 ? (uint64_t)span_ns : 0;
    uint64_t seconds = ns / CLOCK_NS_PER_S;
    if (ns < CLOCK_NS_PER_MS)
        text_add(text, "%uus", (unsigned)(ns / CLOCK_NS_PER_US));
    else if (ns < CLOCK_NS_PER_S)
        text_add(text, "%ums", (unsigned)(ns / CLOCK_NS_PER_MS));
    else if (seconds < 60)
        text_add(text, "%u.%us", (unsigned)seconds, (unsigned)(ns / (CLOCK_NS_PER_S / 10) % 10));
    else if (seconds < 3600)
        add_pair(text, seconds, 60, "ms");
    else if (seconds < 86400)
        add_pair(text, seconds / 60, 60, "hm");
    else
        add_pair(text, seconds / 3600, 24, "dh");
}

void compact_add_grouped(struct text *text, uint64_t number)
{
    uint64_t divisor = 1;
    while (number / divisor >= 1000)
        divisor *= 1000;
    text_add(text, "%u", (unsigned)(number / divisor));
    while (divisor > 1) {
        divisor /= 1000;
        text_add(text, ",%03u", (unsigned)(number / divisor % 1000));
    }
}
