#include "flows/detail.h"

/* Member by member: a copy of an empty record is slower, since it writes more than this. */
void detail_init(struct flow_detail *detail, bool whole, int64_t now_ns)
{
    detail->progress_ns = now_ns;
    detail->idle_ns = 0;
    detail->timing[0] = detail->timing[1] = TIMING_OFF;
    detail->spoken = false;
    detail->whole = whole;
    detail->judged = false;
    for (struct detail_side *side = detail->side; side < detail->side + 2; side++) {
        side->rtt_count = side->response_count = side->stall_count = 0;
        side->response_ns = side->response_max_ns = 0;
        side->stalled_ns = 0;
        side->has_spoken = false;
        side->counted = false;
        reassembly_init(&side->bytes);
    }
}
