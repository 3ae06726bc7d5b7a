/*
 * Purpose: what is kept of a TCP flow once it carried payload or met trouble: times, counts of
 *          what is rare, and bytes.
 * Owns:    nothing; the records belong to the tracker.
 * Bounds:  DETAIL_MAX records for all flows. A flow that finds none goes without: it is counted
 *          and marked (FLOW_FLAG_DETAIL_DENIED), everything else of it stays exact.
 * Used by: flows (writes), report and ui (read, through struct flow_view).
 */
#ifndef LOFLOW_FLOWS_DETAIL_H
#define LOFLOW_FLOWS_DETAIL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flows/mark.h"

#define DETAIL_MAX       131072u /* 56 MiB */
#define DETAIL_FIRST_MAX 64u

/* The segment of one side that is being timed; valid with SIDE_TIMED. */
struct detail_timed {
    int64_t sent_ns;
    uint32_t end;   /* the acknowledgment that ends the timing */
    uint32_t stamp; /* its TSval, RFC 7323; 0 without */
};

/* What one end did. Times are packet time. */
struct detail_side {
    int64_t rtt_ns;      /* from its data to the peer's ACK, smoothed as in RFC 6298 */
    int64_t rtt_min_ns;  /* both valid when rtt_count > 0 */
    int64_t response_ns; /* sum over its turns: from the peer's last byte to its first */
    int64_t response_max_ns;
    int64_t first_byte_ns; /* when its first payload byte was seen; valid when has_spoken */
    int64_t stalled_ns;    /* without progress, and it is to blame; see flows/timing.h */
    uint32_t rtt_count;
    uint32_t response_count;
    uint32_t stall_count;
    bool has_spoken;
    bool is_counted;   /* its `counts` are valid; else all of them are 0 */
    uint8_t first_len; /* bytes in `first` */
    uint8_t held_ms;   /* its latest segment that was held back waited so long, saturating */
    uint8_t first[DETAIL_FIRST_MAX]; /* the first bytes of its stream, up to the first gap */
};

/* What every segment touches lies in the first cache line. */
struct flow_detail {
    int64_t progress_ns; /* latest progress; valid with FLOW_FLAG_WAITING, see flows/timing.h */
    int64_t turn_ns;     /* latest new payload byte */
    int64_t idle_ns;     /* longest silence that nobody is to blame for */
    struct detail_timed timed[2];
    uint8_t speaker; /* the side that sent the latest new payload; valid with `spoken` */
    bool spoken;
    uint8_t cause;        /* enum stall_cause; valid with FLOW_FLAG_JUDGED, as is the next */
    uint8_t culprit;      /* tuple end that is to blame */
    uint32_t response_us; /* of the turn that goes on, saturating; valid when both have spoken */
    struct detail_side side[2];
    uint32_t counts[2][MARK_DETAIL_COUNT]; /* of each side, by enum mark less MARK_DETAIL_FIRST */
};

/* What of a record most flows touch. */
#define DETAIL_TOUCHED offsetof(struct flow_detail, counts)

/* How often the side's segments had that mark, one of MARK_DETAIL_FIRST and later. */
static inline uint32_t detail_count(const struct flow_detail *detail, unsigned side, enum mark mark)
{
    return detail->side[side].is_counted ? detail->counts[side][mark - MARK_DETAIL_FIRST] : 0;
}

/* Makes a record ready, but for what is not valid yet. */
void detail_init(struct flow_detail *detail);

/* `len` bytes of payload at a stream offset: keeps those that continue the first bytes. Returns
 * whether it repeats some of them with others in their place. */
bool detail_take_first(struct detail_side *side, int64_t offset, const uint8_t *bytes,
                       uint32_t len);

static_assert(offsetof(struct flow_detail, side) == 64, "one cache line");
static_assert(sizeof(struct detail_side) % 64 == 0, "whole cache lines");

#endif
