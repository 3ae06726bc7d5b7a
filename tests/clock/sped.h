/*
 * Purpose: clocks that run fast, for all that loflow gets a time from.
 * Used by: tests/clock only.
 */
#ifndef LOFLOW_TESTS_CLOCK_SPED_H
#define LOFLOW_TESTS_CLOCK_SPED_H

#include <stdint.h>
#include <time.h>

/* What that clock would say, CLOCK_REALTIME or CLOCK_MONOTONIC, when it says `true_ns`. */
int64_t sped(clockid_t id, int64_t true_ns);

#endif
