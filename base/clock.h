/*
 * Purpose: the clocks of the machine, in nanoseconds.
 * Used by: app (deadlines, live time), capture (flush every second).
 */
#ifndef LOFLOW_BASE_CLOCK_H
#define LOFLOW_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_S  INT64_C(1000000000)
#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_US INT64_C(1000)

/* Since the epoch; comparable with the time stamps of live packets. */
int64_t clock_wall_ns(void);

/* Never jumps; only differences mean something. */
int64_t clock_monotonic_ns(void);

/* The wall clock minus the monotonic one. Whoever adds what it was at the beginning to the monotonic clock has a
 * time that begins as the wall clock and goes on when somebody sets that one. */
int64_t clock_offset_ns(void);

/* What this thread has had of a processor: budgets of work are kept in it, since a busy machine takes away
 * time that was not spent. */
int64_t clock_thread_ns(void);

#endif
