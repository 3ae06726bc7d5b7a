#include "app/samples.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

struct sample {
    uint64_t flow_id;
    uint32_t span_us;
    uint16_t port;
};

struct samples {
    uint32_t count;
    uint64_t offered;
    uint64_t random;
    uint8_t wanted[65536 / 8]; /* ports, bits */
    struct sample rows[SAMPLES_MAX];
};

int samples_open(struct samples **samples, struct err *err)
{
    struct samples *opened = calloc(1, sizeof *opened);
    *samples = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for times of answers; close other programs");
    opened->random = UINT64_C(0x9e3779b97f4a7c15);
    return 0;
}

void samples_close(struct samples *samples)
{
    free(samples);
}

void samples_want(struct samples *samples, uint16_t port)
{
    samples->wanted[port / 8] |= (uint8_t)(1u << port % 8);
}

/* Reservoir sampling, Vitter 1985, algorithm R: each sample stays with the same probability. */
static void add(struct samples *samples, const struct sample *sample)
{
    uint64_t at = samples->offered++;
    if (samples->count < SAMPLES_MAX) {
        samples->rows[samples->count++] = *sample;
        return;
    }
    samples->random =
        samples->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    at = (samples->random >> 16) % (at + 1);
    if (at < SAMPLES_MAX)
        samples->rows[at] = *sample;
}

void samples_add(struct samples *samples, const struct tracker *tracker,
                 const struct flow_event *event)
{
    struct flow_view flow;
    if (!tracker_look(tracker, event->flow, &flow))
        return;
    uint16_t port = flow.hot->tuple.port[!flow.hot->client];
    if (samples->wanted[port / 8] >> port % 8 & 1)
        add(samples,
            &(struct sample){.flow_id = flow.cold->id, .span_us = event->answer_us, .port = port});
}

static int compare_spans(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

int64_t samples_percentile(const struct samples *samples, uint16_t port, unsigned percent,
                           bool (*counts)(const void *context, uint64_t flow_id),
                           const void *context)
{
    uint32_t *spans = calloc(samples->count + 1, sizeof *spans);
    uint32_t count = 0;
    for (uint32_t at = 0; spans && at < samples->count; at++) {
        if (samples->rows[at].port == port && counts(context, samples->rows[at].flow_id))
            spans[count++] = samples->rows[at].span_us;
    }
    int64_t found_ns = -1;
    if (count > 0) {
        qsort(spans, count, sizeof *spans, compare_spans);
        uint64_t rank = ((uint64_t)count * percent + 99) / 100;
        found_ns = spans[rank > 0 ? rank - 1 : 0] * CLOCK_NS_PER_US;
    }
    free(spans);
    return found_ns;
}
