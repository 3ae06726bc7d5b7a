/* A file that is played: what is shown at a moment is the same whatever way led there. */
#include "test_app_replay.h"

#include <fcntl.h>

#include "flows/detail.h"

/* What is valid of it. */
static void dump_detail(FILE *file, const struct flow_detail *detail)
{
    (void)fprintf(file, " idle %lld", (long long)detail->idle_ns);
    for (unsigned end = 0; end < 2; end++) {
        const struct detail_side *side = &detail->side[end];
        (void)fprintf(file, " responses %u %lld %lld stalls %u %lld first %.*s",
                      side->response_count, (long long)side->response_ns,
                      (long long)side->response_max_ns, side->stall_count,
                      (long long)side->stalled_ns, side->first_len, (const char *)side->first);
        if (side->rtt_count > 0)
            (void)fprintf(file, " rtt %u %lld %lld", side->rtt_count, (long long)side->rtt_ns,
                          (long long)side->rtt_min_ns);
        for (int mark = MARK_DETAIL_FIRST; mark < MARK_DETAIL_FIRST + MARK_DETAIL_COUNT; mark++)
            (void)fprintf(file, " %u", detail_count(detail, end, (enum mark)mark));
    }
}

/* All that was made of the packets so far, as text: a flow table, what happened, what was found. */
static char *dump(struct session *session)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    assert_non_null(file);
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view flow;
    const unsigned char *raw = NULL;
    while (tracker_next(session->tracker, &at, &ref, &flow)) {
        (void)fprintf(file, "flow %llu %u.%u ", (unsigned long long)flow.cold->id, ref.index,
                      ref.generation);
        raw = (const unsigned char *)flow.hot;
        for (size_t byte = 0; byte < sizeof *flow.hot; byte++)
            (void)fprintf(file, "%02x", raw[byte]);
        raw = (const unsigned char *)flow.cold;
        for (size_t byte = 0; byte < sizeof *flow.cold; byte++)
            (void)fprintf(file, "%02x", raw[byte]);
        if (flow.detail)
            dump_detail(file, flow.detail);
        (void)fprintf(file, "\n");
    }
    const struct diagnosis *found = NULL;
    at = 0;
    while ((found = diagnoser_walk(session->causes.diagnoser, &at))) {
        (void)fprintf(file, "diagnosis since %lld ",
                      (long long)diagnoser_since(session->causes.diagnoser, at));
        raw = (const unsigned char *)found;
        for (size_t byte = 0; byte < sizeof *found; byte++)
            (void)fprintf(file, "%02x", raw[byte]);
        (void)fprintf(file, "\n");
    }
    const struct tracker_stats *stats = tracker_stats(session->tracker);
    (void)fprintf(file, "packets %llu open %u live %u", (unsigned long long)stats->packets,
                  stats->open, stats->live);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        (void)fprintf(file, " %llu", (unsigned long long)stats->events[kind]);
    const struct decode_stats *decoded = decoder_stats(session->decoder);
    (void)fprintf(file, "\nframes %llu bytes %llu", (unsigned long long)decoded->frames,
                  (unsigned long long)decoded->captured_bytes);
    struct transport_state state;
    replay_state(session, &state);
    (void)fprintf(file, "\nplace %lld time %lld packets %llu\n", (long long)state.place_ns,
                  (long long)state.time_ns, (unsigned long long)state.packets);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void expect_same(struct session *a, struct session *b, const char *where)
{
    char *one = dump(a), *other = dump(b);
    size_t at = 0;
    while (one[at] == other[at] && one[at] != '\0')
        at++;
    if (strcmp(one, other) != 0)
        fail_msg("%s differs at %zu:\n%.200s\ninstead of\n%.200s", where, at, other + at, one + at);
    free(one);
    free(other);
}

static const struct row {
    const char *name;
} rows[] = {
    {"demo.pcap"},
    {"half-close.pcap"},
    {"half-close.pcapng"},
    {"http-keepalive.pcap"},
    {"http-v6.pcap"},
    {"midstream.pcap"},
    {"refused-by-icmp.pcap"},
    {"refused-v4.pcap.gz"},
    {"refused-v6.pcap"},
    {"refused-v6.pcap.zst"},
    {"reset-after-accept.pcap"},
    {"retransmission.pcap"},
    {"self-connect.pcap"},
    {"syn-unanswered.pcap"},
    {"udp-refused.pcap"},
};

/* Straight to a packet, packet by packet, and back to it from the end. */
static void test_packets(void **state)
{
    const struct row *row = *state;
    char path[512], place[32];
    struct options options[3];
    (void)snprintf(path, sizeof path, PCAPS "%s", row->name);
    struct session *back = begin(&options[0], path);
    struct session *steps = begin(&options[1], path);
    settle(back);
    replay_seek_text(steps, "#0");
    settle(steps);
    uint64_t packets = back->replay.count;
    for (uint64_t at = 0; at < packets; at++) {
        struct session *straight = begin(&options[2], path);
        (void)snprintf(place, sizeof place, "#%llu", (unsigned long long)at);
        seek(straight, place);
        seek(back, place);
        expect_same(straight, back, place);
        expect_same(straight, steps, place);
        seek(back, "end");
        replay_step(steps, TRANSPORT_STEP_PACKET);
        settle(steps);
        end(straight);
    }
    end(back);
    end(steps);
}

/* To moments between packets. */
static void test_moments(void **state)
{
    const struct row *row = *state;
    char path[512], place[32];
    struct options options[2];
    (void)snprintf(path, sizeof path, PCAPS "%s", row->name);
    struct session *back = begin(&options[0], path);
    settle(back);
    for (int part = 0; part <= 16; part++) {
        struct session *straight = begin(&options[1], path);
        (void)snprintf(place, sizeof place, "%lldns",
                       (long long)back->replay.course.end_ns * part / 16);
        seek(straight, place);
        seek(back, "end");
        seek(back, place);
        expect_same(straight, back, place);
        end(straight);
    }
    /* The way that was there is of no importance either. */
    struct session *straight = begin(&options[1], path);
    seek(straight, "end");
    seek(back, "end");
    expect_same(straight, back, "the end");
    end(straight);
    end(back);
}

/* Failures forward and back, events, packets. */
static void test_steps(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    settle(session);
    expect_at(session, 46);
    assert_true(session->ended);
    uint64_t failures[16] = {0};
    int count = 0;
    for (;;) {
        uint64_t before = session->replay.count;
        seek(session, "previous");
        if (session->replay.count == before)
            break;
        failures[count++] = session->replay.count;
    }
    assert_int_equal(count, 3);
    seek(session, "begin");
    expect_at(session, 0);
    while (count-- > 0) {
        seek(session, "next");
        expect_at(session, failures[count]);
    }
    seek(session, "next");
    expect_at(session, failures[0]);
    replay_step(session, TRANSPORT_STEP_BACK);
    replay_step(session, TRANSPORT_STEP_BACK);
    settle(session);
    expect_at(session, failures[0] - 2);
    replay_step(session, TRANSPORT_STEP_PACKET);
    replay_step(session, TRANSPORT_STEP_PACKET);
    settle(session);
    expect_at(session, failures[0]);
    seek(session, "begin");
    replay_step(session, TRANSPORT_STEP_EVENT);
    settle(session);
    expect_at(session, 1);
    end(session);
}

/* The first time, too: failures that nobody has seen yet are found. */
static void test_first_failure(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    seek(session, "next");
    assert_false(session->ended);
    uint64_t first = session->replay.count;
    seek(session, "end");
    seek(session, "begin");
    seek(session, "next");
    expect_at(session, first);
    end(session);
}

/* Keys that are pressed faster than the file is read go on from where the last one goes to. */
static void test_hurried_keys(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    settle(session);
    for (int i = 0; i < 20; i++)
        replay_seek_text(session, "-1%");
    settle(session);
    int64_t end_ns = session->replay.course.end_ns;
    assert_in_range(session->replay.place_ns, end_ns * 80 / 100 - 100, end_ns * 80 / 100 + 100);
    end(session);
}

/* In real time: demo.pcap lasts 133 ms. */
static void test_playing(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    int fd = -1;
    settle(session);
    assert_int_equal(replay_wait_ms(session, &fd), -1);
    replay_toggle(session);
    int64_t began_ns = clock_monotonic_ns();
    (void)replay_run(session);
    assert_true(session->replay.playing);
    assert_true(session->replay.speed == 1);
    while (session->replay.playing) {
        int wait_ms = replay_wait_ms(session, &fd);
        assert_in_range(wait_ms, 0, 110);
        struct timespec wait = {.tv_nsec = wait_ms * CLOCK_NS_PER_MS};
        (void)nanosleep(&wait, NULL);
        (void)replay_run(session);
    }
    assert_true(session->ended);
    int64_t took_ns = clock_monotonic_ns() - began_ns;
    assert_true(took_ns >= session->replay.course.end_ns);
    end(session);
}

static void test_speeds(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    settle(session);
    seek(session, "begin");
    assert_true(session->replay.speed == 1);
    for (int i = 0; i < 20; i++)
        replay_change_speed(session, 1);
    assert_true(session->replay.speed == PACE_SPEED_MAX);
    replay_change_speed(session, -1);
    assert_true(session->replay.speed == 1000);
    for (int i = 0; i < 20; i++)
        replay_change_speed(session, -1);
    assert_true(fabs(session->replay.speed - 0.1) < 1e-9);
    end(session);
}

/* The counts of --audit come out however often the file was read. */
static void test_audit(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    options.audit = true;
    settle(session);
    seek(session, "50%");
    seek(session, "10%");
    seek(session, "end");
    assert_int_equal(session->audit.read_packets, 46);
    assert_int_equal(session->audit.read_packets, decoder_stats(session->decoder)->frames);
    assert_int_equal(session->audit.read_bytes, decoder_stats(session->decoder)->captured_bytes);
    end(session);
}

/* A file that lost its name is open still; one that lost its bytes cannot be read again: what is shown stays. */
static void test_the_file_is_gone(void **state)
{
    (void)state;
    struct options options;
    char path[] = "/tmp/loflow-replay-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    char command[512];
    (void)snprintf(command, sizeof command, "cp " PCAPS "demo.pcap %s", path);
    assert_int_equal(system(command), 0);
    struct session *session = begin(&options, path);
    settle(session);
    int open_still = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(unlink(path), 0);
    seek(session, "50%");
    assert_in_range(session->replay.count, 1, 45);
    seek(session, "100%");
    expect_at(session, 46);
    assert_int_equal(ftruncate(open_still, 0), 0);
    (void)close(open_still);
    seek(session, "50%");
    expect_at(session, 46);
    assert_true(session->ended);
    end(session);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_packets);
    ROWS_ADD(&set, rows, test_moments);
    ROWS_ADD_ONE(&set, test_steps);
    ROWS_ADD_ONE(&set, test_first_failure);
    ROWS_ADD_ONE(&set, test_hurried_keys);
    ROWS_ADD_ONE(&set, test_playing);
    ROWS_ADD_ONE(&set, test_speeds);
    ROWS_ADD_ONE(&set, test_audit);
    ROWS_ADD_ONE(&set, test_the_file_is_gone);
    return rows_run(&set, "app_replay");
}
