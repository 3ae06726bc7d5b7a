#include "tests/support/wire.h"

#define STREAM_MAX 1500000u

/* A generator of numbers, the same each time: xorshift64, Marsaglia 2003. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(random_next(state) >> 33) % limit;
}

/* What random segments are like. */
static const struct model_row {
    const char *name;
    uint32_t stream_len, segment_max, window;
    uint32_t segments;
    uint32_t pieces; /* left in the pool */
    bool cut;
    bool acknowledged;
} models[] = {
    {"small segments", 3000, 40, 600, 600, REASSEMBLY_PIECES, false, false},
    {"segments of several pieces", 60000, 3000, 20000, 200, REASSEMBLY_PIECES, false, false},
    {"segments of one byte", 400, 1, 400, 2000, REASSEMBLY_PIECES, false, false},
    {"far apart", 1000000, 2000, 100000, 900, REASSEMBLY_PIECES, false, false},
    {"cut", 30000, 700, 3000, 400, REASSEMBLY_PIECES, true, false},
    {"acknowledged", 30000, 700, 6000, 200, REASSEMBLY_PIECES, false, true},
    {"few pieces", 30000, 700, 6000, 300, 7, true, true},
    {"a piece", 30000, 700, 6000, 300, 1, false, false},
    {"no piece", 30000, 700, 6000, 300, 0, true, true},
};

/* Which bytes were captured at least once. */
static uint8_t seen[STREAM_MAX];

/* Segments move through the stream with a window, so that most fit together. */
static void play_random(struct wire *wire, const struct model_row *row, uint64_t seed)
{
    memset(seen, 0, sizeof seen);
    for (uint32_t at = 0; at < row->segments; at++) {
        uint32_t base = (uint32_t)((uint64_t)at * row->stream_len / row->segments);
        uint32_t offset = base + random_below(&seed, row->window);
        if (offset >= row->stream_len)
            offset = row->stream_len - 1;
        uint32_t len = 1 + random_below(&seed, row->segment_max);
        if (len > row->stream_len - offset)
            len = row->stream_len - offset;
        uint32_t captured = row->cut && at % 7 == 0 ? random_below(&seed, len) : len;
        memset(seen + offset, 1, captured);
        wire_add(wire, offset, len, captured, false);
        if (row->acknowledged && at % 5 == 0) {
            struct reassembly_way way = wire_way(wire, INT64_C(300) * at);
            reassembly_acknowledge(&wire->side, &way, base);
        }
    }
}

/* Every byte is delivered in its place or lies in a gap, and the sum is the stream. With room for
 * everything and nobody to give up, what was captured is delivered to the byte. */
static void check_model(void **state)
{
    const struct model_row *row = *state;
    bool exact = !row->cut && !row->acknowledged && row->pieces == REASSEMBLY_PIECES;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct wire *wire = wire_open(0);
        uint32_t held = wire_leave_pieces(wire, row->pieces);
        play_random(wire, row, seed * 0x9e3779b97f4a7c15u);
        assert_true(wire->pieces.live - held <= REASSEMBLY_KEPT_MAX + REASSEMBLY_EARLY_MAX);
        wire_finish(wire, row->stream_len);
        assert_int_equal(wire->next, row->stream_len);
        int64_t captured = 0;
        for (uint32_t at = 0; at < row->stream_len; at++)
            captured += seen[at];
        int64_t delivered = wire->next - wire->missing;
        assert_true(exact ? delivered == captured : delivered <= captured);
        assert_int_equal(wire->result & (exact ? ~0u : REASSEMBLY_DIFFERS), 0);
        wire_close(wire, held);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, models, check_model);
    return rows_run(&set, "flows_reassembly_random");
}
