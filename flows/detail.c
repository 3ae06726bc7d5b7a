#include "flows/detail.h"

#include <string.h>

/* Member by member: what is not valid yet need not be written. */
void detail_init(struct flow_detail *detail)
{
    detail->idle_ns = 0;
    detail->spoken = false;
    for (struct detail_side *side = detail->side; side < detail->side + 2; side++) {
        side->rtt_count = side->response_count = side->stall_count = 0;
        side->response_ns = side->response_max_ns = 0;
        side->stalled_ns = 0;
        side->has_spoken = false;
        side->is_counted = false;
        side->first_len = 0;
    }
}

bool detail_take_first(struct detail_side *side, int64_t offset, const uint8_t *bytes, uint32_t len)
{
    if (offset < 0) {
        uint32_t before = -offset < (int64_t)len ? (uint32_t)-offset : len;
        bytes += before;
        len -= before;
        offset += before;
    }
    if (len == 0 || offset < 0 || offset > side->first_len)
        return false;
    uint32_t at = (uint32_t)offset;
    uint32_t known = side->first_len - at;
    uint32_t same = known < len ? known : len;
    bool differs = same > 0 && memcmp(side->first + at, bytes, same) != 0;
    uint32_t room = DETAIL_FIRST_MAX - side->first_len;
    uint32_t more = len - same < room ? len - same : room;
    memcpy(side->first + side->first_len, bytes + same, more);
    side->first_len = (uint8_t)(side->first_len + more);
    return differs;
}
