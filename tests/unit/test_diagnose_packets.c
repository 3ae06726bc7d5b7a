/* Written packets, and what is said of them without a host: what a capture proves, and no more. */
#include "tests/support/rows.h"

#include "diagnose/diagnoser.h"
#include "tests/support/scene.h"

#define OPEN     "> S 100 ws7; < SA 300 101 ws7; > A 101 301; "
#define REQUEST  "> PA 101 301 +10; < A 301 111; "
#define ANSWER   "< PA 301 111 +20; > A 111 321; "
#define EXCHANGE OPEN REQUEST ANSWER
#define CLOSE    "> FA 111 321; < FA 321 112; > A 112 322; "
#define REFUSED  "> S 100; < RA 0 101; "

#define BATCHES 2
static const uint32_t batches[BATCHES] = {1, 32};

struct told {
    struct diagnoser *diagnoser;
    char words[512]; /* codes that hold at the end, in the order of code.def */
};

static void take(void *context, const struct tracker *tracker, const struct flow_event *event)
{
    struct told *told = context;
    if (diagnoser_wants() >> event->kind & 1)
        diagnoser_event(told->diagnoser, tracker, event);
    diagnoser_tick(told->diagnoser, tracker, event->time_ns);
}

static struct scene *begin(struct told *told)
{
    struct err err;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 512});
    *told = (struct told){0};
    assert_int_equal(diagnoser_open(&told->diagnoser, NULL, &err), 0);
    scene->each = take;
    scene->context = told;
    return scene;
}

static void end(struct told *told, struct scene *scene)
{
    diagnoser_finish(told->diagnoser, scene->tracker);
    scene_finish(scene);
    struct text text = text_begin(told->words, sizeof told->words);
    for (int code = 0; code < CODE_COUNT; code++) {
        uint32_t at = 0;
        for (const struct diagnosis *found; (found = diagnoser_walk(told->diagnoser, &at));) {
            if (found->code == code)
                text_add(&text, "%s%s", text.len > 0 ? " " : "", code_word(found->code));
        }
    }
}

static void close_all(struct told *told, struct scene *scene)
{
    diagnoser_close(told->diagnoser);
    scene_close(scene);
}

/* "attempts=2 how=FIN" of the only diagnosis. */
static void check_facts(const struct diagnoser *diagnoser, const char *facts)
{
    char copy[256], wanted[64], shown[256];
    uint32_t at = 0;
    const struct diagnosis *found = diagnoser_walk(diagnoser, &at);
    assert_true(strlen(facts) < sizeof copy);
    memcpy(copy, facts, strlen(facts) + 1);
    char *rest = NULL;
    for (char *fact = strtok_r(copy, " ", &rest); fact; fact = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(fact, '=');
        assert_non_null(value);
        *value++ = '\0';
        assert_non_null(found);
        struct text text = text_begin(shown, sizeof shown);
        for (int name = 0; name < FACT_COUNT; name++) {
            const struct fact *one = diagnosis_fact(found, name);
            if (!one || strcmp(fact_word(name), fact) != 0)
                continue;
            if (fact_kind(name) == FACT_KIND_TEXT)
                text_add_string(&text, one->text);
            else
                text_add(&text, "%lld", (long long)one->number);
        }
        (void)snprintf(wanted, sizeof wanted, "%s", value);
        if (strcmp(shown, wanted) != 0)
            fail_msg("%s is \"%s\", not \"%s\"", fact, shown, wanted);
    }
}

static const struct scene_row {
    const char *name;
    const char *scene;
    const char *words;
    const char *facts;
    enum certainty certainty;
} rows[] = {
    {"refused once", REFUSED, "refused", "port=3000 attempts=1 address=127.0.0.1", CERTAINTY_SEEN},
    {"refused three times",
     REFUSED "> S 100 :40001; < RA 0 101 :40001; > S 100 :40002; < RA 0 101 :40002", "refused",
     "attempts=3", CERTAINTY_SEEN},
    {"served before, refused since",
     EXCHANGE CLOSE "> S 100 :40001 @900; < RA 0 101 :40001; > S 100 :40002; < RA 0 101 :40002",
     "refused-server-stopped", "attempts=2", CERTAINTY_SEEN},
    {"refused before, served since",
     REFUSED "> S 100 :40001 @200; < RA 0 101 :40001; > S 500 @400; < SA 300 501; > A 501 301",
     "refused-server-starting", "attempts=2", CERTAINTY_SEEN},
    {"a SYN and an ICMP error", "> S 100; > icmp3/13", "refused-firewall",
     "how=icmp icmp=3/13 attempts=1", CERTAINTY_SEEN},
    {"one attempt, two SYN, two ICMP errors", "> S 100; > icmp3/3; > S 100 @1000; > icmp3/3",
     "refused-firewall", "icmp=3/3 attempts=1", CERTAINTY_SEEN},
    {"a RST without the SYN it answers", "< RA 0 101; < RA 0 101 :40001", "refused", "attempts=2",
     CERTAINTY_SEEN},
    {"a datagram and an ICMP error", "> udp +10; > udp icmp3/3; > udp +10; > udp icmp3/3",
     "udp-refused", "datagrams=2", CERTAINTY_SEEN},
    {"SYN, SYN and SYN", "> S 100; > S 100 @1000; > S 100 @2000; > S 100 @3000",
     "timeout-unanswered-syn", "syn_retransmits=3", CERTAINTY_SEEN},
    {"SYN-ACKs that nobody sees",
     "> S 100; < SA 300 101; > S 100 @1000; < SA 300 101; > S 100 @2000; < SA 300 101",
     "timeout-firewall-drop", "direction=return syn_retransmits=2", CERTAINTY_SEEN},
    {"no answer until the client gives up", OPEN REQUEST "> FA 111 301 @2000; < A 301 112",
     "no-response", "waited_ms=1996", CERTAINTY_SEEN},
    {"no ACK of what is sent again",
     EXCHANGE "> PA 111 321 +10; > PA 111 321 +10 @210; > PA 111 321 +10 @420;"
              "> PA 111 321 +10 @830; > PA 111 321 +10 @1660; > FA 121 321 @2500",
     "no-response", "retransmissions=4", CERTAINTY_SEEN},
    {"an answer after two seconds", OPEN REQUEST "< PA 301 111 +20 @2003; > A 111 321; " CLOSE,
     "slow-response", "ttfb_ms=2000 where=server slow_requests=1", CERTAINTY_SEEN},
    {"a window that stays closed",
     OPEN REQUEST "< PA 301 111 +2000; > A 111 2301 w0; < A 2300 111 @300; > A 111 2301 w0;"
                  "< A 2300 111 @900; > A 111 2301 w0; > A 111 2301 w500 @1906",
     "zero-window", "blame=client stall_ms=1900", CERTAINTY_SEEN},
    {"reset instead of an answer", OPEN REQUEST "< RA 301 111 @50", "accepted-then-reset",
     "connections=1 rst_from=server", CERTAINTY_SEEN},
    {"reset out of idleness", EXCHANGE "< RA 321 111 @900", "accepted-then-reset", "",
     CERTAINTY_SEEN},
    {"an answer too late",
     OPEN REQUEST "> FA 111 301 @1003; < A 301 112; < PA 301 112 +20 @2000;"
                  "> R 112",
     "client-aborted", "how=FIN after_ms=1000", CERTAINTY_SEEN},
    {"reset instead of patience", OPEN REQUEST "> RA 111 301 @703", "client-aborted",
     "how=RST after_ms=700", CERTAINTY_SEEN},
    {"reset in the middle of a stream",
     OPEN REQUEST "< PA 301 111 +20; > A 111 321; < PA 321 111 +20 @100; > A 111 341;"
                  "< PA 341 111 +20 @200; > A 111 361; > RA 111 361 @203",
     "client-aborted", "how=RST after_ms=200", CERTAINTY_SEEN},
    {"a connection that the other end forgot", EXCHANGE "> PA 111 321 +10 @900; < R 321",
     "stale-connection", "client_port=40000", CERTAINTY_SEEN},
    {"keep-alives without an answer",
     EXCHANGE "> A 110 321 @1000; > A 110 321 @2000; > RA 111 321 @3000", "keepalive-timeout",
     "probes=2", CERTAINTY_SEEN},
    {"a request that crosses the server's FIN",
     EXCHANGE "< FA 321 111 @506; > A 111 322; > PA 111 322 +10 @510; < R 322", "keepalive-race",
     "races=1 idle_ms=501", CERTAINTY_SEEN},
    {"a socket that talks to itself", "> S 100 ~self; > SA 100 101 ~self; > PA 101 101 +5 ~self",
     "self-connect", "port=3000", CERTAINTY_SEEN},
    {"closed without a byte", OPEN REQUEST "< FA 301 111 @60; > FA 111 302; < A 302 112",
     "empty-reply", "connections=1", CERTAINTY_SEEN},
    {"a segment that is lost behind the capture",
     EXCHANGE "> PA 111 321 +10; > PA 111 321 +10 @210; < A 321 121; < PA 321 121 +5; > A 121 326",
     "drop-on-loopback", "retransmissions=1", CERTAINTY_LIKELY},
    {"long losses, and it goes on",
     EXCHANGE "> PA 111 321 +10; > PA 111 321 +10 @210; > PA 111 321 +10 @620;"
              "> PA 111 321 +10 @1400; < A 321 121; < PA 321 121 +5; > A 121 326",
     "drop-on-loopback", "retransmissions=3", CERTAINTY_LIKELY},

    {"healthy: an exchange", EXCHANGE CLOSE, "", "", 0},
    {"healthy: the server closes", EXCHANGE "< FA 321 111; > FA 111 322; < A 322 112", "", "", 0},
    {"healthy: idle for long", EXCHANGE "> PA 111 321 +10 @60000; < PA 321 121 +5; > A 121 326", "",
     "", 0},
    {"healthy: keep-alives with answers",
     EXCHANGE "> A 110 321 @1000; < A 321 111; > A 110 321 @2000; < A 321 111", "", "", 0},
    {"healthy: a closed half, and the answer in parts",
     OPEN REQUEST "> FA 111 301; < A 301 112; < PA 301 112 +20 @200; > A 112 321;"
                  "< PA 321 112 +20 @1200; > A 112 341; < FA 341 112; > A 112 342",
     "", "", 0},
    {"healthy: a closed half, and an answer that takes its time",
     OPEN REQUEST "> FA 111 301; < A 301 112; < PA 301 112 +20 @1300; > A 112 321;"
                  "< FA 321 112; > A 112 322",
     "", "", 0},
    {"healthy: a look whether the port is open", OPEN "> FA 101 301; < FA 301 102; > A 102 302", "",
     "", 0},
    {"healthy: a look that ends with RST", OPEN "> RA 101 301", "", "", 0},
    {"healthy: a client that has its answer and resets", EXCHANGE "> RA 111 321", "", "", 0},
    {"healthy: the server ends, idle", EXCHANGE "< FA 321 111 @900; > FA 111 322; < A 322 112", "",
     "", 0},
    {"healthy: a transfer one way",
     OPEN "> PA 101 301 +2000; < A 301 2101; > PA 2101 301 +2000 @700; < A 301 4101;"
          "> FA 4101 301; < FA 301 4102; > A 4102 302",
     "", "", 0},
    {"healthy: an answer within a second", OPEN REQUEST "< PA 301 111 +20 @1003; > A 111 321", "",
     "", 0},
    {"healthy: a window that is closed for a moment",
     OPEN REQUEST "< PA 301 111 +2000; > A 111 2301 w0; > A 111 2301 w500 @60", "", "", 0},
    {"healthy: one half of a connection, address translation made two",
     "> S 100; > A 101 301; > PA 101 301 +10; > A 111 321 @1300; > FA 111 321; > A 112 322", "", "",
     0},
    {"healthy: the other half", "< SA 300 101; < A 301 111; < PA 301 111 +20 @1300; < FA 321 112",
     "", "", 0},
    {"healthy: closed right behind the request, and nobody reads the answer",
     OPEN REQUEST "> FA 111 301; < A 301 112; < PA 301 112 +20 @20; > R 112", "", "", 0},
    {"healthy: a client that ends after many answers",
     EXCHANGE "> PA 111 321 +10; < PA 321 121 +20; > PA 121 341 +10; < PA 341 131 +20;"
              "> PA 131 361 +10; < PA 361 141 +20; > PA 141 381 +10; > RA 151 381",
     "", "", 0},
    {"healthy: datagrams that nobody answers", "> udp +10; > udp +10 @500; > udp +10 @5000", "", "",
     0},
    {"healthy: an answer, and RST right behind it", OPEN REQUEST "< PA 301 111 +20; < RA 321 111",
     "", "", 0},
};

static void check_row(void **state)
{
    const struct scene_row *row = *state;
    for (int at = 0; at < BATCHES; at++) {
        struct told told;
        struct scene *scene = begin(&told);
        scene_play(scene, row->scene, batches[at]);
        end(&told, scene);
        if (strcmp(told.words, row->words) != 0)
            fail_msg("in batches of %u: \"%s\", not \"%s\"", batches[at], told.words, row->words);
        check_facts(told.diagnoser, row->facts);
        uint32_t first = 0;
        if (row->words[0] != '\0')
            assert_int_equal(diagnoser_walk(told.diagnoser, &first)->certainty, row->certainty);
        close_all(&told, scene);
    }
}

/* The client's end is that of port 3000 here, since the other one may vary. */
static void port_scan(void **state)
{
    (void)state;
    char written[128];
    struct told told;
    struct scene *scene = begin(&told);
    for (int port = 41000; port < 41040; port++) {
        (void)snprintf(written, sizeof written, "< S 100 :%d @%d; > RA 0 101 :%d", port,
                       port - 40990, port);
        scene_play(scene, written, 32);
    }
    end(&told, scene);
    assert_string_equal(told.words, "port-scan");
    check_facts(told.diagnoser, "refused_ports=40 first_port=41000 last_port=41039");
    close_all(&told, scene);
}

/* Plays packets of a client's port: each gets it as its last word. */
static void play_from(struct scene *scene, int port, const char *written)
{
    char all[512], copy[512];
    struct text text = text_begin(all, sizeof all);
    assert_true(strlen(written) < sizeof copy);
    memcpy(copy, written, strlen(written) + 1);
    char *rest = NULL;
    for (char *packet = strtok_r(copy, ";", &rest); packet; packet = strtok_r(NULL, ";", &rest))
        text_add(&text, "%s :%d;", packet, port);
    scene_play(scene, all, 32);
}

static void play_exchange(struct scene *scene, int number, const char *after)
{
    char written[512];
    (void)snprintf(written, sizeof written,
                   "> S 100 @%d; < SA 300 101; > A 101 301; > PA 101 301 +10; < PA 301 111 +20; %s",
                   10 + number * 3, after);
    play_from(scene, 20000 + number, written);
}

static void connection_churn(void **state)
{
    (void)state;
    struct told told;
    struct scene *scene = begin(&told);
    for (int number = 0; number < 300; number++) {
        play_exchange(scene, number, "> FA 111 321; < FA 321 112; > A 112 322");
    }
    end(&told, scene);
    assert_string_equal(told.words, "connection-churn");
    check_facts(told.diagnoser, "connections=300 address=127.0.0.1");
    close_all(&told, scene);
}

static void close_wait_leak(void **state)
{
    (void)state;
    struct told told;
    struct scene *scene = begin(&told);
    for (int number = 0; number < 8; number++) {
        play_exchange(scene, number, "< FA 321 111; > A 111 322");
    }
    scene_play(scene, "> udp +1 :999 @2500", 32);
    end(&told, scene);
    assert_string_equal(told.words, "close-wait-leak");
    check_facts(told.diagnoser, "close_wait=8");
    close_all(&told, scene);
}

static void nagle(void **state)
{
    (void)state;
    struct told told;
    struct scene *scene = begin(&told);
    scene_play(scene, OPEN, 32);
    for (int number = 0; number < 8; number++) {
        char written[256];
        int sent = 101 + number * 30, got = 301 + number * 5;
        (void)snprintf(written, sizeof written,
                       "> PA %d %d +10 @%d; < A %d %d @%d; > PA %d %d +20; < PA %d %d +5;"
                       "> A %d %d",
                       sent, got, 100 + number * 100, got, sent + 10, 142 + number * 100, sent + 10,
                       got, got, sent + 30, sent + 30, got + 5);
        scene_play(scene, written, 32);
    }
    end(&told, scene);
    assert_string_equal(told.words, "nagle-delayed-ack");
    close_all(&told, scene);
}

/* What is told, and told once more when it has changed, as it is in a live run. */
static void told_in_time(void **state)
{
    (void)state;
    struct told told;
    struct scene *scene = begin(&told);
    scene_play(scene, REFUSED, 32);
    assert_null(diagnoser_next(told.diagnoser, false));
    diagnoser_tick(told.diagnoser, scene->tracker, SCENE_BEGIN_NS + CLOCK_NS_PER_S);
    const struct diagnosis *said = diagnoser_next(told.diagnoser, false);
    assert_non_null(said);
    assert_int_equal(said->code, CODE_REFUSED);
    assert_null(diagnoser_next(told.diagnoser, false));
    scene_play(scene, "> S 500 @1400; < SA 300 501; > A 501 301", 32);
    diagnoser_tick(told.diagnoser, scene->tracker, SCENE_BEGIN_NS + 3 * CLOCK_NS_PER_S);
    said = diagnoser_next(told.diagnoser, false);
    assert_non_null(said);
    assert_int_equal(said->code, CODE_REFUSED_SERVER_STARTING);
    assert_true(said->supersedes & UINT64_C(1) << CODE_REFUSED);
    assert_null(diagnoser_next(told.diagnoser, true));
    close_all(&told, scene);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD_ONE(&set, port_scan);
    ROWS_ADD_ONE(&set, connection_churn);
    ROWS_ADD_ONE(&set, close_wait_leak);
    ROWS_ADD_ONE(&set, nagle);
    ROWS_ADD_ONE(&set, told_in_time);
    return rows_run(&set, "diagnose_packets");
}
