/*
 * Purpose: the times that servers took to answer, one by one, for percentiles.
 * Owns:    SAMPLES_MAX samples, 4 MiB; when there are more, a fair choice of them.
 * Bounds:  constant time an answer; a percentile sorts the samples.
 * Fails:   samples_open with -ENOMEM and a sentence.
 * Used by: app/run.
 */
#ifndef LOFLOW_APP_SAMPLES_H
#define LOFLOW_APP_SAMPLES_H

#include "base/err.h"
#include "flows/tracker.h"

#define SAMPLES_MAX 262144u

struct samples;

int samples_open(struct samples **samples, struct err *err);
void samples_close(struct samples *samples);

/* Samples of that server port are wanted. */
void samples_want(struct samples *samples, uint16_t port);

/* Takes an ANSWERED. */
void samples_add(struct samples *samples, const struct tracker *tracker,
                 const struct flow_event *event);

/* The nearest rank of a hundred of those of the port whose flow `counts`; -1 for none. */
int64_t samples_percentile(const struct samples *samples, uint16_t port, unsigned percent,
                           bool (*counts)(const void *context, uint64_t flow_id),
                           const void *context);

#endif
