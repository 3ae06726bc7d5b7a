/*
 * Theory: nobody is woken for an event, which would cost whoever connects an interrupt each time. The ring is
 * looked into with every batch of packets and with every tick of the clock instead, which takes no system
 * call: it lies in memory that is shared with the kernel.
 *
 * Watching system calls costs each call of every process some 100 ns, which a busy machine feels
 * (wrk and nginx on lo: 3 to 4 %). So they are counted, and watched only while there are few; in
 * between, short looks tell whether there still are too many, and find what fails again and again.
 */
#include "host/tracer.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/helper.h"
#include "host/tracer_load.h"

/* 100 ns a call: at most 1.5 % of each processor. A compiler makes a fifth as many, wrk twice. */
#define CALLS_MAX     150000 /* a second and processor */
#define CALLS_LOOK_NS (20 * CLOCK_NS_PER_MS)
#define CALLS_ON_NS   (500 * CLOCK_NS_PER_MS)
#define CALLS_OFF_NS  (500 * CLOCK_NS_PER_MS)

static_assert(OWNER_COMM == TRACE_COMM, "one name");

struct tracer {
    struct tracer_loaded loaded;
    struct ring_buffer *ring;
    struct helper *helper; /* begins and ends to watch calls; NULL: we do */
    bool helper_watches;
    int64_t pulse_ns;  /* when the calls are looked after, monotonic */
    int64_t calls_max; /* a second */
    int64_t calls;     /* how many there were at... */
    int64_t calls_ns;
    int64_t unwatched_ns;
    int64_t offset_ns; /* wall clock minus monotonic, at the beginning */
    /* Of the tracer_read that runs. */
    void (*take)(void *context, const struct trace_event *event);
    void *context;
    unsigned taken;
};

static struct trace_event event_of(const struct tracer *tracer, const struct trace_record *record)
{
    struct trace_event event = {
        .time_ns = (int64_t)record->time_ns + tracer->offset_ns,
        .tuple = {.port = {record->port[0], record->port[1]},
                  .protocol = record->protocol,
                  .family = record->family},
        .netns = record->netns,
        .value = record->value,
        .pid = record->pid,
        .kind = record->kind,
        .detail = record->detail,
        .output = record->output != 0,
    };
    memcpy(event.tuple.address, record->address, sizeof event.tuple.address);
    memcpy(event.comm, record->comm, TRACE_COMM);
    return event;
}

/* The kernel side writes no others; what it wrote is looked at all the same, since tables are indexed by it. */
static bool is_sound(const struct trace_record *record)
{
    return record->kind < TRACE_KIND_COUNT && record->pid >= 0 &&
           record->time_ns < (uint64_t)INT64_MAX / 2 &&
           (record->family == 4 || record->family == 6 || record->kind == TRACE_EXIT);
}

/* What ring_buffer__consume calls; something negative stops it behind this record. */
static int take_record(void *context, void *data, size_t size)
{
    struct tracer *tracer = context;
    struct trace_record record;
    if (size < sizeof record)
        return 0;
    memcpy(&record, data, sizeof record);
    if (!is_sound(&record))
        return 0;
    struct trace_event event = event_of(tracer, &record);
    tracer->take(tracer->context, &event);
    return ++tracer->taken < TRACER_READ_MAX ? 0 : -ECANCELED;
}

static int64_t count_calls(const struct tracer *tracer)
{
    uint64_t calls = 0;
    for (unsigned at = 0; at < TRACE_CPUS; at++)
        calls += tracer->loaded.counts->calls[at].count;
    return (int64_t)calls;
}

static bool is_watched(const struct tracer *tracer)
{
    return tracer->helper ? tracer->helper_watches : tracer_watches_calls(&tracer->loaded);
}

bool tracer_set_watch(struct tracer *tracer, bool watch)
{
    tracer_watch_calls(&tracer->loaded, watch);
    return tracer_watches_calls(&tracer->loaded);
}

static void set_watch(struct tracer *tracer, bool watch)
{
    struct helper_request request = {.kind = HELPER_CALLS, .number = watch};
    if (!tracer->helper) {
        (void)tracer_set_watch(tracer, watch);
        return;
    }
    if (watch == tracer->helper_watches)
        return;
    const struct helper_answer *answer = helper_ask(tracer->helper, &request, NULL);
    tracer->helper_watches = answer && answer->result == 1;
}

/* The kernel watches as long as anybody holds the link: that is the helper from now on. */
void tracer_use(struct tracer *tracer, struct helper *helper)
{
    tracer->helper_watches = tracer_watches_calls(&tracer->loaded);
    tracer->helper = helper;
    tracer_watch_calls(&tracer->loaded, false);
}

unsigned tracer_descriptors(const struct tracer *tracer, int descriptors[TRACER_DESCRIPTORS])
{
    return tracer_call_descriptors(&tracer->loaded, descriptors);
}

static void watch_calls(struct tracer *tracer, bool watch, int64_t look_again_ns)
{
    set_watch(tracer, watch);
    tracer->calls = count_calls(tracer);
    tracer->calls_ns = clock_monotonic_ns();
    bool refused = watch && !is_watched(tracer);
    tracer->pulse_ns = tracer->calls_ns + (refused ? CALLS_OFF_NS : look_again_ns);
}

static void look_after_calls(struct tracer *tracer)
{
    int64_t span_ns = clock_monotonic_ns() - tracer->calls_ns;
    int64_t calls = count_calls(tracer) - tracer->calls;
    bool watched = is_watched(tracer);
    if (!watched) {
        tracer->unwatched_ns += span_ns;
        watch_calls(tracer, true, CALLS_LOOK_NS);
    } else if (calls > span_ns / CLOCK_NS_PER_US * tracer->calls_max / 1000000)
        watch_calls(tracer, false, CALLS_OFF_NS);
    else
        watch_calls(tracer, true, CALLS_ON_NS);
}

/* The pids that the kernel side tells are those of the first pid namespace (PROC_PID_INIT_INO); in
 * another one they would name the wrong processes. */
static bool is_first_pid_namespace(void)
{
    const ino_t first = 0xeffffffc;
    struct stat status;
    return stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == first;
}

int tracer_open(struct tracer **tracer, struct err *err)
{
    *tracer = NULL;
    if (!is_first_pid_namespace())
        return err_set(err, ENOTSUP,
                       "no kernel events: they name processes by the pids of the host; run loflow "
                       "outside of the container");
    struct tracer *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for kernel events; close other programs");
    int failed = tracer_load(&opened->loaded, err);
    if (!failed) {
        opened->ring = ring_buffer__new(opened->loaded.ring, take_record, opened, NULL);
        if (!opened->ring)
            failed = err_set(err, errno, "no kernel events: %s", strerror(errno));
    }
    if (failed) {
        tracer_close(opened);
        return failed;
    }
    opened->offset_ns = clock_offset_ns();
    opened->calls_max = CALLS_MAX * (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
    watch_calls(opened, true, CALLS_ON_NS);
    *tracer = opened;
    return 0;
}

void tracer_close(struct tracer *tracer)
{
    if (!tracer)
        return;
    ring_buffer__free(tracer->ring);
    tracer_unload(&tracer->loaded);
    free(tracer);
}

unsigned tracer_read(struct tracer *tracer,
                     void (*take)(void *context, const struct trace_event *event), void *context)
{
    if (clock_monotonic_ns() >= tracer->pulse_ns)
        look_after_calls(tracer);
    tracer->take = take;
    tracer->context = context;
    tracer->taken = 0;
    (void)ring_buffer__consume(tracer->ring);
    return tracer->taken;
}

void text_add_tracer_library(struct text *text)
{
    text_add_string(text, "libbpf ");
    text_add_string(text, libbpf_version_string());
}

uint64_t tracer_lost(const struct tracer *tracer)
{
    return tracer->loaded.counts->lost;
}

struct tracer_close_wait tracer_close_wait(const struct tracer *tracer)
{
    /* In this order it is never less than it was. */
    uint64_t left = tracer->loaded.counts->close_wait_left;
    return (struct tracer_close_wait){tracer->loaded.counts->close_wait_entered, left};
}

int64_t tracer_unwatched_ns(const struct tracer *tracer)
{
    bool watched = is_watched(tracer);
    return tracer->unwatched_ns + (watched ? 0 : clock_monotonic_ns() - tracer->calls_ns);
}
