/* Kernel events in the time of tests/clock/sped.h. */
#include <bpf/libbpf.h>
#include <string.h>

#include "host/trace_record.h"
#include "tests/clock/sped.h"

struct ring_buffer *__real_ring_buffer__new(int map, ring_buffer_sample_fn take, void *context,
                                            const struct ring_buffer_opts *options);
struct ring_buffer *__wrap_ring_buffer__new(int map, ring_buffer_sample_fn take, void *context,
                                            const struct ring_buffer_opts *options);

/* Of the one tracer of a run. */
static ring_buffer_sample_fn real_take;

static int take_record(void *context, void *data, size_t size)
{
    struct trace_record record;
    if (size < sizeof record)
        return real_take(context, data, size);
    memcpy(&record, data, sizeof record);
    record.time_ns = (uint64_t)sped(CLOCK_MONOTONIC, (int64_t)record.time_ns);
    return real_take(context, &record, sizeof record);
}

struct ring_buffer *__wrap_ring_buffer__new(int map, ring_buffer_sample_fn take, void *context,
                                            const struct ring_buffer_opts *options)
{
    real_take = take;
    return __real_ring_buffer__new(map, take_record, context, options);
}
