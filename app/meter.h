/*
 * Purpose: how long the parts of the loop take: the latest time and the worst.
 * Owns:    nothing; a plain value. All 0: nothing was timed yet.
 * Bounds:  two looks at the clock for what is timed, some 50 ns.
 * Used by: app/loop (times), app/health (tells).
 */
#ifndef LOFLOW_APP_METER_H
#define LOFLOW_APP_METER_H

#include <stdint.h>

#include "base/clock.h"

enum handler {
#define HANDLER(NAME, word) HANDLER_##NAME,
#include "app/handler.def"
#undef HANDLER
    HANDLER_COUNT
};

struct meter_part {
    uint64_t calls;
    int64_t latest_ns, worst_ns;
    int64_t worst_at_ns; /* when the worst ended, wall clock */
};

struct meter {
    struct meter_part parts[HANDLER_COUNT];
};

/* `begin_ns`: clock_monotonic_ns when it began. */
static inline void meter_note(struct meter *meter, enum handler handler, int64_t begin_ns)
{
    struct meter_part *part = &meter->parts[handler];
    part->calls++;
    part->latest_ns = clock_monotonic_ns() - begin_ns;
    if (part->latest_ns <= part->worst_ns)
        return;
    part->worst_ns = part->latest_ns;
    part->worst_at_ns = clock_wall_ns();
}

#endif
