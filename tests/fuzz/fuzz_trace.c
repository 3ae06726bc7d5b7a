/* Records of the tracer's ring, as they are and with everything changed: each event that is handed over is one that
 * the program knows, in order; the log of them finds it again, and the note of it is clean.
 *
 * The functions that reach the kernel are here; the ring gives the input: records of 88 bytes, or shorter. */
#include "tests/fuzz/fuzz.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/kernel_log.h"
#include "host/tracer.h"
#include "host/tracer_load.h"
#include "report/evidence.h"
#include "tests/support/clean.h"

#define OWN_NETNS 1u

struct stage {
    ring_buffer_sample_fn sample;
    void *context;
    struct bytes input;
    struct kernel_log *log;
    unsigned given, taken;
    bool is_stopped;
};

static struct stage stage;

/* What libbpf and the kernel would do. */

int tracer_load(struct tracer_loaded *loaded, struct err *err)
{
    static const struct trace_counts counts;
    (void)err;
    *loaded = (struct tracer_loaded){.counts = &counts, .ring = eventfd(0, EFD_CLOEXEC)};
    return loaded->ring < 0 ? -EMFILE : 0;
}

void tracer_unload(struct tracer_loaded *loaded)
{
    (void)close(loaded->ring);
}

void tracer_watch_calls(struct tracer_loaded *loaded, bool watch)
{
    (void)loaded;
    (void)watch;
}

bool tracer_watches_calls(const struct tracer_loaded *loaded)
{
    (void)loaded;
    return true;
}

unsigned tracer_call_descriptors(const struct tracer_loaded *loaded, int descriptors[2])
{
    (void)loaded;
    (void)descriptors;
    return 0;
}

struct ring_buffer *ring_buffer__new(int map_fd, ring_buffer_sample_fn sample_cb, void *ctx,
                                     const struct ring_buffer_opts *opts)
{
    (void)map_fd;
    (void)opts;
    stage.sample = sample_cb;
    stage.context = ctx;
    return (struct ring_buffer *)&stage;
}

void ring_buffer__free(struct ring_buffer *rb)
{
    (void)rb;
}

int ring_buffer__consume(struct ring_buffer *rb)
{
    (void)rb;
    while (stage.input.left > 0 && !stage.is_stopped) {
        uint8_t cut = fuzz_8(&stage.input);
        struct bytes part = fuzz_part(&stage.input, cut == 0xff ? 40 : sizeof(struct trace_record));
        uint8_t *block = malloc(part.left > 0 ? part.left : 1);
        MUST(block);
        if (part.left > 0)
            memcpy(block, part.at, part.left);
        stage.given++;
        stage.is_stopped = stage.sample(stage.context, block, part.left) < 0;
        free(block);
    }
    return 0;
}

/* The tracer asks for the pid namespace it is in. */
int stat(const char *path, struct stat *status)
{
    if (strncmp(path, "/proc/", 6) != 0)
        return fstatat(AT_FDCWD, path, status, 0);
    errno = ENOENT;
    return -1;
}

static void check_note(const struct trace_event *event)
{
    char note[EVIDENCE_MAX];
    struct evidence evidence;
    struct text text = text_begin(note, sizeof note);
    text_add_kernel_note(&text, event);
    MUST(!text.cut);
    MUST_BE_RIGHT(clean_text(note, text.len));
    evidence_read(&evidence, note);
    MUST(evidence.kind == EVIDENCE_OTHER);
}

static void check_log(const struct trace_event *event)
{
    struct host_drops drops;
    kernel_log_note(stage.log, event);
    bool is_kept = event->netns == 0 || event->netns == OWN_NETNS;
    if (event->kind == TRACE_EXIT)
        MUST(kernel_log_exit(stage.log, event->pid, INT64_MIN));
    if (!is_kept)
        return;
    if (event->kind == TRACE_RESET || (event->kind == TRACE_CONNECT && event->tuple.port[0] != 0))
        MUST(kernel_log_find(stage.log, event->kind, &event->tuple, 0, INT64_MIN));
    if (event->kind == TRACE_DROP)
        MUST(kernel_log_drops(stage.log, &event->tuple, 0, INT64_MIN, &drops));
}

static void take(void *context, const struct trace_event *event)
{
    (void)context;
    stage.taken++;
    MUST(event->kind < TRACE_KIND_COUNT);
    MUST(event->kind == TRACE_EXIT || event->tuple.family == 4 || event->tuple.family == 6);
    MUST(memchr(event->comm, '\0', sizeof event->comm));
    MUST(event->pid >= 0);
    check_note(event);
    check_log(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err;
    struct tracer *tracer = NULL;
    struct kernel_log *log = stage.log;
    stage = (struct stage){.input = {bytes, len}, .log = log};
    if (!log)
        MUST(kernel_log_open(&stage.log, OWN_NETNS, &err) == 0);
    MUST(tracer_open(&tracer, &err) == 0);
    unsigned told = tracer_read(tracer, take, NULL);
    MUST(told == stage.taken && told <= TRACER_READ_MAX && told <= stage.given);
    tracer_close(tracer);
    return 0;
}
