/* Where a replay goes: by percent, by the clock, far away. */
#include "test_app_replay.h"

#include "capture/writer.h"

static void test_percent_before_the_end_is_known(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    seek(session, "50%");
    expect_at(session, 25);
    assert_int_equal(session->replay.place_ns, session->replay.course.end_ns / 2);
    seek(session, "+1%");
    seek(session, "-1%");
    assert_int_equal(session->replay.count, 25);
    seek(session, "0%");
    assert_int_equal(session->replay.place_ns, 0);
    seek(session, "-10s");
    expect_at(session, 1);
    seek(session, "1h");
    expect_at(session, 46);
    assert_true(session->ended);
    end(session);
}

#define SECOND       CLOCK_NS_PER_S
#define EVE_NS       (INT64_C(1699919990) * SECOND) /* 2023-11-13 23:59:50 UTC */
#define PATH_MAX_LEN 64

/* A capture of frames that mean nothing, at these seconds since EVE_NS, -1 at the end. */
static void write_capture(char path[PATH_MAX_LEN], const int *seconds)
{
    static const uint8_t bytes[14];
    struct err err;
    struct writer *writer = NULL;
    (void)snprintf(path, PATH_MAX_LEN, "/tmp/loflow-clock-%d.pcap", (int)getpid());
    (void)unlink(path);
    const struct writer_options options = {
        .path = path, .link_type = LINK_ETHERNET, .owner = (uid_t)-1, .group = (gid_t)-1};
    assert_int_equal(writer_open(&writer, &options, &err), 0);
    for (; *seconds >= 0; seconds++) {
        struct frame_batch batch = {.count = 1};
        batch.frames[0] = (struct frame){.time_ns = EVE_NS + *seconds * SECOND,
                                         .data = bytes,
                                         .captured_len = sizeof bytes,
                                         .wire_len = sizeof bytes,
                                         .link_type = LINK_ETHERNET};
        assert_int_equal(writer_write(writer, &batch, &err), 0);
    }
    assert_int_equal(writer_close(writer, &err), 0);
}

/* Where the clock leads to, from a packet: so many packets, and seconds since the first. */
static const struct clock_row {
    const char *name;
    int seconds[8]; /* of packets since 23:59:50 */
    const char *from, *to;
    uint64_t packets;
    int64_t place_s;
} clock_rows[] = {
    {"clock_on_a_packet", {0, 5, 10, 20, -1}, "#1", "23:59:55", 2, 5},
    {"clock_between", {0, 5, 10, 20, -1}, "#1", "23:59:58", 2, 8},
    {"clock_without_seconds", {0, 5, 10, 20, -1}, "#1", "0:00", 3, 10},
    {"clock_over_midnight", {0, 5, 10, 20, -1}, "#1", "00:00:03.5", 3, 13},
    {"clock_back_over_midnight", {0, 5, 10, 20, -1}, "end", "23:59:52", 1, 2},
    {"clock_at_the_end", {0, 5, 10, 20, -1}, "#1", "0:00:10", 4, 20},
    {"clock_behind_the_end", {0, 5, 10, 20, -1}, "#1", "0:00:11", 4, 20},
    {"clock_before_the_begin", {0, 5, 10, 20, -1}, "#3", "23:59:49", 0, 0},
    {"clock_long_before_the_begin", {0, 5, -1}, "#2", "13:00", 0, 0},
    {"clock_long_behind_the_end", {0, 5, -1}, "#1", "1:00", 2, 5},
    {"clock_of_the_second_day", {0, 3600, 86400 + 20, 86400 + 3600, -1}, "#3", "0:00:05", 2, 86415},
    {"clock_of_the_first_day", {0, 3600, 86400 + 20, -1}, "#1", "0:59:49", 1, 3599},
    {"clock_from_the_begin", {0, 5, 10, 20, -1}, "begin", "0:00:05", 3, 15},
};

static void test_clock(void **state)
{
    const struct clock_row *row = *state;
    struct options options;
    char path[PATH_MAX_LEN];
    (void)setenv("TZ", "UTC", 1);
    tzset();
    write_capture(path, row->seconds);
    struct session *session = begin(&options, path);
    settle(session);
    seek(session, row->from);
    seek(session, row->to);
    assert_int_equal(session->replay.count, row->packets);
    assert_int_equal(session->replay.place_ns / SECOND, row->place_s);
    end(session);
    (void)unlink(path);
}

/* Far ahead again and again, before any of it is reached. */
static void test_far_away(void **state)
{
    (void)state;
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    settle(session);
    seek(session, "begin");
    for (int i = 0; i < 10; i++)
        replay_seek_text(session, "+800000h");
    settle(session);
    assert_int_equal(session->replay.count, 46);
    for (int i = 0; i < 10; i++)
        replay_seek_text(session, "-800000h");
    settle(session);
    assert_int_equal(session->replay.place_ns, 0);
    end(session);
}

/* Failures at the edges of the words that hold their bits. */
static void test_far_failures(void **state)
{
    (void)state;
    static const uint64_t at[] = {0, 63, 64, 127, 200, 319};
    enum { COUNT_AT = sizeof at / sizeof at[0] };
    struct options options;
    struct session *session = begin(&options, PCAPS "demo.pcap");
    settle(session);
    struct replay *replay = &session->replay;
    struct replay_course *course = &replay->course;
    assert_true(course->room >= 320);
    memset(course->failures, 0, course->room / 8);
    for (int i = 0; i < COUNT_AT; i++)
        course->failures[at[i] / 64] |= UINT64_C(1) << at[i] % 64;
    course->packets = 320;
    session->ended = false;
    replay->count = 0;
    for (int i = 0; i < COUNT_AT; i++) {
        replay_seek_text(session, "next");
        assert_int_equal(replay->goal.kind, GOAL_PACKETS);
        assert_int_equal(replay->goal.packets, at[i] + 1);
        replay->count = at[i] + 1;
        replay->goal = (struct replay_goal){.kind = GOAL_NONE};
    }
    for (int i = COUNT_AT - 2; i >= 0; i--) {
        replay_seek_text(session, "previous");
        assert_int_equal(replay->goal.packets, at[i] + 1);
        replay->count = at[i] + 1;
        replay->goal = (struct replay_goal){.kind = GOAL_NONE};
    }
    replay_seek_text(session, "previous");
    assert_int_equal(replay->goal.kind, GOAL_NONE);
    end(session);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_percent_before_the_end_is_known);
    ROWS_ADD(&set, clock_rows, test_clock);
    ROWS_ADD_ONE(&set, test_far_away);
    ROWS_ADD_ONE(&set, test_far_failures);
    return rows_run(&set, "app_replay_places");
}
