/* pcapng files as loflow writes them: packets, comments and notes, whole and damaged. */
#include "capture/notes.h"

#include <stdio.h>

#include "tests/support/rows.h"
#include "tests/support/written.h"

struct collected {
    char text[4096];
    uint32_t count;
};

static void collect(void *context, const char *note)
{
    struct collected *collected = context;
    size_t len = strlen(collected->text);
    (void)snprintf(collected->text + len, sizeof collected->text - len, "%s;", note);
    collected->count++;
}

struct fixture {
    struct scratch scratch;
    char path[PATH_MAX];
    struct writer_options options;
    struct err err;
};

static void begin(struct fixture *fixture, const char *name)
{
    *fixture = (struct fixture){.err.text = ""};
    scratch_begin(&fixture->scratch);
    (void)strcpy(fixture->path, scratch_path(&fixture->scratch, name));
    fixture->options = written_options(fixture->path);
}

/* Frames 0 to 2, the middle one with a comment, and two notes around it. */
static void write_mixed(struct fixture *fixture)
{
    uint8_t bytes[WRITTEN_LEN];
    const char *comments[FRAME_BATCH_MAX] = {"curl(1) -> node(2)"};
    struct writer *writer = open_writer(&fixture->options);
    assert_int_equal(write_frames(writer, 0, 1, &fixture->err), 0);
    assert_int_equal(writer_note(writer, "MESSAGE=one\n", &fixture->err), 0);
    struct frame_batch batch = {.count = 1, .frames = {written_frame(1, bytes)}};
    assert_int_equal(writer_write_commented(writer, &batch, comments, &fixture->err), 0);
    assert_int_equal(writer_note(writer, "MESSAGE=two\n", &fixture->err), 0);
    assert_int_equal(write_frames(writer, 2, 1, &fixture->err), 0);
    assert_int_equal(writer_close(writer, &fixture->err), 0);
}

/* What a file's name makes of it. */
static const struct kind_row {
    const char *name;
    const char *file;
    bool takes_notes;
    const char *notes;
} kinds[] = {
    {"pcapng by its name", "w.pcapng", true, "MESSAGE=one\n;MESSAGE=two\n;"},
    {"pcap takes packets only", "w.pcap", false, ""},
    {"the ending counts, not the middle", "w.pcapng.old", false, ""},
};

static void check_kind(void **state)
{
    const struct kind_row *row = *state;
    struct fixture fixture;
    struct collected collected = {.count = 0};
    begin(&fixture, row->file);
    struct writer *writer = open_writer(&fixture.options);
    assert_int_equal(writer_takes_notes(writer), row->takes_notes);
    assert_int_equal(writer_close(writer, &fixture.err), 0);
    write_mixed(&fixture);
    expect_file(fixture.path, 0, 3);
    (void)notes_read(fixture.path, collect, &collected);
    assert_string_equal(collected.text, row->notes);
    scratch_end(&fixture.scratch);
}

/* More than the writer's buffer holds, in two files. */
static void many_packets_and_notes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct collected collected = {.count = 0};
    begin(&fixture, "w.pcapng");
    struct writer *writer = open_writer(&fixture.options);
    for (uint32_t at = 0; at < 3000; at++) {
        assert_int_equal(write_frames(writer, at, 1, &fixture.err), 0);
        assert_int_equal(writer_note(writer, "MESSAGE=again\n", &fixture.err), 0);
    }
    assert_int_equal(writer_frame_count(writer), 3000);
    assert_int_equal(writer_close(writer, &fixture.err), 0);
    expect_file(fixture.path, 0, 3000);
    assert_int_equal(notes_read(fixture.path, collect, &collected), 3000);
    scratch_end(&fixture.scratch);
}

static size_t read_all(const char *path, uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, size, file);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void write_all(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Cut anywhere, or with any byte changed: no more notes than there were, and none invented. */
static void damaged_files(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t bytes[8192];
    begin(&fixture, "w.pcapng");
    write_mixed(&fixture);
    size_t len = read_all(fixture.path, bytes, sizeof bytes);
    for (size_t cut = 0; cut < len; cut += 7) {
        struct collected collected = {.count = 0};
        write_all(fixture.path, bytes, cut);
        (void)notes_read(fixture.path, collect, &collected);
        assert_true(collected.count <= 2);
    }
    for (size_t at = 0; at < len; at++) {
        struct collected collected = {.count = 0};
        uint8_t kept = bytes[at];
        bytes[at] ^= 0xff;
        write_all(fixture.path, bytes, len);
        (void)notes_read(fixture.path, collect, &collected);
        assert_true(collected.count <= 3);
        bytes[at] = kept;
    }
    scratch_end(&fixture.scratch);
}

/* What is no file with notes has none. */
static const struct none_row {
    const char *name;
    const char *path;
} nones[] = {
    {"a file that is not there", "/nonexistent/file.pcapng"},
    {"a directory", "/"},
    {"a device", "/dev/zero"},
    {"a text", "/proc/self/status"},
};

static void check_none(void **state)
{
    const struct none_row *row = *state;
    struct collected collected = {.count = 0};
    assert_int_equal(notes_read(row->path, collect, &collected), 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, kinds, check_kind);
    ROWS_ADD(&set, nones, check_none);
    ROWS_ADD_ONE(&set, many_packets_and_notes);
    ROWS_ADD_ONE(&set, damaged_files);
    return rows_run(&set, "capture_notes");
}
