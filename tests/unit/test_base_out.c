#include "tests/support/printed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static struct out out;

struct json_row {
    const char *name;
    const char *bytes;
    size_t len;
    const char *expected;
};

#define JSON(name, bytes, expected)                                                                \
    {                                                                                              \
        name, bytes, sizeof(bytes) - 1, expected                                                   \
    }

static const struct json_row json_rows[] = {
    JSON("json: plain", "GET / HTTP/1.1", "GET / HTTP/1.1"),
    JSON("json: empty", "", ""),
    JSON("json: quote", "a\"b", "a\\\"b"),
    JSON("json: backslash", "a\\b", "a\\\\b"),
    JSON("json: NUL", "a\0b", "a\\u0000b"),
    JSON("json: newline", "a\nb", "a\\u000ab"),
    JSON("json: escape", "\x1b[0m", "\\u001b[0m"),
    JSON("json: delete", "\x7f", "\\u007f"),
    JSON("json: C1 control", "\xc2\x85", "\\u0085"),
    JSON("json: behind C1", "\xc2\xa0", "\xc2\xa0"),
    JSON("json: right-to-left override",
         "a\xe2\x80\xae"
         "b",
         "a\\u202eb"),
    JSON("json: line separator", "\xe2\x80\xa8", "\\u2028"),
    JSON("json: byte order mark", "\xef\xbb\xbf", "\\ufeff"),
    JSON("json: a tag, as two surrogates", "\xf3\xa0\x81\x81", "\\udb40\\udc41"),
    JSON("json: a flood of marks", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85z",
         "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\\u0305z"),
    JSON("json: valid UTF-8 stays", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9a",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9a"),
    JSON("json: each bad byte is one replacement", "a\xff\xfe z", "a\\ufffd\\ufffd z"),
    JSON("json: broken off", "\xe2\x82", "\\ufffd\\ufffd"),
    JSON("json: surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"),
    JSON("json: overlong slash", "\xc0\xaf", "\\ufffd\\ufffd"),
};

static void check_json_row(void **state)
{
    const struct json_row *row = *state;
    char *block = malloc(row->len + 1);
    assert_non_null(block);
    memcpy(block + 1, row->bytes, row->len);
    printed_open(&out);
    out_json_text(&out, block + 1, row->len);
    free(block);
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_string_equal(written, row->expected);
    assert_int_equal(len, strlen(row->expected));
    free(written);
}

struct number_row {
    const char *name;
    uint64_t number;
    const char *expected;
};

static const struct number_row number_rows[] = {
    {"number: 0", 0, "0"},
    {"number: 9", 9, "9"},
    {"number: 10", 10, "10"},
    {"number: 2^64 - 1", UINT64_MAX, "18446744073709551615"},
};

static void check_number_row(void **state)
{
    const struct number_row *row = *state;
    printed_open(&out);
    out_number(&out, row->number);
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_string_equal(written, row->expected);
    free(written);
}

struct bulk_row {
    const char *name;
    size_t part; /* bytes of each call */
    size_t count;
};

static const struct bulk_row bulk_rows[] = {
    {"bulk: exactly one buffer", OUT_BUFFER_SIZE, 1},
    {"bulk: one byte more", OUT_BUFFER_SIZE + 1, 1},
    {"bulk: several buffers at once", 300000, 1},
    {"bulk: small parts across the end", 7, 20000},
};

static void check_bulk_row(void **state)
{
    const struct bulk_row *row = *state;
    size_t size = row->part * row->count;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 23);
    printed_open(&out);
    for (size_t i = 0; i < row->count; i++)
        out_bytes(&out, bytes + i * row->part, row->part);
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_int_equal(len, size);
    assert_memory_equal(written, bytes, size);
    free(written);
    free(bytes);
}

static const struct bulk_row line_rows[] = {
    {"lines: short ones across the end", 7, 20000},
    {"lines: of the room's size", OUT_LINE_MAX, 20},
    {"lines: the last one fills the buffer", OUT_BUFFER_SIZE / 8, 8},
    {"lines: the last one is a byte longer", OUT_BUFFER_SIZE / 8 + 1, 8},
};

/* Lines that are written in place. */
static void check_line_row(void **state)
{
    const struct bulk_row *row = *state;
    printed_open(&out);
    for (size_t i = 0; i < row->count; i++) {
        char *at = out_line(&out);
        memset(at, (char)('a' + i % 23), row->part);
        out_took(&out, at + row->part);
    }
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_int_equal(len, row->part * row->count);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(written[i], 'a' + i / row->part % 23);
    free(written);
}

static void test_format_and_string(void **state)
{
    (void)state;
    printed_open(&out);
    out_string(&out, "port ");
    out_format(&out, "%d%s", 80, "\n");
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_string_equal(written, "port 80\n");
    free(written);
}

static void test_nothing_is_written_before_the_flush(void **state)
{
    (void)state;
    printed_open(&out);
    out_string(&out, "waiting");
    assert_int_equal(lseek(out.fd, 0, SEEK_END), 0);
    assert_int_equal(out_flush(&out), 0);
    assert_int_equal(lseek(out.fd, 0, SEEK_END), 7);
    assert_int_equal(out_flush(&out), 0);
    assert_int_equal(lseek(out.fd, 0, SEEK_END), 7);
    (void)close(out.fd);
}

/* The first failure stays, and what follows is thrown away without an end. */
static void test_full_disk(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    out_open(&out, fd, NULL);
    out_string(&out, "lost");
    assert_int_equal(out_flush(&out), -ENOSPC);
    for (int i = 0; i < 100000; i++)
        out_string(&out, "thrown away");
    assert_int_equal(out.error, ENOSPC);
    assert_int_equal(out_flush(&out), -ENOSPC);
    (void)close(fd);
}

/* A pipe that is full for now is waited for: nothing is lost, nothing is an error. */
static void test_full_pipe_is_waited_for(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        (void)close(ends[1]);
        (void)fcntl(ends[0], F_SETFL, 0);
        (void)usleep(20000);
        static char buffer[65536];
        size_t total = 0;
        ssize_t got;
        while ((got = read(ends[0], buffer, sizeof buffer)) > 0)
            total += (size_t)got;
        _exit(total == 400000 ? 0 : 1);
    }
    (void)close(ends[0]);
    out_open(&out, ends[1], NULL);
    for (int i = 0; i < 4000; i++)
        out_format(&out, "%099d\n", i);
    assert_int_equal(out_flush(&out), 0);
    (void)close(ends[1]);
    int status = -1;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
}

/* A pipe that nobody reads: once the user wants out, the writing ends, and what the pipe had taken is
 * there. */
static void test_a_stuck_reader_after_stop(void **state)
{
    (void)state;
    static const volatile sig_atomic_t stop = 1;
    static char line[OUT_BUFFER_SIZE];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int size = fcntl(ends[1], F_SETPIPE_SZ, 8192);
    assert_true(size >= 8192);
    out_open(&out, ends[1], &stop);
    out_bytes(&out, line, sizeof line);
    assert_int_equal(out_flush(&out), -ECANCELED);
    int waiting = 0;
    assert_int_equal(ioctl(ends[0], FIONREAD, &waiting), 0);
    assert_int_equal(waiting, size);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, json_rows, check_json_row);
    ROWS_ADD(&set, number_rows, check_number_row);
    ROWS_ADD(&set, bulk_rows, check_bulk_row);
    ROWS_ADD(&set, line_rows, check_line_row);
    ROWS_ADD_ONE(&set, test_format_and_string);
    ROWS_ADD_ONE(&set, test_nothing_is_written_before_the_flush);
    ROWS_ADD_ONE(&set, test_full_disk);
    ROWS_ADD_ONE(&set, test_full_pipe_is_waited_for);
    ROWS_ADD_ONE(&set, test_a_stuck_reader_after_stop);
    return rows_run(&set, "base_out");
}
