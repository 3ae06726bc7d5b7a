/* Files that are saved a step at a time: all of it is there, in order, and nothing is left of what failed. */
#include "tests/support/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/save.h"
#include "base/clock.h"

#define PATH_SIZE 128
#define TURN      (5u << 18) /* more than a piece, and no multiple of one */

static void name_file(char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "/tmp/loflow-save-%d", (int)getpid());
    (void)unlink(path);
}

/* Turns of both sides by turns, each with a gap of 7 bytes behind its bytes. */
static void fill(struct conversation *conversation, uint32_t turns)
{
    conversation_begin(conversation, NULL);
    for (size_t turn = 0; turn < turns; turn++) {
        uint8_t side = (uint8_t)(turn % 2);
        conversation->turns[turn] = (struct conversation_turn){
            .side = side, .first_run = (uint32_t)(2 * turn), .run_count = 2};
        conversation->runs[2 * turn] =
            (struct conversation_run){.at = conversation->len, .len = TURN, .turn = (uint32_t)turn};
        conversation->runs[2 * turn + 1] =
            (struct conversation_run){.len = 7, .turn = (uint32_t)turn, .is_gap = true};
        for (size_t at = 0; at < TURN; at++)
            conversation->bytes[conversation->len + at] = (uint8_t)(turn + at * 31u + at / 256);
        conversation->len += TURN;
    }
    conversation->turn_count = turns;
    conversation->run_count = 2 * turns;
}

static void expect_side(const struct conversation *conversation, unsigned side, const char *path)
{
    static uint8_t read_bytes[TURN];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t turn = side; turn < conversation->turn_count; turn += 2) {
        assert_int_equal(read(fd, read_bytes, TURN), TURN);
        assert_memory_equal(read_bytes, conversation->bytes + conversation->runs[2 * turn].at,
                            TURN);
    }
    assert_int_equal(read(fd, read_bytes, 1), 0);
    (void)close(fd);
}

static void test_sides(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct err err;
    struct saved saved;
    static struct conversation conversation;
    assert_int_equal(conversation_open(&conversation, CONVERSATION_BYTES, &err), 0);
    fill(&conversation, 9);
    for (unsigned side = 0; side < 2; side++) {
        struct save *save = NULL;
        unsigned steps = 0;
        name_file(path);
        assert_int_equal(save_begin_stream(&save, &conversation, side, path, &err), 0);
        int result = 1;
        /* What comes while it goes on is not part of it. */
        conversation.runs[conversation.run_count - 2].len += 3;
        conversation.len += 3;
        while (result > 0) {
            result = save_step(save, clock_monotonic_ns() + 1, &saved, &err);
            steps++;
        }
        conversation.runs[conversation.run_count - 2].len -= 3;
        conversation.len -= 3;
        assert_int_equal(result, 0);
        assert_int_equal(saved.count, (uint64_t)TURN * (side == 0 ? 5 : 4));
        assert_int_equal(saved.missing, 7 * (side == 0 ? 5 : 4));
        expect_side(&conversation, side, path);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_true(steps > 0);
    }
    (void)unlink(path);
    conversation_close(&conversation);
}

static void test_step_is_bounded(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct err err;
    struct saved saved;
    struct stat status;
    struct save *save = NULL;
    static struct conversation conversation;
    assert_int_equal(conversation_open(&conversation, CONVERSATION_BYTES, &err), 0);
    fill(&conversation, 9);
    name_file(path);
    assert_int_equal(save_begin_stream(&save, &conversation, 0, path, &err), 0);
    /* The deadline is over before the first piece, which is written all the same. */
    assert_int_equal(save_step(save, 0, &saved, &err), 1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, SAVE_PIECE);
    assert_int_equal(save_step(save, INT64_MAX, &saved, &err), 0);
    expect_side(&conversation, 0, path);
    (void)unlink(path);
    conversation_close(&conversation);
}

/* Another flow was chosen: its bytes are not those that were wanted. */
static void test_left_before_its_end(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct err err;
    struct saved saved;
    struct save *save = NULL;
    static struct conversation conversation;
    assert_int_equal(conversation_open(&conversation, CONVERSATION_BYTES, &err), 0);
    fill(&conversation, 3);
    name_file(path);
    assert_int_equal(save_begin_stream(&save, &conversation, 0, path, &err), 0);
    fill(&conversation, 2);
    assert_int_equal(save_step(save, INT64_MAX, &saved, &err), -ECANCELED);
    assert_non_null(strstr(err.text, "save it again"));
    assert_int_equal(access(path, F_OK), -1);
    conversation_close(&conversation);
}

static void test_no_room(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct err err;
    struct saved saved;
    struct save *save = NULL;
    struct rlimit before, low;
    static struct conversation conversation;
    assert_int_equal(conversation_open(&conversation, CONVERSATION_BYTES, &err), 0);
    fill(&conversation, 3);
    name_file(path);
    assert_int_equal(save_begin_stream(&save, &conversation, 0, path, &err), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = (struct rlimit){TURN, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    int result = save_step(save, INT64_MAX, &saved, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -EFBIG);
    assert_non_null(strstr(err.text, "cannot write"));
    assert_int_equal(access(path, F_OK), -1);
    conversation_close(&conversation);
}

static const struct refused_row {
    const char *name;
    const char *path;
    int failed;
} refused_rows[] = {
    {"refused_folder", "/tmp", -EEXIST},
    {"refused_nowhere", "/no/such/folder/x", -ENOENT},
    {"refused_device", "/dev/null", -EEXIST},
};

static void test_refused(void **state)
{
    const struct refused_row *row = *state;
    struct err err;
    struct save *save = NULL;
    static struct conversation conversation;
    struct packet_log *log = NULL;
    assert_int_equal(conversation_open(&conversation, CONVERSATION_BYTES, &err), 0);
    fill(&conversation, 1);
    assert_int_equal(save_begin_stream(&save, &conversation, 0, row->path, &err), row->failed);
    assert_null(save);
    assert_int_equal(packet_log_open(&log, &(struct packet_log_options){.max_flows = 1}, &err), 0);
    const struct save_flows what = {.log = log};
    assert_int_equal(save_begin_flows(&save, &what, row->path, &err), row->failed);
    assert_null(save);
    packet_log_close(log);
    conversation_close(&conversation);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, refused_rows, test_refused);
    ROWS_ADD_ONE(&set, test_sides);
    ROWS_ADD_ONE(&set, test_step_is_bounded);
    ROWS_ADD_ONE(&set, test_left_before_its_end);
    ROWS_ADD_ONE(&set, test_no_room);
    return rows_run(&set, "app_save");
}
