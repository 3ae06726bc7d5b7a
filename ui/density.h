/*
 * Purpose: how many packets a capture has when, and where failures are among them: what a timeline is
 *          drawn from.
 * Owns:    its buckets; a plain value.
 * Bounds:  DENSITY_MAX buckets of equal width, which doubles when the capture outgrows them; constant time
 *          a packet.
 * Fails:   never.
 * Used by: app/replay (adds), ui/transport_bar (draws).
 */
#ifndef LOFLOW_UI_DENSITY_H
#define LOFLOW_UI_DENSITY_H

#include <stdbool.h>
#include <stdint.h>

#define DENSITY_MAX 512u

struct density {
    int64_t width_ns; /* of a bucket; 0: nothing was added yet */
    int64_t last_ns;  /* the latest place */
    uint64_t packets[DENSITY_MAX];
    uint64_t failures[DENSITY_MAX];
};

/* A packet at that time since the first; not before the latest one. */
void density_add(struct density *density, int64_t place_ns, bool is_failure);

struct density_part {
    uint64_t packets, failures;
};

/* What is between two places, the second not included, as exactly as the buckets are narrow: those that
 * begin there, or the one around them when none does. */
struct density_part density_between(const struct density *density, int64_t from_ns, int64_t to_ns);

#endif
