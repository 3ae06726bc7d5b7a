/* How much of a packet a live capture takes, and that nothing is lost when that changes; skipped where
 * capturing is not permitted. */
#include "tests/support/talk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* A datagram of 1000 bytes, 1042 with its headers. */
struct payload_row {
    const char *name;
    uint32_t snaplen;
    uint32_t payload_len;
    uint32_t captured_len;
    uint32_t spared_packets, spared_bytes;
};

static const struct payload_row payloads[] = {
    {"payload: all", 0, SOURCE_PAYLOAD_ALL, 1042, 0, 0},
    {"payload: none", 0, 0, 42, 1, 1000},
    {"payload: the first bytes", 0, 64, 106, 1, 936},
    {"payload: more than there is", 0, 4096, 1042, 0, 0},
    {"payload: less than the snap length cuts", 200, 64, 106, 0, 94},
    {"payload: more than the snap length lets through", 100, 64, 100, 0, 0},
};

static void check_payload(void **state)
{
    const struct payload_row *row = *state;
    struct talk talk;
    struct frame_batch batch = {.count = 0};
    struct source_stats stats;
    talk_begin(&talk, "udp dst port", row->snaplen);
    source_keep_payload(talk.source, row->payload_len);
    send_numbered(&talk, 7, 1000);
    take_one(&talk, &batch);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.frames[0].captured_len, row->captured_len);
    assert_int_equal(batch.frames[0].wire_len, 1042);
    source_stats(talk.source, &stats);
    assert_int_equal(stats.spared_packets, row->spared_packets);
    assert_int_equal(stats.spared_bytes, row->spared_bytes);
    talk_end(&talk);
}

#define BURST                                                                                      \
    100000u /* datagrams of 1000 bytes, for which the ring has no room when they are whole */

static void a_burst_of_headers_has_room(void **state)
{
    (void)state;
    struct talk talk;
    struct source_stats stats;
    struct frame_batch batch = {.count = 1};
    uint32_t seen = 0;
    talk_begin(&talk, "udp dst port", 0);
    source_keep_payload(talk.source, 4);
    for (uint32_t number = 0; number < BURST; number++)
        send_numbered(&talk, number, 1000);
    for (; batch.count > 0; seen += batch.count) {
        take_one(&talk, &batch);
        for (uint32_t at = 0; at < batch.count; at++)
            assert_int_equal(load_le32(batch.frames[at].data + UDP_PAYLOAD_AT), seen + at);
        if (seen + batch.count == BURST)
            break;
    }
    source_stats(talk.source, &stats);
    assert_int_equal(seen + batch.count, BURST);
    assert_int_equal(stats.dropped_by_kernel, 0);
    talk_end(&talk);
}

#define CHANGES       100  /* of what is wanted, each there and back */
#define CHANGE_EVERY  1000 /* datagrams */
#define CHANGED_COUNT (2u * CHANGES * CHANGE_EVERY)
#define AHEAD_MAX     10000u /* datagrams in the ring, which has room for them */

struct load {
    struct talk *talk;
    atomic_uint seen;
};

static void *send_all(void *context)
{
    struct load *load = context;
    const struct timespec pause = {.tv_nsec = 100000};
    for (uint32_t number = 0; number < CHANGED_COUNT; number++) {
        while (number - atomic_load(&load->seen) > AHEAD_MAX)
            (void)nanosleep(&pause, NULL);
        send_numbered(load->talk, number, 1000);
    }
    return NULL;
}

/* Each once and in order, cut or whole, while what is wanted of them changes. */
static void a_change_of_payload_loses_nothing(void **state)
{
    (void)state;
    struct talk talk;
    struct load load = {.talk = &talk};
    pthread_t sender;
    struct source_stats stats;
    uint32_t seen = 0, changes = 0, cut = 0;
    talk_begin(&talk, "udp dst port", 0);
    assert_int_equal(pthread_create(&sender, NULL, send_all, &load), 0);
    int64_t deadline = clock_monotonic_ns() + 6 * PATIENCE_NS;
    while (seen < CHANGED_COUNT && clock_monotonic_ns() < deadline) {
        struct frame_batch batch;
        struct pollfd ready = {.fd = source_fd(talk.source), .events = POLLIN};
        assert_int_equal(source_next(talk.source, &batch, &talk.err), SOURCE_OPEN);
        if (batch.count == 0)
            (void)poll(&ready, 1, 50);
        for (uint32_t at = 0; at < batch.count; at++, seen++) {
            const struct frame *frame = &batch.frames[at];
            assert_true(frame->captured_len == 106 || frame->captured_len == 1042);
            assert_int_equal(load_le32(frame->data + UDP_PAYLOAD_AT), seen);
            cut += frame->captured_len == 106;
        }
        atomic_store(&load.seen, seen);
        if (seen / CHANGE_EVERY > changes)
            source_keep_payload(talk.source, ++changes % 2 ? 64 : SOURCE_PAYLOAD_ALL);
    }
    (void)pthread_join(sender, NULL);
    source_stats(talk.source, &stats);
    assert_int_equal(seen, CHANGED_COUNT);
    assert_true(changes >= CHANGES);
    assert_in_range(cut, CHANGED_COUNT / 10, CHANGED_COUNT - CHANGED_COUNT / 10);
    assert_int_equal(stats.dropped_by_kernel, 0);
    assert_int_equal(stats.spared_packets, cut);
    assert_int_equal(stats.spared_bytes, (uint64_t)cut * (1042 - 106));
    talk_end(&talk);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, payloads, check_payload);
    ROWS_ADD_ONE(&set, a_burst_of_headers_has_room);
    ROWS_ADD_ONE(&set, a_change_of_payload_loses_nothing);
    return rows_run(&set, "capture_live_payload");
}
