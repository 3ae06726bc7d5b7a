/*
 * Purpose: is one port what somebody might have typed instead of another?
 * Bounds:  constant time.
 * Used by: host/listeners.
 */
#ifndef LOFLOW_HOST_SIMILAR_H
#define LOFLOW_HOST_SIMILAR_H

#include <stdbool.h>
#include <stdint.h>

/* Their difference, when they are alike: one apart; or one of the last two digits differs; or two
 * neighbouring digits are swapped. The last two not for a port of low to high, which programs are
 * given at random. 0: they are not alike, or the same. */
uint16_t similar_difference(uint16_t tried, uint16_t other, uint16_t low, uint16_t high);

#endif
