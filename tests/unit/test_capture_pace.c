/* Packet times, a speed and a clock: which packets are due, and how long the next one is waited for. */
#include "tests/support/rows.h"

#include "capture/pace.h"

#define TIMES_MAX 8
#define BEGIN_NS  (INT64_C(1700000000) * CLOCK_NS_PER_S)
#define MS        CLOCK_NS_PER_MS
#define S         CLOCK_NS_PER_S
#define DAY       (INT64_C(86400) * S)
#define NO_TIME   INT64_MIN

static const struct row {
    const char *name;
    int count;
    int64_t times[TIMES_MAX];  /* after BEGIN_NS */
    int64_t places[TIMES_MAX]; /* that they have */
    double speed;
    int64_t gone_ns; /* of our time, since the first packet */
    int due;
    int64_t wait_ns; /* for the next one */
} rows[] = {
    {"begin", 3, {0, 10 * MS, 20 * MS}, {0, 10 * MS, 20 * MS}, 1, 0, 1, 10 * MS},
    {"as_it_was", 3, {0, 10 * MS, 20 * MS}, {0, 10 * MS, 20 * MS}, 1, 10 * MS, 2, 10 * MS},
    {"slow", 3, {0, 10 * MS, 20 * MS}, {0, 10 * MS, 20 * MS}, 0.1, 100 * MS, 2, 100 * MS},
    {"a_quarter", 3, {0, 10 * MS, 20 * MS}, {0, 10 * MS, 20 * MS}, 0.25, 60 * MS, 2, 20 * MS},
    {"fast", 3, {0, 10 * MS, 20 * MS}, {0, 10 * MS, 20 * MS}, 10, 1 * MS, 2, 1 * MS},
    {"very_fast", 3, {0, 10 * S, 20 * S}, {0, 10 * S, 20 * S}, 1000, 15 * MS, 2, 5 * MS},
    {"no_waiting", 3, {0, 10 * DAY, 20 * DAY}, {0, 10 * DAY, 20 * DAY}, 0, 0, 3, 0},
    {"all_at_once", 4, {0, 0, 0, 0}, {0, 0, 0, 0}, 0.1, 0, 4, 0},
    {"a_silence", 3, {0, 3600 * S, 3601 * S}, {0, 3600 * S, 3601 * S}, 1, 60 * S, 1, 3540 * S},
    {"out_of_order",
     4,
     {0, 10 * MS, 9 * MS, 11 * MS},
     {0, 10 * MS, 10 * MS, 11 * MS},
     1,
     10 * MS,
     3,
     1 * MS},
    {"clock_set_back",
     4,
     {0, 10 * S, -3600 * S, -3599 * S},
     {0, 10 * S, 10 * S, 11 * S},
     1,
     10 * S,
     3,
     1 * S},
    {"clock_leaps", 3, {0, 365 * DAY, 365 * DAY + MS}, {0, 1 * S, 1 * S + MS}, 1, 1 * S, 2, 1 * MS},
    {"a_time_of_its_own",
     4,
     {0, 365 * DAY, 5 * MS, 6 * MS},
     {0, 1 * S, 1 * S, 1 * S + MS},
     1,
     1 * S,
     3,
     1 * MS},
    {"some_without_a_time",
     4,
     {0, NO_TIME, 5 * MS, NO_TIME},
     {0, 0, 5 * MS, 5 * MS},
     1,
     4 * MS,
     2,
     1 * MS},
    {"none_with_a_time", 2, {NO_TIME, NO_TIME}, {0, 0}, 1, 0, 2, 0},
};

static int64_t time_of(int64_t after)
{
    return after == NO_TIME ? 0 : BEGIN_NS + after;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    const int64_t now_ns = 12345 * S;
    const struct pace pace = {.speed = row->speed, .now_ns = now_ns};
    struct pace_axis axis = {0};
    int due = 0;
    int64_t wait_ns = 0;
    for (int at = 0; at < row->count; at++) {
        int64_t place_ns = pace_place(&axis, time_of(row->times[at]));
        assert_int_equal(place_ns, row->places[at]);
        int64_t waits_ns = pace_wait_ns(&pace, place_ns, now_ns + row->gone_ns);
        due += waits_ns == 0;
        if (waits_ns > 0 && wait_ns == 0)
            wait_ns = waits_ns;
        pace_pass(&axis, time_of(row->times[at]));
        assert_int_equal(axis.place_ns, row->places[at]);
    }
    assert_int_equal(due, row->due);
    /* Rounded up, so that it is due afterwards. */
    assert_in_range(wait_ns, row->wait_ns, row->wait_ns + 1 + (row->wait_ns > 0));
}

/* Times from both ends of what a file can say, again and again. */
static void test_hostile_times(void **state)
{
    (void)state;
    static const int64_t times[] = {
        INT64_C(-4400000000000000000), INT64_C(4400000000000000000), 0, 29 * DAY, 1, 28 * DAY};
    struct pace_axis axis = {0};
    int64_t before = 0;
    for (int i = 0; i < 1000000; i++) {
        pace_pass(&axis, times[i % 6]);
        assert_true(axis.place_ns >= before && axis.place_ns <= PACE_PLACE_MAX);
        before = axis.place_ns;
    }
    assert_int_equal(before, PACE_PLACE_MAX);
    const struct pace pace = {.speed = 1000, .place_ns = before, .now_ns = 0};
    assert_int_equal(pace_reached(&pace, INT64_MAX / 2), PACE_PLACE_MAX);
}

static void test_what_the_clock_shows(void **state)
{
    (void)state;
    struct pace_axis axis = {0};
    pace_pass(&axis, BEGIN_NS);
    pace_pass(&axis, BEGIN_NS + 10 * S);
    pace_pass(&axis, BEGIN_NS - 50 * S);
    assert_int_equal(axis.place_ns, 10 * S);
    assert_int_equal(pace_time(&axis, 12 * S), BEGIN_NS - 48 * S);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_hostile_times);
    ROWS_ADD_ONE(&set, test_what_the_clock_shows);
    return rows_run(&set, "capture_pace");
}
