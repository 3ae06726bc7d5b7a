/*
 * Purpose: applies a capture filter to what has no packet: the ends that a kernel event is about.
 * Owns:    the compiled filter.
 * Bounds:  one run of the filter over a made-up header of 60 bytes for each direction.
 * Fails:   endpoints_open with -ENOMEM. A filter that is about more than IP and ports (link layer, direction)
 *          cannot be asked for ends, and then passes all of them.
 * Used by: app/causes.
 */
#ifndef LOFLOW_CAPTURE_ENDPOINTS_H
#define LOFLOW_CAPTURE_ENDPOINTS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/tuple.h"

struct endpoints;

/* `filter` may be NULL or "" for "everything". */
int endpoints_open(struct endpoints **endpoints, const char *filter, struct err *err);
void endpoints_close(struct endpoints *endpoints);

/* Would a packet between these ends pass, in one direction or the other? */
bool endpoints_pass(const struct endpoints *endpoints, const struct tuple *tuple);

#endif
