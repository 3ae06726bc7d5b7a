#include "tests/support/scene.h"

/* A scene of one TCP flow: where it ends, what Zeek calls it, what happened on the way, and counts
 * (tests/support/scene.h says how to read it). */
struct row {
    const char *name;
    const char *scene;
    const char *state;
    const char *conn_state;
    const char *history;
    const char *events;
    const char *facts;
};

#define SHAKE "> S 100; < SA 300 101; > A 101 301; "

static const struct row states[] = {
    {"SYN alone", "> S 100", "syn_sent", "S0", "S", "opened", "c.packets=1 c.syn=1 rtt_us=none"},
    {"SYN and SYN-ACK", "> S 100; < SA 300 101", "syn_received", "S1", "Sh", "opened", "s.syn=1"},
    {"handshake", SHAKE, "established", "S1", "ShA", "opened established",
     "rtt_us=2000 c.packets=2 s.packets=1 c.port=40000 s.port=3000"},
    {"handshake completed by data", "> S 100; < SA 300 101; > PA 101 301 +5", "established", "S1",
     "ShD", "opened established", "rtt_us=2000 c.unique=5"},
    {"the RTT counts from the latest SYN", "> S 100; > S 100 @1000; < SA 300 101; > A 101 301",
     "established", "S1", "ShA", "opened no_answer retransmission established",
     "rtt_us=2000 c.syn=2 c.rexmit=1"},
    {"a wrong acknowledgment completes nothing that is timed", "> S 100; < SA 300 101; > A 101 999",
     "established", "S1", "ShAg", "opened established", "rtt_us=none"},
    {"refused", "> S 100; < RA 0 101 w0", "refused", "REJ", "Sr", "opened refused",
     "s.rst=1 s.zero=0"},
    {"the same SYN again after the refusal is the same flow",
     "> S 100; < RA 0 101; > S 100; < RA 0 101", "refused", "REJ", "Sr",
     "opened refused retransmission", "c.syn=2 s.rst=2"},
    {"the client gives up its SYN", "> S 100; > R 101", "reset", "RSTOS0", "SR", "opened reset",
     ""},
    {"reset by the server after the handshake", SHAKE "< RA 301 101", "reset", "RSTR", "ShAr",
     "opened established reset", ""},
    {"reset by the client after the handshake", SHAKE "> RA 101 301", "reset", "RSTO", "ShAR",
     "opened established reset", ""},
    {"a second RST changes nothing", SHAKE "< RA 301 101; > R 101", "reset", "RSTR", "ShArR",
     "opened established reset", "c.rst=1 s.rst=1"},
    {"reset in the middle of the handshake", "> S 100; < SA 300 101; > R 101", "reset", "RSTO",
     "ShR", "opened reset", ""},
    {"closed by the client", SHAKE "> FA 101 301; < FA 301 102; > A 102 302", "closed", "SF",
     "ShAFf", "opened established closed", "c.fin=1 s.fin=1 c.missed=0 s.missed=0"},
    {"half close, the server goes on", SHAKE "> FA 101 301; < A 301 102; < PA 301 102 +20",
     "closing", "S2", "ShAFad", "opened established", "s.unique=20"},
    {"half close by the server", SHAKE "< FA 301 101; > A 101 302", "closing", "S3", "ShAf",
     "opened established", ""},
    {"RST after both FIN is no reset", SHAKE "> FA 101 301; < FA 301 102; > R 102", "closed", "SF",
     "ShAFfR", "opened established closed", "c.rst=1"},
    {"RST after one FIN is one", SHAKE "> FA 101 301; < RA 301 102", "reset", "RSTR", "ShAFr",
     "opened established reset", ""},
    {"simultaneous close", SHAKE "> FA 101 301; < FA 301 101; > A 102 302; < A 302 102", "closed",
     "SF", "ShAFfa", "opened established closed", ""},
    {"simultaneous open", "> S 100; < S 300; > SA 100 301; < SA 300 101; > A 101 301",
     "established", "S1", "SsHhA", "opened retransmission retransmission established",
     "c.port=40000"},
    {"midstream", "> PA 100 300 +10; < A 300 110", "midstream", "OTH", "Da", "opened",
     "c.unique=10 rtt_us=none c.port=40000"},
    {"midstream, the server speaks first", "< PA 300 100 +10; > A 100 310", "midstream", "OTH",
     "^dA", "opened", "c.port=40000 s.port=3000"},
    {"SYN-ACK first", "< SA 300 101; > A 101 301", "established", "S1", "^hA", "opened established",
     "c.port=40000 rtt_us=none"},
    {"SYN after its SYN-ACK", "< SA 300 101; > S 100; > A 101 301", "established", "S1", "^hSA",
     "opened established", "c.port=40000"},
    {"SYN after the data", "> PA 101 301 +10; > S 100", "midstream", "OTH", "DS", "opened",
     "c.unique=10 c.missed=0"},
    {"a RST out of nowhere", "< R 300", "reset", "RSTRH", "^r", "opened reset", ""},
    {"a FIN out of nowhere", "> FA 100 300", "closing", "SH", "F", "opened", ""},
    {"all flags at once: an answer, and the end", "> SAFR 100 300", "reset", "RSTRH", "^i",
     "opened reset", "c.port=3000"},
    {"SYN and FIN", "> SF 100", "syn_sent", "S0", "Q", "opened", "c.syn=1 c.fin=1"},
    {"SYN and RST", "> S 100; < SRA 300 101", "refused", "REJ", "Sq", "opened refused", "s.rst=1"},
    {"FIN and RST", SHAKE "> FRA 101 301", "reset", "RSTO", "ShAI", "opened established reset",
     "c.fin=1 c.rst=1"},
    {"each letter once", SHAKE "> FA 101 301; > FA 101 301 @300; < R 301; < R 301", "reset", "RSTR",
     "ShAFr", "opened established retransmission reset", "c.fin=2 s.rst=2"},
    {"no flag at all", "> - 100", "midstream", "OTH", "", "opened", "c.packets=1"},
    {"data on the SYN", "> S 100 +10; < SA 300 111; > A 111 301", "established", "S1", "SDhA",
     "opened established", "c.unique=10 c.missed=0"},
    {"self-connect", "> S 100 ~self; > SA 100 101 ~self; > A 101 101 ~self", "established", "S1",
     "SHA", "opened retransmission established", "c.packets=3 s.packets=0 c.port=3000 s.port=3000"},
    {"self-connect, closed",
     "> S 100 ~self; > SA 100 101 ~self; > A 101 101 ~self;"
     "> FA 101 101 ~self; > A 102 102 ~self",
     "closed", "SF", "SHAF", "opened retransmission established closed", ""},
    {"refused by ICMP", "> S 100; > icmp3/3", "refused", "S0", "S", "opened refused",
     "c.packets=1"},
    {"refused by an administrator", "> S 100; > icmp3/13", "refused", "S0", "S", "opened refused",
     ""},
    {"fragmentation needed refuses nothing but is told", SHAKE "> icmp3/4", "established", "S1",
     "ShA", "opened established icmp_error", ""},
    {"time exceeded for the SYN", "> S 100; > icmp11/0", "syn_sent", "S0", "S", "opened icmp_error",
     ""},
    {"an ICMP error about a refused flow says nothing new", "> S 100; < RA 0 101; < icmp3/3",
     "refused", "REJ", "Sr", "opened refused", ""},
    {"refused again by ICMP is told once", "> S 100; > icmp3/3; > S 100 @1000; > icmp3/3",
     "refused", "S0", "S", "opened refused retransmission", "c.syn=2"},
    {"the ICMP error was not the last word",
     "> S 100; > icmp3/3; > S 100 @1000; < SA 300 101; > A 101 301", "established", "S1", "ShA",
     "opened refused retransmission established", ""},
};

static const struct row segments[] = {
    {"data in order", SHAKE "> PA 101 301 +10; < A 301 111; < PA 301 111 +20; > A 111 321",
     "established", "S1", "ShADad", "opened established",
     "c.unique=10 s.unique=20 c.missed=0 s.missed=0 c.bytes=10 s.bytes=20 c.rexmit=0 s.dup=0"},
    {"sent again", SHAKE "> PA 101 301 +10; > PA 101 301 +10 @300", "established", "S1", "ShADT",
     "opened established retransmission", "c.unique=10 c.bytes=20 c.rexmit=1 c.ooo=0 c.missed=0"},
    {"the last segment again at once is sent again too", SHAKE "> PA 101 301 +10; > PA 101 301 +10",
     "established", "S1", "ShADT", "opened established retransmission", "c.rexmit=1 c.ooo=0"},
    {"late by a millisecond: out of order", SHAKE "> PA 111 301 +10; > PA 101 301 +10",
     "established", "S1", "ShADT", "opened established",
     "c.unique=20 c.missed=0 c.ooo=1 c.rexmit=0 c.repeats=1"},
    {"late by more than the RTT: sent again", SHAKE "> PA 111 301 +10; > PA 101 301 +10 @300",
     "established", "S1", "ShADT", "opened established retransmission",
     "c.unique=20 c.missed=0 c.rexmit=1 c.ooo=0"},
    {"after duplicate ACKs: sent again, however soon",
     SHAKE "> PA 111 301 +10; < A 301 101; < A 301 101; < A 301 101; > PA 101 301 +10",
     "established", "S1", "ShADaT", "opened established retransmission",
     "s.dup=3 c.rexmit=1 c.ooo=0"},
    {"duplicate ACKs need the same window",
     SHAKE "> PA 111 301 +10; < A 301 101; < A 301 101 w600; < A 301 101 w600", "established", "S1",
     "ShADa", "opened established", "s.dup=2"},
    {"a hole that stays", SHAKE "> PA 101 301 +10; > PA 131 301 +10", "established", "S1", "ShAD",
     "opened established", "c.unique=20 c.missed=20"},
    {"a hole filled in the middle",
     SHAKE "> PA 101 301 +10; > PA 151 301 +10; > PA 121 301 +10 @300", "established", "S1",
     "ShADT", "opened established retransmission", "c.unique=30 c.missed=30"},
    {"overlap at both ends of a hole",
     SHAKE "> PA 101 301 +10; > PA 121 301 +10; > PA 106 301 +20 @300", "established", "S1",
     "ShADT", "opened established retransmission", "c.unique=30 c.missed=0 c.bytes=40"},
    {"bytes missing before the FIN", SHAKE "> PA 101 301 +10; > FA 121 301", "closing", "S2",
     "ShADF", "opened established", "c.unique=10 c.missed=10"},
    {"sequence numbers wrap",
     "> S 4294967290; < SA 300 4294967291; > A 4294967291 301; > PA 4294967291 301 +10;"
     "> PA 5 301 +10",
     "established", "S1", "ShAD", "opened established",
     "c.unique=20 c.missed=0 c.rexmit=0 c.ooo=0"},
    {"a hole across the wrap",
     "> S 4294967290; < SA 300 4294967291; > A 4294967291 301; > PA 5 301 +10;"
     "> PA 4294967291 301 +10 @300",
     "established", "S1", "ShADT", "opened established retransmission", "c.unique=20 c.missed=0"},
    {"earlier data than the first seen, midstream", "> PA 200 1 +10; > PA 180 1 +10 @300",
     "midstream", "OTH", "DT", "opened retransmission", "c.unique=20 c.missed=10"},
    {"bytes before the SYN do not count", SHAKE "> PA 91 301 +20", "established", "S1", "ShAD",
     "opened established retransmission", "c.unique=10 c.missed=0 c.rexmit=1 c.repeats=0"},
    {"keep-alive", SHAKE "> A 100 301 @5000; < A 301 101", "established", "S1", "ShAa",
     "opened established", "c.keep=1 c.rexmit=0 c.dup=0 s.dup=0 c.missed=0"},
    {"keep-alive with a byte of garbage", SHAKE "> A 100 301 +1 @5000; < A 301 101", "established",
     "S1", "ShADTa", "opened established", "c.keep=1 c.rexmit=0 c.unique=0 c.bytes=1"},
    {"the answer to a keep-alive is no duplicate ACK",
     SHAKE "< A 301 101; > A 100 301 @5000; < A 301 101; > A 100 301 @9000; < A 301 101",
     "established", "S1", "ShAa", "opened established", "c.keep=2 s.dup=1"},
    {"zero window, once until it opens again",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; < A 301 111 w0; < A 301 111 w9; < A 301 111 w0",
     "established", "S1", "ShADaw", "opened established zero_window zero_window",
     "s.zero=3 s.dup=0"},
    {"zero-window probe and its answer",
     SHAKE "> PA 101 301 +10; < A 301 111 w0; > A 111 301 +1; < A 301 111 w0", "established", "S1",
     "ShADaw", "opened established zero_window", "s.zero=2 c.rexmit=0 s.dup=0 c.unique=11"},
    {"the window of SYN, FIN and RST is not looked at", "> S 100 w0; < SA 300 101 w0",
     "syn_received", "S1", "Sh", "opened", "c.zero=0 s.zero=0"},
    {"a FIN sent again", SHAKE "> FA 101 301; > FA 101 301 @300", "closing", "S2", "ShAF",
     "opened established retransmission", "c.fin=2 c.rexmit=1"},
    {"an unanswered SYN sent again is told once", "> S 100; > S 100 @1000; > S 100 @3000",
     "syn_sent", "S0", "S", "opened no_answer retransmission retransmission", "c.syn=3 c.rexmit=2"},
    {"a SYN copied by a mirror port is not silence", "> S 100; > S 100", "syn_sent", "S0", "S",
     "opened retransmission", "c.syn=2"},
    {"the clock runs backwards", SHAKE "> PA 111 301 +10 @50; > PA 101 301 +10 @20", "established",
     "S1", "ShADT", "opened established retransmission", "c.rexmit=1 c.ooo=0"},
    {"data with a RST belong to the stream", SHAKE "< RA 301 101 +5", "reset", "RSTR", "ShAdr",
     "opened established reset", "s.unique=5"},
};

static void check_scene(const struct row *row, uint32_t batch, uint32_t shift)
{
    struct scene *scene = scene_open_flow(row->scene, batch, shift);
    struct flow_view flow = scene_flow(scene);
    char history[FLOW_HISTORY_MAX + 2];
    struct text text = text_begin(history, sizeof history);
    text_add_history(&text, flow);
    assert_string_equal(flow_state_word(flow.hot->state), row->state);
    assert_string_equal(flow_conn_state(flow), row->conn_state);
    assert_string_equal(history, row->history);
    assert_string_equal(scene->words, row->events);
    scene_check_facts(flow, row->facts);
    scene_close(scene);
}

/* Whatever the size of the batches and wherever sequence numbers wrap, the outcome is the same. */
static void check_row(void **state)
{
    const struct row *row = *state;
    static const uint32_t batches[] = {1, 2, FRAME_BATCH_MAX};
    for (size_t at = 0; at < sizeof batches / sizeof batches[0]; at++)
        check_scene(row, batches[at], 0);
    /* The SYN is the last number, or the data wrap; 2^31 is where a signed number does. */
    static const uint32_t shifts[] = {UINT32_MAX - 100, UINT32_MAX - 105, UINT32_MAX - 115,
                                      INT32_MAX - 100u, INT32_MAX - 110u, 1u << 31};
    for (size_t at = 0; at < sizeof shifts / sizeof shifts[0]; at++)
        check_scene(row, 1, shifts[at]);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, states, check_row);
    ROWS_ADD(&set, segments, check_row);
    return rows_run(&set, "flows_tcp");
}
