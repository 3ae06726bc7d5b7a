/* The short way of what runs smoothly and the long way come to the same, packet by packet: every capture at hand
 * goes through two flow tables, one of which puts streams together and so takes the long way always. */
#include <glob.h>
#include <string.h>

#include "capture/source.h"
#include "flows/detail.h"
#include "flows/tracker.h"
#include "tests/support/build.h"

/* What the ways need not have in common. */
#define FLAGS_OTHER                                                                                \
    (FLOW_FLAG_SMOOTH | FLOW_FLAG_STREAMS | FLOW_FLAG_BYTES_DENIED | FLOW_FLAG_TROUBLE)

/* Their payload differs beyond what is kept of its beginning: only who has all of it sees that. */
#define MARKS_OTHER  MARK_BIT(OVERLAP)
#define EVENTS_OTHER (UINT32_C(1) << EVENT_OVERLAP)

struct ways {
    struct decoder *decoder;
    struct tracker *brief, *full;
    struct event_list *brief_events, *full_events;
    uint64_t smooth;
};

static void ways_open(struct ways *ways)
{
    struct err err;
    *ways = (struct ways){.decoder = decoder_new(0)};
    /* Every answer is told, so that it is compared. */
    struct tracker_options options = {.max_flows = 4096, .tell_answers = true};
    assert_int_equal(tracker_open(&ways->brief, &options, &err), 0);
    options.stream_digest = true;
    assert_int_equal(tracker_open(&ways->full, &options, &err), 0);
    ways->brief_events = calloc(1, sizeof *ways->brief_events);
    ways->full_events = calloc(1, sizeof *ways->full_events);
    assert_true(ways->brief_events && ways->full_events);
}

static void ways_close(struct ways *ways)
{
    free(ways->brief_events);
    free(ways->full_events);
    tracker_close(ways->brief);
    tracker_close(ways->full);
    decoder_close(ways->decoder);
}

static void check_details(const struct flow_detail *brief, const struct flow_detail *full)
{
    assert_int_equal(brief->spoken, full->spoken);
    if (brief->spoken) {
        assert_int_equal(brief->speaker, full->speaker);
        assert_int_equal(brief->turn_ns, full->turn_ns);
    }
    assert_int_equal(brief->idle_ns, full->idle_ns);
    for (unsigned side = 0; side < 2; side++) {
        const struct detail_side *one = &brief->side[side], *other = &full->side[side];
        assert_int_equal(one->rtt_count, other->rtt_count);
        if (one->rtt_count > 0) {
            assert_int_equal(one->rtt_ns, other->rtt_ns);
            assert_int_equal(one->rtt_min_ns, other->rtt_min_ns);
        }
        assert_int_equal(one->response_count, other->response_count);
        assert_int_equal(one->response_ns, other->response_ns);
        assert_int_equal(one->response_max_ns, other->response_max_ns);
        assert_int_equal(one->stall_count, other->stall_count);
        assert_int_equal(one->stalled_ns, other->stalled_ns);
        assert_int_equal(one->has_spoken, other->has_spoken);
        if (one->has_spoken)
            assert_int_equal(one->first_byte_ns, other->first_byte_ns);
        assert_int_equal(one->first_len, other->first_len);
        assert_memory_equal(one->first, other->first, one->first_len);
    }
}

static void check_flows(struct flow_view brief, struct flow_view full)
{
    assert_memory_equal(&brief.hot->tuple, &full.hot->tuple, sizeof brief.hot->tuple);
    assert_memory_equal(brief.hot->side, full.hot->side, sizeof brief.hot->side);
    assert_int_equal(brief.hot->flags & ~FLAGS_OTHER, full.hot->flags & ~FLAGS_OTHER);
    assert_int_equal(brief.hot->last_ns, full.hot->last_ns);
    assert_int_equal(brief.hot->client, full.hot->client);
    assert_int_equal(brief.hot->state, full.hot->state);
    assert_int_equal(brief.hot->queue, full.hot->queue);
    assert_int_equal(brief.cold->id, full.cold->id);
    assert_int_equal(brief.cold->handshake_ns, full.cold->handshake_ns);
    for (unsigned side = 0; side < 2; side++) {
        struct flow_side_rare one = brief.cold->rare[side], other = full.cold->rare[side];
        assert_memory_equal(&one, &other, sizeof one);
    }
    assert_int_equal(brief.cold->history_len, full.cold->history_len);
    assert_memory_equal(brief.cold->history, full.cold->history, brief.cold->history_len);
    assert_int_equal(!brief.detail, !full.detail);
    if (brief.detail)
        check_details(brief.detail, full.detail);
}

static void check_events(const struct event_list *brief, const struct event_list *full)
{
    uint32_t at = 0;
    for (uint32_t other = 0; other < full->count; other++) {
        const struct flow_event *one = &brief->events[at], *event = &full->events[other];
        if (EVENTS_OTHER >> event->kind & 1 && (at == brief->count || one->kind != event->kind))
            continue;
        assert_true(at++ < brief->count);
        assert_memory_equal(one, event, sizeof *one);
    }
    assert_int_equal(at, brief->count);
}

static void take_packet(struct ways *ways, const struct packet_batch *packets, uint32_t at)
{
    struct flow_view brief, full;
    tracker_feed_one(ways->brief, packets, at, ways->brief_events);
    tracker_feed_one(ways->full, packets, at, ways->full_events);
    const struct packet_note *one = &ways->brief_events->notes[at];
    const struct packet_note *other = &ways->full_events->notes[at];
    assert_int_equal(one->flow.index, other->flow.index);
    assert_int_equal(one->marks | (other->marks & MARKS_OTHER), other->marks);
    check_events(ways->brief_events, ways->full_events);
    if (!tracker_look(ways->brief, one->flow, &brief))
        return;
    assert_true(tracker_look(ways->full, other->flow, &full));
    check_flows(brief, full);
    assert_false(full.hot->flags & FLOW_FLAG_SMOOTH);
    ways->smooth += (brief.hot->flags & FLOW_FLAG_SMOOTH) != 0;
}

static void take_batch(struct ways *ways, const struct frame_batch *frames)
{
    static struct packet_batch packets;
    decode_batch(ways->decoder, frames, &packets);
    tracker_prefetch(ways->brief, &packets, ways->brief_events);
    tracker_prefetch(ways->full, &packets, ways->full_events);
    for (uint32_t at = 0; at < packets.count; at++)
        take_packet(ways, &packets, at);
}

static void check_stats(const struct ways *ways)
{
    struct tracker_stats one = *tracker_stats(ways->brief), other = *tracker_stats(ways->full);
    one.events[EVENT_OVERLAP] = other.events[EVENT_OVERLAP];
    other.bytes_denied = one.bytes_denied;
    assert_memory_equal(&one, &other, sizeof one);
}

/* Returns how many packets left their flow in a state that the next one may go the short way from; -1: the file is
 * no capture. */
static int64_t check_file(const char *path)
{
    struct err err;
    struct ways ways;
    static struct frame_batch batch;
    struct source *source = NULL;
    if (source_open_file(&source, &(struct source_file_options){.path = path}, &err) != 0)
        return -1;
    ways_open(&ways);
    /* Of a damaged one, what is before the damage. */
    while (source_next(source, &batch, &err) == SOURCE_OPEN)
        take_batch(&ways, &batch);
    check_stats(&ways);
    ways_close(&ways);
    source_close(source);
    return (int64_t)ways.smooth;
}

static void check_folder(const char *pattern, unsigned least)
{
    glob_t found = {0};
    unsigned captures = 0;
    int64_t smooth = 0;
    (void)glob(pattern, 0, NULL, &found);
    for (size_t at = 0; at < found.gl_pathc; at++) {
        int64_t more = check_file(found.gl_pathv[at]);
        captures += more >= 0;
        smooth += more > 0 ? more : 0;
    }
    globfree(&found);
    assert_true(captures >= least);
    assert_true(captures == 0 || smooth > captures);
}

static void test_shipped_captures(void **state)
{
    (void)state;
    check_folder(LOFLOW_SOURCE_DIR "/pcaps/*.pcap*", 10);
}

/* A collection that is no part of the project, where there is one. */
static void test_other_captures(void **state)
{
    (void)state;
    check_folder(LOFLOW_SOURCE_DIR "/../shared/corpus/*/*", 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_shipped_captures);
    ROWS_ADD_ONE(&set, test_other_captures);
    return rows_run(&set, "flows_smooth");
}
