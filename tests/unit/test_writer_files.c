/* Many files, and disks that are full. */
#include "tests/support/written.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define RECORD_SIZE (16 + WRITTEN_LEN)

/* A file is closed before the packet that comes when it is larger than the limit: 24 + 10 records
 * are above 10,000 bytes, 24 + 9 are not. */
#define LIMIT    10000
#define PER_FILE 10

struct ring_row {
    const char *name;
    uint32_t file_count;
    uint32_t frames;
    const char *files[4];
    uint32_t first[4]; /* frame of each file */
    uint32_t count[4];
};

static const struct ring_row rings[] = {
    {"one file", 0, PER_FILE, {"w"}, {0}, {PER_FILE}},
    {"one packet more", 0, PER_FILE + 1, {"w", "w1"}, {0, PER_FILE}, {PER_FILE, 1}},
    {"three files", 0, 25, {"w", "w1", "w2"}, {0, 10, 20}, {10, 10, 5}},
    {"a ring of two", 2, 25, {"w0", "w1"}, {20, 10}, {5, 10}},
    {"a ring of one", 1, 25, {"w"}, {20}, {5}},
};

static void check_ring(void **state)
{
    const struct ring_row *row = *state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct err err = {0};
    struct writer_options options = written_options(scratch_path(&scratch, "w"));
    options.rotate_bytes = LIMIT;
    options.file_count = row->file_count;
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, row->frames, &err), 0);
    assert_int_equal(writer_frame_count(writer), row->frames);
    assert_int_equal(writer_close(writer, &err), 0);
    unsigned files = 0;
    for (; files < 4 && row->files[files]; files++)
        expect_file(scratch_path(&scratch, row->files[files]), row->first[files],
                    row->count[files]);
    for (unsigned i = 0; i < files; i++)
        assert_int_equal(unlink(scratch_path(&scratch, row->files[i])), 0);
    /* Fails when there was any other file. */
    assert_int_equal(rmdir(scratch.dir), 0);
}

static void time_ends_the_run(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct err err = {0};
    struct writer_options options = written_options(scratch_path(&scratch, "w%%"));
    options.rotate_seconds = 1;
    options.file_count = 1;
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, 1, &err), 0);
    (void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL);
    assert_int_equal(write_frames(writer, 1, 1, &err), 1);
    assert_int_equal(write_frames(writer, 1, 1, &err), 1);
    assert_int_equal(writer_flush(writer, &err), 0);
    assert_int_equal(writer_frame_count(writer), 1);
    assert_int_equal(writer_close(writer, &err), 0);
    expect_file(scratch_path(&scratch, "w%"), 0, 1);
    scratch_end(&scratch);
}

static void a_full_device_is_told(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("no /dev/full here\n");
        skip();
    }
    struct err err = {0};
    struct writer_options options = written_options("/dev/full");
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, 3, &err), 0);
    assert_int_equal(writer_flush(writer, &err), -ENOSPC);
    assert_string_equal(err.text, "No space left on device: nothing more can be written to"
                                  " /dev/full after 0 packets");
    struct err again = {0};
    assert_int_equal(write_frames(writer, 3, 1, &again), -ENOSPC);
    assert_string_equal(again.text, err.text);
    assert_int_equal(writer_frame_count(writer), 0);
    assert_int_equal(writer_close(writer, &err), -ENOSPC);
}

/* Room for some bytes, and the whole packets that remain. */
struct room_row {
    const char *name;
    size_t room;     /* bytes */
    uint32_t before; /* packets flushed before the last flush, which fails */
    uint32_t packets;
};

static const struct room_row rooms[] = {
    {"room for nothing", 0, 0, 0},
    {"room for half the header", 12, 0, 0},
    {"room for the header", 24, 0, 0},
    {"room for one byte of the first packet", 25, 0, 0},
    {"room for all but one byte of it", 24 + RECORD_SIZE - 1, 0, 0},
    {"room for it", 24 + RECORD_SIZE, 0, 1},
    {"room for it and a header", 24 + RECORD_SIZE + 16, 0, 1},
    {"room for five packets and a half", 24 + 5 * RECORD_SIZE + RECORD_SIZE / 2, 0, 5},
    {"five, of which three were flushed", 24 + 5 * RECORD_SIZE + 1, 3, 5},
    {"five flushed, then half a one", 24 + 5 * RECORD_SIZE + RECORD_SIZE / 2, 5, 5},
};

static void fill(const char *path, const struct room_row *row)
{
    struct err err = {0};
    struct writer_options options = written_options(path);
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, row->before, &err), 0);
    if (row->before > 0)
        assert_int_equal(writer_flush(writer, &err), 0);
    assert_int_equal(write_frames(writer, row->before, 10, &err), 0);
    assert_int_equal(writer_flush(writer, &err), -EFBIG);
    char words[64];
    (void)snprintf(words, sizeof words, "holds the first %u packet%s", row->packets,
                   row->packets == 1 ? ", " : "s, ");
    if (!strstr(err.text, words))
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(writer_frame_count(writer), row->packets);
    assert_int_equal(writer_close(writer, &err), -EFBIG);
}

/* A limit on the size of files stands in for the full disk: write(2) stops at the very byte. */
static void check_room(void **state)
{
    const struct room_row *row = *state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* What the tests print may go to a file beyond the limit. */
    (void)fflush(stdout);
    struct rlimit limit = {.rlim_cur = row->room, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    char path[PATH_MAX];
    (void)strcpy(path, scratch_path(&scratch, "w.pcap"));
    fill(path, row);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    long wanted = row->room < 24 ? 0 : 24 + (long)row->packets * RECORD_SIZE;
    assert_int_equal(scratch_size(&scratch, "w.pcap"), wanted);
    if (wanted > 0)
        expect_file(path, 0, row->packets);
    scratch_end(&scratch);
}

/* A real full disk: 64 KiB of tmpfs in a mount namespace of the test's own. */
static void a_full_disk_leaves_whole_packets(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_begin(&scratch);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", scratch.dir, "tmpfs", 0, "size=64k") != 0) {
        scratch_end(&scratch);
        print_message("this user cannot mount a small disk\n");
        skip();
    }
    struct err err = {0};
    char path[PATH_MAX];
    (void)strcpy(path, scratch_path(&scratch, "w.pcap"));
    struct writer_options options = written_options(path);
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, 200, &err), 0);
    assert_int_equal(writer_close(writer, &err), -ENOSPC);
    uint32_t packets = (65536 - 24) / RECORD_SIZE;
    char words[64];
    (void)snprintf(words, sizeof words, "w.pcap holds the first %u packets", packets);
    if (!strstr(err.text, words) || strncmp(err.text, "No space left on device: ", 25) != 0)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    expect_file(path, 0, packets);
    assert_int_equal(umount(scratch.dir), 0);
    scratch_end(&scratch);
}

static void a_reader_that_leaves_is_told(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct err err = {0};
    const char *path = scratch_path(&scratch, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    (void)signal(SIGPIPE, SIG_IGN);
    struct writer_options options = written_options(path);
    struct writer *writer = open_writer(&options);
    assert_int_equal(write_frames(writer, 0, 3, &err), 0);
    assert_int_equal(writer_flush(writer, &err), 0);
    (void)close(reader);
    assert_int_equal(write_frames(writer, 3, 1, &err), 0);
    assert_int_equal(writer_flush(writer, &err), -EPIPE);
    assert_non_null(strstr(err.text, "after 3 packets"));
    assert_int_equal(writer_close(writer, &err), -EPIPE);
    scratch_end(&scratch);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rings, check_ring);
    ROWS_ADD_ONE(&set, time_ends_the_run);
    ROWS_ADD_ONE(&set, a_full_device_is_told);
    ROWS_ADD(&set, rooms, check_room);
    ROWS_ADD_ONE(&set, a_full_disk_leaves_whole_packets);
    ROWS_ADD_ONE(&set, a_reader_that_leaves_is_told);
    return rows_run(&set, "writer_files");
}
