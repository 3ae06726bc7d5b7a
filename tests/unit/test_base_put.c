/* base/put.h: every place is a heap block of exactly the room that is asked for. */
#include "tests/support/rows.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/put.h"
#include "base/text.h"
#include "base/tuple.h"

#define RANDOM_COUNT 300000

static char *expect_put(char *place, const char *end, const char *expected)
{
    assert_int_equal(end - place, strlen(expected));
    assert_memory_equal(place, expected, strlen(expected));
    return place;
}

static char *place_open(size_t size)
{
    char *place = malloc(size);
    assert_non_null(place);
    memset(place, '#', size);
    return place;
}

static char *put_width_6(char *at, uint64_t number)
{
    return put_aligned(at, number, 6);
}

static char *put_width_0(char *at, uint64_t number)
{
    return put_aligned(at, number, 0);
}

static char *put_width_8(char *at, uint64_t number)
{
    return put_aligned(at, number, 8);
}

static char *put_digits_1(char *at, uint64_t number)
{
    return put_digits(at, (uint32_t)number, 1);
}

static char *put_digits_6(char *at, uint64_t number)
{
    return put_digits(at, (uint32_t)number, 6);
}

static char *put_digits_8(char *at, uint64_t number)
{
    return put_digits(at, (uint32_t)number, 8);
}

static char *put_decimals_of(char *at, uint64_t number)
{
    return put_decimals(at, (uint32_t)number);
}

static char *put_octet(char *at, uint64_t number)
{
    return put_hex(at, (uint8_t)number);
}

static char *put_time_of(char *at, uint64_t number)
{
    return put_time(at, (int64_t)number);
}

static char *put_span_of(char *at, uint64_t number)
{
    return put_span(at, (int64_t)number);
}

static const struct number_row {
    const char *name;
    char *(*put)(char *at, uint64_t number);
    uint64_t number;
    const char *expected;
} number_rows[] = {
    {"number: 0", put_number, 0, "0"},
    {"number: 9", put_number, 9, "9"},
    {"number: 10", put_number, 10, "10"},
    {"number: 99", put_number, 99, "99"},
    {"number: 100", put_number, 100, "100"},
    {"number: 999", put_number, 999, "999"},
    {"number: 1000", put_number, 1000, "1000"},
    {"number: 9999", put_number, 9999, "9999"},
    {"number: 10000", put_number, 10000, "10000"},
    {"number: a port", put_number, 65535, "65535"},
    {"number: 99999", put_number, 99999, "99999"},
    {"number: 100000", put_number, 100000, "100000"},
    {"number: zeros within", put_number, 10000001, "10000001"},
    {"number: 10^8 - 1", put_number, 99999999, "99999999"},
    {"number: 10^8", put_number, 100000000, "100000000"},
    {"number: 10^16 - 1", put_number, UINT64_C(9999999999999999), "9999999999999999"},
    {"number: 10^16", put_number, UINT64_C(10000000000000000), "10000000000000000"},
    {"number: 2^64 - 1", put_number, UINT64_MAX, "18446744073709551615"},
    {"aligned: 0", put_width_6, 0, "     0"},
    {"aligned: 10", put_width_6, 10, "    10"},
    {"aligned: it fits", put_width_6, 999999, "999999"},
    {"aligned: wider than the column", put_width_6, 1000000, "1000000"},
    {"aligned: the widest column", put_width_8, 7, "       7"},
    {"aligned: a full one", put_width_8, 99999999, "99999999"},
    {"aligned: more than eight digits", put_width_8, 100000000, "100000000"},
    {"aligned: no column, 0", put_width_0, 0, "0"},
    {"aligned: no column", put_width_0, 1200, "1200"},
    {"aligned: 2^64 - 1", put_width_6, UINT64_MAX, "18446744073709551615"},
    {"digits: one, 0", put_digits_1, 0, "0"},
    {"digits: the last one", put_digits_1, 1234567, "7"},
    {"digits: zeros before", put_digits_6, 42, "000042"},
    {"digits: all of them", put_digits_8, 87654321, "87654321"},
    {"digits: the last ones of 2^32 - 1", put_digits_8, UINT32_MAX, "94967295"},
    {"decimals: 0", put_decimals_of, 0, "000000000"},
    {"decimals: 1", put_decimals_of, 1, "000000001"},
    {"decimals: 10^9 - 1", put_decimals_of, 999999999, "999999999"},
    {"hex: 0", put_octet, 0, "00"},
    {"hex: 0xaf", put_octet, 0xaf, "af"},
    {"time: negative", put_time_of, (uint64_t)INT64_C(-1), "0.000000000"},
    {"time: the least", put_time_of, (uint64_t)INT64_MIN, "0.000000000"},
    {"time: 0", put_time_of, 0, "0.000000000"},
    {"time: a second less 1 ns", put_time_of, 999999999, "0.999999999"},
    {"time: a second", put_time_of, 1000000000, "1.000000000"},
    {"time: the greatest", put_time_of, INT64_MAX, "9223372036.854775807"},
    {"count: 0", put_count, 0, "0"},
    {"count: 999", put_count, 999, "999"},
    {"count: 1000", put_count, 1000, "1.0k"},
    {"count: tenths are cut, not rounded", put_count, 1299, "1.2k"},
    {"count: 99999", put_count, 99999, "99.9k"},
    {"count: 100000", put_count, 100000, "100k"},
    {"count: no tenths from 100 on", put_count, 100900, "100k"},
    {"count: 999999", put_count, 999999, "999k"},
    {"count: a million", put_count, 1000000, "1.0M"},
    {"count: 34.5M", put_count, 34567890, "34.5M"},
    {"count: a billion", put_count, 1000000000, "1.0G"},
    {"count: 10^18 - 1", put_count, UINT64_C(999999999999999999), "999P"},
    {"count: 2^64 - 1", put_count, UINT64_MAX, "18.4E"},
    {"size: 0", put_size, 0, "0B"},
    {"size: 999", put_size, 999, "999B"},
    {"size: 1000", put_size, 1000, "1.0KB"},
    {"size: 34.5 million", put_size, 34567890, "34.5MB"},
    {"size: 2^64 - 1", put_size, UINT64_MAX, "18.4EB"},
    {"span: negative", put_span_of, (uint64_t)INT64_MIN, "0us"},
    {"span: 59 min", put_span_of, UINT64_C(3599000000000), "59m"},
    {"span: the greatest", put_span_of, INT64_MAX, "292y"},
};

static void check_number_row(void **state)
{
    const struct number_row *row = *state;
    char *place = place_open(PUT_ROOM);
    free(expect_put(place, row->put(place, row->number), row->expected));
}

/* All lengths are as likely as the others; xorshift64, after Marsaglia. */
static uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> (*seed >> 7 & 63);
}

/* Tenths are cut, not rounded; three figures at most. */
static void scaled_of(char *written, size_t size, uint64_t number, const char *steps,
                      const char *unit)
{
    uint64_t divisor = 1;
    size_t step = 0;
    for (; number / divisor >= 1000; step++)
        divisor *= 1000;
    if (number < 1000)
        (void)snprintf(written, size, "%llu%s", (unsigned long long)number, unit);
    else if (number / divisor >= 100)
        (void)snprintf(written, size, "%llu%c%s", (unsigned long long)(number / divisor),
                       steps[step - 1], unit);
    else
        (void)snprintf(written, size, "%llu.%llu%c%s", (unsigned long long)(number / divisor),
                       (unsigned long long)(number % divisor / (divisor / 10)), steps[step - 1],
                       unit);
}

#define SAYS(name, format)                                                                         \
    static void name(char *written, size_t size, unsigned long long number)                        \
    {                                                                                              \
        (void)snprintf(written, size, format, number);                                             \
    }

SAYS(say_plain, "%llu")
SAYS(say_aligned, "%6llu")
SAYS(say_six, "%06llu")
SAYS(say_eight, "%08llu")
SAYS(say_nine, "%09llu")
SAYS(say_hex, "%02llx")

static const struct random_row {
    const char *name;
    void (*say)(char *written, size_t size, unsigned long long number);
    char *(*put)(char *at, uint64_t number);
    uint64_t below;
} random_rows[] = {
    {"random: number", say_plain, put_number, UINT64_MAX},
    {"random: aligned", say_aligned, put_width_6, UINT64_MAX},
    {"random: no column", say_plain, put_width_0, UINT64_MAX},
    {"random: six digits", say_six, put_digits_6, 1000000},
    {"random: eight digits", say_eight, put_digits_8, 100000000},
    {"random: decimals", say_nine, put_decimals_of, 1000000000},
    {"random: hex", say_hex, put_octet, 256},
};

static void check_random_row(void **state)
{
    const struct random_row *row = *state;
    uint64_t seed = 42;
    char *place = place_open(PUT_ROOM), expected[64];
    for (int round = 0; round < RANDOM_COUNT; round++) {
        uint64_t number = next_number(&seed) % row->below;
        row->say(expected, sizeof expected, number);
        (void)expect_put(place, row->put(place, number), expected);
    }
    free(place);
}

static void test_random_times(void **state)
{
    (void)state;
    uint64_t seed = 43;
    char *place = place_open(PUT_ROOM), expected[64];
    for (int round = 0; round < RANDOM_COUNT; round++) {
        uint64_t number = next_number(&seed);
        long long ns = (int64_t)number > 0 ? (long long)number : 0;
        (void)snprintf(expected, sizeof expected, "%lld.%09lld", ns / 1000000000, ns % 1000000000);
        (void)expect_put(place, put_time(place, (int64_t)number), expected);
        scaled_of(expected, sizeof expected, number, "kMGTPE", "");
        (void)expect_put(place, put_count(place, number), expected);
        scaled_of(expected, sizeof expected, number, "KMGTPE", "B");
        (void)expect_put(place, put_size(place, number), expected);
    }
    free(place);
}

static void test_numbers_below_a_million(void **state)
{
    (void)state;
    char *place = place_open(PUT_ROOM), expected[64];
    for (unsigned number = 0; number < 1000000; number++) {
        (void)snprintf(expected, sizeof expected, "%u", number);
        (void)expect_put(place, put_number(place, number), expected);
    }
    free(place);
}

static const struct spaces_row {
    const char *name;
    size_t from, to, expected;
} spaces_rows[] = {
    {"spaces: behind it", 5, 3, 5},
    {"spaces: there", 5, 5, 5},
    {"spaces: one", 5, 6, 6},
    {"spaces: fifteen", 1, 16, 16},
    {"spaces: sixteen", 0, 16, 16},
    {"spaces: more", 0, 17, 17},
    {"spaces: a whole line", 3, 99, 99},
};

static void check_spaces_row(void **state)
{
    const struct spaces_row *row = *state;
    char *place = place_open(row->to + PUT_ROOM);
    assert_ptr_equal(put_spaces_to(place + row->from, place + row->to), place + row->expected);
    for (size_t at = 0; at < row->expected; at++)
        assert_int_equal(place[at], at < row->from ? '#' : ' ');
    free(place);
}

/* Every byte at every place of words and of what is left of them. */
static void test_plain_len(void **state)
{
    (void)state;
    for (size_t len = 0; len < 27; len++) {
        char *bytes = place_open(len + 1);
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
                bytes[1 + at] = (char)byte;
                assert_int_equal(put_plain_len(bytes + 1, len, "\"\\"), plain ? len : at);
            }
            bytes[1 + at] = '~';
        }
        assert_int_equal(put_plain_len(bytes + 1, len, "\"\\"), len);
        free(bytes);
    }
}

/* The rows of test_base_out.c say what is written; here, how much of it at a time. */
static void test_json_text_in_parts(void **state)
{
    (void)state;
    static const size_t sizes[] = {PUT_JSON_TAKE - 1, PUT_JSON_TAKE, (size_t)3 * PUT_JSON_TAKE};
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
        for (size_t plain = 0; plain <= sizes[size]; plain += sizes[size] / 3) {
            char *bytes = malloc(sizes[size]), *place = malloc(PUT_JSON_ROOM), *at = place;
            assert_non_null(bytes);
            assert_non_null(place);
            memset(bytes, 0x1f, sizes[size]);
            memset(bytes + sizes[size] - plain, 'a', plain);
            size_t taken = put_json_text(&at, bytes, sizes[size]);
            assert_true(taken == sizes[size] || taken >= PUT_JSON_TAKE);
            size_t escaped = sizes[size] - plain < taken ? sizes[size] - plain : taken;
            assert_int_equal(at - place, taken + escaped * 5);
            free(place);
            free(bytes);
        }
    }
}

static const struct end_row {
    const char *name;
    uint8_t family;
    uint8_t octets[16];
    uint16_t port;
    const char *expected;
} end_rows[] = {
    {"end: localhost", 4, {127, 0, 0, 1}, 80, "127.0.0.1:80"},
    {"end: next to it", 4, {127, 0, 0, 2}, 0, "127.0.0.2:0"},
    {"end: the shortest", 4, {0}, 1, "0.0.0.0:1"},
    {"end: two digits", 4, {10, 99, 0, 12}, 9, "10.99.0.12:9"},
    {"end: the longest of IPv4", 4, {255, 254, 200, 100}, 65535, "255.254.200.100:65535"},
    {"end: ::1", 6, {[15] = 1}, 80, "[::1]:80"},
    {"end: ::", 6, {0}, 65535, "[::]:65535"},
    {"end: ::1 is not 127.0.0.1", 6, {[12] = 127, [15] = 1}, 80, "[::127.0.0.1]:80"},
    {"end: the longest",
     6,
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff},
     65535,
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
};

static void check_end_row(void **state)
{
    const struct end_row *row = *state;
    struct tuple tuple = {.family = row->family, .port = {[1] = row->port}};
    tuple.address[1] =
        row->family == 4 ? address_from_ipv4(row->octets) : address_from_ipv6(row->octets);
    char *place = place_open(PUT_ENDPOINT_ROOM);
    free(expect_put(place, put_endpoint(place, &tuple, 1), row->expected));
}

static const struct text_row {
    const char *name;
    void (*add)(struct text *text, uint64_t number);
    uint64_t number;
} text_rows[] = {
    {"end of a text: number", text_add_number, UINT64_MAX},
    {"end of a text: one digit", text_add_number, 7},
    {"end of a text: grouped", text_add_grouped, UINT64_MAX},
    {"end of a text: count", text_add_count, 123456},
    {"end of a text: size", text_add_size, 123456},
};

/* A text of every size: as much as there is room for, and never a byte behind it. */
static void check_text_row(void **state)
{
    const struct text_row *row = *state;
    char all[128];
    struct text text = text_begin(all, sizeof all);
    text_add_string(&text, "port ");
    row->add(&text, row->number);
    for (size_t size = 1; size < sizeof all; size++) {
        char *place = place_open(size);
        struct text part = text_begin(place, size);
        text_add_string(&part, "port ");
        row->add(&part, row->number);
        size_t len = text.len < size ? text.len : size - 1;
        assert_int_equal(part.cut, text.len >= size);
        assert_int_equal(part.len, len);
        assert_memory_equal(place, all, len);
        assert_int_equal(place[len], '\0');
        free(place);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, number_rows, check_number_row);
    ROWS_ADD(&set, spaces_rows, check_spaces_row);
    ROWS_ADD(&set, random_rows, check_random_row);
    ROWS_ADD(&set, end_rows, check_end_row);
    ROWS_ADD(&set, text_rows, check_text_row);
    ROWS_ADD_ONE(&set, test_random_times);
    ROWS_ADD_ONE(&set, test_numbers_below_a_million);
    ROWS_ADD_ONE(&set, test_plain_len);
    ROWS_ADD_ONE(&set, test_json_text_in_parts);
    return rows_run(&set, "base_put");
}
