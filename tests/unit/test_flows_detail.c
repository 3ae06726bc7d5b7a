#include "tests/support/scene.h"

/* What the tracker keeps of flows beyond their records: for how many there is room, and who wants
 * none. */

/* Payload of `len` bytes, `at` bytes behind the first, in a midstream flow; `client` tells flows
 * apart. */
static void feed_one(struct scene *scene, uint32_t client, bool answer, uint32_t at, uint32_t len)
{
    static const uint8_t bytes[8] = "payload";
    struct packet_batch batch = {.count = 1};
    struct packet *packet = &batch.packets[0];
    *packet = (struct packet){.kind = PACKET_TCP,
                              .flags = TCP_ACK,
                              .seq = (answer ? 500 : 100) + at,
                              .ack = answer ? 100 : 500,
                              .window = 500,
                              .payload = bytes,
                              .payload_wire_len = len,
                              .payload_captured_len = len,
                              .time_ns = SCENE_BEGIN_NS};
    packet->tuple.family = 6;
    packet->tuple.protocol = PROTOCOL_TCP;
    memcpy(packet->tuple.address[1].octets, &client, sizeof client);
    packet->tuple.port[0] = 80;
    packet->tuple.port[1] = 40000;
    packet->direction = !answer;
    packet->hash = hash_tuple(&(struct hash_key){{5, 6}}, &packet->tuple);
    (void)tracker_feed(scene->tracker, &batch, 0, &scene->events);
}

static struct flow_view flow_of(const struct scene *scene)
{
    struct flow_view flow;
    assert_true(tracker_look(scene->tracker, scene->events.notes[0].flow, &flow));
    return flow;
}

/* More flows with payload than details: the last flows go without, are told apart, and everything
 * else of them is right. */
static void test_details_are_bounded(void **state)
{
    (void)state;
    enum { MORE = 3 };
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = DETAIL_MAX + MORE});
    for (uint32_t client = 0; client < DETAIL_MAX; client++) {
        feed_one(scene, client, false, 0, 7);
        feed_one(scene, client, true, 0, 5);
    }
    const struct tracker_stats *stats = tracker_stats(scene->tracker);
    assert_int_equal(stats->detail_denied, 0);
    assert_non_null(flow_of(scene).detail);
    scene_check_facts(flow_of(scene), "denied=0");
    for (uint32_t client = DETAIL_MAX; client < DETAIL_MAX + MORE; client++) {
        feed_one(scene, client, false, 0, 7);
        feed_one(scene, client, true, 0, 5);
    }
    assert_int_equal(stats->detail_denied, MORE);
    assert_null(flow_of(scene).detail);
    assert_int_equal(flow_of(scene).hot->flags & FLOW_DENIED_ANY, FLOW_FLAG_DETAIL_DENIED);
    scene_check_facts(flow_of(scene), "denied=1 c.unique=7 s.unique=5 c.first_us=none");
    scene_close(scene);
}

/* A flow that leaves gives its detail to the next. */
static void test_details_are_used_again(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 1});
    struct tracker_memory before = {0};
    for (uint32_t client = 0; client < 1000; client++) {
        feed_one(scene, client, false, 0, 7);
        feed_one(scene, client, true, 0, 5);
        scene_check_facts(flow_of(scene), "denied=0 c.bytes=7 c.first_us=0 s.first_us=0");
        if (client == 900)
            before = tracker_memory(scene->tracker);
    }
    struct tracker_memory after = tracker_memory(scene->tracker);
    assert_true(before.flows > 0 && before.table > 0 && before.details > 0);
    assert_memory_equal(&before, &after, sizeof before);
    scene_close(scene);
}

/* Nothing of the flow that had the detail before is left in it. */
static void test_details_begin_anew(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 1});
    scene_play(scene,
               "> PA 100 500 +10 :40001; < A 500 110 :40001; > PA 150 500 +10 :40001; < A 500 110 "
               "sack150-160 :40001;"
               "> PAC 110 500 +40 :40001 @2000; < PAE 500 160 +5 w0 :40001; > A 160 505 w0 :40001",
               FRAME_BATCH_MAX);
    scene_check_facts(scene_flow(scene), "c.rtts=1 s.responses=1 s.stalls=1 s.first_us=2001000");
    scene_play(
        scene,
        "< PA 900 300 +5 :40002; > PA 300 905 +5 :40002; < A 905 305 :40002; < A 905 305 w9 :40002",
        FRAME_BATCH_MAX);
    struct flow_view flow = scene_flow(scene);
    scene_check_facts(flow, "c.rtts=1 s.rtts=1 c.responses=1 c.response_us=1000 s.responses=0 "
                            "c.stalls=0 s.stalls=0 c.stalled_ms=0 s.stalled_ms=0 idle_ms=0 "
                            "c.first_us=1000 s.first_us=0");
    for (unsigned mark = 0; mark < MARK_COUNT; mark++) {
        assert_int_equal(scene_mark_count(flow, flow.hot->client, mark), 0);
        assert_int_equal(scene_mark_count(flow, !flow.hot->client, mark),
                         mark == MARK_WINDOW_UPDATE);
    }
    scene_close(scene);
}

/* The first bytes of the client: payload byte for byte, up to the first gap. */
static const struct first_row {
    const char *name;
    const char *scene;
    uint32_t first, len; /* the bytes [first, first + len) of the scene */
    bool overlap;
} firsts[] = {
    {"in order", "> PA 100 1 +10; > PA 110 1 +10", 100, 20, false},
    {"not more than there is room for", "> PA 100 1 +50; > PA 150 1 +50; > PA 200 1 +50", 100,
     DETAIL_FIRST_MAX, false},
    {"one segment of more", "> PA 100 1 +4000", 100, DETAIL_FIRST_MAX, false},
    {"behind a SYN", "> S 99; < SA 7 100; > PA 100 8 +5", 100, 5, false},
    {"payload on the SYN", "> S 99 +5", 99, 5, false},
    {"a gap at the beginning", "> S 99; > PA 110 8 +5", 0, 0, false},
    {"a gap, filled later", "> PA 100 1 +5; > PA 110 1 +5; > PA 105 1 +5", 100, 10, false},
    {"overlap with new bytes", "> PA 100 1 +10; > PA 105 1 +10", 100, 15, false},
    {"sent again", "> PA 100 1 +10; > PA 100 1 +10", 100, 10, false},
    {"sent again with other bytes", "> PA 100 1 +10; > PA 100 1 +10 other", 100, 10, true},
    {"the last byte again, with another", "> PA 100 1 +10; > PA 109 1 +1 other", 100, 10, true},
    {"other bytes beyond the first", "> PA 100 1 +4000; > PA 1000 1 +10 other", 100,
     DETAIL_FIRST_MAX, false},
    {"across the end of the first", "> PA 100 1 +4000; > PA 160 1 +10 other", 100, DETAIL_FIRST_MAX,
     true},
    {"midstream, earlier bytes later", "> PA 100 1 +10; > PA 90 1 +10", 100, 10, false},
    {"midstream, earlier bytes that overlap", "> PA 100 1 +10; > PA 90 1 +20 other", 100, 10, true},
    {"cut by the snap length", "> PA 100 1 +10 cut4; > PA 110 1 +10", 100, 4, false},
    {"across the wrap", "> PA 4294967290 1 +10; > PA 4 1 +10", 4294967290u, 20, false},
};

static void check_first(void **state)
{
    const struct first_row *row = *state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    struct flow_view flow = scene_flow(scene);
    const struct detail_side *side = &flow.detail->side[flow.hot->client];
    assert_int_equal(side->first_len, row->len);
    for (uint32_t at = 0; at < row->len; at++)
        assert_int_equal(side->first[at], scene_byte(row->first + at));
    assert_int_equal(scene_mark_count(flow, flow.hot->client, MARK_OVERLAP), row->overlap);
    scene_close(scene);
}

/* Who gets a detail: payload or trouble. */
static const struct need_row {
    const char *name;
    const char *scene;
    bool detail;
} needs[] = {
    {"a handshake and its end", "> S 100; < SA 300 101; > A 101 301; > FA 101 301; < FA 301 102",
     false},
    {"a refusal", "> S 100; < RA 0 101", false},
    {"a scan that is sent again", "> S 100; > S 100 @1000", false},
    {"keep-alives", "> S 100; < SA 300 101; > A 101 301; > A 100 301", false},
    {"payload", "> PA 100 1 +1", true},
    {"payload on the SYN", "> S 100 +1", true},
    {"trouble", "> S 100; < SA 300 101; > A 101 301; > A 102 301", true},
    {"UDP", "> udp +10", false},
};

static void check_need(void **state)
{
    const struct need_row *row = *state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    assert_int_equal(scene_flow(scene).detail != NULL, row->detail);
    scene_close(scene);
}

/* Without analysis: the same counts, states and events of state, and nothing else. */
static const struct table_row {
    const char *name;
    const char *scene;
    const char *state;
    const char *events;
    const char *facts;
} tables[] = {
    {"a connection with trouble",
     "> S 100; < SA 300 101; > A 101 301; > PA 111 301 +10; > PA 101 301 +10 @300;"
     "< A 301 121 w0; > FA 121 301; < FA 301 122",
     "closed", "opened established closed",
     "c.packets=5 s.packets=3 c.bytes=20 s.bytes=0 c.syn=1 s.syn=1 c.fin=1 s.fin=1 c.unique=0 "
     "c.rexmit=0 s.zero=0 rtt_us=none denied=0"},
    {"refused", "> S 100; < RA 0 101", "refused", "opened refused", "s.rst=1"},
    {"reset", "> S 100; < SA 300 101; > A 101 301; < R 301", "reset", "opened established reset",
     "s.rst=1"},
    {"no answer", "> S 100; > S 100 @1000", "syn_sent", "opened no_answer", "c.syn=2 c.rexmit=0"},
    {"port reuse", "> S 100; < RA 0 101; > S 900; < SA 300 901; > A 901 301", "established",
     "opened refused opened established", "c.packets=2"},
    {"silence", "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +5; < A 301 106 @9000",
     "established", "opened established", "c.bytes=5 s.stalls=0"},
    {"UDP", "> udp +10; < udp +5", "active", "opened", "c.bytes=10 s.bytes=5"},
};

static void check_table(void **state)
{
    const struct table_row *row = *state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4, .table_only = true});
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    struct flow_view flow = scene_flow(scene);
    assert_string_equal(flow_state_word(flow.hot->state), row->state);
    assert_string_equal(scene->words, row->events);
    assert_null(flow.detail);
    scene_check_facts(flow, row->facts);
    for (size_t at = 0; at < scene->count; at++) {
        assert_int_equal(scene->marks[at], 0);
        assert_int_not_equal(scene->events.notes[at].flow.index, POOL_NONE);
    }
    scene_close(scene);
}

/* What a sink was given: "1c:0+10" bytes of flow 1's client, "1c:10-5" a gap. */
struct taken {
    char buffer[1024];
    struct text text;
};

static void take(void *context, struct flow_view flow, unsigned side,
                 const struct reassembly_chunk *chunk)
{
    struct taken *taken = context;
    bool client = side == flow.hot->client;
    text_add(&taken->text, "%llu%c:%lld%c%llu ", (unsigned long long)flow.cold->id,
             client ? 'c' : 's', (long long)chunk->offset, chunk->bytes ? '+' : '-',
             (unsigned long long)chunk->len);
}

#define TALK                                                                                       \
    "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; > udp +7 :9; < PA 301 111 +20;"         \
    "> PA 1 1 +3 :40001; > PA 121 321 +5; < A 321 126; > udp +4 :9; > PA 4 1 +3 :40001"

static const struct sink_row {
    const char *name;
    const char *scene;
    uint64_t follow;
    const char *taken;
    const char *finished; /* as the flows leave */
} sinks[] = {
    {"nobody", TALK, 0, "", ""},
    {"one flow", TALK, 1, "1c:0+10 1s:0+20 ", "1c:10-10 1c:20+5 "},
    {"another, midstream", TALK, 3, "3c:0+3 3c:3+3 ", ""},
    {"a flow of datagrams", TALK, 2, "2c:0+7 2c:7+4 ", ""},
    {"one that never comes", TALK, 9, "", ""},
    {"all", TALK, TRACKER_FOLLOW_ALL, "1c:0+10 2c:0+7 1s:0+20 3c:0+3 2c:7+4 3c:3+3 ",
     "1c:10-10 1c:20+5 "},
    {"late and sent again", "> PA 1 1 +3; > PA 7 1 +3; > PA 4 1 +3; > PA 1 1 +9", 1,
     "1c:0+3 1c:3+3 1c:6+3 ", ""},
    {"nothing after the end", "> S 1; < SA 5 2; > FPA 2 6 +3; < FA 6 6", 1, "1c:0+3 ", ""},
    {"the end is missing", "> S 1; < SA 5 2; > PA 2 6 +3; > FA 9 6", 1, "1c:0+3 ", "1c:3-4 "},
};

static void check_sink(void **state)
{
    const struct sink_row *row = *state;
    for (unsigned digest = 0; digest < 2; digest++) {
        struct taken taken;
        taken.text = text_begin(taken.buffer, sizeof taken.buffer);
        struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 9,
                                                                   .stream_digest = digest,
                                                                   .follow = row->follow,
                                                                   .sink = {&taken, take}});
        scene_play(scene, row->scene, FRAME_BATCH_MAX);
        assert_string_equal(taken.buffer, row->taken);
        taken.text = text_begin(taken.buffer, sizeof taken.buffer);
        scene_finish(scene);
        assert_string_equal(taken.buffer, row->finished);
        scene_close(scene);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, firsts, check_first);
    ROWS_ADD(&set, needs, check_need);
    ROWS_ADD(&set, tables, check_table);
    ROWS_ADD(&set, sinks, check_sink);
    ROWS_ADD_ONE(&set, test_details_are_bounded);
    ROWS_ADD_ONE(&set, test_details_are_used_again);
    ROWS_ADD_ONE(&set, test_details_begin_anew);
    return rows_run(&set, "flows_detail");
}
