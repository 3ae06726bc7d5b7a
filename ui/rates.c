#include "ui/rates.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "flows/tracker.h"

#define NS_PER_SECOND ((float)CLOCK_NS_PER_S)

int rates_open(struct rates *rates, uint32_t max_flows, struct err *err)
{
    assert(max_flows > 0);
    const uint32_t capacity = max_flows + TRACKER_RETIRED_MAX;
    size_t size = (size_t)capacity * sizeof(struct rate);
    void *reserved = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED)
        return err_set(err, ENOMEM, "no memory for the rates of %u flows; give a smaller limit",
                       max_flows);
    *rates = (struct rates){.of_flow = reserved, .capacity = capacity};
    return 0;
}

void rates_close(struct rates *rates)
{
    if (rates->of_flow)
        (void)munmap(rates->of_flow, (size_t)rates->capacity * sizeof(struct rate));
    *rates = (struct rates){0};
}

void rates_forget(struct rates *rates)
{
    (void)madvise(rates->of_flow, (size_t)rates->capacity * sizeof(struct rate), MADV_DONTNEED);
}

static uint64_t bytes_of(struct flow_view flow)
{
    return flow.hot->side[0].bytes + flow.hot->side[1].bytes;
}

uint64_t rates_look(struct rates *rates, struct flow_ref ref, struct flow_view flow, int64_t now_ns)
{
    assert(ref.index < rates->capacity);
    struct rate *rate = &rates->of_flow[ref.index];
    uint64_t bytes = bytes_of(flow);
    /* Generations may begin at 0, which is what an untouched page says. */
    uint32_t generation = ref.generation + 1;
    if (rate->generation != generation) {
        bool young = now_ns - flow.cold->start_ns < 2 * CLOCK_NS_PER_S;
        *rate = (struct rate){
            .bytes = young ? 0 : bytes,
            .time_ns = young ? flow.cold->start_ns : now_ns,
            .generation = generation,
        };
    }
    int64_t elapsed_ns = now_ns - rate->time_ns;
    if (elapsed_ns >= CLOCK_NS_PER_S) {
        rate->per_second = (float)(bytes - rate->bytes) * (NS_PER_SECOND / (float)elapsed_ns);
        rate->bytes = bytes;
        rate->time_ns = now_ns;
    } else if (elapsed_ns < 0) {
        rate->time_ns = now_ns;
    }
    return (uint64_t)rate->per_second;
}

uint64_t rates_average(struct flow_view flow)
{
    int64_t lived_ns = flow.hot->last_ns - flow.cold->start_ns;
    if (lived_ns <= 0)
        return 0;
    return (uint64_t)((double)bytes_of(flow) * ((double)CLOCK_NS_PER_S / (double)lived_ns));
}
