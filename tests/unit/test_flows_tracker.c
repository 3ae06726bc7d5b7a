#include "tests/support/scene.h"

#define SECOND CLOCK_NS_PER_S

#define SHAKE "> S 100; < SA 300 101; > A 101 301;"

/* A scene, perhaps time that passes after it, then the end: which flows left, in which order. */
struct row {
    const char *name;
    struct tracker_options options;
    const char *scene;
    int64_t advance_ms; /* 0: no time passes */
    const char *before; /* flows that left before the end */
    const char *after;  /* all flows that left */
    const char *events;
};

static const struct row rows[] = {
    {"nothing leaves by itself",
     {.max_flows = 9},
     SHAKE "> FA 101 301; < FA 301 102",
     1000000000,
     "",
     "closed/SF/ShAFf",
     "opened established closed"},
    {"closed flows leave when they are old",
     {.max_flows = 9, .closed_age_ns = 2 * SECOND},
     SHAKE "> FA 101 301; < FA 301 102",
     3000,
     "closed/SF/ShAFf",
     "closed/SF/ShAFf",
     "opened established closed"},
    {"but not before",
     {.max_flows = 9, .closed_age_ns = 2 * SECOND},
     SHAKE "> FA 101 301; < FA 301 102",
     1900,
     "",
     "closed/SF/ShAFf",
     "opened established closed"},
    {"reset and refused flows leave like closed ones",
     {.max_flows = 9, .closed_age_ns = SECOND},
     "> S 100; < RA 0 101; > S 1 :40001; < SA 2 2 :40001; < R 3 :40001",
     1500,
     "refused/REJ/Sr reset/RSTR/Shr",
     "refused/REJ/Sr reset/RSTR/Shr",
     "opened refused opened reset"},
    {"open flows stay",
     {.max_flows = 9, .closed_age_ns = 1, .udp_age_ns = 1, .unanswered_age_ns = 1},
     SHAKE,
     100000000,
     "",
     "established/S1/ShA",
     "opened established"},
    {"a late segment keeps a closed flow",
     {.max_flows = 9, .closed_age_ns = 2 * SECOND},
     SHAKE "> FA 101 301; < FA 301 102; > A 102 302 @1500; > S 7 :1 @2600",
     0,
     "",
     "closed/SF/ShAFf syn_sent/S0/S",
     "opened established closed opened"},
    {"a SYN is unanswered after a second",
     {.max_flows = 9},
     "> S 100",
     1001,
     "",
     "syn_sent/S0/S",
     "opened no_answer"},
    {"and not before", {.max_flows = 9}, "> S 100", 900, "", "syn_sent/S0/S", "opened"},
    {"another packet's time counts as well",
     {.max_flows = 9},
     "> S 100; > S 7 :1 @1500",
     0,
     "",
     "syn_sent/S0/S syn_sent/S0/S",
     "opened opened no_answer"},
    {"an answered SYN is not unanswered",
     {.max_flows = 9},
     "> S 100; < SA 300 101",
     9000,
     "",
     "syn_received/S1/Sh",
     "opened"},
    {"a SYN that was given up has timed out",
     {.max_flows = 9, .unanswered_age_ns = 130 * SECOND},
     "> S 100; > S 100 @1000; > S 100 @3000",
     300000,
     "timed_out/S0/S",
     "timed_out/S0/S",
     "opened no_answer retransmission retransmission"},
    {"a late answer to a SYN",
     {.max_flows = 9, .unanswered_age_ns = 130 * SECOND},
     "> S 100; > S 7 :1 @5000; < SA 300 101; > A 101 301",
     400000,
     "timed_out/S0/S",
     "timed_out/S0/S established/S1/ShA",
     "opened opened no_answer established no_answer"},
    {"quiet UDP flows leave",
     {.max_flows = 9, .udp_age_ns = 60 * SECOND},
     "> udp +10; < udp +20",
     61000,
     "active/SF/Dd",
     "active/SF/Dd",
     "opened"},
    {"busy UDP flows stay",
     {.max_flows = 9, .udp_age_ns = 60 * SECOND},
     "> udp +10; > udp +10 @50000; > S 7 @61000",
     100000,
     "",
     "unreplied/S0/D syn_sent/S0/S",
     "opened opened no_answer"},
    {"closed flows beyond those kept leave soon",
     {.max_flows = 9, .closed_kept = 1},
     "> S 1 :1; < RA 0 2 :1; > S 1 :2; < RA 0 2 :2; > S 1 :3; < RA 0 2 :3",
     400,
     "refused/REJ/Sr refused/REJ/Sr",
     "refused/REJ/Sr refused/REJ/Sr refused/REJ/Sr",
     "opened refused opened refused opened refused"},
    {"and not before",
     {.max_flows = 9, .closed_kept = 1},
     "> S 1 :1; < RA 0 2 :1; > S 1 :2; < RA 0 2 :2; > S 1 :3; < RA 0 2 :3",
     290,
     "",
     "refused/REJ/Sr refused/REJ/Sr refused/REJ/Sr",
     "opened refused opened refused opened refused"},
    {"but there is a limit",
     {.max_flows = 9, .closed_kept = 1, .closed_most = 2},
     "> S 1 :1; < RA 0 2 :1; > S 1 :2; < RA 0 2 :2; > S 1 :3; < RA 0 2 :3",
     0,
     "refused/REJ/Sr",
     "refused/REJ/Sr refused/REJ/Sr refused/REJ/Sr",
     "opened refused opened refused opened refused"},
    {"a full table evicts a closed flow first",
     {.max_flows = 2},
     "> S 1 :1; > S 1 :2; < RA 0 2 :2; > S 1 :3",
     0,
     "refused/REJ/Sr",
     "refused/REJ/Sr syn_sent/S0/S syn_sent/S0/S",
     "opened opened refused evicted opened"},
    {"then one whose SYN is unanswered",
     {.max_flows = 2},
     "> A 1 :40001; > S 1 :40002; > S 1 :40003",
     0,
     "syn_sent/S0/S",
     "syn_sent/S0/S midstream/OTH/A syn_sent/S0/S",
     "opened opened evicted opened"},
    {"then the one that was quiet longest",
     {.max_flows = 2},
     "> A 1 :40001; > PA 1 :40002 +1; > A 2 :40001; > S 1 :40003",
     0,
     "midstream/OTH/D",
     "midstream/OTH/D midstream/OTH/A syn_sent/S0/S",
     "opened opened evicted opened"},
    {"a table of one",
     {.max_flows = 1},
     "> S 1 :1; > S 1 :2; > S 1 :3",
     0,
     "syn_sent/S0/S syn_sent/S0/S",
     "syn_sent/S0/S syn_sent/S0/S syn_sent/S0/S",
     "opened evicted opened evicted opened"},
    {"port reuse",
     {.max_flows = 9},
     SHAKE "> FA 101 301; < FA 301 102; > S 5000; < SA 9 5001",
     0,
     "closed/SF/ShAFf",
     "closed/SF/ShAFf syn_received/S1/Sh",
     "opened established closed opened"},
    {"port reuse without a close",
     {.max_flows = 9},
     SHAKE "> S 5000",
     0,
     "established/S1/ShA",
     "established/S1/ShA syn_sent/S0/S",
     "opened established opened"},
    {"port reuse after midstream",
     {.max_flows = 9},
     "> PA 100 1 +10; > S 5000",
     0,
     "midstream/OTH/D",
     "midstream/OTH/D syn_sent/S0/S",
     "opened opened"},
    {"port reuse after a refusal",
     {.max_flows = 9},
     "> S 100; < RA 0 101; > S 101; < RA 0 102",
     0,
     "refused/REJ/Sr",
     "refused/REJ/Sr refused/REJ/Sr",
     "opened refused opened refused"},
    {"a SYN-ACK never starts a second flow",
     {.max_flows = 9},
     SHAKE "< SA 999 101",
     0,
     "",
     "established/S1/ShA",
     "opened established"},
    {"UDP both ways",
     {.max_flows = 9},
     "> udp +10; < udp +10; > udp +10",
     0,
     "",
     "active/SF/Dd",
     "opened"},
    {"UDP one way", {.max_flows = 9}, "> udp +10; > udp +10", 0, "", "unreplied/S0/D", "opened"},
    {"UDP refused, told once",
     {.max_flows = 9},
     "> udp +10; > udp icmp3/3; > udp +10; > udp icmp3/3",
     0,
     "",
     "refused/S0/D",
     "opened refused"},
    {"UDP unreachable otherwise",
     {.max_flows = 9},
     "> udp +10; > udp icmp3/1",
     0,
     "",
     "unreplied/S0/D",
     "opened icmp_error"},
    {"UDP and TCP on the same ports are two flows",
     {.max_flows = 9},
     "> udp +10; > S 100",
     0,
     "",
     "unreplied/S0/D syn_sent/S0/S",
     "opened opened"},
    {"ICMP about nothing known", {.max_flows = 9}, "> icmp3/3", 0, "", "", ""},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct scene *scene = scene_open(&row->options);
    scene_play(scene, row->scene, 1);
    if (row->advance_ms > 0)
        scene_advance(scene, row->advance_ms);
    assert_string_equal(scene->retired, row->before);
    scene_finish(scene);
    assert_string_equal(scene->retired, row->after);
    assert_string_equal(scene->words, row->events);
    assert_int_equal(tracker_stats(scene->tracker)->live, 0);
    assert_int_equal(tracker_stats(scene->tracker)->open, 0);
    scene_close(scene);
}

/* Who is the client when no SYN tells. */
static const struct orient_row {
    const char *name;
    const char *scene;
    unsigned client_port;
} orients[] = {
    {"the ephemeral port is the client's", "< A 1 1 :40000", 40000},
    {"a system port is the server's", "> A 1 1 :80", 3000},
    {"between equals, who speaks first", "> A 1 1 :5000", 5000},
    {"between equals, who speaks first: the other", "< A 1 1 :5000", 3000},
    {"a port that was served once", "> S 1 :50000; < A 1 1 :5000", 5000},
    {"a port that many talk to",
     "> A 1 1 :40001; > A 1 1 :40002; > A 1 1 :40003; > A 1 1 :40004; < A 1 1 :5000", 5000},
    {"SYN says it, whatever the ports say", "> S 1 :80", 80},
    {"and a guess is corrected by it", "> SA 1 1 :80; > S 1 :80", 3000},
};

static void check_orient(void **state)
{
    const struct orient_row *row = *state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 16});
    scene_play(scene, row->scene, 1);
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view flow;
    uint16_t port = 0; /* of the last one */
    while (tracker_next(scene->tracker, &at, &ref, &flow))
        port = flow.hot->tuple.port[flow.hot->client];
    assert_int_equal(port, row->client_port);
    scene_close(scene);
}

/* Whoever is told of an event finds the client that the flow had then, however many packets come at a time: a
 * SYN that is captured late mends a guess. The first packet of all is told alone. */
struct late_row {
    const char *name;
    const char *scene;
    const char *told; /* events, each with the port of its flow's client */
};

static const struct late_row lates[] = {
    {"the first event of a flow", "> A 1 1 :9; < PA 301 101 +5 :5000; > S 100 :5000",
     "opened 3000 opened 3000"},
    {"events after it", "> A 1 1 :9; < A 301 101 :5000; < A 301 101 w0 :5000; > S 100 :5000",
     "opened 3000 opened 3000 zero_window 3000"},
    {"ICMP", "> A 1 1 :9; < A 301 101 :5000; < icmp3/1 :5000; > S 100 :5000",
     "opened 3000 opened 3000 icmp_error 3000"},
    {"a client that is known is told with others",
     "> A 1 1 :9; > S 100 :5000; > PA 101 1 w0 +5 :5000; > S 100 :80",
     "opened 3000 opened 5000 established 5000 zero_window 5000 opened 80"},
};

static void tell_client(void *context, const struct tracker *tracker,
                        const struct flow_event *event)
{
    struct text *told = context;
    struct flow_view flow;
    assert_true(tracker_look(tracker, event->flow, &flow));
    text_add_string(told, event_word(event->kind));
    text_add_string(told, " ");
    text_add_number(told, flow.hot->tuple.port[flow.hot->client]);
    text_add_string(told, " ");
}

static void check_late(void **state)
{
    const struct late_row *row = *state;
    for (uint32_t batch = 1; batch <= FRAME_BATCH_MAX; batch++) {
        char buffer[256];
        struct text told = text_begin(buffer, sizeof buffer);
        struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 16});
        scene->each = tell_client;
        scene->context = &told;
        scene_play(scene, row->scene, batch);
        buffer[strlen(buffer) - 1] = '\0';
        assert_string_equal(buffer, row->told);
        scene_close(scene);
    }
}

/* A reference to a record that another flow has now is stale, and the record is used again. */
static void test_records_are_reused_under_a_new_generation(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    uint32_t at = 0;
    struct flow_ref first, second;
    struct flow_view flow;
    scene_play(scene, "> S 100", 1);
    assert_true(tracker_next(scene->tracker, &at, &first, &flow));
    scene_play(scene, "> S 200 @20", 1);
    assert_true(tracker_look(scene->tracker, first, &flow));
    assert_false(flow.hot->flags & FLOW_FLAG_LIVE);
    scene_play(scene, "> S 300", 1);
    assert_false(tracker_look(scene->tracker, first, &flow));
    at = 0;
    assert_true(tracker_next(scene->tracker, &at, &second, &flow));
    assert_int_equal(second.index, first.index);
    assert_int_equal(flow.cold->id, 3);
    scene_close(scene);
}

/* More flows than any batch or list: all are found again, all leave, each once. */
static void test_many_flows(void **state)
{
    (void)state;
    enum { FLOWS = 20000 };
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = FLOWS});
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned flow = 0; flow < FLOWS; flow++) {
            struct packet_batch batch = {.count = 1};
            struct packet *packet = &batch.packets[0];
            *packet = (struct packet){.kind = PACKET_UDP, .payload_wire_len = 7};
            packet->tuple.family = 6;
            packet->tuple.protocol = PROTOCOL_UDP;
            packet->tuple.address[1].octets[15] = 1;
            packet->tuple.port[0] = (uint16_t)(flow + 1);
            packet->tuple.port[1] = 53;
            packet->direction = (uint8_t)round;
            packet->hash = hash_tuple(&(struct hash_key){{3, 4}}, &packet->tuple);
            (void)tracker_feed(scene->tracker, &batch, 0, &scene->events);
        }
    }
    const struct tracker_stats *stats = tracker_stats(scene->tracker);
    assert_int_equal(stats->flows, FLOWS);
    assert_int_equal(stats->live, FLOWS);
    assert_int_equal(stats->packets, 2 * FLOWS);
    uint32_t left = 0;
    uint64_t id = 0;
    bool more = true;
    while (more) {
        more = tracker_finish(scene->tracker, &scene->events);
        for (uint32_t at = 0; at < scene->events.count; at++) {
            struct flow_view flow;
            assert_true(tracker_look(scene->tracker, scene->events.events[at].flow, &flow));
            assert_int_equal(flow.cold->id, ++id);
            assert_int_equal(flow.hot->side[0].bytes, 7);
            assert_int_equal(flow.hot->side[1].bytes, 7);
            left++;
        }
    }
    assert_int_equal(left, FLOWS);
    assert_int_equal(stats->live, 0);
    scene_close(scene);
}

/* Holes beyond the limit of a direction are given up, counted, and everything is given back. */
static void test_holes_are_bounded(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    for (uint32_t hole = 0; hole < 1000; hole++) {
        char packet[64];
        (void)snprintf(packet, sizeof packet, "> PA %u 1 +10", 100 + hole * 20);
        scene_play(scene, packet, 1);
    }
    struct flow_view flow = scene_flow(scene);
    assert_true(flow.hot->flags & FLOW_FLAG_HOLES_DENIED);
    assert_int_equal(tracker_stats(scene->tracker)->holes_denied, 1);
    assert_int_equal(flow_client_side(flow)->unique_bytes, 10000);
    assert_int_equal(flow_missed_bytes(flow, flow.hot->client), 9990);
    /* The kept holes can still be filled, the others cannot. */
    scene_play(scene, "> PA 110 1 +10; > PA 20090 1 +10", 1);
    assert_int_equal(flow_missed_bytes(scene_flow(scene), flow.hot->client), 9990 - 10);
    scene_close(scene);
}

/* What an event carries. */
static void test_event_values(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene_play(scene, "> S 100; > icmp3/13", FRAME_BATCH_MAX);
    assert_int_equal(scene->events.count, 1);
    const struct flow_event *refused = &scene->events.events[0];
    assert_int_equal(refused->kind, EVENT_REFUSED);
    assert_int_equal(refused->arg, 3 << 8 | 13);
    assert_int_equal(refused->time_ns, SCENE_BEGIN_NS + CLOCK_NS_PER_MS);
    scene_play(scene, "> S 7 :9; < RA 0 8 :9", FRAME_BATCH_MAX);
    refused = &scene->events.events[1];
    struct flow_view flow;
    assert_true(tracker_look(scene->tracker, refused->flow, &flow));
    assert_int_equal(refused->arg, 0);
    assert_int_equal(refused->side, !flow.hot->client);
    scene_close(scene);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, orients, check_orient);
    ROWS_ADD(&set, lates, check_late);
    ROWS_ADD_ONE(&set, test_records_are_reused_under_a_new_generation);
    ROWS_ADD_ONE(&set, test_many_flows);
    ROWS_ADD_ONE(&set, test_holes_are_bounded);
    ROWS_ADD_ONE(&set, test_event_values);
    return rows_run(&set, "flows_tracker");
}
