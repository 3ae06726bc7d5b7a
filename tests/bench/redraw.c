/*
 * How long the screen takes to draw a capture of many flows, without a terminal:
 *
 *     redraw FILE DRAWS      prints a line for each kind of change: median, 99th percentile and longest draw
 *
 * Between draws nothing happens, or a key is pressed that changes the order, the filter or the cursor. One draw
 * in ten of each kind comes right after its key.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/source.h"
#include "decode/decoder.h"
#include "flows/tracker.h"
#include "ui/screen.h"

#define DRAWS_MAX 1000
#define WIDTH     200
#define HEIGHT    60
#define KEY_EVERY 10

static struct tracker *tracker;
static struct screen *screen;
static struct screen_status status = {.name = "bench", .filter = "", .ended = true, .percent = -1};

static int fail(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "redraw: %s: %s\n", what, err->text);
    return 1;
}

static int read_capture(const char *path, struct err *err)
{
    static struct frame_batch frames;
    static struct packet_batch packets;
    struct event_list events = {0};
    struct source *source = NULL;
    struct decoder *decoder = NULL;
    const struct source_file_options file = {.path = path};
    const struct tracker_options options = {.ephemeral_low = 32768, .ephemeral_high = 65535};
    int state = SOURCE_OPEN;
    if (source_open_file(&source, &file, err) != 0 ||
        decoder_open(&decoder, &(struct decoder_options){0}, err) != 0 ||
        tracker_open(&tracker, &options, err) != 0)
        return -1;
    while ((state = source_next(source, &frames, err)) == SOURCE_OPEN) {
        decode_batch(decoder, &frames, &packets);
        for (uint32_t at = 0; at < packets.count;)
            at = tracker_feed(tracker, &packets, at, &events);
        status.packets += frames.count;
    }
    decoder_close(decoder);
    source_close(source);
    return state == SOURCE_ENDED ? 0 : -1;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void draw_often(const char *name, const uint32_t *keys, int key_count, int draws,
                       struct grid *grid)
{
    static int64_t took_ns[DRAWS_MAX];
    for (int i = 0; i < draws; i++) {
        if (key_count > 0 && i % KEY_EVERY == 0)
            (void)screen_key(screen, keys[i / KEY_EVERY % key_count]);
        status.now_ns += 100 * CLOCK_NS_PER_MS;
        int64_t begin_ns = clock_monotonic_ns();
        screen_draw(screen, tracker, &status, grid);
        took_ns[i] = clock_monotonic_ns() - begin_ns;
    }
    qsort(took_ns, (size_t)draws, sizeof took_ns[0], by_value);
    int half = draws / 2, most = draws * 99 / 100;
    (void)printf("%-22s median %6.2f ms, p99 %6.2f ms, longest %6.2f ms\n", name,
                 (double)took_ns[half] / 1e6, (double)took_ns[most] / 1e6,
                 (double)took_ns[draws - 1] / 1e6);
}

static const struct {
    const char *name;
    uint32_t keys[8];
    int count;
} kinds[] = {
    {"nothing happens", {0}, 0},
    {"cursor", {SCREEN_KEY_DOWN, SCREEN_KEY_PAGE_DOWN, SCREEN_KEY_END, SCREEN_KEY_HOME}, 4},
    {"order", {'s', 'r'}, 2},
    {"grouping", {'v'}, 1},
    {"folding", {'-', '+'}, 2},
    {"open flows only", {'c'}, 1},
    {"typing a filter", {'/', '4', '0', SCREEN_KEY_BACKSPACE, SCREEN_KEY_ESCAPE}, 5},
    {"help, and back", {'h', 'q'}, 2},
};

int main(int argc, char **argv)
{
    struct err err = {""};
    struct grid grid = {0};
    int draws = argc == 3 ? atoi(argv[2]) : 0;
    if (draws < KEY_EVERY || draws > DRAWS_MAX) {
        (void)fprintf(stderr, "usage: redraw FILE DRAWS   from %d to %d\n", KEY_EVERY, DRAWS_MAX);
        return 2;
    }
    if (read_capture(argv[1], &err) != 0)
        return fail(argv[1], &err);
    status.now_ns = tracker_stats(tracker)->last_ns;
    if (screen_open(&screen, &(struct screen_options){.utf8 = true}, &err) != 0 ||
        grid_resize(&grid, WIDTH, HEIGHT, &err) != 0)
        return fail("screen", &err);
    (void)printf("%llu flows, %d x %d cells, %d draws a kind, a key before every %dth\n",
                 (unsigned long long)tracker_stats(tracker)->flows, WIDTH, HEIGHT, draws,
                 KEY_EVERY);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        draw_often(kinds[i].name, kinds[i].keys, kinds[i].count, draws, &grid);
    screen_close(screen);
    tracker_close(tracker);
    grid_free(&grid);
    return 0;
}
