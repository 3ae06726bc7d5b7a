#include "ui/latency.h"

#include <string.h>

#include "base/clock.h"

#define SUB_BITS 3 /* eight buckets a power of two */
#define SUBS     (1u << SUB_BITS)

static uint32_t bucket_of(uint32_t span_us)
{
    if (span_us < SUBS)
        return span_us;
    uint32_t power = 31u - (uint32_t)__builtin_clz(span_us);
    return (power - SUB_BITS + 1) * SUBS + (span_us >> (power - SUB_BITS) & (SUBS - 1));
}

/* The middle of what falls into it. */
static int64_t span_of(uint32_t bucket)
{
    if (bucket < SUBS)
        return bucket * CLOCK_NS_PER_US;
    uint32_t shift = bucket / SUBS - 1;
    int64_t low_us = (int64_t)(SUBS + bucket % SUBS) << shift;
    return low_us * CLOCK_NS_PER_US + ((CLOCK_NS_PER_US << shift) - CLOCK_NS_PER_US) / 2;
}

static void turn(struct latency *latency, int64_t now_ns)
{
    int64_t since_ns = now_ns - latency->turned_ns;
    if (since_ns >= 0 && since_ns < LATENCY_TURN_NS)
        return;
    /* A clock that jumped either way begins anew. */
    bool is_next = since_ns >= LATENCY_TURN_NS && since_ns < 2 * LATENCY_TURN_NS;
    latency->newer = !latency->newer;
    latency->turned_ns = now_ns;
    for (unsigned half = 0; half < 2; half++) {
        if (is_next && half != latency->newer)
            continue;
        latency->count[half] = 0;
        memset(latency->buckets[half], 0, sizeof latency->buckets[half]);
    }
}

void latency_add(struct latency *latency, int64_t now_ns, uint32_t span_us)
{
    turn(latency, now_ns);
    uint32_t *bucket = &latency->buckets[latency->newer][bucket_of(span_us)];
    if (latency->count[latency->newer] == UINT32_MAX)
        return;
    latency->count[latency->newer]++;
    ++*bucket;
}

int64_t latency_percentile_ns(const struct latency *latency, unsigned percent)
{
    uint64_t total = (uint64_t)latency->count[0] + latency->count[1];
    uint64_t rank = (total * percent + 99) / 100, seen = 0;
    if (total == 0)
        return -1;
    for (uint32_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        seen += (uint64_t)latency->buckets[0][bucket] + latency->buckets[1][bucket];
        if (seen >= rank && seen > 0)
            return span_of(bucket);
    }
    return span_of(LATENCY_BUCKETS - 1);
}
