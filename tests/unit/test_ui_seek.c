/* Places in a capture as users write them. */
#include "tests/support/rows.h"

#include <string.h>

#include "base/clock.h"
#include "ui/seek.h"

#define S CLOCK_NS_PER_S

static const struct row {
    const char *text;
    struct seek seek;
} rows[] = {
    {"50%", {.kind = SEEK_PART, .part = 0.5}},
    {" 12.5% ", {.kind = SEEK_PART, .part = 0.125}},
    {"100%", {.kind = SEEK_PART, .part = 1}},
    {"0%", {.kind = SEEK_PART, .part = 0}},
    {"+1%", {.kind = SEEK_BY_PART, .part = 0.01}},
    {"-25%", {.kind = SEEK_BY_PART, .part = -0.25}},
    {"90", {.kind = SEEK_PLACE, .ns = 90 * S}},
    {"0", {.kind = SEEK_PLACE, .ns = 0}},
    {"1.5", {.kind = SEEK_PLACE, .ns = 1500 * CLOCK_NS_PER_MS}},
    {"1m30s", {.kind = SEEK_PLACE, .ns = 90 * S}},
    {"2h", {.kind = SEEK_PLACE, .ns = 7200 * S}},
    {"1d2h3m4s5ms6us7ns", {.kind = SEEK_PLACE, .ns = INT64_C(93784005006007)}},
    {"250ms", {.kind = SEEK_PLACE, .ns = 250 * CLOCK_NS_PER_MS}},
    {"2.5m", {.kind = SEEK_PLACE, .ns = 150 * S}},
    {"+5s", {.kind = SEEK_BY, .ns = 5 * S}},
    {"-2s", {.kind = SEEK_BY, .ns = -2 * S}},
    {"-1m30s", {.kind = SEEK_BY, .ns = -90 * S}},
    {"+7", {.kind = SEEK_BY, .ns = 7 * S}},
    {"12:34:56", {.kind = SEEK_CLOCK, .ns = 45296 * S}},
    {"12:34:56.789", {.kind = SEEK_CLOCK, .ns = 45296 * S + 789 * CLOCK_NS_PER_MS}},
    {"00:00", {.kind = SEEK_CLOCK, .ns = 0}},
    {"23:59", {.kind = SEEK_CLOCK, .ns = 86340 * S}},
    {"#0", {.kind = SEEK_PACKETS, .packets = 0}},
    {"#1000", {.kind = SEEK_PACKETS, .packets = 1000}},
    {"begin", {.kind = SEEK_PACKETS, .packets = 0}},
    {"start", {.kind = SEEK_PACKETS, .packets = 0}},
    {"end", {.kind = SEEK_TO_END}},
    {"next", {.kind = SEEK_NEXT_FAILURE}},
    {"prev", {.kind = SEEK_PREVIOUS_FAILURE}},
    {"previous", {.kind = SEEK_PREVIOUS_FAILURE}},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct seek seek;
    struct err err;
    assert_int_equal(seek_parse(&seek, row->text, &err), 0);
    assert_int_equal(seek.kind, row->seek.kind);
    assert_int_equal(seek.ns, row->seek.ns);
    assert_int_equal(seek.packets, row->seek.packets);
    assert_float_equal(seek.part, row->seek.part, 1e-12);
}

static const char *const bad[] = {
    "",
    " ",
    "%",
    "101%",
    "-101%",
    "5%%",
    "x",
    "5x",
    "s",
    "+",
    "-",
    ".",
    "5s5",
    "30s1m",
    "1m1m",
    "12:",
    ":34",
    "12:60",
    "24:00",
    "1:2:3:4",
    "12:34.5",
    "#",
    "#-1",
    "#1.5",
    "beginning",
    "+#5",
    "+12:34",
    "99999999999999999999",
    "9999999999h",
    "1..5",
    "5 s",
    "5sec",
    "--5s",
    "+-5s",
    "\x1b[2J",
    "111111111111111111111111111111111111111111111111111111111111111111111111111111",
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        struct seek seek;
        struct err err = {0};
        if (seek_parse(&seek, bad[at], &err) == 0)
            fail_msg("\"%s\" is taken", bad[at]);
        assert_non_null(strstr(err.text, "try 50%"));
    }
}

static const struct speed_row {
    const char *text;
    double speed;
} speed_rows[] = {
    {"1", 1}, {"10x", 10}, {"0.1x", 0.1}, {" 0.25 ", 0.25}, {"1000x", 1000}, {"max", 0}, {"3x", 3},
};

static void test_speed(void **state)
{
    const struct speed_row *row = *state;
    double speed = -1;
    struct err err;
    assert_int_equal(seek_parse_speed(&speed, row->text, &err), 0);
    assert_float_equal(speed, row->speed, 1e-9);
}

static void test_bad_speeds(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "0", "0x",  "0.09", "1001",
                                        "-1", "x", "10y", "1 0",  "fast"};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        double speed = 0;
        struct err err = {0};
        assert_true(seek_parse_speed(&speed, texts[at], &err) < 0);
        assert_non_null(strstr(err.text, "0.1x to 1000x"));
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_bad);
    ROWS_ADD(&set, speed_rows, test_speed);
    ROWS_ADD_ONE(&set, test_bad_speeds);
    return rows_run(&set, "ui_seek");
}
