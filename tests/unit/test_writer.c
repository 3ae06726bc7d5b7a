/* Captures written: their bytes, and what becomes of the files. */
#include "tests/support/written.h"

#include <errno.h>
#include <time.h>

struct fixture {
    struct scratch scratch;
    char path[PATH_MAX];           /* of w.pcap */
    struct writer_options options; /* to write there */
    struct writer *writer;
    struct err err;
};

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.writer = NULL};
    scratch_begin(&fixture->scratch);
    (void)strcpy(fixture->path, scratch_path(&fixture->scratch, "w.pcap"));
    fixture->options = written_options(fixture->path);
}

static void finish(struct fixture *fixture)
{
    if (fixture->writer)
        assert_int_equal(writer_close(fixture->writer, &fixture->err), 0);
    scratch_end(&fixture->scratch);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.writer = open_writer(&fixture.options);
    /* More than the buffer holds. */
    assert_int_equal(write_frames(fixture.writer, 0, 3000, &fixture.err), 0);
    assert_int_equal(writer_frame_count(fixture.writer), 3000);
    assert_int_equal(writer_close(fixture.writer, &fixture.err), 0);
    fixture.writer = NULL;
    expect_file(fixture.path, 0, 3000);
    finish(&fixture);
}

static void every_flush_leaves_a_whole_file(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.writer = open_writer(&fixture.options);
    for (uint32_t count = 0; count < 5; count++) {
        assert_int_equal(writer_flush(fixture.writer, &fixture.err), 0);
        expect_file(fixture.path, 0, count);
        assert_int_equal(write_frames(fixture.writer, count, 1, &fixture.err), 0);
        assert_int_equal(scratch_size(&fixture.scratch, "w.pcap"), 24 + count * (16 + WRITTEN_LEN));
    }
    finish(&fixture);
}

/* Times, as the 32 bits of the format hold them. */
struct stamp_row {
    const char *name;
    int64_t time_ns;
    uint32_t seconds, nanoseconds;
};

static const struct stamp_row stamps[] = {
    {"now", INT64_C(1700000000123456789), 1700000000, 123456789},
    {"1970", 0, 0, 0},
    {"before 1970", -1, 0, 0},
    {"long before", INT64_MIN, 0, 0},
    {"2106, the last moment", UINT32_MAX *INT64_C(1000000000) + 999999999, UINT32_MAX, 999999999},
    {"one later", (UINT32_MAX + INT64_C(1)) * 1000000000, UINT32_MAX, 999999999},
    {"the end of time", INT64_MAX, UINT32_MAX, 999999999},
};

/* The bytes of a file with one frame of no length. */
static void check_stamp(void **state)
{
    const struct stamp_row *row = *state;
    struct fixture fixture;
    begin(&fixture);
    fixture.writer = open_writer(&fixture.options);
    struct frame_batch batch = {
        .count = 1,
        .frames = {{.time_ns = row->time_ns, .wire_len = 77, .link_type = LINK_ETHERNET}},
    };
    assert_int_equal(writer_write(fixture.writer, &batch, &fixture.err), 0);
    assert_int_equal(writer_flush(fixture.writer, &fixture.err), 0);
    uint32_t words[11] = {0};
    int fd = open(fixture.path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, words, sizeof words), 40);
    (void)close(fd);
    const uint16_t version[2] = {2, 4};
    uint32_t version_word;
    memcpy(&version_word, version, sizeof version_word);
    const uint32_t wanted[11] = {0xa1b23c4d,   version_word,     0, 0,  65535, LINK_ETHERNET,
                                 row->seconds, row->nanoseconds, 0, 77, 0};
    assert_memory_equal(words, wanted, sizeof words);
    finish(&fixture);
}

static void check_mode_and_owner(uid_t owner, gid_t group)
{
    struct fixture fixture;
    begin(&fixture);
    fixture.options.owner = owner;
    fixture.options.group = group;
    mode_t before = umask(0);
    fixture.writer = open_writer(&fixture.options);
    (void)umask(before);
    struct stat status;
    assert_int_equal(stat(fixture.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_uid, owner == (uid_t)-1 ? geteuid() : owner);
    finish(&fixture);
}

static void new_files_are_private(void **state)
{
    (void)state;
    check_mode_and_owner((uid_t)-1, (gid_t)-1);
    if (geteuid() == 0)
        check_mode_and_owner(12345, 12345);
}

/* What stood in the file before is gone, however long it was; its mode stays. */
static void an_existing_file_is_overwritten(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    static const char old[5000];
    char path[PATH_MAX];
    (void)strcpy(path, scratch_write(&fixture.scratch, "w.pcap", old, sizeof old));
    assert_int_equal(chmod(path, 0640), 0);
    struct writer_options options = written_options(path);
    fixture.writer = open_writer(&options);
    assert_int_equal(write_frames(fixture.writer, 0, 1, &fixture.err), 0);
    assert_int_equal(writer_flush(fixture.writer, &fixture.err), 0);
    expect_file(path, 0, 1);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    finish(&fixture);
}

/* Places that are not written to. */
struct place_row {
    const char *name;
    const char *path;
    int result;
    const char *words;
};

static const struct place_row places[] = {
    {"a symbolic link", "link", -ELOOP, "is a symbolic link"},
    {"a symbolic link to nothing", "dangling", -ELOOP, "is a symbolic link"},
    {"a directory", "dir", -EISDIR, "is a directory; name a file in it"},
    {"a missing directory", "none/w.pcap", -ENOENT, "its directory does not exist"},
    {"a FIFO without a reader", "fifo", -ENXIO, "start its reader first"},
};

static void check_place(void **state)
{
    const struct place_row *row = *state;
    struct fixture fixture;
    begin(&fixture);
    (void)scratch_write(&fixture.scratch, "target", "precious", 8);
    assert_int_equal(symlink("target", scratch_path(&fixture.scratch, "link")), 0);
    assert_int_equal(symlink("absent", scratch_path(&fixture.scratch, "dangling")), 0);
    assert_int_equal(mkdir(scratch_path(&fixture.scratch, "dir"), 0700), 0);
    assert_int_equal(mkfifo(scratch_path(&fixture.scratch, "fifo"), 0600), 0);
    struct writer_options options = written_options(scratch_path(&fixture.scratch, row->path));
    assert_int_equal(writer_open(&fixture.writer, &options, &fixture.err), row->result);
    if (!strstr(fixture.err.text, row->words))
        fail_msg("\"%s\" lacks \"%s\"", fixture.err.text, row->words);
    assert_int_equal(scratch_size(&fixture.scratch, "target"), 8);
    assert_int_equal(scratch_size(&fixture.scratch, "absent"), -1);
    fixture.writer = NULL;
    finish(&fixture);
}

/* Neither the file that is being read nor one that is being written is emptied. */
static void a_file_in_use_is_left_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct capture_kind kind = {.form = FORM_PCAP};
    struct capture capture;
    capture_build(&capture, &kind);
    const char *path = scratch_write(&fixture.scratch, "r.pcap", capture.bytes, capture.len);
    struct source *source = NULL;
    struct source_file_options input = {.path = path};
    assert_int_equal(source_open_file(&source, &input, &fixture.err), 0);
    struct writer_options options = written_options(path);
    assert_int_equal(writer_open(&fixture.writer, &options, &fixture.err), -EBUSY);
    assert_int_equal(scratch_size(&fixture.scratch, "r.pcap"), capture.len);
    source_close(source);

    struct writer *first = open_writer(&options);
    assert_int_equal(writer_open(&fixture.writer, &options, &fixture.err), -EBUSY);
    assert_int_equal(writer_close(first, &fixture.err), 0);
    fixture.writer = open_writer(&options);
    finish(&fixture);
}

static void devices_are_written_as_they_are(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct writer_options options = written_options("/dev/null");
    fixture.writer = open_writer(&options);
    assert_int_equal(write_frames(fixture.writer, 0, 3000, &fixture.err), 0);
    finish(&fixture);
}

static void standard_output_is_a_place_too(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    char path[PATH_MAX];
    (void)strcpy(path, scratch_write(&fixture.scratch, "out", "", 0));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int before = dup(STDOUT_FILENO);
    (void)fflush(stdout);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    struct writer_options options = written_options("-");
    int result = writer_open(&fixture.writer, &options, &fixture.err);
    assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(before);
    (void)close(fd);
    assert_int_equal(result, 0);
    assert_int_equal(write_frames(fixture.writer, 0, 10, &fixture.err), 0);
    assert_int_equal(writer_close(fixture.writer, &fixture.err), 0);
    fixture.writer = NULL;
    expect_file(path, 0, 10);
    options.rotate_bytes = 1000000;
    assert_int_equal(writer_open(&fixture.writer, &options, &fixture.err), -EINVAL);
    finish(&fixture);
}

/* One file has one link type. */
static void other_link_types_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.writer = open_writer(&fixture.options);
    assert_int_equal(write_frames(fixture.writer, 0, 2, &fixture.err), 0);
    struct frame_batch batch = {.count = 1, .frames = {{.link_type = LINK_RAW}}};
    assert_int_equal(writer_write(fixture.writer, &batch, &fixture.err), -EINVAL);
    assert_non_null(strstr(fixture.err.text, "link type 101"));
    assert_int_equal(writer_close(fixture.writer, &fixture.err), -EINVAL);
    fixture.writer = NULL;
    expect_file(fixture.path, 0, 2);
    finish(&fixture);
}

/* A pipe does not know its link type when the file is opened. */
static void the_first_frame_decides_the_link_type(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.options.link_type = SOURCE_LINK_UNKNOWN;
    fixture.writer = open_writer(&fixture.options);
    assert_int_equal(writer_flush(fixture.writer, &fixture.err), 0);
    assert_int_equal(scratch_size(&fixture.scratch, "w.pcap"), 0);
    assert_int_equal(write_frames(fixture.writer, 0, 2, &fixture.err), 0);
    assert_int_equal(writer_flush(fixture.writer, &fixture.err), 0);
    expect_file(fixture.path, 0, 2);
    assert_int_equal(writer_close(fixture.writer, &fixture.err), 0);
    fixture.writer = open_writer(&fixture.options);
    assert_int_equal(writer_close(fixture.writer, &fixture.err), 0);
    fixture.writer = NULL;
    expect_file(fixture.path, 0, 0);
    finish(&fixture);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, what_is_written_can_be_read);
    ROWS_ADD_ONE(&set, every_flush_leaves_a_whole_file);
    ROWS_ADD(&set, stamps, check_stamp);
    ROWS_ADD_ONE(&set, new_files_are_private);
    ROWS_ADD_ONE(&set, an_existing_file_is_overwritten);
    ROWS_ADD(&set, places, check_place);
    ROWS_ADD_ONE(&set, a_file_in_use_is_left_alone);
    ROWS_ADD_ONE(&set, devices_are_written_as_they_are);
    ROWS_ADD_ONE(&set, standard_output_is_a_place_too);
    ROWS_ADD_ONE(&set, other_link_types_are_refused);
    ROWS_ADD_ONE(&set, the_first_frame_decides_the_link_type);
    return rows_run(&set, "writer");
}
