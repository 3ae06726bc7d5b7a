/* Every frame of every shipped capture, cut at every byte, through decoder and flow table. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "capture/source.h"
#include "flows/tracker.h"
#include "tests/support/build.h"

#define PATH_SIZE 512

struct shipped {
    struct decoder *decoder;
    struct tracker *tracker;
    uint64_t fed;
};

static struct packet decode_cut(struct shipped *shipped, const struct frame *frame, uint32_t len)
{
    struct frame_batch frames = {.count = 1};
    static struct packet_batch packets;
    static struct event_list events;
    frames.frames[0] = frame_new(frame->data, len, frame->wire_len, frame->link_type);
    decode_batch(shipped->decoder, &frames, &packets);
    assert_int_equal(packets.count, 1);
    assert_packet_sane(&packets.packets[0], &frames.frames[0]);
    (void)tracker_feed(shipped->tracker, &packets, 0, &events);
    frame_free(&frames.frames[0]);
    shipped->fed++;
    return packets.packets[0];
}

/* A whole frame of ours always decodes; what is cut too short is told as such. */
static void check_frame(struct shipped *shipped, const struct frame *frame)
{
    for (uint32_t len = 0; len < frame->captured_len; len++) {
        struct packet packet = decode_cut(shipped, frame, len);
        if (len < 14)
            assert_int_equal(packet.verdict, VERDICT_LINK_CUT);
        else if (len < 14 + 20)
            assert_int_equal(packet.verdict, VERDICT_IP_CUT);
    }
    struct packet packet = decode_cut(shipped, frame, frame->captured_len);
    assert_false(verdict_is_undecoded(packet.verdict));
}

static void check_file(const char *path)
{
    struct err err;
    static struct frame_batch batch;
    struct shipped shipped = {.decoder = decoder_new(0)};
    struct source *source = NULL;
    assert_int_equal(
        tracker_open(&shipped.tracker, &(struct tracker_options){.max_flows = 64}, &err), 0);
    assert_int_equal(source_open_file(&source, &(struct source_file_options){.path = path}, &err),
                     0);
    while (source_next(source, &batch, &err) == SOURCE_OPEN) {
        for (uint32_t at = 0; at < batch.count; at++)
            check_frame(&shipped, &batch.frames[at]);
    }
    assert_true(shipped.fed > 0);
    assert_stats_add_up(shipped.decoder, shipped.fed);
    source_close(source);
    tracker_close(shipped.tracker);
    decoder_close(shipped.decoder);
}

static bool is_capture(const char *name)
{
    static const char *const ends[] = {".pcap", ".pcapng", ".gz", ".zst"};
    for (size_t at = 0; at < sizeof ends / sizeof ends[0]; at++) {
        size_t len = strlen(ends[at]);
        if (strlen(name) > len && strcmp(name + strlen(name) - len, ends[at]) == 0)
            return true;
    }
    return false;
}

static void test_every_shipped_capture(void **state)
{
    (void)state;
    unsigned checked = 0;
    DIR *listing = opendir(LOFLOW_SOURCE_DIR "/pcaps");
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[PATH_SIZE];
        if (!is_capture(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%s/pcaps/%s", LOFLOW_SOURCE_DIR, entry->d_name);
        check_file(path);
        checked++;
    }
    (void)closedir(listing);
    assert_true(checked >= 10);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_every_shipped_capture);
    return rows_run(&set, "decode_shipped");
}
