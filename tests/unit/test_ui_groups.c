/* Groups of flows, times of their answers, and the line of the latest minute. */
#include "tests/support/rows.h"

#include "test_ui_world.h"
#include "ui/groups.h"

#define BEGIN_NS (INT64_C(1700000000) * CLOCK_NS_PER_S)
#define SPANS    8

/* Spans in microseconds, some seconds after the beginning; 0 ends the list. */
static const struct latency_row {
    const char *name;
    struct {
        uint32_t count, span_us;
        int second;
    } added[SPANS];
    int64_t median_us, p95_us; /* -1 unknown */
} latencies[] = {
    {"latency: none", {{0, 0, 0}}, -1, -1},
    {"latency: one", {{1, 5, 0}}, 5, 5},
    {"latency: half and half", {{1, 2, 0}, {1, 6, 0}}, 2, 6},
    {"latency: one of a hundred is slow", {{99, 3, 0}, {1, 100000, 0}}, 3, 3},
    {"latency: ten of a hundred are slow", {{90, 3, 0}, {10, 7, 0}}, 3, 7},
    {"latency: old ones are forgotten", {{10, 7, 0}, {10, 2, 31}, {10, 3, 62}}, 2, 3},
    {"latency: after a long silence", {{10, 7, 0}, {1, 2, 200}}, 2, 2},
    {"latency: the clock steps back", {{10, 7, 100}, {1, 2, 10}}, 2, 2},
    {"latency: the longest", {{1, UINT32_MAX, 0}}, INT64_C(4160749567), INT64_C(4160749567)},
};

static void check_latency(void **state)
{
    const struct latency_row *row = *state;
    struct latency latency = {0};
    for (size_t at = 0; at < SPANS; at++) {
        for (uint32_t n = 0; n < row->added[at].count; n++)
            latency_add(&latency, BEGIN_NS + row->added[at].second * CLOCK_NS_PER_S,
                        row->added[at].span_us);
    }
    int64_t median_ns = latency_percentile_ns(&latency, 50);
    int64_t p95_ns = latency_percentile_ns(&latency, 95);
    assert_int_equal(median_ns < 0 ? -1 : median_ns / CLOCK_NS_PER_US, row->median_us);
    assert_int_equal(p95_ns < 0 ? -1 : p95_ns / CLOCK_NS_PER_US, row->p95_us);
}

/* Whatever the span, what is told of it is an eighth off at most. */
static void test_latency_is_near(void **state)
{
    (void)state;
    for (uint32_t span_us = 1; span_us < UINT32_MAX / 3; span_us += span_us / 7 + 1) {
        struct latency latency = {0};
        latency_add(&latency, BEGIN_NS, span_us);
        double told_us = (double)latency_percentile_ns(&latency, 50) / (double)CLOCK_NS_PER_US;
        assert_true(told_us > span_us * 0.875 && told_us < span_us * 1.125);
    }
}

/* What was noted so many seconds before now. */
static const struct spark_row {
    const char *name;
    int room;
    struct {
        int ago;
        float value;
    } noted[SPANS];
    const char *utf8, *ascii;
} sparks[] = {
    {"spark: nothing", 6, {{0, 0}}, "", ""},
    {"spark: now", 6, {{1, 1e8F}}, "     █", "     #"},
    {"spark: little is low", 6, {{1, 99}}, "     ▁", "     ."},
    {"spark: ten times as much is a step taller", 6, {{1, 100}}, "     ▂", "     ."},
    {"spark: thousands", 6, {{1, 99999}}, "     ▄", "     :"},
    {"spark: in proportion to the highest", 6, {{55, 4e8F}, {1, 8e8F}}, "▄    █", ":    #"},
    {"spark: little is not nothing", 6, {{55, 1}, {1, 1e9F}}, "▁    █", ".    #"},
    {"spark: the highest of a column", 6, {{55, 8e8F}, {54, 2}, {1, 4e8F}}, "█    ▄", "#    :"},
    {"spark: older than a minute", 6, {{90, 9}, {70, 9}}, "", ""},
    {"spark: a value for each second",
     60,
     {{60, 1}, {1, 1}},
     "▁                                                          ▁",
     ".                                                          ."},
    {"spark: no room", 0, {{1, 5}}, "", ""},
};

static void check_spark(void **state)
{
    const struct spark_row *row = *state;
    struct spark spark = {0};
    for (size_t at = 0; at < SPANS; at++) {
        if (row->noted[at].value > 0)
            spark_note(&spark, BEGIN_NS + (60 - row->noted[at].ago) * CLOCK_NS_PER_S,
                       row->noted[at].value);
    }
    for (int utf8 = 0; utf8 < 2; utf8++) {
        char line[256] = "";
        struct text text = text_begin(line, sizeof line);
        spark_write(&spark, BEGIN_NS + 59 * CLOCK_NS_PER_S, row->room, utf8, &text);
        assert_string_equal(line, utf8 ? row->utf8 : row->ascii);
    }
}

/* What was before the first look at it is not known, unless it began then. */
static void test_spark_unknown(void **state)
{
    (void)state;
    char line[256] = "";
    struct spark spark = {0};
    struct text text = text_begin(line, sizeof line);
    int64_t now_ns = BEGIN_NS + 60 * CLOCK_NS_PER_S;
    spark_begin(&spark, BEGIN_NS, now_ns);
    spark_note(&spark, now_ns, 5);
    spark_write(&spark, now_ns, 6, true, &text);
    assert_string_equal(line, "·····▁");
    text = text_begin(line, sizeof line);
    spark_write(&spark, now_ns + 20 * CLOCK_NS_PER_S, 6, true, &text);
    assert_string_equal(line, "···▁  ");
    text = text_begin(line, sizeof line);
    spark_write(&spark, now_ns, 6, false, &text);
    assert_string_equal(line, "     .");
    spark_begin(&spark, now_ns, now_ns);
    spark_note(&spark, now_ns, 5);
    text = text_begin(line, sizeof line);
    spark_write(&spark, now_ns, 6, true, &text);
    assert_string_equal(line, "     ▁");
}

/* A look at all flows of the world, twice as the screen does when there are new groups. */
static void look(struct groups *groups, const struct world *world)
{
    struct flow_ref ref;
    struct flow_view flow;
    uint32_t at = 0;
    groups_begin(groups);
    while (tracker_next(world->tracker, &at, &ref, &flow))
        (void)groups_add(groups, flow, 100);
    groups_finish(groups, world->status.now_ns);
}

static struct groups *open_groups(enum grouping by)
{
    struct groups *groups = calloc(1, sizeof *groups);
    assert_non_null(groups);
    groups_set(groups, by);
    return groups;
}

static void test_sums(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    struct groups *groups = open_groups(GROUP_BY_SERVER);
    struct connection one = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_send(world, &one, 0, TCP_ACK | TCP_PSH, 10);
    world_send(world, &one, 1, TCP_ACK | TCP_PSH, 30);
    struct connection reset = world_establish(world, "127.0.0.1:40002", "127.0.0.1:3000");
    world_send(world, &reset, 1, TCP_RST | TCP_ACK, 0);
    world_refuse(world, "127.0.0.1:40003", "127.0.0.1:3000");
    world_refuse(world, "[::1]:40003", "[::1]:3000"); /* another address is another server */
    look(groups, world);
    assert_int_equal(groups->count, 2);
    const struct group_sums *sums = &groups->all[0].sums;
    assert_int_equal(sums->flows, 3);
    assert_int_equal(sums->open, 1);
    assert_int_equal(sums->resets, 1);
    assert_int_equal(sums->refused, 1);
    assert_int_equal(sums->bytes[0], 10);
    assert_int_equal(sums->bytes[1], 30);
    assert_int_equal(sums->rate, 300);
    look(groups, world);
    assert_int_equal(sums->flows, 3); /* anew, not once more */
    /* Flows of a file lived one after the other: what they had of each other's seconds is no sum. */
    groups->of_file = true;
    look(groups, world);
    double lived_s = (double)(sums->last_ns - sums->first_ns) / 1e9;
    assert_true(lived_s > 0);
    assert_int_equal(sums->rate, (uint64_t)(40 / lived_s));
    free(groups);
    world_close(world);
}

/* Servers beyond GROUPS_MAX share one group, and nothing gets lost. */
static void test_others(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    struct groups *groups = open_groups(GROUP_BY_SERVER);
    uint64_t flows = 0, others = 0;
    for (uint32_t n = 0; n < GROUPS_MAX + 100; n++) {
        char server[32];
        (void)snprintf(server, sizeof server, "127.0.0.1:%u", 1000 + n);
        world_refuse(world, "127.0.0.1:40000", server);
    }
    for (int turn = 0; turn < 3; turn++)
        look(groups, world);
    assert_int_equal(groups->count, GROUPS_MAX);
    for (uint32_t at = 0; at < groups->count; at++) {
        flows += groups->all[at].sums.flows;
        others += group_is_others(&groups->all[at]) ? groups->all[at].sums.flows : 0;
    }
    assert_int_equal(flows, GROUPS_MAX + 100);
    assert_int_equal(others, 101);
    free(groups);
    world_close(world);
}

/* A group folds by itself beyond GROUPS_AUTO flows, unless somebody said what they want. */
static const struct fold_row {
    const char *name;
    unsigned flows;
    enum group_fold before;
    bool is_open;
} folds[] = {
    {"fold: few", GROUPS_AUTO, FOLD_AUTO_OPEN, true},
    {"fold: many", GROUPS_AUTO + 1, FOLD_AUTO_OPEN, false},
    {"fold: many, by hand", GROUPS_AUTO + 1, FOLD_OPEN, true},
    {"fold: few, by hand", 1, FOLD_SHUT, false},
};

static void check_fold(void **state)
{
    const struct fold_row *row = *state;
    struct world *world = world_open(80, 24, true);
    struct groups *groups = open_groups(GROUP_BY_SERVER);
    world_refuse(world, "127.0.0.1:40000", "127.0.0.1:3000");
    look(groups, world);
    groups->all[0].fold = row->before;
    for (unsigned n = 1; n < row->flows; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%u", 40000 + n);
        world_refuse(world, client, "127.0.0.1:3000");
    }
    look(groups, world);
    assert_int_equal(groups->all[0].sums.flows, row->flows);
    assert_int_equal(group_is_open(&groups->all[0]), row->is_open);
    free(groups);
    world_close(world);
}

/* Groups whose flows have left go, and the others are still found. */
static void test_gone(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    struct groups *groups = open_groups(GROUP_BY_SERVER);
    struct flow_ref ref;
    struct flow_view flow, last = {0};
    uint32_t at = 0, seen = 0;
    for (unsigned n = 0; n < 20; n++) {
        char server[32];
        (void)snprintf(server, sizeof server, "127.0.0.1:%u", 3000 + n);
        world_refuse(world, "127.0.0.1:40000", server);
    }
    look(groups, world);
    uint64_t id = groups->all[19].id;
    groups_begin(groups);
    while (tracker_next(world->tracker, &at, &ref, &flow)) {
        if (seen++ % 2 == 1) {
            (void)groups_add(groups, flow, 0);
            last = flow;
        }
    }
    groups_finish(groups, world->status.now_ns);
    assert_int_equal(groups->count, 10);
    assert_ptr_equal(groups_of_flow(groups, last), groups_find(groups, id));
    assert_null(groups_find(groups, id - 1));
    free(groups);
    world_close(world);
}

/* Groups in a picture that is held, before and after a filter; 3000 has 40 flows and is folded. */
static const struct paused_row {
    const char *name;
    const char *keys;
    const char *shown, *missing;
} paused_rows[] = {
    {"paused: all", "p", "127.0.0.1:3000", "nothing"},
    {"paused: others go", "p/port:4001{Enter}", "127.0.0.1:4001", "127.0.0.1:3000"},
    {"paused: of the same state", "p/refused{Enter}", "127.0.0.1:4008", "127.0.0.1:3000"},
    {"paused: a folded one stays", "p/port:40007{Enter}", "127.0.0.1:3000", "127.0.0.1:4008"},
    {"paused: none passes", "p/nothing{Enter}", "no row passes", "127.0.0.1:3000"},
    {"paused: and back", "p/nothing{Enter}{Esc}", "127.0.0.1:3000", "no row passes"},
    {"paused: folded then", "G p/port:4001{Enter}", "127.0.0.1:4001", "127.0.0.1:3000"},
};

static void check_paused(void **state)
{
    const struct paused_row *row = *state;
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->is_grouped = true;
    world_start(world, 80, 40, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "e");
    (void)world_press(world, row->keys);
    world_draw(world);
    char *dump = grid_dump(&world->grid);
    if (!strstr(dump, row->shown) || strstr(dump, row->missing))
        fail_msg("%s", dump);
    free(dump);
    world_close(world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, latencies, check_latency);
    ROWS_ADD_ONE(&set, test_latency_is_near);
    ROWS_ADD(&set, sparks, check_spark);
    ROWS_ADD_ONE(&set, test_spark_unknown);
    ROWS_ADD_ONE(&set, test_sums);
    ROWS_ADD_ONE(&set, test_others);
    ROWS_ADD(&set, folds, check_fold);
    ROWS_ADD_ONE(&set, test_gone);
    ROWS_ADD(&set, paused_rows, check_paused);
    return rows_run(&set, "ui_groups");
}
