/*
 * What the flow table and the analysis cost, without a report:
 *
 *     feed table|all|log|digest FILE            the whole way: read, decode, feed the tracker
 *     feed table|all|log|digest FILE OUTPUT     the same with the frames in memory before; appends what
 *                                           decoding and feeding took to OUTPUT, as measure does
 *
 * `table` is the tracker with table_only, `all` as loflow -r has it, `log` with the packets that a screen
 * looks back at as well, `digest` with SHA-1 of all
 * streams as well. Prints nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "capture/source.h"
#include "decode/decoder.h"
#include "flows/packet_log.h"
#include "flows/tracker.h"

/* Frames that stay, in batches as the source made them. */
struct store {
    uint8_t *bytes;
    size_t used;
    struct frame_batch *batches;
    size_t count, room;
};

struct bench {
    struct source *source;
    struct decoder *decoder;
    struct tracker *tracker;
    struct packet_log *log; /* NULL: none */
    struct packet_batch packets;
    struct event_list events;
    uint64_t events_seen;
};

static int fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "feed: %s: %s\n", what, why);
    return 1;
}

static bool open_all(struct bench *bench, const char *mode, const char *path, struct err *err)
{
    const struct source_file_options file = {.path = path};
    const struct decoder_options keys = {0};
    const struct tracker_options options = {
        .ephemeral_low = 32768,
        .ephemeral_high = 65535,
        .table_only = strcmp(mode, "table") == 0,
        .stream_digest = strcmp(mode, "digest") == 0,
    };
    const struct packet_log_options log = {.max_flows = TRACKER_MAX_FLOWS_DEFAULT,
                                           .keep_ns = CLOCK_NS_PER_S};
    return source_open_file(&bench->source, &file, err) == 0 &&
           decoder_open(&bench->decoder, &keys, err) == 0 &&
           tracker_open(&bench->tracker, &options, err) == 0 &&
           (strcmp(mode, "log") != 0 || packet_log_open(&bench->log, &log, err) == 0);
}

static void feed_batch(struct bench *bench, const struct frame_batch *frames)
{
    decode_batch(bench->decoder, frames, &bench->packets);
    for (uint32_t at = 0; at < bench->packets.count;) {
        at = tracker_feed(bench->tracker, &bench->packets, at, &bench->events);
        if (bench->log)
            packet_log_take(bench->log, frames, &bench->packets, &bench->events);
        bench->events_seen += bench->events.count;
    }
}

static void finish(struct bench *bench)
{
    bool more = true;
    while (more) {
        more = tracker_finish(bench->tracker, &bench->events);
        bench->events_seen += bench->events.count;
    }
}

/* Reads batches until the end; each goes to the store, if there is one, or through the tracker. */
static bool read_all(struct bench *bench, struct store *store, struct err *err)
{
    static struct frame_batch frames;
    int state = 0;
    while ((state = source_next(bench->source, &frames, err)) == SOURCE_OPEN) {
        if (!store) {
            feed_batch(bench, &frames);
            continue;
        }
        if (store->count == store->room) {
            store->room = store->room * 2 + 1024;
            store->batches = realloc(store->batches, store->room * sizeof(*store->batches));
        }
        if (!store->batches) {
            (void)err_set(err, ENOMEM, "no memory for the frames");
            return false;
        }
        for (uint32_t i = 0; i < frames.count; i++) {
            struct frame *frame = &frames.frames[i];
            memcpy(store->bytes + store->used, frame->data, frame->captured_len);
            frame->data = store->bytes + store->used;
            store->used += frame->captured_len;
        }
        store->batches[store->count++] = frames;
    }
    return state == SOURCE_ENDED;
}

static double cpu_s(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool feed_stored(struct bench *bench, const struct store *store, const char *output)
{
    int64_t begin_ns = clock_monotonic_ns();
    double begin_s = cpu_s();
    for (size_t i = 0; i < store->count; i++) {
        feed_batch(bench, &store->batches[i]);
    }
    finish(bench);
    double wall_s = (double)(clock_monotonic_ns() - begin_ns) / 1e9;
    double used_s = cpu_s() - begin_s;
    FILE *file = fopen(output, "ae");
    if (!file) {
        return false;
    }
    bool good = fprintf(file, "%.4f %.4f 0 0\n", wall_s, used_s) > 0;
    return fclose(file) == 0 && good;
}

static int run(struct bench *bench, char **argv, const char *output)
{
    struct err err;
    struct store store = {0};
    struct stat status;
    if (!open_all(bench, argv[1], argv[2], &err)) {
        return fail(argv[2], err.text);
    }
    if (!output) {
        if (!read_all(bench, NULL, &err)) {
            return fail(argv[2], err.text);
        }
        finish(bench);
        return bench->events_seen > 0 ? 0 : 1;
    }
    /* Frames of a plain capture are smaller than the file. */
    if (stat(argv[2], &status) != 0 || !(store.bytes = malloc((size_t)status.st_size))) {
        return fail(argv[2], strerror(errno));
    }
    int result = 0;
    if (!read_all(bench, &store, &err)) {
        result = fail(argv[2], err.text);
    } else if (!feed_stored(bench, &store, output)) {
        result = fail(output, strerror(errno));
    }
    free(store.bytes);
    free(store.batches);
    return result;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool good =
        (argc == 3 || argc == 4) && (strcmp(argv[1], "table") == 0 || strcmp(argv[1], "all") == 0 ||
                                     strcmp(argv[1], "log") == 0 || strcmp(argv[1], "digest") == 0);
    if (!good) {
        (void)fprintf(stderr, "usage: feed table|all|log|digest FILE [OUTPUT]\n");
        return 2;
    }
    int result = run(&bench, argv, argc == 4 ? argv[3] : NULL);
    packet_log_close(bench.log);
    tracker_close(bench.tracker);
    decoder_close(bench.decoder);
    source_close(bench.source);
    return result;
}
