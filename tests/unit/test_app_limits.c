/* What --max-memory leaves for each part. */
#include "app/limits.h"
#include "tests/support/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "decode/decoder.h"
#include "flows/conversation.h"
#include "flows/detail.h"
#include "flows/flow.h"
#include "flows/flow_streams.h"
#include "flows/packet_log.h"
#include "flows/reassembly.h"
#include "flows/tracker.h"

#define MIB (UINT64_C(1) << 20)

/* What is run with how much, and how many flows of the default that leaves at least and at most. */
static const struct limits_row {
    const char *name;
    struct limits_wish wish;
    uint32_t flows_least, flows_most;
    bool is_too_little;
} rows[] = {
    {"no limit", {0}, 1u << 20, 1u << 20, false},
    {"no limit, fewer flows", {.max_flows = 7}, 7, 7, false},
    {"a file in 64 MiB", {.memory = 64 * MIB}, 60000, 84000, false},
    {"a file in 1 GiB", {.memory = 1024 * MIB}, 1u << 20, 1u << 20, false},
    {"streams take room", {.memory = 64 * MIB, .has_streams = true}, 20000, 60000, false},
    {"live in 128 MiB", {.memory = 128 * MIB, .is_live = true}, 60000, 110000, false},
    {"the screen in 128 MiB", {.memory = 128 * MIB, .has_screen = true}, 60000, 150000, false},
    {"live on the screen in 128 MiB",
     {.memory = 128 * MIB, .is_live = true, .has_screen = true},
     20000,
     90000,
     false},
    {"the user wants fewer flows", {.memory = 64 * MIB, .max_flows = 100}, 100, 100, false},
    {"a smaller ring",
     {.memory = 128 * MIB, .is_live = true, .ring_size = 2 << 20},
     90000,
     150000,
     false},
    {"less than the base", {.memory = 8 * MIB}, 0, 0, true},
    {"a file in little", {.memory = 25 * MIB}, 0, 0, true},
    {"live in little", {.memory = 58 * MIB, .is_live = true}, 0, 0, true},
};

static uint64_t sum(const struct limits *limits, const struct limits_wish *wish)
{
    uint64_t per_flow = sizeof(struct flow) + sizeof(struct flow_cold) + 16;
    uint64_t all = wish->is_live ? LIMITS_BASE_LIVE : LIMITS_BASE;
    all += limits->ring_size + limits->fragment_memory;
    all += limits->max_details * sizeof(struct flow_detail);
    if (wish->has_screen) {
        per_flow += 24;
        all += limits->log_records * sizeof(struct packet_record) * 2 + limits->log_bytes +
               limits->page_bytes * UINT64_C(2);
    }
    if (wish->has_streams) {
        per_flow += sizeof(struct flow_streams);
        all += (uint64_t)limits->stream_pieces * REASSEMBLY_PIECE_MEMORY;
    }
    return all + limits->max_flows * per_flow;
}

static void test_row(void **state)
{
    const struct limits_row *row = *state;
    struct limits limits;
    struct err err = {0};
    int failed = limits_plan(&limits, &row->wish, &err);
    if (row->is_too_little) {
        assert_int_equal(failed, -EINVAL);
        const char *least = strstr(err.text, "it takes ");
        assert_non_null(least);
        struct limits_wish enough = row->wish;
        enough.memory = strtoull(least + strlen("it takes "), NULL, 10) * MIB;
        assert_int_equal(limits_plan(&limits, &enough, &err), 0);
        enough.memory -= MIB;
        assert_int_equal(limits_plan(&limits, &enough, &err), -EINVAL);
        return;
    }
    assert_int_equal(failed, 0);
    assert_in_range(limits.max_flows, row->flows_least, row->flows_most);
    assert_true((limits.ring_size > 0) == row->wish.is_live);
    assert_true((limits.log_records > 0) == row->wish.has_screen);
    assert_int_equal(limits.log_records & (limits.log_records - 1), 0);
    assert_int_equal(limits.log_bytes & (limits.log_bytes - 1), 0);
    if (row->wish.memory > 0)
        assert_true(sum(&limits, &row->wish) <= row->wish.memory);
}

/* More memory never means less of anything, and never more than without a limit. */
static void test_monotonous(void **state)
{
    (void)state;
    struct limits_wish wish = {.is_live = true, .has_screen = true, .has_streams = true};
    struct limits before = {0}, limits, most;
    struct err err;
    assert_int_equal(limits_plan(&most, &wish, &err), 0);
    for (wish.memory = 80 * MIB; wish.memory < 4096 * MIB; wish.memory += 3 * MIB) {
        assert_int_equal(limits_plan(&limits, &wish, &err), 0);
        assert_true(sum(&limits, &wish) <= wish.memory);
        assert_in_range(limits.max_details, before.max_details, most.max_details);
        assert_in_range(limits.stream_pieces, before.stream_pieces, most.stream_pieces);
        assert_in_range(limits.fragment_memory, before.fragment_memory, most.fragment_memory);
        assert_in_range(limits.ring_size, before.ring_size, most.ring_size);
        assert_in_range(limits.log_records, before.log_records, most.log_records);
        assert_in_range(limits.log_bytes, before.log_bytes, most.log_bytes);
        assert_in_range(limits.page_bytes, before.page_bytes, most.page_bytes);
        assert_in_range(limits.max_flows, 1, most.max_flows);
        before = limits;
    }
    assert_int_equal(limits.max_flows, most.max_flows);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_monotonous);
    return rows_run(&set, "app_limits");
}
