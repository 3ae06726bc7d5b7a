#include "tests/support/scene.h"

/* Scenes of one TCP flow: what is said of the last packet, and facts afterwards. Most come in pairs:
 * what a mark takes, and what just misses it. */
struct row {
    const char *name;
    const char *scene;
    const char *marks;
    const char *facts;
};

#define SHAKE "> S 100; < SA 300 101; > A 101 301; " /* takes 2 ms */
#define SCALE "> S 100 ws2; < SA 300 101 ws3; > A 101 301; "

static const struct row again[] = {
    {"healthy", SHAKE "> PA 101 301 +10; < A 301 111; < PA 301 111 +20; > A 111 321", "",
     "denied=0"},
    {"sent again after the RTT", SHAKE "> PA 101 301 +10; > PA 101 301 +10 @300", "retransmission",
     ""},
    {"the SYN again", "> S 100; > S 100 @1000", "retransmission", ""},
    {"the SYN-ACK again", "> S 100; < SA 300 101; < SA 300 101 @1000", "retransmission", ""},
    {"the FIN again", SHAKE "> FA 101 301; > FA 101 301 @300", "retransmission", ""},
    {"a repeat with new bytes behind it", SHAKE "> PA 101 301 +10; > PA 106 301 +10 @300",
     "retransmission", "c.unique=15"},
    {"late: just before the RTT is over", SHAKE "> PA 111 301 +10 @10; > PA 101 301 +10 @11",
     "out of order", ""},
    {"late: no longer", SHAKE "> PA 111 301 +10 @10; > PA 101 301 +10 @12", "retransmission", ""},
    {"late without a handshake: within 3 ms", "> PA 111 301 +10 @10; > PA 101 301 +10 @12",
     "out of order", ""},
    {"late without a handshake: no longer", "> PA 111 301 +10 @10; > PA 101 301 +10 @13",
     "retransmission", ""},
    {"late, but it ends where the highest ends", SHAKE "> PA 111 301 +10 @10; > PA 101 301 +20 @11",
     "retransmission", "c.unique=20"},
    {"late by a clock that runs backwards", SHAKE "> PA 111 301 +10 @10; > PA 101 301 +10 @9",
     "retransmission", ""},
    {"fast: after two duplicate ACKs",
     SHAKE "> PA 111 301 +10; < A 301 101; < A 301 101; > PA 101 301 +10",
     "retransmission, fast retransmission", "s.dup=2 c.ooo=0"},
    {"not fast: after one", SHAKE "> PA 111 301 +10 @10; < A 301 101 @11; > PA 101 301 +10 @20",
     "retransmission", "s.dup=1"},
    {"fast: just before 20 ms are over",
     SHAKE "> PA 111 301 +10; < A 301 101; < A 301 101 @10; > PA 101 301 +10 @29",
     "retransmission, fast retransmission", ""},
    {"not fast: no longer",
     SHAKE "> PA 111 301 +10; < A 301 101; < A 301 101 @10; > PA 101 301 +10 @30", "retransmission",
     "s.dup=2"},
    {"not fast: another segment than the one that is asked for",
     SHAKE "> PA 121 301 +10; < A 301 101; < A 301 101; > PA 111 301 +10 @20", "retransmission",
     "s.dup=2"},
    {"not fast: an ACK that advances ends the run",
     SHAKE "> PA 101 301 +10; > PA 121 301 +10; < A 301 101; < A 301 101; < A 301 111;"
           "> PA 111 301 +10 @20",
     "retransmission", "s.dup=2"},
    {"spurious: acknowledged before", SHAKE "> PA 101 301 +10; < A 301 111; > PA 101 301 +10",
     "retransmission, spurious retransmission", ""},
    {"spurious, although its first copy was not captured", SHAKE "< A 301 111; > PA 101 301 +10",
     "retransmission, spurious retransmission", ""},
    {"spurious comes before fast",
     SHAKE "> PA 101 301 +10; < A 301 111; < A 301 111; < A 301 111; > PA 101 301 +10",
     "retransmission, spurious retransmission", "s.dup=2"},
    {"not spurious: the last byte is not acknowledged",
     SHAKE "> PA 101 301 +10; < A 301 110; > PA 101 301 +10 @300", "retransmission", ""},
    {"not spurious: a FIN has no payload", SHAKE "> FA 101 301; < A 301 102; > FA 101 301 @300",
     "retransmission", ""},
    {"overlap: other bytes", SHAKE "> PA 101 301 +10; > PA 101 301 +10 @300 other",
     "retransmission, overlap differs", ""},
    {"overlap: one byte in common", SHAKE "> PA 101 301 +10; > PA 110 301 +10 other",
     "overlap differs", "c.unique=19"},
    {"overlap: none in common", SHAKE "> PA 101 301 +10; > PA 111 301 +10 other", "", ""},
    {"overlap: the same bytes", SHAKE "> PA 101 301 +10; > PA 106 301 +10 @300", "retransmission",
     ""},
    {"overlap: a keep-alive with a byte of garbage",
     SHAKE "> PA 101 301 +10; < A 301 111; > A 110 301 +1 @5000 other",
     "keep-alive, overlap differs", ""},
    {"overlap: the cut part is not compared",
     SHAKE "> PA 101 301 +10 cut5; > PA 106 301 +5 @300 other", "retransmission", ""},
};

static const struct row gaps[] = {
    {"a segment is missing before it", SHAKE "> PA 111 301 +10", "previous segment not captured",
     "c.missed=10"},
    {"a byte is missing before an ACK", SHAKE "> A 102 301", "previous segment not captured", ""},
    {"a byte is missing before the FIN", SHAKE "> FA 102 301", "previous segment not captured",
     "c.missed=1"},
    {"the next in sequence", SHAKE "> PA 101 301 +10; > PA 111 301 +10", "", "c.missed=0"},
    {"a RST may have any number", SHAKE "> R 999", "", ""},
    {"the first of a side has nothing before it", "> PA 111 301 +10", "", ""},
    {"acknowledged beyond what was seen", SHAKE "< A 301 102", "ACKed unseen segment",
     "c.gaps=1 c.uncaptured=0"},
    {"acknowledged what was seen", SHAKE "> PA 101 301 +10; < A 301 111", "", "c.gaps=0"},
    {"the same acknowledgment again is a duplicate", SHAKE "< A 301 111; < A 301 111",
     "duplicate ACK", "c.gaps=1"},
    {"a hole is acknowledged", SHAKE "> PA 101 301 +10; > PA 121 301 +10; < A 301 131",
     "ACKed unseen segment", "c.gaps=1 c.missed=10 c.uncaptured=10"},
    {"its first byte", SHAKE "> PA 101 301 +10; > PA 121 301 +10; < A 301 112",
     "ACKed unseen segment", "c.gaps=1 c.uncaptured=10"},
    {"not yet", SHAKE "> PA 101 301 +10; > PA 121 301 +10; < A 301 111", "",
     "c.gaps=0 c.missed=10 c.uncaptured=0"},
    {"two holes at once", SHAKE "> PA 111 301 +10; > PA 131 301 +10; < A 301 141",
     "ACKed unseen segment", "c.gaps=2 c.uncaptured=20"},
    {"a hole is told once", SHAKE "> PA 111 301 +10; < A 301 115; < A 301 121", "",
     "c.gaps=1 c.uncaptured=10"},
    {"midstream, the beginning is a guess", "> PA 100 300 +10; < A 300 500", "", "c.gaps=0"},
    {"what a RST acknowledges is not believed", SHAKE "< RA 301 999", "", "c.gaps=0"},
};

static const struct row quiet[] = {
    {"keep-alive", SHAKE "> A 100 301 @5000", "keep-alive", ""},
    {"keep-alive with a byte", SHAKE "> PA 101 301 +10; > A 110 301 +1 @5000", "keep-alive",
     "c.rexmit=0"},
    {"two bytes are none", SHAKE "> PA 101 301 +10; > A 110 301 +2 @5000", "", "c.unique=11"},
    {"two below what comes next is none", SHAKE "> PA 101 301 +10; > A 109 301 @5000", "", ""},
    {"what comes next is none", SHAKE "> A 101 301 @5000", "duplicate ACK", ""},
    {"a FIN is none", SHAKE "> FA 100 301 @5000", "retransmission", ""},
    {"keep-alive ACK", SHAKE "> A 100 301 @5000; < A 301 101", "keep-alive ACK", "s.dup=0"},
    {"an answer with another window", SHAKE "> A 100 301 @5000; < A 301 101 w600", "window update",
     ""},
    {"an answer with payload", SHAKE "> A 100 301 @5000; < PA 301 101 +5", "", ""},
    {"the prober went on", SHAKE "> A 100 301 @5000; > A 101 301; < A 301 101", "duplicate ACK",
     ""},
    {"zero window", SHAKE "< A 301 101 w0", "zero window", ""},
    {"zero window with payload", SHAKE "< PA 301 101 +5 w0", "zero window", ""},
    {"the smallest window", SHAKE "< A 301 101 w1", "window update", ""},
    {"zero window of a SYN", "> S 100 w0", "", "c.zero=0"},
    {"zero window of a FIN", SHAKE "< FA 301 101 w0", "", "s.zero=0"},
    {"zero window of a RST", SHAKE "< RA 301 101 w0", "", "s.zero=0"},
    {"zero window probe", SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1",
     "zero window probe", "c.unique=11"},
    {"a probe does not advance, so the next one is one too",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 111 w0; > A 111 301 +1 @300",
     "zero window probe", "c.rexmit=0 c.unique=11"},
    {"two bytes are no probe", SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +2", "", ""},
    {"no payload is no probe", SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301",
     "duplicate ACK", ""},
    {"a byte into an open window is no probe",
     SHAKE "> PA 101 301 +10; < A 301 111 w9; > A 111 301 +1", "", ""},
    {"a byte further on is no probe", SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 112 301 +1",
     "previous segment not captured", ""},
    {"answer to a zero window probe",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 111 w0",
     "zero window, zero window probe ACK", "s.dup=0"},
    {"without a probe", SHAKE "> PA 101 301 +10; < A 301 111 w0; < A 301 111 w0", "zero window",
     "s.dup=0"},
    {"the probe was taken: it never advanced what was sent, so Wireshark takes it for unseen",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 112 w0",
     "zero window, ACKed unseen segment", "c.unique=11 c.missed=0 c.uncaptured=0"},
    {"the window opened", SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 111 w9",
     "window update", ""},
    {"payload after a probe is not sent again",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 111 w9; > PA 111 301 +9",
     "window full", "c.rexmit=0 c.unique=19"},
    {"window update", SHAKE "< A 301 101 w501", "window update", ""},
    {"the same window", SHAKE "< A 301 101 w500", "duplicate ACK", ""},
    {"window update, but with payload", SHAKE "< PA 301 101 +1 w501", "", ""},
    {"window update, but with news", SHAKE "> PA 101 301 +10; < A 301 111 w501", "", ""},
    {"window update, but with FIN", SHAKE "< FA 301 101 w501", "", ""},
};

static const struct row windows[] = {
    {"full: no scaling", SHAKE "> PA 101 301 +500", "window full", ""},
    {"not full: a byte less", SHAKE "> PA 101 301 +499", "", ""},
    {"beyond: a byte more", SHAKE "> PA 101 301 +501", "", ""},
    {"full by the last of several segments", SHAKE "> PA 101 301 +300; > PA 401 301 +200",
     "window full", ""},
    {"full: the window of a SYN-ACK is not scaled", SCALE "> PA 101 301 +500", "window full", ""},
    {"not full: as if it were", SCALE "> PA 101 301 +4000", "", ""},
    {"full: scaled by the receiver's shift", SCALE "< A 301 101 w100; > PA 101 301 +800",
     "window full", ""},
    {"not full: by the sender's shift", SCALE "< A 301 101 w100; > PA 101 301 +400", "", ""},
    {"not full: unscaled", SCALE "< A 301 101 w100; > PA 101 301 +100", "", ""},
    {"full: what the client announces is scaled", SCALE "< PA 301 101 +2000", "window full", ""},
    {"full: scaling takes both, only the server has it",
     "> S 100; < SA 300 101 ws3; > A 101 301; < A 301 101 w100; > PA 101 301 +100", "window full",
     ""},
    {"full: scaling takes both, only the client has it",
     "> S 100 ws3; < SA 300 101; > A 101 301 w100; < PA 301 101 +100", "window full", ""},
    {"shift 0 is scaling as well",
     "> S 100 ws0; < SA 300 101 ws0; > A 101 301; < A 301 101 w100; > PA 101 301 +100",
     "window full", ""},
    {"not told midstream", "< A 301 101 w100; > PA 101 301 +100", "", ""},
    {"not told without the SYN", "< SA 300 101; > A 101 301; < A 301 101 w100; > PA 101 301 +100",
     "", ""},
    {"full counts from the acknowledgment",
     SHAKE "> PA 101 301 +10; < A 301 111 w100; > PA 111 301 +100", "window full", ""},
};

static const struct row options[] = {
    {"duplicate ACK", SHAKE "> PA 111 301 +10; < A 301 101", "duplicate ACK", ""},
    {"an ACK with payload is none", SHAKE "> PA 111 301 +10; < PA 301 101 +1", "", "s.dup=0"},
    {"an ACK that advances is none", SHAKE "> PA 101 301 +10; < A 301 111", "", "s.dup=0"},
    {"SACK", SHAKE "> PA 111 301 +10; < A 301 101 sack111-121", "duplicate ACK, SACK", ""},
    {"SACK with payload", SHAKE "> PA 111 301 +10; < PA 301 101 +1 sack111-121", "SACK", ""},
    {"DSACK below the acknowledgment",
     SHAKE "> PA 101 301 +10; < A 301 111; > PA 101 301 +10; < A 301 111 sack101-111",
     "duplicate ACK, SACK, DSACK", ""},
    {"not below: it ends behind it",
     SHAKE "> PA 101 301 +10; > PA 121 301 +10; < A 301 111; < A 301 111 sack121-131",
     "duplicate ACK, SACK", ""},
    {"not below: by a byte",
     SHAKE "> PA 101 301 +10; < A 301 110; > PA 101 301 +10; < A 301 110 sack101-111",
     "duplicate ACK, SACK", ""},
    {"DSACK inside the second block", SHAKE "> PA 111 301 +30; < A 301 101 sack121-131,111-141",
     "duplicate ACK, SACK, DSACK", ""},
    {"DSACK that is the second block", SHAKE "> PA 111 301 +30; < A 301 101 sack111-141,111-141",
     "duplicate ACK, SACK, DSACK", ""},
    {"not inside: it begins before it", SHAKE "> PA 111 301 +30; < A 301 101 sack110-131,111-141",
     "duplicate ACK, SACK", ""},
    {"not inside: it ends behind it", SHAKE "> PA 111 301 +30; < A 301 101 sack121-142,111-141",
     "duplicate ACK, SACK", ""},
    {"not inside: only the second block counts",
     SHAKE "> PA 111 301 +30; < A 301 101 sack161-171,111-141,151-181", "duplicate ACK, SACK", ""},
    {"ECN echo", SHAKE "< PAE 301 101 +5", "ECN echo", ""},
    {"ECN echo of a FIN", SHAKE "< FAE 301 101", "ECN echo", ""},
    {"window reduced", SHAKE "> PAC 101 301 +10", "window reduced", ""},
    {"both", SHAKE "> PACE 101 301 +10", "ECN echo, window reduced", ""},
    {"on a SYN they are an offer", "> SEC 100", "", ""},
    {"and an answer", "> SEC 100; < SAE 300 101", "", "ecn=1"},
    {"no answer to the offer", "> SEC 100; < SA 300 101", "", "ecn=0"},
    {"an answer that offers again", "> SEC 100; < SAEC 300 101", "", "ecn=0"},
    {"an answer without an offer", "> S 100; < SAE 300 101", "", "ecn=0"},
    {"half an offer", "> SE 100; < SAE 300 101", "", "ecn=0"},
    {"the offer was withdrawn", "> SEC 100; > S 100 @1000; < SAE 300 101", "", "ecn=0"},
    {"fast open: payload on the SYN, taken", "> S 100 +10 tfo; < SA 300 111", "", "fast_open=1"},
    {"fast open: payload on the SYN, all of it or a part", "> S 100 +10 tfo; < SA 300 102", "",
     "fast_open=1"},
    {"fast open: payload on the SYN, not taken", "> S 100 +10 tfo; < SA 300 101", "",
     "fast_open=0"},
    {"fast open: the option on a SYN", "> S 100 tfo", "fast open", "fast_open=0"},
    {"fast open: the option on a SYN-ACK", "> S 100 tfo; < SA 300 101 tfo", "fast open",
     "fast_open=0"},
    {"fast open: no option", "> S 100 +10", "", "fast_open=0"},
    {"fast open: the option without SYN", SHAKE "> PA 101 301 +10 tfo", "", "fast_open=0"},
};

#define TALK SHAKE "> PA 101 301 +10; < A 301 111; "

static const struct row challenges[] = {
    {"challenge ACK: a RST that is not the next in sequence", TALK "> R 105; < A 301 111",
     "duplicate ACK, challenge ACK", ""},
    {"challenge ACK: a RST beyond the next in sequence", TALK "> R 112; < A 301 111",
     "duplicate ACK, challenge ACK", ""},
    {"challenge ACK: a SYN inside the connection", TALK "> S 100; < A 301 111",
     "duplicate ACK, challenge ACK", ""},
    {"challenge ACK: a SYN-ACK inside the connection",
     TALK "> A 111 301; < SA 300 101 @1000; > A 111 301", "duplicate ACK, challenge ACK", ""},
    {"no challenge: the RST was right", TALK "> R 111; < A 301 111", "duplicate ACK", ""},
    {"no challenge: another segment came between", TALK "> R 105; > A 111 301; < A 301 111",
     "duplicate ACK", ""},
    {"no challenge: the answer says more", TALK "> R 105; < PA 301 111 +5", "", ""},
    {"no challenge: the SYN-ACK was lost", SHAKE "< SA 300 101 @1000; > A 101 301", "duplicate ACK",
     ""},
    {"no challenge: nothing was acknowledged to the one who resets", "> S 100; > R 50", "", ""},
};

/* Every count is the number of notes that say it, for whichever side. */
static void check_counts(const struct scene *scene, struct flow_view flow)
{
    for (unsigned mark = 0; mark < MARK_COUNT; mark++) {
        uint64_t noted[2] = {0, 0};
        for (size_t at = 0; at < scene->count; at++)
            noted[scene->packets[at].direction] += scene->marks[at] >> mark & 1;
        for (unsigned side = 0; side < 2; side++) {
            if (scene_mark_count(flow, side, mark) != noted[side])
                fail_msg("%s: counted %llu, noted %llu", mark_word(mark),
                         (unsigned long long)scene_mark_count(flow, side, mark),
                         (unsigned long long)noted[side]);
        }
    }
}

/* The flow is flagged when a mark of trouble was set, or when it stalled. */
static void check_trouble(const struct scene *scene, struct flow_view flow)
{
    uint32_t marks = 0;
    for (size_t at = 0; at < scene->count; at++)
        marks |= scene->marks[at];
    bool trouble = (marks & mark_troubles) || strstr(scene->words, event_word(EVENT_STALLED));
    assert_int_equal((flow.hot->flags & FLOW_FLAG_TROUBLE) != 0, trouble);
}

static void check_scene(const struct row *row, uint32_t batch, uint32_t shift)
{
    struct scene *scene = scene_open_flow(row->scene, batch, shift);
    struct flow_view flow = scene_flow(scene);
    char marks[256];
    struct text text = text_begin(marks, sizeof marks);
    scene_add_marks(&text, scene->marks[scene->count - 1]);
    assert_string_equal(marks, row->marks);
    check_counts(scene, flow);
    check_trouble(scene, flow);
    scene_check_facts(flow, row->facts);
    scene_close(scene);
}

/* Whatever the size of the batches and wherever sequence numbers wrap, the marks are the same. */
static void check_row(void **state)
{
    const struct row *row = *state;
    static const uint32_t shifts[] = {0,
                                      UINT32_MAX - 100,
                                      UINT32_MAX - 105,
                                      UINT32_MAX - 111,
                                      UINT32_MAX - 125,
                                      INT32_MAX - 100u,
                                      INT32_MAX - 110u,
                                      1u << 31};
    for (size_t at = 0; at < sizeof shifts / sizeof shifts[0]; at++) {
        check_scene(row, 1, shifts[at]);
        check_scene(row, 2, shifts[at]);
        check_scene(row, FRAME_BATCH_MAX, shifts[at]);
    }
}

/* A note names the packet's flow; what belongs to none is told apart. */
static void test_notes_name_the_flow(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 16});
    scene_play(scene,
               "> S 1 :40001; > S 1 :40002; < RA 0 2 :40001; > udp +5; > icmp3/3 :7;"
               "> icmp3/3 :40002; > S 9 :40001",
               FRAME_BATCH_MAX);
    static const uint64_t ids[] = {1, 2, 1, 3, 0, 2, 4};
    assert_int_equal(scene->count, 7);
    for (size_t at = 0; at < scene->count; at++) {
        const struct packet_note *note = &scene->events.notes[at];
        struct flow_view flow;
        if (ids[at] == 0) {
            assert_int_equal(note->flow.index, POOL_NONE);
            assert_int_equal(note->marks, 0);
            continue;
        }
        assert_true(tracker_look(scene->tracker, note->flow, &flow));
        assert_int_equal(flow.cold->id, ids[at]);
    }
    scene_close(scene);
}

/* A generator of numbers, the same each time: xorshift64, Marsaglia 2003. */
static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % limit;
}

/* Where both ends of a random conversation stand. */
struct talk {
    uint64_t random;
    uint32_t next[2];
    int64_t ms;
};

/* Mostly what comes next, now and then anything. Returns what was written. */
static const char *say_anything(struct talk *talk, char *written, size_t size)
{
    static const char *const flags[] = {"A",  "A",  "PA",  "PA", "A",  "A", "PA",
                                        "AE", "AC", "PAU", "FA", "SA", "S", "-"};
    static const char *const extras[] = {
        "", "", "", "", "w0", "w9", "w0", "sack1-5", "sack90-99,80-120"};
    uint64_t *random = &talk->random;
    unsigned side = random_below(random, 2);
    bool odd = random_below(random, 4) == 0;
    uint32_t len = random_below(random, 2) ? random_below(random, 3) * 5 : random_below(random, 2);
    uint32_t seq = talk->next[side] + (odd ? random_below(random, 40) - 20 : 0);
    uint32_t ack = talk->next[!side] + (odd ? random_below(random, 20) - 10 : 0);
    talk->ms += random_below(random, 40) == 0 ? 900 : random_below(random, 4);
    (void)snprintf(written, size, "%c %s %u %u +%u %s @%lld", side ? '<' : '>',
                   flags[random_below(random, odd ? 14 : 5)], seq, ack, len,
                   extras[random_below(random, 9)], (long long)talk->ms);
    if ((int32_t)(seq + len - talk->next[side]) > 0)
        talk->next[side] = seq + len;
    return written;
}

/* Segments that are expected go a shorter way, unless the streams are reassembled: both ways must
 * come to the same, whatever comes. */
static void test_the_short_way_is_the_long_one(void **state)
{
    (void)state;
    uint64_t marks = 0, established = 0, smooth = 0;
    for (uint32_t seed = 1; seed <= 100; seed++) {
        struct scene *brief = scene_open(&(struct tracker_options){.max_flows = 1});
        struct scene *full =
            scene_open(&(struct tracker_options){.max_flows = 1, .stream_digest = true});
        brief->shift[0] = full->shift[0] = seed * 0x9e3779b9u;
        struct talk talk = {.random = seed, .next = {101, 301}, .ms = 3};
        scene_play(brief, SHAKE, 1);
        scene_play(full, SHAKE, 1);
        for (unsigned at = 0; at < 200; at++) {
            char written[128];
            scene_play(brief, say_anything(&talk, written, sizeof written), 1);
            scene_play(full, written, 1);
            /* Beyond the first bytes of a stream, only who has all of it sees that they differ. */
            uint32_t overlap = full->marks[0] & MARK_BIT(OVERLAP);
            assert_int_equal(brief->marks[0] | overlap, full->marks[0]);
            struct flow_view one = scene_flow(brief), other = scene_flow(full);
            assert_memory_equal(one.hot->side, other.hot->side, sizeof one.hot->side);
            assert_int_equal(one.hot->state, other.hot->state);
            assert_memory_equal(one.cold->rare, other.cold->rare, sizeof one.cold->rare);
            assert_memory_equal(one.cold->history, other.cold->history, one.cold->history_len);
            marks |= brief->marks[0];
            established += one.hot->state == FLOW_ESTABLISHED;
            smooth += (one.hot->flags & FLOW_FLAG_SMOOTH) != 0;
        }
        scene_close(brief);
        scene_close(full);
    }
    assert_true(established > 1000);
    assert_true(smooth > 1000);
    const uint32_t rare = MARK_BIT(OVERLAP) | MARK_BIT(FAST_RETRANSMISSION);
    assert_int_equal(~marks & mark_troubles & ~rare, 0);
}

/* Every mark is in a row of its own above: nobody adds one without. */
static void test_every_mark_has_a_row(void **state)
{
    (void)state;
    static const struct {
        const struct row *rows;
        size_t count;
    } tables[] = {
        {again, sizeof again / sizeof again[0]},
        {gaps, sizeof gaps / sizeof gaps[0]},
        {quiet, sizeof quiet / sizeof quiet[0]},
        {windows, sizeof windows / sizeof windows[0]},
        {options, sizeof options / sizeof options[0]},
        {challenges, 1},
    };
    for (unsigned mark = 0; mark < MARK_COUNT; mark++) {
        bool found = false;
        for (size_t table = 0; table < sizeof tables / sizeof tables[0]; table++) {
            for (size_t at = 0; at < tables[table].count && !found; at++)
                found = strstr(tables[table].rows[at].marks, mark_word(mark)) != NULL;
        }
        if (!found)
            fail_msg("no row sets \"%s\"", mark_word(mark));
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, again, check_row);
    ROWS_ADD(&set, gaps, check_row);
    ROWS_ADD(&set, quiet, check_row);
    ROWS_ADD(&set, windows, check_row);
    ROWS_ADD(&set, options, check_row);
    ROWS_ADD(&set, challenges, check_row);
    ROWS_ADD_ONE(&set, test_notes_name_the_flow);
    ROWS_ADD_ONE(&set, test_the_short_way_is_the_long_one);
    ROWS_ADD_ONE(&set, test_every_mark_has_a_row);
    return rows_run(&set, "flows_marks");
}
