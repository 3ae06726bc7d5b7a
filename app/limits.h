/*
 * Purpose: how much memory each part of a run may take, so that all of them together stay below --max-memory.
 * Owns:    nothing.
 * Bounds:  what limits_plan gives is never more than a part takes without --max-memory. Beside the parts the
 *          program takes LIMITS_BASE, live LIMITS_BASE_LIVE, which is set aside.
 * Fails:   limits_plan with -EINVAL and the least that is enough.
 * Used by: app/main and app/run_command (plan), app/open and app/session (hand the parts out).
 */
#ifndef LOFLOW_APP_LIMITS_H
#define LOFLOW_APP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define LIMITS_BASE      (24u << 20)
#define LIMITS_BASE_LIVE (56u << 20)

/* What is run, and what the user asks for; 0: the default. */
struct limits_wish {
    uint64_t memory; /* bytes; 0: no limit */
    uint32_t max_flows;
    uint32_t ring_size; /* bytes */
    bool is_live;
    bool has_screen;
    bool has_streams; /* of all flows, or of one */
};

struct limits {
    uint32_t max_flows;
    uint32_t max_details;
    uint32_t stream_pieces;
    uint32_t fragment_memory; /* bytes */
    uint32_t ring_size;       /* bytes; 0: no ring */
    uint32_t log_records;     /* a power of two; 0: no screen */
    uint32_t log_bytes;       /* a power of two */
    uint32_t page_bytes;      /* of a stream that is looked at */
};

int limits_plan(struct limits *limits, const struct limits_wish *wish, struct err *err);

#endif
