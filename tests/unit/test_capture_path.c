/* Files as the command line names them: paths, standard input, big batches. */
#include "tests/support/captures.h"
#include "tests/support/scratch.h"

#include <errno.h>

static const struct capture_kind kind = {.form = FORM_PCAP};

static int open_path(struct source **source, const char *path, struct err *err)
{
    return source_open_file(source, &(struct source_file_options){.path = path}, err);
}

static void a_file_is_read_in_place(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct capture capture;
    capture_build(&capture, &kind);
    const char *path = scratch_write(&scratch, "a.pcap", capture.bytes, capture.len);
    struct source *source = NULL;
    struct reading reading = {0};
    assert_int_equal(open_path(&source, path, &reading.err), 0);
    assert_string_equal(source_info(source)->name, path);
    assert_int_equal(source_info(source)->size, capture.len);
    assert_int_equal(source_fd(source), -1);
    reading_finish(&reading, source);
    assert_int_equal(reading.result, SOURCE_ENDED);
    reading_check(&reading, &kind, CAPTURE_PACKETS);
    source_close(source);
    scratch_end(&scratch);
}

/* Puts `fd` in the place of standard input while the source is opened. */
static int open_stdin(struct source **source, int fd, struct err *err)
{
    int before = dup(STDIN_FILENO);
    assert_true(fd < 0 || dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    if (fd < 0)
        assert_int_equal(close(STDIN_FILENO), 0);
    int result = open_path(source, "-", err);
    if (before >= 0) {
        assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
        (void)close(before);
    }
    return result;
}

static void standard_input_may_be_a_file(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_begin(&scratch);
    struct capture capture;
    capture_build(&capture, &kind);
    int fd = open(scratch_write(&scratch, "a.pcap", capture.bytes, capture.len), O_RDONLY);
    assert_true(fd >= 0);
    struct source *source = NULL;
    struct reading reading = {0};
    assert_int_equal(open_stdin(&source, fd, &reading.err), 0);
    (void)close(fd);
    reading_finish(&reading, source);
    reading_check(&reading, &kind, CAPTURE_PACKETS);
    source_close(source);
    scratch_end(&scratch);
}

static void a_terminal_is_refused(void **state)
{
    (void)state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) {
        print_message("no pseudo-terminal here\n");
        skip();
    }
    struct source *source = NULL;
    struct err err = {0};
    int result = open_stdin(&source, terminal, &err);
    (void)close(terminal);
    assert_int_equal(result, -EINVAL);
    assert_non_null(strstr(err.text, "| loflow -r -"));
}

static void closed_standard_input_is_told(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct err err = {0};
    assert_int_equal(open_stdin(&source, -1, &err), -EBADF);
    assert_non_null(strstr(err.text, "standard input is not open"));
}

/* Paths that cannot be read, in the directory of the test. */
struct path_row {
    const char *name;
    const char *path;
    int result;
    const char *words;
};

static const struct path_row paths[] = {
    {"a missing file", "missing.pcap", -ENOENT, "No such file or directory; check the name"},
    {"a directory", "dir", -EISDIR, "is a directory; name a capture file in it"},
    {"below a file", "file/below", -ENOTDIR, "Not a directory"},
    {"an empty file", "file", -EILSEQ, "is empty"},
    {"no permission", "secret", -EACCES, "ask its owner"},
};

static void check_path(void **state)
{
    const struct path_row *row = *state;
    if (row->result == -EACCES && geteuid() == 0) {
        print_message("root may read everything\n");
        skip();
    }
    struct scratch scratch;
    scratch_begin(&scratch);
    (void)scratch_write(&scratch, "file", "", 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "dir"), 0700), 0);
    assert_int_equal(chmod(scratch_write(&scratch, "secret", "x", 1), 0), 0);
    struct source *source = NULL;
    struct err err = {0};
    assert_int_equal(open_path(&source, scratch_path(&scratch, row->path), &err), row->result);
    if (!strstr(err.text, row->words))
        fail_msg("\"%s\" lacks \"%s\"", err.text, row->words);
    assert_non_null(strstr(err.text, row->path));
    scratch_end(&scratch);
}

/* A batch ends early when the slab is full, and no packet falls between two batches. */
static void big_packets_end_a_batch_early(void **state)
{
    (void)state;
    enum { COUNT = 200, LEN = 60000 };
    const size_t record_size = 16 + LEN;
    const size_t size = 24 + COUNT * record_size;
    uint8_t *file = calloc(1, size);
    assert_non_null(file);
    struct capture capture = {0};
    put_pcap_header(&capture, true, LINK_ETHERNET);
    memcpy(file, capture.bytes, 24);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t header[4] = {i, 0, LEN, LEN};
        capture.len = 0;
        put_pcap_record(&capture, header, NULL, 0);
        memcpy(file + 24 + i * record_size, capture.bytes, 16);
        memset(file + 24 + i * record_size + 16, (int)i, LEN);
    }
    struct source *source = NULL;
    struct err err = {0};
    assert_int_equal(source_open_memory(&source, file, size, "", &err), 0);
    struct frame_batch batch;
    uint32_t seen = 0;
    int result;
    while ((result = source_next(source, &batch, &err)) == SOURCE_OPEN) {
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < batch.count; i++, seen++) {
            const struct frame *frame = &batch.frames[i];
            assert_int_equal(frame->time_ns, seen * INT64_C(1000000000));
            assert_int_equal(frame->captured_len, LEN);
            assert_int_equal(frame->data[0], seen);
            assert_int_equal(frame->data[LEN - 1], seen);
            bytes += frame->captured_len;
        }
        assert_true(bytes <= SOURCE_SLAB_SIZE + LEN);
    }
    assert_int_equal(result, SOURCE_ENDED);
    assert_int_equal(seen, COUNT);
    source_close(source);
    free(file);
}

/* A filter that nothing passes does not keep source_next from coming back. */
static void calls_are_bounded(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    const size_t size = 24 + COUNT * 16;
    uint8_t *file = calloc(1, size);
    assert_non_null(file);
    struct capture capture = {0};
    put_pcap_header(&capture, true, LINK_ETHERNET);
    memcpy(file, capture.bytes, 24);
    struct source *source = NULL;
    struct err err = {0};
    assert_int_equal(source_open_memory(&source, file, size, "tcp", &err), 0);
    struct frame_batch batch;
    unsigned calls = 0;
    while (source_next(source, &batch, &err) == SOURCE_OPEN) {
        assert_int_equal(batch.count, 0);
        calls++;
    }
    assert_in_range(calls, 5, 100);
    source_close(source);
    free(file);
}

static void count_interface(void *context, unsigned number, const char *name,
                            const char *description)
{
    unsigned *count = context;
    assert_int_equal(number, ++*count);
    assert_true(name[0] != '\0' && description[0] != '\0');
}

static void interfaces_are_numbered(void **state)
{
    (void)state;
    unsigned count = 0;
    struct err err = {0};
    assert_int_equal(source_list_interfaces(count_interface, &count, &err), 0);
    assert_true(count > 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, a_file_is_read_in_place);
    ROWS_ADD_ONE(&set, standard_input_may_be_a_file);
    ROWS_ADD_ONE(&set, a_terminal_is_refused);
    ROWS_ADD_ONE(&set, closed_standard_input_is_told);
    ROWS_ADD(&set, paths, check_path);
    ROWS_ADD_ONE(&set, big_packets_end_a_batch_early);
    ROWS_ADD_ONE(&set, calls_are_bounded);
    ROWS_ADD_ONE(&set, interfaces_are_numbered);
    return rows_run(&set, "capture_path");
}
