#include "flows/timing.h"
#include "tests/support/scene.h"

#include <inttypes.h>

#define SHAKE    "> S 100; < SA 300 101; > A 101 301; " /* takes 2 ms */
#define ASK      SHAKE "> PA 101 301 +10 @10; "         /* the client asks */
#define TAKEN    ASK "< A 301 111 @11; "
#define ANSWERED TAKEN "< PA 301 111 +20 @15; > A 111 321 @16; "

/* How long things took. */
static const struct span_row {
    const char *name;
    const char *scene;
    const char *facts;
} spans[] = {
    {"handshake: both halves", SHAKE, "syn_ack_us=1000 rtt_us=2000"},
    {"handshake: half of it", "> S 100; < SA 300 101 @7", "syn_ack_us=7000 rtt_us=none"},
    {"handshake: nothing", "> S 100; < RA 0 101", "syn_ack_us=none rtt_us=none"},
    {"handshake: the SYN was not captured", "< SA 300 101; > A 101 301",
     "syn_ack_us=none rtt_us=none"},
    {"handshake: the SYN again", "> S 100; > S 100 @1000; < SA 300 101 @1003; > A 101 301 @1004",
     "syn_ack_us=3000 rtt_us=4000"},
    {"handshake: the SYN-ACK again", "> S 100; < SA 300 101 @5; < SA 300 101 @1005; > A 101 301",
     "syn_ack_us=1005000 rtt_us=1006000"},
    {"handshake: a SYN-ACK after it is over", SHAKE "< SA 300 101 @1000; > A 101 301",
     "syn_ack_us=1000 rtt_us=2000"},
    {"handshake: a SYN after its SYN-ACK", "> S 100; < SA 300 101 @5; > S 100 @1000; > A 101 301",
     "syn_ack_us=none rtt_us=1000"},
    {"handshake: the clock runs backwards", "> S 100 @9; < SA 300 101 @5; > A 101 301 @7",
     "syn_ack_us=0 rtt_us=0"},
    {"handshake: both ends open", "> S 100; < S 300; > SA 100 301; < SA 300 101; > A 101 301",
     "syn_ack_us=3000 rtt_us=4000"},
    {"handshake: self-connect", "> S 100 ~self; > SA 100 101 ~self; > A 101 101 ~self",
     "syn_ack_us=1000 rtt_us=2000"},

    {"RTT: from the data to their ACK", ASK "< A 301 111 @15",
     "c.rtts=1 c.rtt_us=5000 c.rtt_min_us=5000 s.rtts=0 s.rtt_us=none"},
    {"RTT: the ACK comes with data", ASK "< PA 301 111 +5 @15", "c.rtts=1 c.rtt_us=5000"},
    {"RTT: of the server", SHAKE "< PA 301 101 +10 @10; > A 101 311 @13",
     "s.rtts=1 s.rtt_us=3000 c.rtts=0"},
    {"RTT: not all is acknowledged", ASK "< A 301 110 @15", "c.rtts=0 c.rtt_us=none"},
    {"RTT: nothing is acknowledged", ASK "< A 301 101 @15", "c.rtts=0"},
    {"RTT: the handshake is none", SHAKE "> FA 101 301; < A 301 102", "c.rtts=0 s.rtts=0"},
    {"RTT: one at a time, the first that is outstanding",
     ASK "> PA 111 301 +10 @12; < A 301 121 @20", "c.rtts=1 c.rtt_us=10000"},
    {"RTT: smoothed", ASK "< A 301 111 @15; > PA 111 301 +10 @30; < A 301 121 @43",
     "c.rtts=2 c.rtt_us=6000 c.rtt_min_us=5000"},
    {"RTT: the least", ASK "< A 301 111 @15; > PA 111 301 +10 @30; < A 301 121 @31",
     "c.rtts=2 c.rtt_us=4500 c.rtt_min_us=1000"},
    {"RTT: the clock runs backwards", ASK "< A 301 111 @9", "c.rtts=0"},
    {"RTT: midstream", "> PA 101 301 +10 @10; < A 301 111 @14", "c.rtts=1 c.rtt_us=4000"},
    {"RTT: a keep-alive is not timed", ANSWERED "> A 110 301 +1 @900; < A 321 111 @909",
     "c.rtts=1 c.rtt_us=1000"},

    {"Karn: sent again", ASK "> PA 101 301 +10 @300; < A 301 111 @305", "c.rtts=0 c.rexmit=1"},
    {"Karn: late, which looks the same",
     ASK "> PA 121 301 +10 @11; > PA 111 301 +10 @12;"
         "< A 301 131 @15",
     "c.rtts=1 c.ooo=1 c.rtt_us=5000"},
    {"Karn: something before it was sent again",
     SHAKE "> PA 111 301 +10 @10; > PA 101 301 +10 @300; < A 301 121 @305", "c.rtts=0"},
    {"Karn: something before it was sent again, but it was not to be acknowledged any more",
     ASK "< A 301 111 @15; > PA 101 301 +10 @20; > PA 111 301 +10 @30; < A 301 121 @33",
     "c.rtts=2 c.rtt_us=4750"},
    {"Karn: the next one counts again",
     ASK "> PA 101 301 +10 @300; < A 301 111 @305; > PA 111 301 +10 @310; < A 301 121 @312",
     "c.rtts=1 c.rtt_us=2000"},
    {"Karn: the echo names the first copy",
     SHAKE "> PA 101 301 +10 @10 ts50/1; > PA 101 301 +10 @300 ts340/1; < A 301 111 @305 ts9/50",
     "c.rtts=1 c.rtt_us=295000"},
    {"Karn: the echo names the second copy",
     SHAKE "> PA 101 301 +10 @10 ts50/1; > PA 101 301 +10 @300 ts340/1; < A 301 111 @305 ts9/340",
     "c.rtts=0"},
    {"Karn: both copies have the same stamp",
     SHAKE "> PA 101 301 +10 @10 ts50/1; > PA 101 301 +10 @300 ts50/1; < A 301 111 @305 ts9/50",
     "c.rtts=0"},
    {"Karn: the second copy has no stamp",
     SHAKE "> PA 101 301 +10 @10 ts50/1; > PA 101 301 +10 @300; < A 301 111 @305 ts9/50",
     "c.rtts=0"},
    {"Karn: the ACK has no stamp",
     SHAKE "> PA 101 301 +10 @10 ts50/1; > PA 101 301 +10 @300 ts340/1; < A 301 111 @305",
     "c.rtts=0"},
    {"Karn: no copy, so no stamp is asked for",
     SHAKE "> PA 101 301 +10 @10 ts50/1; < A 301 111 @15 ts9/49", "c.rtts=1 c.rtt_us=5000"},

    {"turns: an answer", ASK "< PA 301 111 +20 @25",
     "s.responses=1 s.response_us=15000 s.response_max_us=15000 c.responses=0 c.response_us=0"},
    {"turns: from the last byte to the first one",
     ASK "> PA 111 301 +10 @20; < PA 301 121 +20 @25; < PA 321 121 +20 @60",
     "s.responses=1 s.response_us=5000"},
    {"turns: there and back", ASK "< PA 301 111 +20 @25; > PA 111 321 +10 @40; < PA 321 121 +5 @42",
     "s.responses=2 s.response_us=17000 s.response_max_us=15000 c.responses=1 c.response_us=15000"},
    {"turns: an ACK is none", TAKEN "< PA 301 111 +20 @25", "s.responses=1 s.response_us=15000"},
    {"turns: what is sent again is none", ASK "> PA 101 301 +10 @20; < PA 301 111 +20 @25",
     "s.responses=1 s.response_us=15000"},
    {"turns: a keep-alive is none", TAKEN "> A 110 301 +1 @500; < PA 301 111 +20 @510",
     "s.responses=1 s.response_us=500000 c.responses=0"},
    {"turns: a probe of a closed window is none",
     ASK "< PA 301 111 +10 w0 @11; > A 111 311 +1 @300; < PA 311 111 +5 @310",
     "s.responses=1 c.responses=0"},
    {"turns: whoever speaks first answers nobody", SHAKE "< PA 301 101 +10 @10",
     "s.responses=0 s.first_us=10000"},
    {"turns: the clock runs backwards", ASK "< PA 301 111 +20 @9", "s.responses=0"},
    {"first byte", ASK "< PA 301 111 +20 @25; > PA 111 321 +10 @40",
     "c.first_us=10000 s.first_us=25000"},
    {"first byte: on the SYN", "> S 100 +5 @4; < SA 300 106 @5", "c.first_us=0 s.first_us=none"},
    {"first byte: none", SHAKE "< A 301 101 sack111-121", "c.first_us=none s.first_us=none"},
    {"first byte: before a capture that runs backwards", "> S 100 @9; > PA 101 1 +5 @4",
     "c.first_us=0"},

    {"uncaptured: acknowledged, but not seen", ASK "> PA 121 301 +10; < A 301 131",
     "c.missed=10 c.uncaptured=10 c.gaps=1"},
    {"uncaptured: on the way", ASK "> PA 121 301 +10; < A 301 111",
     "c.missed=10 c.uncaptured=0 c.gaps=0"},
    {"uncaptured: seen after all", ASK "> PA 121 301 +10; < A 301 131; > PA 111 301 +10 @300",
     "c.missed=0 c.uncaptured=0 c.gaps=1"},
    {"uncaptured: a part of it seen after all",
     ASK "> PA 121 301 +10; < A 301 131; > PA 114 301 +3 @300",
     "c.missed=7 c.uncaptured=7 c.gaps=1"},
    {"uncaptured: the acknowledgment came before the end", ASK "< A 301 131; > PA 131 301 +10",
     "c.missed=20 c.uncaptured=20 c.gaps=1"},
    {"uncaptured: bytes before the FIN", ASK "> FA 121 301; < A 301 122",
     "c.missed=10 c.uncaptured=10"},
    {"uncaptured: of two holes, the first", ASK "> PA 121 301 +10; > PA 141 301 +10; < A 301 131",
     "c.missed=20 c.uncaptured=10 c.gaps=1"},
    {"uncaptured: of two holes, the other one later",
     ASK "> PA 121 301 +10; > PA 141 301 +10; < A 301 131; < A 301 151",
     "c.missed=20 c.uncaptured=20 c.gaps=2"},
};

static void check_span(void **state)
{
    const struct span_row *row = *state;
    static const uint32_t shifts[] = {0, UINT32_MAX - 105, INT32_MAX - 105u};
    for (size_t at = 0; at < sizeof shifts / sizeof shifts[0]; at++) {
        struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
        scene->shift[0] = scene->shift[1] = shifts[at];
        scene_play(scene, row->scene, FRAME_BATCH_MAX);
        scene_check_facts(scene_flow(scene), row->facts);
        scene_close(scene);
    }
}

/* What a connection without progress is told of: the scene, and the packet behind it that ends the
 * silence or at least comes after it. */
static const struct stall_row {
    const char *name;
    const char *scene;
    const char *end;
    enum stall_cause cause; /* of STALLED, STALL_NONE when there is none */
    const char *by;         /* "client", "server", "" for nobody */
    uint32_t silence_ms;    /* when the last packet comes */
    const char *facts;
} stalls[] = {
    {"no answer", TAKEN, "< PA 301 111 +20 @3011", STALL_ANSWER, "server", 3000,
     "s.stalls=1 s.stalled_ms=3000 c.stalls=0 c.stalled_ms=0 idle_ms=0"},
    {"no answer, but keep-alives", TAKEN, "> A 110 301 @3011", STALL_ANSWER, "server", 3000, ""},
    {"no answer, but the request again", TAKEN, "> PA 101 301 +10 @3011", STALL_ANSWER, "server",
     3000, ""},
    {"no answer: the client asks for more", TAKEN, "> PA 111 301 +10 @3011", STALL_ANSWER, "server",
     3000, "s.stalls=1 s.stalled_ms=3000"},
    {"no answer, then the server closes", TAKEN, "< FA 301 111 @3011", STALL_ANSWER, "server", 3000,
     "s.stalls=1 s.stalled_ms=3000"},
    {"no answer, then the server resets", TAKEN, "< RA 301 111 @3011", STALL_ANSWER, "server", 3000,
     "s.stalls=1 s.stalled_ms=3000"},
    {"no answer, then the client gives up", TAKEN, "> RA 111 301 @3011", STALL_ANSWER, "server",
     3000, "s.stalls=1 s.stalled_ms=3000"},
    {"no answer from a server that was asked midstream", "> PA 100 300 +10 @10; < A 300 110 @11; ",
     "< PA 300 110 +5 @5011", STALL_ANSWER, "server", 5000, "s.stalls=1"},
    {"no answer although half the connection is closed",
     TAKEN "> FA 111 301 @12; < A 301 112 @13; ", "< PA 301 112 +5 @5013", STALL_ANSWER, "server",
     5000, "s.stalls=1"},
    {"a server that asks waits as long as it likes",
     SHAKE "< PA 301 101 +10 @10; > A 101 311 @11; ", "> PA 101 311 +5 @3011", STALL_NONE, "", 0,
     "s.stalls=0 c.stalls=0 idle_ms=3000"},
    {"no ACK", ASK, "< A 301 111 @2010", STALL_ACK, "server", 2000,
     "s.stalls=1 s.stalled_ms=2000 c.stalls=0"},
    {"no ACK, but the request again", ASK "> PA 101 301 +10 @510; > PA 101 301 +10 @990; ",
     "> PA 101 301 +10 @2010", STALL_ACK, "server", 2000, "c.rexmit=3"},
    {"no ACK for the last byte", ASK "< A 301 110 @11; ", "< A 301 111 @2011", STALL_ACK, "server",
     2000, "s.stalls=1 s.stalled_ms=2000"},
    {"no ACK from the client", TAKEN "< PA 301 111 +20 @15; ", "> A 111 321 @2015", STALL_ACK,
     "client", 2000, "c.stalls=1 c.stalled_ms=2000 s.stalls=0"},
    {"no ACK for a FIN", ANSWERED "> FA 111 321 @20; ", "< A 321 112 @1020", STALL_ACK, "server",
     1000, "s.stalls=1 s.stalled_ms=1000"},
    {"the window is closed", ASK "< A 301 111 w0 @11; ", "< A 301 111 w9 @4011", STALL_WINDOW,
     "server", 4000, "s.stalls=1 s.stalled_ms=4000"},
    {"the window is closed, and nothing acknowledged", ASK "< A 301 101 w0 @11; ",
     "< A 301 111 w9 @4010", STALL_WINDOW, "server", 4000, "s.stalls=1"},
    {"the window of the client is closed", TAKEN "< PA 301 111 +20 @15; > A 111 321 w0 @16; ",
     "> A 111 321 @1016", STALL_WINDOW, "client", 1000, "c.stalls=1"},
    {"the window is closed, and probed", ASK "< A 301 111 w0 @11; > A 111 301 +1 @400; ",
     "< A 301 111 w0 @2011", STALL_WINDOW, "server", 2000, ""},
    {"it answered: idle", ANSWERED, "> PA 111 321 +10 @5016", STALL_NONE, "", 0,
     "c.stalls=0 s.stalls=0 idle_ms=5000"},
    {"nobody has spoken: not even idle", SHAKE, "> A 101 301 @5000", STALL_NONE, "", 0,
     "c.stalls=0 s.stalls=0 idle_ms=0"},
    {"after a reset nobody owes anything", TAKEN "< RA 301 111 @12; ", "< RA 301 111 @5012",
     STALL_NONE, "", 0, "s.stalls=0"},
    {"after both FIN nobody does", TAKEN "> FA 111 301 @12; < FA 301 112 @13; ",
     "> A 112 302 @5013", STALL_NONE, "", 0, "s.stalls=0 c.stalls=0"},
    {"a self-connect has nobody else to blame",
     "> S 100 ~self; > SA 100 101 ~self; > A 101 101 ~self; > PA 101 101 +5 ~self; ",
     "> A 106 106 ~self @5000", STALL_NONE, "", 0, "c.stalls=0 s.stalls=0"},
    {"UDP is never stalled", "> udp +10; ", "< udp +10 @5000", STALL_NONE, "", 0, ""},
};

/* The same, but only for a packet that comes then. */
static const struct stall_row shorts[] = {
    {"less than a second is no silence", TAKEN, "< PA 301 111 +20 @1010", STALL_NONE, "", 0,
     "s.stalls=0 s.stalled_ms=0 idle_ms=0"},
    {"a second is", TAKEN, "< PA 301 111 +20 @1011", STALL_ANSWER, "server", 1000,
     "s.stalls=1 s.stalled_ms=1000"},
    {"less than a second of idleness", ANSWERED, "> PA 111 321 +5 @1015", STALL_NONE, "", 0,
     "idle_ms=0"},
    {"the longest idleness",
     ANSWERED "> PA 111 321 +5 @5016; < A 321 116 @5017; < PA 321 116 +5 @5018; > A 116 326; ",
     "> PA 116 326 +5 @8018", STALL_NONE, "", 0, "idle_ms=5000"},
    {"keep-alives do not end a silence", TAKEN "> A 110 301 @2011; < A 301 111 @2012; ",
     "< PA 301 111 +20 @5011", STALL_ANSWER, "server", 2000, "s.stalls=1 s.stalled_ms=5000"},
    {"keep-alives do not end idleness", ANSWERED "> A 110 321 @5016; < A 321 111 @5017; ",
     "> PA 111 321 +5 @8016", STALL_NONE, "", 0, "idle_ms=8000"},
    {"progress ends a silence, the next one is another",
     TAKEN "> PA 111 301 +5 @2011; < A 301 116 @2012; ", "< PA 301 116 +20 @5012", STALL_ANSWER,
     "server", 3000, "s.stalls=2 s.stalled_ms=5000"},
    {"a FIN after idleness that is not acknowledged",
     ANSWERED "> A 110 321 @5016; < A 321 111 @5017; > FA 111 321 @6000; ", "> FA 111 321 @8000",
     STALL_ACK, "server", 2000, "idle_ms=5984"},
    {"the clock runs backwards", ASK "< A 301 111 @5000; ", "< PA 301 111 +20 @100", STALL_ACK,
     "server", 4990, "s.stalls=1 s.stalled_ms=4990"},
};

/* The last STALLED event, and how many there were. */
struct heard {
    struct flow_event event;
    unsigned count;
};

static void hear(void *context, const struct tracker *tracker, const struct flow_event *event)
{
    struct heard *heard = context;
    (void)tracker;
    if (event->kind != EVENT_STALLED)
        return;
    heard->event = *event;
    heard->count++;
}

static struct scene *listen_to(struct heard *heard)
{
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 9});
    *heard = (struct heard){.count = 0};
    scene->each = hear;
    scene->context = heard;
    return scene;
}

static void expect_heard(const struct heard *heard, const struct stall_row *row,
                         struct flow_view flow)
{
    unsigned side = row->by[0] == 'c' ? flow.hot->client : !flow.hot->client;
    assert_int_equal(heard->event.arg, row->cause);
    assert_int_equal(heard->event.side, row->by[0] ? side : 0);
}

/* A later packet meets the silence: alone in its batch, or together with what came before. */
static void check_stall(void **state)
{
    const struct stall_row *row = *state;
    static const uint32_t batches[] = {1, 2, FRAME_BATCH_MAX};
    char written[1024];
    (void)snprintf(written, sizeof written, "%s%s", row->scene, row->end);
    for (size_t at = 0; at < sizeof batches / sizeof batches[0]; at++) {
        struct heard heard;
        struct scene *scene = listen_to(&heard);
        scene_play(scene, written, batches[at]);
        struct flow_view flow = scene_flow(scene);
        expect_heard(&heard, row, flow);
        assert_int_equal(heard.event.silence_ms, row->silence_ms);
        scene_check_facts(flow, row->facts);
        scene_close(scene);
    }
}

/* Without that packet: time passes by itself, or with another flow's packets. The silence is told
 * as soon as nothing came for a second, and once. */
static void check_stall_by_time(void **state)
{
    const struct stall_row *row = *state;
    for (unsigned other = 0; other < 2; other++) {
        struct heard heard;
        struct scene *scene = listen_to(&heard);
        scene_play(scene, row->scene, FRAME_BATCH_MAX);
        struct flow_view flow = scene_flow(scene);
        int64_t quiet_ms = (flow.hot->last_ns - SCENE_BEGIN_NS) / CLOCK_NS_PER_MS;
        for (int64_t ms = 999; ms <= 3500; ms += 500) {
            char packet[64];
            (void)snprintf(packet, sizeof packet, "> udp :7 @%" PRId64, quiet_ms + ms);
            if (other)
                scene_play(scene, packet, 1);
            else
                scene_advance(scene, quiet_ms + ms);
            assert_int_equal(heard.count, row->by[0] && ms >= 1000);
        }
        expect_heard(&heard, row, flow);
        if (heard.count > 0) {
            int64_t silence_ns = heard.event.time_ns - (flow.hot->flags & FLOW_FLAG_WAITING
                                                            ? flow.detail->progress_ns
                                                            : flow.hot->last_ns);
            assert_int_equal(heard.event.time_ns,
                             SCENE_BEGIN_NS + (quiet_ms + 1499) * CLOCK_NS_PER_MS);
            assert_int_equal(heard.event.silence_ms, silence_ns / CLOCK_NS_PER_MS);
        }
        scene_close(scene);
    }
}

/* Told while it lasts, the silence is counted once, when it ends; the next one is told again. */
static void test_told_once_a_silence(void **state)
{
    (void)state;
    struct heard heard;
    struct scene *scene = listen_to(&heard);
    scene_play(scene, TAKEN, FRAME_BATCH_MAX);
    scene_advance(scene, 1500);
    scene_advance(scene, 9000);
    assert_int_equal(heard.count, 1);
    scene_play(scene, "> A 110 301 @10011", FRAME_BATCH_MAX);
    scene_advance(scene, 13000);
    assert_int_equal(heard.count, 1);
    scene_play(scene, "> PA 111 301 +5 @15011; < A 301 116 @15012", FRAME_BATCH_MAX);
    assert_int_equal(heard.count, 1);
    scene_check_facts(scene_flow(scene), "s.stalls=1 s.stalled_ms=15000");
    scene_advance(scene, 16011);
    assert_int_equal(heard.count, 1);
    scene_advance(scene, 16012);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.event.silence_ms, 1000);
    scene_play(scene, "< PA 301 116 +5 @17012", FRAME_BATCH_MAX);
    assert_int_equal(heard.count, 2);
    scene_check_facts(scene_flow(scene), "s.stalls=2 s.stalled_ms=17000");
    scene_close(scene);
}

/* The facts of a flow as it leaves. */
static void check_leaving(void *context, const struct tracker *tracker,
                          const struct flow_event *event)
{
    struct flow_view flow;
    if (event->kind != EVENT_RETIRED)
        return;
    assert_true(tracker_look(tracker, event->flow, &flow));
    if (flow_is_tcp(flow))
        scene_check_facts(flow, context);
}

/* A connection that hangs until the capture ends is the one that is looked for. */
static void test_a_silence_that_never_ends_is_counted(void **state)
{
    (void)state;
    static char stalled[] = "s.stalls=1 s.stalled_ms=30000";
    static char idle[] = "s.stalls=0 idle_ms=30000";
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 9});
    scene->each = check_leaving;
    scene->context = stalled;
    scene_play(scene, TAKEN "> udp :7 @30011", FRAME_BATCH_MAX);
    scene_finish(scene);
    scene_close(scene);
    scene = scene_open(&(struct tracker_options){.max_flows = 9});
    scene->each = check_leaving;
    scene->context = idle;
    scene_play(scene, ANSWERED "> udp :7 @30016", FRAME_BATCH_MAX);
    scene_finish(scene);
    scene_close(scene);
}

/* More flows fall silent at once than one call looks at: each is told, once. */
static void test_many_stall_at_once(void **state)
{
    (void)state;
    enum { FLOWS = 1000 };
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = FLOWS});
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        char packets[64];
        (void)snprintf(packets, sizeof packets, "> PA 1 1 +1 :%u; < A 1 2 :%u", flow + 40001,
                       flow + 40001);
        scene_play(scene, packets, FRAME_BATCH_MAX);
    }
    for (unsigned call = 0; call < 100; call++) {
        (void)tracker_advance(scene->tracker, SCENE_BEGIN_NS + 2 * CLOCK_NS_PER_S, &scene->events);
        assert_true(scene->events.count <= EVENT_LIST_MAX);
    }
    assert_int_equal(tracker_stats(scene->tracker)->events[EVENT_STALLED], FLOWS);
    scene_close(scene);
}

/* Where a connection stood when a RST ended it, and who sent it. */
static const struct reset_row {
    const char *name;
    const char *scene;
    const char *phase;
    const char *by;
} resets[] = {
    {"no RST", ANSWERED, "", ""},
    {"the SYN is refused", "> S 100; < RA 0 101", "syn", "server"},
    {"the SYN is taken back", "> S 100; > R 101", "syn", "client"},
    {"the handshake is broken off by the client", "> S 100; < SA 300 101; > R 101", "handshake",
     "client"},
    {"the handshake is broken off by the server", "> S 100; < SA 300 101; < R 301", "handshake",
     "server"},
    {"nobody has spoken", SHAKE "< RA 301 101", "idle", "server"},
    {"the server answered and resets", ANSWERED "< RA 321 111", "idle", "server"},
    {"the client resets while it is its turn to answer", ANSWERED "> RA 111 321", "unanswered",
     "client"},
    {"the client resets while it waits", TAKEN "> RA 111 301", "idle", "client"},
    {"the server took the payload and resets", TAKEN "< RA 301 111", "unanswered", "server"},
    {"the server had not taken the payload", ASK "< RA 301 101", "data", "server"},
    {"what the RST itself acknowledges comes too late", ASK "< RA 301 111", "data", "server"},
    {"the client did not take the answer", TAKEN "< PA 301 111 +20; > R 111", "data", "client"},
    {"after the FIN of the client", ANSWERED "> FA 111 321; < RA 321 112", "closing", "server"},
    {"after its own FIN", ANSWERED "> FA 111 321; > R 112", "closing", "client"},
    {"after both FIN it ends nothing", ANSWERED "> FA 111 321; < FA 321 112; > R 112", "", ""},
    {"midstream", "> PA 100 300 +10; < R 300", "midstream", "server"},
    {"with payload that was sent before", ASK "> RA 101 301 +10 @300", "idle", "client"},
    {"the first RST counts", TAKEN "< RA 301 111; > R 111", "unanswered", "server"},
    {"the first RST counts, also of one that was refused", "> S 100; < RA 0 101; > R 101", "syn",
     "server"},
};

static void hear_reset(void *context, const struct tracker *tracker, const struct flow_event *event)
{
    unsigned *phase = context;
    (void)tracker;
    if (event->kind == EVENT_RESET)
        *phase = event->arg;
    else
        assert_int_equal(event->arg, 0);
}

static void check_reset(void **state)
{
    const struct reset_row *row = *state;
    unsigned phase = RESET_PHASE_COUNT;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene->each = hear_reset;
    scene->context = &phase;
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    struct flow_view flow = scene_flow(scene);
    assert_string_equal(reset_phase_word(flow.cold->reset_phase), row->phase);
    if (row->by[0])
        assert_int_equal(flow.cold->reset_side,
                         row->by[0] == 'c' ? flow.hot->client : !flow.hot->client);
    if (flow.hot->state == FLOW_RESET)
        assert_int_equal(phase, flow.cold->reset_phase);
    else
        assert_int_equal(phase, RESET_PHASE_COUNT);
    scene_close(scene);
}

/* Every cause and every phase is in a row above: nobody adds one without. */
static void test_every_word_has_a_row(void **state)
{
    (void)state;
    for (unsigned cause = 0; cause < STALL_CAUSE_COUNT; cause++) {
        bool found = false;
        for (size_t at = 0; at < sizeof stalls / sizeof stalls[0]; at++)
            found |= stalls[at].cause == cause;
        assert_true(found);
    }
    for (unsigned phase = 0; phase < RESET_PHASE_COUNT; phase++) {
        bool found = false;
        for (size_t at = 0; at < sizeof resets / sizeof resets[0]; at++)
            found |= strcmp(resets[at].phase, reset_phase_word(phase)) == 0;
        assert_true(found);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, spans, check_span);
    ROWS_ADD(&set, stalls, check_stall);
    ROWS_ADD(&set, shorts, check_stall);
    ROWS_ADD(&set, stalls, check_stall_by_time);
    ROWS_ADD(&set, resets, check_reset);
    ROWS_ADD_ONE(&set, test_told_once_a_silence);
    ROWS_ADD_ONE(&set, test_a_silence_that_never_ends_is_counted);
    ROWS_ADD_ONE(&set, test_many_stall_at_once);
    ROWS_ADD_ONE(&set, test_every_word_has_a_row);
    return rows_run(&set, "flows_timing");
}
