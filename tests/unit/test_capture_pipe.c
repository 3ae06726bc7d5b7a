/* Pipes: a source that must be waited for, and never waits itself. */
#include "tests/support/captures.h"
#include "tests/support/scratch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"

/* One memcpy under a lock and two system calls; a sanitized build on a busy machine gets patience.
 */
#define AT_ONCE_NS (500 * CLOCK_NS_PER_MS)

static const struct capture_kind kinds[] = {CAPTURE_KINDS};

/* A FIFO in the test's directory, its writing end held by the test. */
struct fifo {
    struct scratch scratch;
    int writer;
    struct source *source;
    struct err err;
};

static void fifo_open(struct fifo *fifo, const char *filter)
{
    *fifo = (struct fifo){.writer = -1};
    scratch_begin(&fifo->scratch);
    const char *path = scratch_path(&fifo->scratch, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    struct source_file_options options = {.path = path, .filter = filter};
    int64_t begin = clock_monotonic_ns();
    assert_int_equal(source_open_file(&fifo->source, &options, &fifo->err), 0);
    assert_true(clock_monotonic_ns() - begin < AT_ONCE_NS);
    fifo->writer = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fifo->writer >= 0);
    assert_true(source_fd(fifo->source) >= 0);
}

static void fifo_write(struct fifo *fifo, const uint8_t *bytes, size_t len)
{
    assert_int_equal(write(fifo->writer, bytes, len), len);
}

static void fifo_hang_up(struct fifo *fifo)
{
    assert_int_equal(close(fifo->writer), 0);
    fifo->writer = -1;
}

static void fifo_close(struct fifo *fifo)
{
    int64_t begin = clock_monotonic_ns();
    source_close(fifo->source);
    assert_true(clock_monotonic_ns() - begin < AT_ONCE_NS);
    if (fifo->writer >= 0)
        fifo_hang_up(fifo);
    scratch_end(&fifo->scratch);
}

/* What the source says now, without waiting; checks that it did not wait. */
static int next_at_once(struct fifo *fifo, struct frame_batch *batch)
{
    int64_t begin = clock_monotonic_ns();
    int result = source_next(fifo->source, batch, &fifo->err);
    assert_true(clock_monotonic_ns() - begin < AT_ONCE_NS);
    return result;
}

static bool is_readable(const struct fifo *fifo, int timeout_ms)
{
    struct pollfd ready = {.fd = source_fd(fifo->source), .events = POLLIN};
    return poll(&ready, 1, timeout_ms) == 1;
}

static void check_kind(void **state)
{
    const struct capture_kind *kind = *state;
    struct capture capture;
    capture_build(&capture, kind);
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    fifo_write(&fifo, capture.bytes, capture.len);
    fifo_hang_up(&fifo);
    struct reading reading = {0};
    reading_finish(&reading, fifo.source);
    assert_int_equal(reading.result, SOURCE_ENDED);
    reading_check(&reading, kind, CAPTURE_PACKETS);
    assert_int_equal(source_info(fifo.source)->link_type, LINK_ETHERNET);
    assert_int_equal(source_info(fifo.source)->size, -1);
    fifo_close(&fifo);
}

/* Each packet is there as soon as its last byte is written, and not before. */
static void a_slow_writer_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct capture capture;
    capture_build(&capture, &kinds[0]);
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    struct frame_batch batch;
    assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
    assert_int_equal(source_info(fifo.source)->link_type, SOURCE_LINK_UNKNOWN);
    unsigned packets = 0;
    for (size_t at = 0; at < capture.len; at++) {
        fifo_write(&fifo, capture.bytes + at, 1);
        if (packets < CAPTURE_PACKETS && at + 1 == capture.marks[packets + 1]) {
            do {
                assert_true(is_readable(&fifo, 10000));
                assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
            } while (batch.count == 0);
            packets++;
        }
        assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
        assert_int_equal(batch.count, 0);
    }
    assert_int_equal(packets, CAPTURE_PACKETS);
    assert_int_equal(source_info(fifo.source)->link_type, LINK_ETHERNET);
    assert_false(is_readable(&fifo, 0));
    fifo_hang_up(&fifo);
    assert_true(is_readable(&fifo, 10000));
    assert_int_equal(next_at_once(&fifo, &batch), SOURCE_ENDED);
    assert_true(is_readable(&fifo, 0));
    fifo_close(&fifo);
}

/* The descriptor stays readable until all of what has come is handed out. */
static void readiness_is_not_lost(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    struct capture capture = {0};
    put_pcap_header(&capture, false, LINK_ETHERNET);
    for (unsigned i = 0; i < COUNT; i++)
        put_pcap_record(&capture, (uint32_t[]){i, 0, 4, 4}, (const uint8_t *)"data", 4);
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    fifo_write(&fifo, capture.bytes, capture.len);
    struct frame_batch batch;
    for (unsigned seen = 0; seen < COUNT; seen += batch.count) {
        assert_true(is_readable(&fifo, 10000));
        assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
        for (unsigned i = 0; i < batch.count; i++)
            assert_int_equal(batch.frames[i].time_ns, (seen + i) * CLOCK_NS_PER_S);
    }
    assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
    assert_false(is_readable(&fifo, 0));
    fifo_close(&fifo);
}

/* How much the writer has said before the source is closed under it. */
struct close_row {
    const char *name;
    size_t written;
};

static const struct close_row closes[] = {
    {"closed before the first byte", 0}, {"closed inside the header", 10},
    {"closed after the header", 24},     {"closed inside a packet", 50},
    {"closed with packets unread", 200},
};

static void check_close(void **state)
{
    const struct close_row *row = *state;
    struct capture capture;
    capture_build(&capture, &kinds[0]);
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    if (row->written > 0)
        fifo_write(&fifo, capture.bytes, row->written);
    (void)nanosleep(&(struct timespec){.tv_nsec = 20 * CLOCK_NS_PER_MS}, NULL);
    fifo_close(&fifo);
}

/* Nobody ever opened the FIFO to write. */
static void closed_without_a_writer(void **state)
{
    (void)state;
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    fifo_hang_up(&fifo);
    struct frame_batch batch;
    while (next_at_once(&fifo, &batch) == SOURCE_OPEN)
        assert_true(is_readable(&fifo, 10000));
    assert_string_equal(strchr(fifo.err.text, ' '),
                        " is empty: not even a capture's header was written");
    fifo_close(&fifo);
}

struct trouble_row {
    const char *name;
    const char *filter;
    size_t written; /* bytes before the writer hangs up */
    int result;
    unsigned packets;
    const char *words;
};

static const struct trouble_row troubles[] = {
    {"cut in the header", NULL, 10, -EILSEQ, 0, "it ends after 10 bytes"},
    {"cut in the second packet", NULL, 90, -EILSEQ, 1, "is cut short after 1 packet;"},
    {"a bad filter", "udp and", 24, -EINVAL, 0, "syntax error"},
    {"a filter", "port 1000", 98, SOURCE_ENDED, 1, ""},
};

static void check_trouble(void **state)
{
    const struct trouble_row *row = *state;
    struct capture capture;
    capture_build(&capture, &kinds[0]);
    struct fifo fifo;
    fifo_open(&fifo, row->filter);
    fifo_write(&fifo, capture.bytes, row->written);
    fifo_hang_up(&fifo);
    struct reading reading = {0};
    reading_finish(&reading, fifo.source);
    assert_int_equal(reading.result, row->result);
    assert_int_equal(reading.count, row->packets);
    if (!strstr(reading.err.text, row->words))
        fail_msg("\"%s\" lacks \"%s\"", reading.err.text, row->words);
    struct frame_batch batch;
    assert_int_equal(next_at_once(&fifo, &batch), row->result);
    fifo_close(&fifo);
}

enum { FLOOD_COUNT = 60000, FLOOD_LEN = 100, FLOOD_SIZE = 24 + FLOOD_COUNT * (16 + FLOOD_LEN) };

struct flood {
    int fd;
    uint8_t *bytes;
};

static void *write_flood(void *context)
{
    const struct flood *flood = context;
    size_t written = 0;
    while (written < FLOOD_SIZE) {
        ssize_t count = write(flood->fd, flood->bytes + written, FLOOD_SIZE - written);
        if (count < 0)
            break;
        written += (size_t)count;
    }
    return NULL;
}

static uint8_t *make_flood(void)
{
    uint8_t *bytes = calloc(1, FLOOD_SIZE);
    assert_non_null(bytes);
    struct capture capture = {0};
    put_pcap_header(&capture, true, LINK_ETHERNET);
    memcpy(bytes, capture.bytes, capture.len);
    uint8_t *at = bytes + capture.len;
    for (uint32_t i = 0; i < FLOOD_COUNT; i++, at += 16 + FLOOD_LEN) {
        capture.len = 0;
        put_pcap_record(&capture, (uint32_t[]){i, 0, FLOOD_LEN, FLOOD_LEN}, NULL, 0);
        memcpy(at, capture.bytes, 16);
        memset(at + 16, (int)i, FLOOD_LEN);
    }
    return bytes;
}

/* More than both slots hold, while the consumer sleeps first: nothing is lost, in the same order,
 * and the bytes of a batch stay until the next call. */
static void a_fast_writer_is_held_back(void **state)
{
    (void)state;
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    struct flood flood = {.fd = fifo.writer, .bytes = make_flood()};
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_flood, &flood), 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 200 * CLOCK_NS_PER_MS}, NULL);
    struct frame_batch batch;
    for (uint32_t seen = 0; seen < FLOOD_COUNT; seen += batch.count) {
        assert_true(is_readable(&fifo, 10000));
        assert_int_equal(next_at_once(&fifo, &batch), SOURCE_OPEN);
        for (uint32_t i = 0; i < batch.count; i++) {
            assert_int_equal(batch.frames[i].time_ns, (seen + i) * CLOCK_NS_PER_S);
            assert_int_equal(batch.frames[i].data[FLOOD_LEN - 1], (uint8_t)(seen + i));
        }
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    fifo_close(&fifo);
    free(flood.bytes);
}

/* Closing while the reader waits for room. */
static void closed_while_full(void **state)
{
    (void)state;
    struct fifo fifo;
    fifo_open(&fifo, NULL);
    struct flood flood = {.fd = fifo.writer, .bytes = make_flood()};
    (void)signal(SIGPIPE, SIG_IGN);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_flood, &flood), 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 200 * CLOCK_NS_PER_MS}, NULL);
    int64_t begin = clock_monotonic_ns();
    source_close(fifo.source);
    assert_true(clock_monotonic_ns() - begin < AT_ONCE_NS);
    assert_int_equal(pthread_join(writer, NULL), 0);
    fifo_hang_up(&fifo);
    scratch_end(&fifo.scratch);
    free(flood.bytes);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, kinds, check_kind);
    ROWS_ADD_ONE(&set, a_slow_writer_keeps_nobody_waiting);
    ROWS_ADD_ONE(&set, readiness_is_not_lost);
    ROWS_ADD(&set, closes, check_close);
    ROWS_ADD_ONE(&set, closed_without_a_writer);
    ROWS_ADD(&set, troubles, check_trouble);
    ROWS_ADD_ONE(&set, a_fast_writer_is_held_back);
    ROWS_ADD_ONE(&set, closed_while_full);
    return rows_run(&set, "capture_pipe");
}
