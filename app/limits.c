/*
 * What is left of the memory beside the base is given out in shares. A share is never more than the part
 * takes by default; what it leaves goes to the flows, and so does all that is not shared out.
 */
#include "app/limits.h"

#include <errno.h>

#include "capture/source.h"
#include "decode/decoder.h"
#include "flows/conversation.h"
#include "flows/detail.h"
#include "flows/flow.h"
#include "flows/flow_streams.h"
#include "flows/packet_log.h"
#include "flows/reassembly.h"
#include "flows/tracker.h"

#define MIB         (UINT64_C(1) << 20)
#define FLOWS_LEAST 1024u
#define RING_LEAST  (1u << 20)
#define LOG_LEAST   (1u << 16) /* bytes; four of the largest payloads that are kept */
/* In the log, and once more on the tape of the flow that is looked at. */
#define RECORD_SIZE (2 * sizeof(struct packet_record))

/* Slots of 8 bytes, of which at most half are used; while the table doubles there is the old one too. */
#define TABLE_PER_FLOW 48u
/* ui/rates.h, and the latest packet in the packet log. */
#define SCREEN_PER_FLOW 48u

/* Parts of 64 of what is left beside the base. */
enum share {
    SHARE_RING = 12,
    SHARE_LOG_RECORDS = 6,
    SHARE_LOG_BYTES = 6,
    /* Its bytes, and as many that came early; and half of that for runs and turns. */
    SHARE_PAGE = 8,
    SHARE_STREAMS = 8,
    SHARE_DETAILS = 8,
    SHARE_FRAGMENTS = 1,
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t share_of(uint64_t memory, enum share share)
{
    return memory / 64 * (uint64_t)share;
}

static uint32_t power_of_two(uint64_t most)
{
    uint32_t power = 1;
    while ((uint64_t)power * 2 <= most)
        power *= 2;
    return power;
}

static uint64_t flow_size(const struct limits_wish *wish)
{
    return sizeof(struct flow) + sizeof(struct flow_cold) + TABLE_PER_FLOW +
           (wish->has_screen ? SCREEN_PER_FLOW : 0) +
           (wish->has_streams ? sizeof(struct flow_streams) : 0);
}

static struct limits defaults(const struct limits_wish *wish)
{
    struct limits limits = {
        .max_flows = wish->max_flows ? wish->max_flows : TRACKER_MAX_FLOWS_DEFAULT,
        .max_details = DETAIL_MAX,
        .stream_pieces = REASSEMBLY_PIECES,
        .fragment_memory = DECODER_FRAGMENT_MEMORY,
        .page_bytes = CONVERSATION_BYTES,
    };
    if (wish->is_live)
        limits.ring_size = wish->ring_size ? wish->ring_size : SOURCE_BUFFER_DEFAULT;
    if (wish->has_screen) {
        limits.log_records = PACKET_LOG_RECORDS;
        limits.log_bytes = PACKET_LOG_BYTES;
    }
    return limits;
}

/* Lowers what is too much of each part; returns what all parts but the flows may take. */
static uint64_t share_out(struct limits *limits, const struct limits_wish *wish, uint64_t memory)
{
    uint64_t taken = 0;
    if (wish->is_live) {
        limits->ring_size = (uint32_t)least(limits->ring_size, share_of(memory, SHARE_RING));
        taken += limits->ring_size;
    }
    if (wish->has_screen) {
        uint64_t records = share_of(memory, SHARE_LOG_RECORDS) / RECORD_SIZE;
        limits->log_records = power_of_two(least(limits->log_records, records));
        limits->log_bytes =
            power_of_two(least(limits->log_bytes, share_of(memory, SHARE_LOG_BYTES)));
        limits->page_bytes =
            (uint32_t)least(limits->page_bytes, share_of(memory, SHARE_PAGE) * 2 / 5);
        taken += limits->log_records * RECORD_SIZE + limits->log_bytes +
                 (uint64_t)limits->page_bytes * 5 / 2;
    }
    if (wish->has_streams) {
        uint64_t size = REASSEMBLY_PIECE_MEMORY;
        limits->stream_pieces =
            (uint32_t)least(limits->stream_pieces, share_of(memory, SHARE_STREAMS) / size);
        taken += limits->stream_pieces * size;
    }
    uint64_t details = share_of(memory, SHARE_DETAILS) / sizeof(struct flow_detail);
    limits->max_details = (uint32_t)least(limits->max_details, details);
    limits->fragment_memory =
        (uint32_t)least(limits->fragment_memory, share_of(memory, SHARE_FRAGMENTS));
    return taken + limits->max_details * sizeof(struct flow_detail) + limits->fragment_memory;
}

static bool is_enough(const struct limits *limits, const struct limits_wish *wish)
{
    return limits->max_flows >=
               least(FLOWS_LEAST, wish->max_flows ? wish->max_flows : FLOWS_LEAST) &&
           limits->max_details > 0 && (!wish->is_live || limits->ring_size >= RING_LEAST) &&
           (!wish->has_screen || limits->log_bytes >= LOG_LEAST);
}

static bool plan(struct limits *limits, const struct limits_wish *wish, uint64_t memory)
{
    uint64_t base = wish->is_live ? LIMITS_BASE_LIVE : LIMITS_BASE;
    *limits = defaults(wish);
    if (memory <= base)
        return false;
    uint64_t taken = share_out(limits, wish, memory - base);
    uint64_t flows = (memory - base - taken) / flow_size(wish);
    /* Records that retired are not reused at once. */
    flows = flows > TRACKER_RETIRED_MAX ? flows - TRACKER_RETIRED_MAX : 0;
    limits->max_flows = (uint32_t)least(limits->max_flows, flows);
    return is_enough(limits, wish);
}

int limits_plan(struct limits *limits, const struct limits_wish *wish, struct err *err)
{
    if (wish->memory == 0) {
        *limits = defaults(wish);
        return 0;
    }
    if (plan(limits, wish, wish->memory))
        return 0;
    uint64_t enough = wish->memory / MIB;
    while (!plan(limits, wish, enough * MIB))
        enough++;
    return err_set(err, EINVAL, "--max-memory %llu is too little here; it takes %llu at least",
                   (unsigned long long)(wish->memory / MIB), (unsigned long long)enough);
}
