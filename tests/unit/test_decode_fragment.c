#include "tests/support/pieces.h"

#define PIECES_MAX 8

#define HELD .want = VERDICT_FRAGMENT_HELD
#define BAD  .want = VERDICT_FRAGMENT_BAD
#define OVER .want = VERDICT_FRAGMENT_OVERLAP
#define DONE .want = VERDICT_UDP
#define MORE .more = true

struct fragment_row {
    const char *name;
    uint32_t datagram_len;
    uint32_t captured_len; /* of the payload; 0: all of it */
    struct piece pieces[PIECES_MAX];
    int family; /* 0: the row holds for both */
};

static const struct fragment_row rows[] = {
    {"in order", 40, 0, {{0, 16, MORE, HELD}, {16, 16, MORE, HELD}, {32, 8, DONE}}, 0},
    {"backwards", 40, 0, {{32, 8, HELD}, {16, 16, MORE, HELD}, {0, 16, MORE, DONE}}, 0},
    {"the last one ends where it likes", 35, 0, {{0, 32, MORE, HELD}, {32, 3, DONE}}, 0},
    {"half a UDP header in the first", 40, 0, {{0, 8, MORE, HELD}, {8, 32, DONE}}, 0},
    {"the largest", 65535, 0, {{0, 65528, MORE, HELD}, {65528, 7, DONE}}, 6},
    {"the largest of IPv4", 65515, 0, {{0, 32768, MORE, HELD}, {32768, 32747, DONE}}, 4},
    {"repeated first", 32, 0, {{0, 16, MORE, HELD}, {0, 16, MORE, HELD}, {16, 16, DONE}}, 0},
    {"repeated last", 32, 0, {{16, 16, HELD}, {16, 16, HELD}, {0, 16, MORE, DONE}}, 0},
    {"repeated middle",
     48,
     0,
     {{0, 16, MORE, HELD}, {16, 16, MORE, HELD}, {16, 16, MORE, HELD}, {32, 16, DONE}},
     0},
    {"repeated in a gap",
     64,
     0,
     {{16, 16, MORE, HELD},
      {48, 16, HELD},
      {16, 16, MORE, HELD},
      {0, 16, MORE, HELD},
      {32, 16, MORE, DONE}},
     0},
    {"repeated after it was complete",
     32,
     0,
     {{0, 16, MORE, HELD}, {16, 16, DONE}, {16, 16, HELD}, {0, 16, MORE, DONE}},
     0},
    {"two datagrams by turns",
     32,
     0,
     {{0, 16, MORE, HELD, .id = 1},
      {0, 16, MORE, HELD, .id = 2},
      {16, 16, DONE, .id = 2},
      {16, 16, DONE, .id = 1}},
     0},
    {"first cut by the snap length",
     64,
     12,
     {{0, 32, MORE, HELD, .captured = 20}, {32, 32, DONE}},
     0},
    {"second cut by the snap length",
     64,
     34,
     {{0, 32, MORE, HELD}, {32, 32, DONE, .captured = 10}},
     0},
    {"both cut by the snap length",
     64,
     12,
     {{0, 32, MORE, HELD, .captured = 20}, {32, 32, DONE, .captured = 10}},
     0},
    {"cut inside the UDP header",
     64,
     0,
     {{0, 32, MORE, HELD, .captured = 7}, {32, 32, .want = VERDICT_UDP_CUT}},
     0},

    {"overlap by half", 48, 0, {{0, 32, MORE, HELD}, {16, 32, OVER}}, 0},
    {"overlap inside", 48, 0, {{0, 32, MORE, HELD}, {8, 16, MORE, OVER}}, 0},
    {"overlap outside", 48, 0, {{8, 16, MORE, HELD}, {0, 32, MORE, OVER}}, 0},
    {"same start, shorter", 48, 0, {{0, 32, MORE, HELD}, {0, 16, MORE, OVER}}, 0},
    {"same start, longer", 48, 0, {{0, 16, MORE, HELD}, {0, 32, MORE, OVER}}, 0},
    {"same end", 48, 0, {{0, 32, MORE, HELD}, {16, 16, MORE, OVER}}, 0},
    {"two as one", 48, 0, {{0, 16, MORE, HELD}, {16, 16, MORE, HELD}, {0, 32, MORE, OVER}}, 0},
    {"two ends", 48, 0, {{32, 16, HELD}, {16, 16, BAD}}, 0},
    {"two ends, the second further", 48, 0, {{16, 16, HELD}, {32, 16, BAD}}, 0},
    {"the same last, shorter by bytes", 48, 0, {{32, 16, HELD}, {32, 13, BAD}}, 0},
    {"an end before what came", 48, 0, {{32, 16, MORE, HELD}, {16, 16, BAD}}, 0},
    {"more behind the end", 48, 0, {{16, 16, HELD}, {32, 16, MORE, BAD}}, 0},
    {"more up to the end", 48, 0, {{24, 16, HELD}, {24, 16, MORE, BAD}}, 0},
    {"IPv4 begins anew after an overlap",
     32,
     0,
     {{0, 16, MORE, HELD}, {8, 16, MORE, OVER}, {0, 16, MORE, HELD}, {16, 16, DONE}},
     4},
    {"IPv6 refuses what follows an overlap",
     32,
     0,
     {{0, 16, MORE, HELD}, {8, 16, MORE, OVER}, {0, 16, MORE, OVER}, {16, 16, OVER}},
     6},
    {"IPv6 forgets an overlap with time",
     32,
     0,
     {{0, 16, MORE, HELD},
      {8, 16, MORE, OVER},
      {0, 16, MORE, HELD, .seconds = 31},
      {16, 16, DONE, .seconds = 31}},
     6},

    {"no multiple of 8", 48, 0, {{0, 15, MORE, BAD}}, 0},
    {"empty", 48, 0, {{8, 0, MORE, BAD}}, 0},
    {"empty last", 48, 0, {{8, 0, BAD}}, 0},
    {"beyond 65535", 48, 0, {{65528, 8, BAD}}, 0},
    {"up to 65535", 48, 0, {{65528, 7, HELD}}, 0},

    {"30 seconds are not too long", 32, 0, {{0, 16, MORE, HELD}, {16, 16, DONE, .seconds = 30}}, 0},
    {"31 seconds are too long",
     32,
     0,
     {{0, 16, MORE, HELD}, {16, 16, HELD, .seconds = 31}, {0, 16, MORE, DONE, .seconds = 31}},
     0},
    {"time runs back a little", 32, 0, {{0, 16, MORE, HELD}, {16, 16, DONE, .seconds = -5}}, 0},
    {"time runs back to another capture",
     32,
     0,
     {{0, 16, MORE, HELD}, {16, 16, HELD, .seconds = -3600}, {0, 16, MORE, DONE, .seconds = -3600}},
     0},
};

static uint32_t count_pieces(const struct fragment_row *row)
{
    uint32_t count = 0;
    while (count < PIECES_MAX && row->pieces[count].want != 0)
        count++;
    return count;
}

static void check_piece(const struct fragment_row *row, uint32_t index, const struct packet *packet)
{
    const struct piece *piece = &row->pieces[index];
    assert_string_equal(verdict_word(packet->verdict), verdict_word(piece->want));
    if (piece->want != VERDICT_UDP)
        return;
    assert_datagram(packet, row->datagram_len, piece->id);
    uint32_t captured = row->captured_len ? row->captured_len : row->datagram_len - 8;
    assert_int_equal(packet->payload_captured_len, captured);
}

/* Each piece in a batch of its own, or all in one: then every completed datagram must still be
 * there when the batch is done. */
static void check_pieces(const struct fragment_row *row, int family, bool one_batch)
{
    struct decoder *decoder = decoder_new(0);
    struct frame_batch all = {.count = count_pieces(row)};
    for (uint32_t i = 0; i < all.count; i++)
        all.frames[i] = piece_frame(&row->pieces[i], family, row->datagram_len);
    if (one_batch) {
        struct packet_batch packets;
        decode_batch(decoder, &all, &packets);
        assert_int_equal(packets.count, all.count);
        for (uint32_t i = 0; i < all.count; i++) {
            assert_packet_sane(&packets.packets[i], &all.frames[i]);
            check_piece(row, i, &packets.packets[i]);
        }
    } else {
        for (uint32_t i = 0; i < all.count; i++) {
            struct packet packet = decode_one(decoder, &all.frames[i]);
            check_piece(row, i, &packet);
        }
    }
    assert_stats_add_up(decoder, all.count);
    assert_int_equal(decoder_stats(decoder)->fragments, all.count);
    for (uint32_t i = 0; i < all.count; i++)
        frame_free(&all.frames[i]);
    decoder_close(decoder);
}

static void check_fragment_row(void **state)
{
    const struct fragment_row *row = *state;
    for (int family = 4; family <= 6; family += 2) {
        if (row->family != 0 && row->family != family)
            continue;
        check_pieces(row, family, false);
        check_pieces(row, family, true);
    }
}

/* Five pieces in each of their 120 orders: only the last to come completes, and always the same. */
static void test_every_order(void **state)
{
    (void)state;
    static const struct piece pieces[5] = {
        {0, 8, MORE}, {8, 64, MORE}, {72, 512, MORE}, {584, 8, MORE}, {592, 5, .more = false}};
    for (int order = 0; order < 120; order++) {
        struct fragment_row row = {.datagram_len = 597};
        bool used[5] = {false};
        int rest = order;
        for (int place = 0; place < 5; place++) {
            int skip = rest % (5 - place);
            rest /= 5 - place;
            int piece = 0;
            while (used[piece] || skip-- > 0)
                piece++;
            used[piece] = true;
            row.pieces[place] = pieces[piece];
            row.pieces[place].want = place < 4 ? VERDICT_FRAGMENT_HELD : VERDICT_UDP;
        }
        check_pieces(&row, 4, order % 2);
        check_pieces(&row, 6, order % 2);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_fragment_row);
    ROWS_ADD_ONE(&set, test_every_order);
    return rows_run(&set, "decode_fragment");
}
