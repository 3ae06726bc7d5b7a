#include "flows/burst.h"

/* Knuth's multiplicative hash: neighbours in the table get slots far from each other. */
static struct burst *slot_of(struct bursts *bursts, const struct flow_event *event)
{
    uint32_t key = event->flow.index * 2 + event->side;
    return &bursts->slots[key * UINT32_C(2654435761) >> 22];
}

static_assert(BURST_SLOTS == 1u << 10, "the upper ten bits");

static bool goes_on(const struct burst *burst, const struct flow_event *event)
{
    return burst->segments > 0 && burst->flow.index == event->flow.index &&
           burst->flow.generation == event->flow.generation && burst->side == event->side &&
           event->time_ns - burst->last_ns <= BURST_GAP_NS;
}

uint32_t bursts_note(struct bursts *bursts, const struct flow_event *event)
{
    struct burst *burst = slot_of(bursts, event);
    if (!goes_on(burst, event))
        *burst = (struct burst){.flow = event->flow, .side = event->side};
    burst->last_ns = event->time_ns;
    return ++burst->segments;
}
