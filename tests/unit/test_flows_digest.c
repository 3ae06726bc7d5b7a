#include "flows/digest.h"
#include "tests/support/scene.h"

#define SHAKE "> S 100; < SA 300 101; > A 101 301;"

/* What the client's stream hashes to: bytes [first, first + len) of the scene, or nothing. */
static const struct row {
    const char *name;
    const char *scene;
    bool known;
    uint32_t first, len;
} rows[] = {
    {"in order", SHAKE "> PA 101 301 +10; > PA 111 301 +20", true, 101, 30},
    {"sent again", SHAKE "> PA 101 301 +10; > PA 101 301 +10; > PA 111 301 +5", true, 101, 15},
    {"overlap with new bytes", SHAKE "> PA 101 301 +10; > PA 106 301 +10", true, 101, 15},
    {"late", SHAKE "> PA 111 301 +10; > PA 101 301 +10", true, 101, 20},
    {"three pieces backwards", SHAKE "> PA 121 301 +10; > PA 111 301 +10; > PA 101 301 +10", true,
     101, 30},
    {"early pieces that overlap", SHAKE "> PA 121 301 +10; > PA 115 301 +30; > PA 101 301 +16",
     true, 101, 44},
    {"early piece between two others",
     SHAKE "> PA 111 301 +5; > PA 131 301 +5; > PA 106 301 +35; > PA 101 301 +5", true, 101, 40},
    {"early pieces larger than one buffer", SHAKE "> PA 201 301 +4000; > PA 101 301 +100", true,
     101, 4100},
    {"across the wrap",
     "> S 4294967290; < SA 300 4294967291; > PA 5 301 +10; > PA 4294967291 301 +10", true,
     4294967291u, 20},
    {"data on the SYN", "> S 100 +0; < SA 300 101; > PA 101 301 +3", true, 101, 3},
    {"midstream", "> PA 500 1 +10; > PA 510 1 +10", true, 500, 20},
    {"closed by FIN", SHAKE "> FPA 101 301 +10", true, 101, 10},
    {"keep-alive garbage is not hashed", SHAKE "> PA 101 301 +10; > A 110 301 +1; > PA 111 301 +5",
     true, 101, 15},
    {"a hole", SHAKE "> PA 101 301 +10; > PA 121 301 +10", false, 0, 0},
    {"a hole before the FIN", SHAKE "> PA 101 301 +10; > FA 121 301", false, 0, 0},
    {"nothing of the beginning", SHAKE "> PA 111 301 +10", false, 0, 0},
    {"cut by the snap length", SHAKE "> PA 101 301 +10 cut9; > PA 111 301 +5", false, 0, 0},
    {"midstream, earlier data later", "> PA 500 1 +10; > PA 490 1 +10", false, 0, 0},
    {"no data", SHAKE, false, 0, 0},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct scene *scene =
        scene_open(&(struct tracker_options){.max_flows = 4, .stream_digest = true});
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    struct flow_view flow = scene_flow(scene);
    unsigned client = flow.hot->client;
    uint8_t got[SHA1_DIGEST_LENGTH], wanted[SHA1_DIGEST_LENGTH];
    bool known = digest_result(&flow.digest->side[client], flow.cold->rare[client].stream_begin,
                               flow.hot->side[client].stream_end, got);
    assert_int_equal(known, row->known);
    SHA1_CTX hash;
    SHA1Init(&hash);
    for (uint32_t at = 0; at < row->len; at++) {
        uint8_t byte = scene_byte(row->first + at);
        SHA1Update(&hash, &byte, 1);
    }
    SHA1Final(wanted, &hash);
    if (known)
        assert_memory_equal(got, wanted, sizeof wanted);
    scene_close(scene);
}

/* Early payload beyond the budget breaks a digest; when flows leave, their pieces come back. */
static void test_pieces_are_bounded(void **state)
{
    (void)state;
    struct err err;
    struct pool pieces;
    struct flow_digest digest;
    static uint8_t bytes[DIGEST_PIECE_SIZE];
    assert_int_equal(digest_pieces_open(&pieces, &err), 0);
    digest_init(&digest);
    for (int64_t piece = 0; piece < DIGEST_PIECES; piece++)
        digest_add(&digest.side[0], &pieces, 0,
                   &(struct digest_payload){bytes, 1, 1, 10 + piece * 2});
    assert_int_equal(digest.side[0].state, DIGEST_WHOLE);
    assert_int_equal(pieces.live, DIGEST_PIECES);
    digest_add(&digest.side[1], &pieces, 0, &(struct digest_payload){bytes, 1, 1, 10});
    assert_int_equal(digest.side[1].state, DIGEST_BROKEN);
    digest_release(&digest, &pieces);
    assert_int_equal(pieces.live, 0);
    pool_close(&pieces);
}

/* Early payload in order costs no search however much there is; a sender who makes every segment fit
 * in the middle of thousands is not followed. */
static void test_the_search_is_bounded(void **state)
{
    (void)state;
    struct err err;
    struct pool pieces;
    struct flow_digest digest;
    static const uint8_t byte = 7;
    struct stream_digest *side = &digest.side[0];
    assert_int_equal(digest_pieces_open(&pieces, &err), 0);
    digest_init(&digest);
    for (int64_t piece = 0; piece < 4 * DIGEST_STEPS_MAX; piece++)
        digest_add(side, &pieces, 0, &(struct digest_payload){&byte, 1, 1, 10 + piece * 2});
    assert_int_equal(side->state, DIGEST_WHOLE);
    digest_add(side, &pieces, 0, &(struct digest_payload){&byte, 1, 1, 11});
    assert_int_equal(side->state, DIGEST_WHOLE);
    digest_add(side, &pieces, 0, &(struct digest_payload){&byte, 1, 1, 11 + 4 * DIGEST_STEPS_MAX});
    assert_int_equal(side->state, DIGEST_BROKEN);
    assert_int_equal(pieces.live, 0);
    pool_close(&pieces);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD_ONE(&set, test_pieces_are_bounded);
    ROWS_ADD_ONE(&set, test_the_search_is_bounded);
    return rows_run(&set, "flows_digest");
}
