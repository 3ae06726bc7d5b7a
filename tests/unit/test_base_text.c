#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

struct number_row {
    const char *name;
    void (*add)(struct text *text, uint64_t value);
    uint64_t value;
    const char *expected;
};

static const struct number_row number_rows[] = {
    {"count: as base/put.h puts it", text_add_count, 1299, "1.2k"},
    {"grouped: 0", text_add_grouped, 0, "0"},
    {"grouped: 999", text_add_grouped, 999, "999"},
    {"grouped: 1,000", text_add_grouped, 1000, "1,000"},
    {"grouped: zeros in the middle", text_add_grouped, 1002003, "1,002,003"},
    {"grouped: 2^64 - 1", text_add_grouped, UINT64_MAX, "18,446,744,073,709,551,615"},
    {"size: as base/put.h puts it", text_add_size, 5400000000, "5.4GB"},
};

static void check_number_row(void **state)
{
    const struct number_row *row = *state;
    char buffer[32];
    struct text text = text_begin(buffer, sizeof buffer);
    row->add(&text, row->value);
    assert_string_equal(buffer, row->expected);
    assert_int_equal(text.len, strlen(row->expected));
    assert_false(text.cut);
}

struct time_row {
    const char *name;
    void (*add)(struct text *text, int64_t value);
    int64_t value;
    const char *expected;
};

static void add_clock_utc(struct text *text, int64_t time_ns)
{
    text_add_clock(text, time_ns, false);
}

static void add_clock_local(struct text *text, int64_t time_ns)
{
    text_add_clock(text, time_ns, true);
}

static const struct time_row time_rows[] = {
    {"span: negative", text_add_span, -5, "0us"},
    {"span: 0", text_add_span, 0, "0us"},
    {"span: below a microsecond", text_add_span, 999, "0us"},
    {"span: 12 us", text_add_span, 12 * CLOCK_NS_PER_US, "12us"},
    {"span: 999 us", text_add_span, CLOCK_NS_PER_MS - 1, "999us"},
    {"span: 1 ms", text_add_span, CLOCK_NS_PER_MS, "1.0ms"},
    {"span: 3.4 ms", text_add_span, 3499 * CLOCK_NS_PER_US, "3.4ms"},
    {"span: 9.9 ms", text_add_span, 10 * CLOCK_NS_PER_MS - 1, "9.9ms"},
    {"span: no tenths from 10 ms on", text_add_span, 10 * CLOCK_NS_PER_MS, "10ms"},
    {"span: 999 ms", text_add_span, CLOCK_NS_PER_S - 1, "999ms"},
    {"span: 1 s", text_add_span, CLOCK_NS_PER_S, "1.0s"},
    {"span: 59.9 s", text_add_span, 60 * CLOCK_NS_PER_S - 1, "59.9s"},
    {"span: 1 min", text_add_span, 60 * CLOCK_NS_PER_S, "1m00s"},
    {"span: 7 min 8 s", text_add_span, 428 * CLOCK_NS_PER_S, "7m08s"},
    {"span: 9 min 59 s", text_add_span, 599 * CLOCK_NS_PER_S, "9m59s"},
    {"span: no seconds from 10 min on", text_add_span, 600 * CLOCK_NS_PER_S, "10m"},
    {"span: 59 min 59 s", text_add_span, 3599 * CLOCK_NS_PER_S, "59m"},
    {"span: 1 h", text_add_span, 3600 * CLOCK_NS_PER_S, "1h00m"},
    {"span: 3 h 5 min", text_add_span, 11100 * CLOCK_NS_PER_S, "3h05m"},
    {"span: 23 h 59 min", text_add_span, 86399 * CLOCK_NS_PER_S, "23h"},
    {"span: 2 d 4 h", text_add_span, 187200 * CLOCK_NS_PER_S, "2d04h"},
    {"span: 9999 d", text_add_span, INT64_C(863999999) * CLOCK_NS_PER_S, "9999d"},
    {"span: years", text_add_span, INT64_C(864000000) * CLOCK_NS_PER_S, "27y"},
    {"span: the longest", text_add_span, INT64_MAX, "292y"},
    {"age: below a second as a span", text_add_age, 999 * CLOCK_NS_PER_MS, "999ms"},
    {"age: no tenths of a second", text_add_age, 2 * CLOCK_NS_PER_S - 1, "1s"},
    {"age: 59 s", text_add_age, 60 * CLOCK_NS_PER_S - 1, "59s"},
    {"age: from a minute on as a span", text_add_age, 428 * CLOCK_NS_PER_S, "7m08s"},
    {"age: negative", text_add_age, -5, "0us"},
    {"time: an example", text_add_time, INT64_C(1362692526869344000), "1362692526.869344000"},
    {"time: 0", text_add_time, 0, "0.000000000"},
    {"time: a nanosecond", text_add_time, 1, "0.000000001"},
    {"time: before the epoch", text_add_time, -1, "0.000000000"},
    {"time: the last", text_add_time, INT64_MAX, "9223372036.854775807"},
    {"clock: UTC", add_clock_utc, INT64_C(1362692526869344000), "21:42:06.869344"},
    {"clock: before the epoch", add_clock_utc, -1, "00:00:00.000000"},
    {"clock: local", add_clock_local, INT64_C(1362692526869344000), "03:12:06.869344"},
};

static void check_time_row(void **state)
{
    const struct time_row *row = *state;
    char buffer[32];
    struct text text = text_begin(buffer, sizeof buffer);
    row->add(&text, row->value);
    assert_string_equal(buffer, row->expected);
    assert_true(row->add != text_add_span || text.len <= 5);
}

struct untrusted_row {
    const char *name;
    const char *bytes;
    const char *expected;
};

static const struct untrusted_row untrusted_rows[] = {
    {"untrusted: plain", "nginx: worker", "nginx: worker"},
    {"untrusted: empty", "", ""},
    {"untrusted: escape sequence", "\x1b[2J", "\\x1b[2J"},
    {"untrusted: newline and tab", "a\nb\tc", "a\\x0ab\\x09c"},
    {"untrusted: delete", "\x7f", "\\x7f"},
    {"untrusted: two bytes", "\xc3\xa9", "\xc3\xa9"},
    {"untrusted: three bytes", "\xe2\x82\xac", "\xe2\x82\xac"},
    {"untrusted: four bytes", "\xf0\x9f\x90\x9a", "\xf0\x9f\x90\x9a"},
    {"untrusted: C1 control", "\xc2\x9b", "\\u{009b}"},
    {"untrusted: right-to-left override", "\xe2\x80\xae", "\\u{202e}"},
    {"untrusted: isolate", "\xe2\x81\xa6", "\\u{2066}"},
    {"untrusted: zero width", "\xe2\x80\x8b", "\\u{200b}"},
    {"untrusted: byte order mark", "\xef\xbb\xbf", "\\u{feff}"},
    {"untrusted: soft hyphen",
     "a\xc2\xad"
     "b",
     "a\\u{00ad}b"},
    {"untrusted: line separator", "\xe2\x80\xa8", "\\u{2028}"},
    {"untrusted: invisible times", "\xe2\x81\xa2", "\\u{2062}"},
    {"untrusted: Hangul filler", "\xe3\x85\xa4", "\\u{3164}"},
    {"untrusted: a tag", "\xf3\xa0\x81\x81", "\\u{e0041}"},
    {"untrusted: a mark on a letter", "e\xcc\x81", "e\xcc\x81"},
    {"untrusted: a mark on nothing",
     "\xcc\x81"
     "e",
     "\\u{0301}e"},
    {"untrusted: a flood of marks", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86z",
     "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\\u{0305}\\u{0306}z"},
    {"untrusted: marks with others between",
     "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xe2\x80\x8b\xcc\x85",
     "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\\u{200b}\\u{0305}"},
    {"untrusted: a selector", "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f"},
    {"untrusted: lone continuation", "a\x80z", "a\\x80z"},
    {"untrusted: broken off", "a\xe2\x82", "a\\xe2\\x82"},
    {"untrusted: overlong", "\xc0\xaf", "\\xc0\\xaf"},
    {"untrusted: surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"untrusted: beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"untrusted: never a first byte", "\xff\xfe", "\\xff\\xfe"},
};

static void check_untrusted_row(void **state)
{
    const struct untrusted_row *row = *state;
    size_t len = strlen(row->bytes);
    char *block = malloc(len + 1);
    assert_non_null(block);
    /* Moved to the end of the block: the byte behind is the sanitizer's, not a terminator. */
    memcpy(block + 1, row->bytes, len);
    char buffer[64];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_untrusted(&text, block + 1, len);
    free(block);
    assert_string_equal(buffer, row->expected);
}

/* What has no room is cut before it, and nothing follows. */
static const struct short_row {
    const char *name;
    size_t size;
    const char *bytes;
    const char *expected;
} short_rows[] = {
    {"short: letters", 3, "abc", "ab"},
    {"short: a character of three bytes", 4, "ab\xe2\x82\xac", "ab"},
    {"short: a character that fits to the byte", 6, "ab\xe2\x82\xac", "ab\xe2\x82\xac"},
    {"short: an escape", 6, "ab\x1bz", "ab"},
    {"short: an escape that fits to the byte", 7, "ab\x1bz", "ab\\x1b"},
    {"short: a long escape", 10, "ab\xe2\x80\xaez", "ab"},
    {"short: nothing at all", 1, "z", ""},
};

static void check_short_row(void **state)
{
    const struct short_row *row = *state;
    char *buffer = malloc(row->size);
    assert_non_null(buffer);
    struct text text = text_begin(buffer, row->size);
    text_add_untrusted(&text, row->bytes, strlen(row->bytes));
    assert_string_equal(buffer, row->expected);
    assert_int_equal(text.cut, strchr(row->bytes, 'z') ? strchr(row->expected, 'z') == NULL
                                                       : text.len < strlen(row->bytes));
    free(buffer);
}

struct utf8_row {
    const char *name;
    const char *bytes;
    size_t left;
    size_t used;
    uint32_t code;
};

static const struct utf8_row utf8_rows[] = {
    {"utf8: nothing left", "", 0, 0, 0},
    {"utf8: NUL", "", 1, 1, 0},
    {"utf8: last of one byte", "\x7f", 1, 1, 0x7f},
    {"utf8: first of two", "\xc2\x80", 2, 2, 0x80},
    {"utf8: last of two", "\xdf\xbf", 2, 2, 0x7ff},
    {"utf8: first of three", "\xe0\xa0\x80", 3, 3, 0x800},
    {"utf8: before the surrogates", "\xed\x9f\xbf", 3, 3, 0xd7ff},
    {"utf8: behind the surrogates", "\xee\x80\x80", 3, 3, 0xe000},
    {"utf8: first of four", "\xf0\x90\x80\x80", 4, 4, 0x10000},
    {"utf8: the last of all", "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
    {"utf8: two bytes, one there", "\xc2", 1, 0, 0},
    {"utf8: overlong two", "\xc1\xbf", 2, 0, 0},
    {"utf8: overlong three", "\xe0\x9f\xbf", 3, 0, 0},
    {"utf8: overlong four", "\xf0\x8f\xbf\xbf", 4, 0, 0},
    {"utf8: five bytes", "\xf8\x88\x80\x80\x80", 5, 0, 0},
};

static void check_utf8_row(void **state)
{
    const struct utf8_row *row = *state;
    uint32_t code = 0;
    assert_int_equal(utf8_decode(row->bytes, row->left, &code), row->used);
    assert_int_equal(code, row->code);
}

struct cut_row {
    const char *name;
    size_t size;
    const char *expected;
    bool cut;
};

static const struct cut_row cut_rows[] = {
    {"cut: it fits", 8, "abcdef7", false},
    {"cut: one too many", 7, "abcdef", true},
    {"cut: inside the first part", 4, "abc", true},
    {"cut: room for the terminator only", 1, "", true},
};

static void check_cut_row(void **state)
{
    const struct cut_row *row = *state;
    char *buffer = malloc(row->size);
    assert_non_null(buffer);
    struct text text = text_begin(buffer, row->size);
    text_add(&text, "%s", "abcdef");
    text_add(&text, "%d", 7);
    assert_string_equal(buffer, row->expected);
    assert_int_equal(text.len, strlen(row->expected));
    assert_int_equal(text.cut, row->cut);
    free(buffer);
}

int main(void)
{
    /* Somewhere with half an hour in it. */
    (void)setenv("TZ", "TEST-5:30", 1);
    tzset();
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, number_rows, check_number_row);
    ROWS_ADD(&set, time_rows, check_time_row);
    ROWS_ADD(&set, untrusted_rows, check_untrusted_row);
    ROWS_ADD(&set, short_rows, check_short_row);
    ROWS_ADD(&set, utf8_rows, check_utf8_row);
    ROWS_ADD(&set, cut_rows, check_cut_row);
    return rows_run(&set, "base_text");
}
