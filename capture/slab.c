#include "capture/slab.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/source.h"

int slab_open(struct slab *slab, struct err *err)
{
    *slab = (struct slab){.bytes = malloc(SOURCE_SLAB_SIZE + SLAB_PACKET_MAX)};
    if (!slab->bytes)
        return err_set(err, ENOMEM, "no memory for a packet buffer; close something else first");
    return 0;
}

void slab_close(struct slab *slab)
{
    free(slab->bytes);
    *slab = (struct slab){0};
}

bool slab_has_room(const struct slab *slab)
{
    return slab->used <= SOURCE_SLAB_SIZE;
}

int64_t slab_time_ns(int64_t seconds, int64_t nanoseconds)
{
    const int64_t limit_s = FRAME_TIME_MAX_NS / CLOCK_NS_PER_S;
    if (seconds >= limit_s)
        return FRAME_TIME_MAX_NS;
    if (seconds <= -limit_s)
        return -FRAME_TIME_MAX_NS;
    if (nanoseconds > FRAME_TIME_MAX_NS || nanoseconds < -FRAME_TIME_MAX_NS)
        nanoseconds = 0;
    int64_t time_ns = 0;
    if (__builtin_add_overflow(seconds * CLOCK_NS_PER_S, nanoseconds, &time_ns))
        return seconds < 0 ? -FRAME_TIME_MAX_NS : FRAME_TIME_MAX_NS;
    if (time_ns > FRAME_TIME_MAX_NS)
        return FRAME_TIME_MAX_NS;
    return time_ns < -FRAME_TIME_MAX_NS ? -FRAME_TIME_MAX_NS : time_ns;
}

void slab_add(struct slab *slab, const struct pcap_pkthdr *header, const uint8_t *data,
              struct frame *frame)
{
    assert(slab_has_room(slab));
    uint32_t captured_len = header->caplen < SLAB_PACKET_MAX ? header->caplen : SLAB_PACKET_MAX;
    uint8_t *copy = slab->bytes + slab->used;
    memcpy(copy, data, captured_len);
    slab->used += captured_len;
    frame->time_ns = slab_time_ns(header->ts.tv_sec, header->ts.tv_usec);
    frame->data = copy;
    frame->captured_len = captured_len;
    frame->wire_len = header->len > captured_len ? header->len : captured_len;
}
