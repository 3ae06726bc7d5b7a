#include "tests/support/wire.h"

/* What is delivered, in which order. */
static const struct order_row {
    const char *name;
    const char *played;
    const char *delivered;
    bool differs;
    int64_t begin;
} orders[] = {
    {"in order", "0+10 10+5 15+1", "0+16 ", false, 0},
    {"the stream begins where it is known to begin", "10+5 0+10", "0+15 ", false, 0},
    {"it may begin elsewhere", "510+5 500+10", "0+15 ", false, 500},
    {"and below zero", "-10+5 -5+5 0+5", "0+15 ", false, -10},
    {"what lies before the beginning is not in it", "0+10 -5+10", "0+10 ", false, 0},
    {"early", "10+10", "", false, 0},
    {"early, then in order", "10+10 0+10", "0+20 ", false, 0},
    {"backwards", "30+10 20+10 10+10 0+10", "0+40 ", false, 0},
    {"two gaps, the first one filled", "10+10 30+10 0+10", "0+20 ", false, 0},
    {"two gaps, the second one filled first", "10+10 30+10 20+10 0+10", "0+40 ", false, 0},
    {"a gap filled in parts", "10+10 0+4 4+1 5+5", "0+20 ", false, 0},
    {"early segments that overlap", "10+10 15+10 5+10 0+5", "0+25 ", false, 0},
    {"an early segment around two others", "10+5 20+5 5+25 0+5", "0+30 ", false, 0},
    {"an early segment inside another", "10+20 15+5 0+10", "0+30 ", false, 0},
    {"early pieces of several buffers", "100+2000 0+100", "0+2100 ", false, 0},
    {"early pieces of several buffers, in the middle of others", "100+10 3000+10 50+4000 0+50",
     "0+4050 ", false, 0},
    {"a segment that ends among early ones", "10+10 20+10 0+25", "0+30 ", false, 0},
    {"a segment beyond early ones", "10+10 0+30", "0+30 ", false, 0},
    {"sent again", "0+10 0+10", "0+10 ", false, 0},
    {"sent again with more", "0+10 5+10", "0+15 ", false, 0},
    {"sent again while it waits", "10+10 10+10 0+10", "0+20 ", false, 0},
    {"empty", "0+0 0+5 5+0", "0+5 ", false, 0},

    {"other bytes again: the first copy stays", "0+10 0+10x", "0+10 ", true, 0},
    {"other bytes again, and more", "0+10 5+10x", "0+10 10+5x ", true, 0},
    {"other bytes that were not there before", "0+10 10+10x", "0+10 10+10x ", false, 0},
    {"other bytes early: the first copy stays", "10+10x 10+10 0+10", "0+10 10+10x ", true, 0},
    {"other bytes in a part of what is early", "10+10 15+10x 0+10", "0+20 20+5x ", true, 0},
    {"other bytes around what is early", "10+10 5+20x 0+5", "0+5 5+5x 10+10 20+5x ", true, 0},
    {"other bytes in order for what is early: the first copy stays", "10+10 0+15x", "0+10x 10+10 ",
     true, 0},
    {"other bytes in order around what is early", "10+5 20+5 0+30x", "0+10x 10+5 15+5x 20+5 25+5x ",
     true, 0},
    {"other bytes in order for the second early piece", "10+5 15+5x 0+20", "0+15 15+5x ", true, 0},
    {"other bytes of a gap that was given up", "10+10 ack20@1 ack20@1001 0+10x", "0-10 10+10 ",
     false, 0},
    {"other bytes before and behind it only", "10+10 0+10x 20+5x", "0+10x 10+10 20+5x ", false, 0},
    {"one other byte", "0+10 9+1x", "0+10 ", true, 0},
    {"other bytes that were cut off", "0+10 5+0x 10+5", "0+15 ", false, 0},

    {"a gap stays open", "10+10 30+10", "", false, 0},
    {"not acknowledged: it stays open", "10+10 ack0@1 ack0@9000", "", false, 0},
    {"acknowledged: it stays open for a while", "10+10 ack20@1 ack20@1000", "", false, 0},
    {"acknowledged for a second: given up", "10+10 ack20@1 ack20@1001", "0-10 10+10 ", false, 0},
    {"acknowledged, filled in time", "10+10 ack20@1 0+10 ack20@1001", "0+20 ", false, 0},
    {"acknowledged, filled in part", "10+10 ack20@1 0+4 ack20@1001", "0+4 4-6 10+10 ", false, 0},
    {"acknowledged in part: the rest may still come", "10+10 ack4@1 ack4@1001", "", false, 0},
    {"acknowledged up to what is early", "10+10 ack10@1 ack10@1001", "0-10 10+10 ", false, 0},
    {"the next gap has its own time", "10+10 30+10 ack40@1 ack40@1001 ack40@1500 ack40@2499",
     "0-10 10+10 ", false, 0},
    {"and is given up then", "10+10 30+10 ack40@1 ack40@1001 ack40@1500 ack40@2500",
     "0-10 10+10 20-10 30+10 ", false, 0},
    {"a gap filled ends its time", "10+10 ack20@1 0+10 30+10 ack40@1500 ack40@2499", "0+20 ", false,
     0},
    {"late for a gap that was given up", "10+10 ack20@1 ack20@1001 0+10 20+5", "0-10 10+15 ", false,
     0},
    {"late in part", "10+10 ack20@1 ack20@1001 5+20", "0-10 10+15 ", false, 0},
    {"the end: gaps are given up", "10+10 30+10 end40", "0-10 10+10 20-10 30+10 ", false, 0},
    {"the end: the rest was not captured", "0+10 end25", "0+10 10-15 ", false, 0},
    {"the end: nothing is missing", "0+10 end10", "0+10 ", false, 0},
    {"the end of a stream of which nothing came", "end25", "", false, 0},

    {"cut: the rest is a gap", "0+10c4 10+5", "0+4 4-6 10+5 ", false, 0},
    {"cut: nothing was captured", "0+10c0 10+5", "0-10 10+5 ", false, 0},
    {"cut: sent again it comes too late", "0+10c4 0+10 10+5", "0+4 4-6 10+5 ", false, 0},
    {"cut early: what is missing may come", "10+10c4 0+10 14+6", "0+20 ", false, 0},
    {"cut early: and is given up at the end", "10+10c4 0+10 20+5 end25", "0+14 14-6 20+5 ", false,
     0},
    {"cut: what came early lies in what is missing", "10+5 0+20c4", "0+4 4-6 10+5 15-5 ", false, 0},
    {"cut: what came early lies behind it", "10+5 0+10c4", "0+4 4-6 10+5 ", false, 0},
    {"cut: sent again in part", "0+10 5+10c7", "0+12 12-3 ", false, 0},
};

static void check_order(void **state)
{
    const struct order_row *row = *state;
    struct wire *wire = wire_open(row->begin);
    wire_play(wire, row->played);
    wire_show(wire);
    assert_string_equal(wire->buffer, row->delivered);
    assert_int_equal(wire->result, row->differs ? REASSEMBLY_DIFFERS : 0);
    wire_close(wire, 0);
}

/* Of what was delivered the latest is kept. */
static void test_kept_pieces_are_bounded(void **state)
{
    (void)state;
    struct wire *wire = wire_open(0);
    const uint32_t step = REASSEMBLY_PIECE_SIZE;
    const uint32_t pieces = 3 * REASSEMBLY_KEPT_MAX;
    for (uint32_t at = 0; at < pieces; at++)
        wire_add(wire, (int64_t)at * step, step, step, false);
    assert_int_equal(wire->next, pieces * step);
    assert_int_equal(wire->pieces.live, REASSEMBLY_KEPT_MAX);
    wire_add(wire, (int64_t)(pieces - REASSEMBLY_KEPT_MAX - 1) * step, step, step, true);
    assert_int_equal(wire->result, 0);
    wire_add(wire, (int64_t)(pieces - REASSEMBLY_KEPT_MAX) * step, 1, 1, true);
    assert_int_equal(wire->result, REASSEMBLY_DIFFERS);
    wire_close(wire, 0);
}

/* Too much waits behind a gap: it is given up, and what waited comes in order. */
static void test_early_pieces_are_bounded(void **state)
{
    (void)state;
    struct wire *wire = wire_open(0);
    const uint32_t step = REASSEMBLY_PIECE_SIZE;
    for (uint32_t at = 1; at <= REASSEMBLY_EARLY_MAX; at++)
        wire_add(wire, (int64_t)at * step, step, step, false);
    assert_int_equal(wire->next, 0);
    assert_int_equal(wire->result, 0);
    assert_int_equal(wire->pieces.live, REASSEMBLY_EARLY_MAX);
    wire_add(wire, (int64_t)(REASSEMBLY_EARLY_MAX + 1) * step, 10, 10, false);
    assert_int_equal(wire->result, REASSEMBLY_DENIED);
    wire_show(wire);
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "0-%u %u+%u ", step, step,
                   REASSEMBLY_EARLY_MAX * step + 10);
    assert_string_equal(wire->buffer, wanted);
    assert_true(wire->pieces.live <= REASSEMBLY_KEPT_MAX);
    wire_close(wire, 0);
}

/* What is early now counts, not what ever was. */
static void test_early_pieces_may_come_and_go(void **state)
{
    (void)state;
    struct wire *wire = wire_open(0);
    for (uint32_t at = 0; at < 2 * (REASSEMBLY_EARLY_MAX + 9); at += 2) {
        wire_add(wire, at + 1, 1, 1, false);
        wire_add(wire, at, 1, 1, false);
    }
    assert_int_equal(wire->result, 0);
    assert_int_equal(wire->missing, 0);
    wire_close(wire, 0);
}

/* Other flows have the rest of the pool. */
static const struct scarce_row {
    const char *name;
    uint32_t pieces;
    const char *played;
    const char *delivered;
    unsigned result;
} scarce[] = {
    {"no piece: bytes in order come through, only copies are not kept", 0,
     "0+1000 1000+1000 500+1000x", "0+2000 ", 0},
    {"no piece: what comes early is delivered at once, behind a gap", 0, "10+10 0+10 20+5",
     "0-10 10+15 ", REASSEMBLY_DENIED},
    {"one piece: so is what comes early behind it", 1, "10+10 30+10 40+5 0+10 end50",
     "0-10 10+10 20-10 30+15 45-5 ", REASSEMBLY_DENIED},
    {"one piece: it is free again", 1, "10+10 0+10 20+10 40+10 20+20", "0+30 30-10 40+10 ",
     REASSEMBLY_DENIED},
};

static void check_scarce(void **state)
{
    const struct scarce_row *row = *state;
    struct wire *wire = wire_open(0);
    uint32_t held = wire_leave_pieces(wire, row->pieces);
    wire_play(wire, row->played);
    wire_show(wire);
    assert_string_equal(wire->buffer, row->delivered);
    assert_int_equal(wire->result, row->result);
    wire_close(wire, held);
}

/* A piece becomes free once what was early is delivered; a direction that cannot get one reuses its
 * own. */
static void test_few_pieces_left(void **state)
{
    (void)state;
    struct wire *wire = wire_open(0);
    const uint32_t step = REASSEMBLY_PIECE_SIZE;
    uint32_t held = wire_leave_pieces(wire, 3);
    for (int64_t at = 0; at < 50; at++)
        wire_add(wire, at * step, step, step, false);
    assert_int_equal(wire->pieces.live, held + 3);
    assert_int_equal(wire->result, 0);
    wire_add(wire, INT64_C(46) * step, step, step, true);
    assert_int_equal(wire->result, 0);
    wire_add(wire, INT64_C(47) * step, step, step, true);
    assert_int_equal(wire->result, REASSEMBLY_DIFFERS);
    wire_close(wire, held);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, orders, check_order);
    ROWS_ADD(&set, scarce, check_scarce);
    ROWS_ADD_ONE(&set, test_kept_pieces_are_bounded);
    ROWS_ADD_ONE(&set, test_early_pieces_are_bounded);
    ROWS_ADD_ONE(&set, test_early_pieces_may_come_and_go);
    ROWS_ADD_ONE(&set, test_few_pieces_left);
    return rows_run(&set, "flows_reassembly");
}
