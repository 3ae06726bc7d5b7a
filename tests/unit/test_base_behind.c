#include "tests/support/printed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/behind.h"

static const struct piece_row {
    const char *name;
    size_t len;
    unsigned count;
    unsigned wait_each; /* all are waited for after so many */
} piece_rows[] = {
    {"pieces: none", 0, 0, 1},
    {"pieces: one byte", 1, 1, 1},
    {"pieces: empty ones", 0, 9, 4},
    {"pieces: as many as there are places", BEHIND_PIECE, BEHIND_PIECES, 100},
    {"pieces: one more", BEHIND_PIECE, BEHIND_PIECES + 1, 100},
    {"pieces: many small ones", 4099, 3000, 3001},
    {"pieces: each is waited for", 4099, 300, 1},
    {"pieces: with all of the room", BEHIND_PIECE + BEHIND_MORE, 30, 7},
};

static void check_piece_row(void **state)
{
    const struct piece_row *row = *state;
    struct behind *behind = NULL;
    struct out out;
    printed_open(&out);
    assert_int_equal(behind_open(&behind, out.fd), 0);
    for (unsigned at = 0; at < row->count; at++) {
        memset(behind_place(behind), (char)('a' + at % 23), row->len);
        assert_int_equal(behind_pass(behind, row->len), 0);
        if (at % row->wait_each != 0)
            continue;
        assert_int_equal(behind_wait(behind), 0);
        assert_int_equal(lseek(out.fd, 0, SEEK_END), row->len * (at + 1));
    }
    behind_close(behind);
    size_t len = 0;
    char *written = printed_close(&out, &len);
    assert_int_equal(len, row->len * row->count);
    for (size_t at = 0; at < len; at++)
        assert_int_equal(written[at], 'a' + at / row->len % 23);
    free(written);
}

/* The first failure is told by all that follows, and by who waits at once. */
static void test_a_full_disk(void **state)
{
    (void)state;
    struct behind *behind = NULL;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(behind_open(&behind, fd), 0);
    memset(behind_place(behind), 'x', 10);
    (void)behind_pass(behind, 10);
    assert_int_equal(behind_wait(behind), -ENOSPC);
    for (unsigned at = 0; at < 3 * BEHIND_PIECES; at++)
        assert_int_equal(behind_pass(behind, 0), -ENOSPC);
    assert_int_equal(behind_wait(behind), -ENOSPC);
    behind_close(behind);
    (void)close(fd);
}

/* An `out` learns of it, and throws away what follows. */
static void test_an_output_that_fails(void **state)
{
    (void)state;
    static char bytes[BEHIND_PIECE];
    static struct out out;
    printed_open(&out);
    out_write_behind(&out);
    (void)close(out.fd);
    for (unsigned at = 0; at < 3 * BEHIND_PIECES; at++)
        out_bytes(&out, bytes, sizeof bytes);
    assert_int_equal(out_flush(&out), -EBADF);
    out_bytes(&out, bytes, 1);
    assert_int_equal(out_flush(&out), -EBADF);
    assert_int_equal(out.error, EBADF);
    out_close(&out);
}

static int open_file(void)
{
    return memfd_create("file", MFD_CLOEXEC);
}

static int open_null(void)
{
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int open_pipe(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    return ends[1];
}

static int open_nothing(void)
{
    return -1;
}

static const struct pays_row {
    const char *name;
    int (*open)(void);
    bool pays; /* with two processors */
} pays_rows[] = {
    {"pays: a file", open_file, true},
    {"pays: /dev/null", open_null, false},
    {"pays: a pipe", open_pipe, false},
    {"pays: what is closed", open_nothing, false},
};

static void check_pays_row(void **state)
{
    const struct pays_row *row = *state;
    cpu_set_t all, one;
    int fd = row->open();
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_int_equal(behind_pays(fd), row->pays && CPU_COUNT(&all) > 1);
    CPU_ZERO(&one);
    for (unsigned cpu = 0; CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_false(behind_pays(fd));
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    if (fd >= 0)
        (void)close(fd);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, piece_rows, check_piece_row);
    ROWS_ADD(&set, pays_rows, check_pays_row);
    ROWS_ADD_ONE(&set, test_a_full_disk);
    ROWS_ADD_ONE(&set, test_an_output_that_fails);
    return rows_run(&set, "base_behind");
}
