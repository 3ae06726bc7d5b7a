/* Every kind of capture file, whole and cut at every byte. */
#include "tests/support/captures.h"

#include <errno.h>

static const struct capture_kind kinds[] = {CAPTURE_KINDS};

static void check_whole(void **state)
{
    const struct capture_kind *kind = *state;
    struct capture capture;
    capture_build(&capture, kind);
    struct reading reading;
    reading_memory(&reading, capture.bytes, capture.len, NULL);
    assert_int_equal(reading.result, SOURCE_ENDED);
    reading_check(&reading, kind, CAPTURE_PACKETS);
}

static void check_filtered(void **state)
{
    const struct capture_kind *kind = *state;
    struct capture capture;
    capture_build(&capture, kind);
    struct reading reading;
    reading_memory(&reading, capture.bytes, capture.len, "udp dst port 1002");
    assert_int_equal(reading.result, SOURCE_ENDED);
    assert_int_equal(reading.count, 1);
    assert_int_equal(reading.frames[0].time_ns, capture_time_ns(kind, 2));
}

/* How many packets a file cut at `len` has, and whether it looks whole. */
static unsigned packets_before(const struct capture *capture, size_t len, bool *is_mark)
{
    unsigned packets = 0;
    *is_mark = false;
    for (unsigned i = 0; i < capture->mark_count && capture->marks[i] <= len; i++) {
        packets = capture->mark_packets[i];
        *is_mark = capture->marks[i] == len;
    }
    return packets;
}

static void check_cut(void **state)
{
    const struct capture_kind *kind = *state;
    struct capture capture;
    capture_build(&capture, kind);
    for (size_t len = 0; len < capture.len; len++) {
        struct reading reading;
        reading_memory(&reading, capture.bytes, len, NULL);
        bool is_mark;
        unsigned packets = packets_before(&capture, len, &is_mark);
        assert_int_equal(reading.result, is_mark ? SOURCE_ENDED : -EILSEQ);
        assert_int_equal(strlen(reading.err.text) > 0, !is_mark);
        /* A packed file may give more than its last mark says, but never other packets. */
        assert_true(reading.count >= packets);
        reading_check(&reading, kind, kind->packing == PACKING_NONE ? packets : reading.count);
    }
}

/* Any byte may be any other: no crash, and what comes out obeys the contract of a frame. */
static void check_damaged(void **state)
{
    const struct capture_kind *kind = *state;
    struct capture capture;
    capture_build(&capture, kind);
    for (size_t at = 0; at < capture.len; at++) {
        const uint8_t before = capture.bytes[at];
        for (unsigned way = 0; way < 3; way++) {
            capture.bytes[at] = (uint8_t)(way == 0 ? 0xff : way == 1 ? 0 : before ^ 0x80);
            struct reading reading;
            reading_memory(&reading, capture.bytes, capture.len, NULL);
            assert_true(reading.result == SOURCE_ENDED || reading.result == -EILSEQ);
            for (unsigned i = 0; i < reading.count; i++)
                assert_true(reading.frames[i].captured_len <= reading.frames[i].wire_len);
        }
        capture.bytes[at] = before;
    }
}

/* Once a file has ended it stays ended. */
static void ended_stays_ended(void **state)
{
    (void)state;
    struct capture capture;
    capture_build(&capture, &kinds[0]);
    struct source *source = NULL;
    struct reading reading = {0};
    assert_int_equal(
        source_open_memory(&source, capture.bytes, capture.len - 1, NULL, &reading.err), 0);
    reading_finish(&reading, source);
    assert_int_equal(reading.result, -EILSEQ);
    struct frame_batch batch;
    struct err err = {0};
    assert_int_equal(source_next(source, &batch, &err), -EILSEQ);
    assert_string_equal(err.text,
                        "memory is cut short after 3 packets; everything before was read");
    assert_int_equal(batch.count, 0);
    source_close(source);
}

static void position_reaches_the_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct capture capture;
        capture_build(&capture, &kinds[i]);
        struct source *source = NULL;
        struct reading reading = {0};
        assert_int_equal(
            source_open_memory(&source, capture.bytes, capture.len, NULL, &reading.err), 0);
        reading_finish(&reading, source);
        struct source_stats stats;
        source_stats(source, &stats);
        assert_int_equal(stats.position, capture.len);
        assert_int_equal(source_info(source)->size, capture.len);
        source_close(source);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, kinds, check_whole);
    ROWS_ADD(&set, kinds, check_filtered);
    ROWS_ADD(&set, kinds, check_cut);
    ROWS_ADD(&set, kinds, check_damaged);
    ROWS_ADD_ONE(&set, ended_stays_ended);
    ROWS_ADD_ONE(&set, position_reaches_the_size);
    return rows_run(&set, "capture_kinds");
}
