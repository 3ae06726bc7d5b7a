#include "flows/flow_streams.h"
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
    {"data after the SYN", "> S 100 +0; < SA 300 101; > PA 101 301 +3", true, 101, 3},
    {"sent again with other bytes: the first copy counts",
     SHAKE "> PA 101 301 +10; > PA 101 301 +10 other; > PA 111 301 +5", true, 101, 15},
    {"a hole that the peer acknowledged, filled soon",
     SHAKE "> PA 111 301 +10; < A 301 121; > PA 101 301 +10", true, 101, 20},
    {"a hole that the peer acknowledged, given up after a second",
     SHAKE "> PA 111 301 +10; < A 301 121; < A 301 121 @1100; > PA 101 301 +10", false, 0, 0},
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
    int64_t len = flow.hot->side[client].stream_end - flow.cold->rare[client].stream_begin;
    bool known = flow.streams && digest_result(&flow.streams->digest[client], len, got);
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

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    return rows_run(&set, "flows_digest");
}
