/*
 * A pipe's writer may be slower than its reader, and libpcap can only wait for it. So a thread does
 * the waiting: it reads packets into one of two slots, while the consumer hands out the frames of
 * the other. The consumer swaps the slots once its own is empty and the other is not; the thread
 * waits only while its slot is full. Both slots are touched under the lock, except that the slot
 * being drained belongs to the consumer alone.
 *
 * `ready_fd` (an eventfd) is readable exactly while there is something that the consumer has not
 * seen: frames in either slot, or the end. `stop_fd` wakes the thread out of a silent pipe.
 */
#include "capture/backend.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capture/savefile.h"
#include "capture/slab.h"

#define SLOT_FRAMES_MAX 8192

struct slot {
    struct slab slab;
    uint32_t count;
    struct frame *frames; /* SLOT_FRAMES_MAX of them */
};

struct pipe {
    struct source source;
    char *filter;
    int fd; /* the thread's, once it runs */
    int ready_fd;
    int stop_fd;

    struct slot slots[2];
    struct slot *draining; /* the consumer's */
    uint32_t drained;      /* frames of `draining` handed out */

    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t room;  /* the filling slot was emptied, or the end is near */
    struct slot *filling;
    bool is_ready;
    bool stopping;
    bool opened; /* dlt and snaplen are known */
    int dlt;
    uint32_t snaplen;
    bool ended; /* result and err are final */
    int result; /* 0 or -errno */
    struct err err;
};

static void raise_event(int fd)
{
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void mark_ready(struct pipe *pipe)
{
    if (!pipe->is_ready)
        raise_event(pipe->ready_fd);
    pipe->is_ready = true;
}

static void clear_ready(struct pipe *pipe)
{
    uint64_t count;
    while (pipe->is_ready && read(pipe->ready_fd, &count, sizeof count) < 0 && errno == EINTR)
        continue;
    pipe->is_ready = false;
}

static bool slot_is_full(const struct slot *slot)
{
    return slot->count == SLOT_FRAMES_MAX || !slab_has_room(&slot->slab);
}

/* False when the source is being closed. */
static bool hand_over(struct pipe *pipe, const struct pcap_pkthdr *header, const u_char *data)
{
    (void)pthread_mutex_lock(&pipe->lock);
    while (slot_is_full(pipe->filling) && !pipe->stopping)
        (void)pthread_cond_wait(&pipe->room, &pipe->lock);
    bool goes_on = !pipe->stopping;
    if (goes_on) {
        struct slot *slot = pipe->filling;
        slab_add(&slot->slab, header, data, &slot->frames[slot->count++]);
        mark_ready(pipe);
    }
    (void)pthread_mutex_unlock(&pipe->lock);
    return goes_on;
}

static void announce_header(struct pipe *pipe, pcap_t *pcap)
{
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->opened = true;
    pipe->dlt = pcap_datalink(pcap);
    pipe->snaplen = (uint32_t)pcap_snapshot(pcap);
    mark_ready(pipe);
    (void)pthread_mutex_unlock(&pipe->lock);
}

static int read_packets(struct pipe *pipe, struct savefile *savefile, struct err *err)
{
    for (;;) {
        struct pcap_pkthdr *header = NULL;
        const u_char *data = NULL;
        int result = pcap_next_ex(savefile->pcap, &header, &data);
        if (result != 1)
            return savefile_verdict(savefile, result == PCAP_ERROR, err);
        struct pcap_pkthdr mended = *header;
        if (savefile_accept(savefile, &mended, data) && !hand_over(pipe, &mended, data))
            return 0;
    }
}

static void *run_reader(void *context)
{
    struct pipe *pipe = context;
    struct savefile savefile;
    struct err err = {0};
    struct inflate_input input = {.fd = pipe->fd, .stop_fd = pipe->stop_fd};
    int result = savefile_open(&savefile, &input, pipe->source.info.name, pipe->filter, &err);
    if (result == 0) {
        announce_header(pipe, savefile.pcap);
        result = read_packets(pipe, &savefile, &err);
        savefile_close(&savefile);
    }
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->ended = true;
    pipe->result = result;
    pipe->err = err;
    mark_ready(pipe);
    (void)pthread_mutex_unlock(&pipe->lock);
    return NULL;
}

/* Gives the empty slot to the thread and takes what it has read meanwhile. Returns what source_next
 * is to say when that is nothing. */
static int swap_slots(struct pipe *pipe, struct err *err)
{
    int state = SOURCE_OPEN;
    (void)pthread_mutex_lock(&pipe->lock);
    if (pipe->opened && pipe->source.info.link_type == SOURCE_LINK_UNKNOWN) {
        source_set_link(&pipe->source, pipe->dlt);
        pipe->source.info.snaplen = pipe->snaplen;
    }
    if (pipe->filling->count > 0) {
        struct slot *empty = pipe->draining;
        empty->count = 0;
        empty->slab.used = 0;
        pipe->draining = pipe->filling;
        pipe->filling = empty;
        pipe->drained = 0;
        (void)pthread_cond_signal(&pipe->room);
    } else if (!pipe->ended) {
        clear_ready(pipe);
    } else if (pipe->result == 0) {
        state = SOURCE_ENDED;
    } else {
        *err = pipe->err;
        state = pipe->result;
    }
    (void)pthread_mutex_unlock(&pipe->lock);
    return state;
}

static int pipe_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct pipe *pipe = (struct pipe *)source;
    if (pipe->drained == pipe->draining->count) {
        int state = swap_slots(pipe, err);
        if (pipe->drained == pipe->draining->count)
            return state;
    }
    uint32_t left = pipe->draining->count - pipe->drained;
    batch->count = left < FRAME_BATCH_MAX ? left : FRAME_BATCH_MAX;
    memcpy(batch->frames, pipe->draining->frames + pipe->drained,
           batch->count * sizeof batch->frames[0]);
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->frames[i].link_type = source->info.link_type;
        batch->frames[i].interface = 0;
    }
    pipe->drained += batch->count;
    return SOURCE_OPEN;
}

static void stop_reader(struct pipe *pipe)
{
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->stopping = true;
    (void)pthread_cond_signal(&pipe->room);
    (void)pthread_mutex_unlock(&pipe->lock);
    raise_event(pipe->stop_fd);
    (void)pthread_join(pipe->thread, NULL);
}

static void pipe_close(struct source *source)
{
    struct pipe *pipe = (struct pipe *)source;
    if (pipe->has_thread)
        stop_reader(pipe);
    else
        (void)close(pipe->fd);
    for (size_t i = 0; i < 2; i++) {
        slab_close(&pipe->slots[i].slab);
        free(pipe->slots[i].frames);
    }
    if (pipe->ready_fd >= 0)
        (void)close(pipe->ready_fd);
    if (pipe->stop_fd >= 0)
        (void)close(pipe->stop_fd);
    (void)pthread_mutex_destroy(&pipe->lock);
    (void)pthread_cond_destroy(&pipe->room);
    free(pipe->filter);
    free(pipe);
}

static const struct source_ops pipe_ops = {.next = pipe_next, .close = pipe_close};

static int allocate_slots(struct pipe *pipe, struct err *err)
{
    for (size_t i = 0; i < 2; i++) {
        pipe->slots[i].frames = malloc(SLOT_FRAMES_MAX * sizeof pipe->slots[i].frames[0]);
        if (!pipe->slots[i].frames)
            return err_set(err, ENOMEM, "no memory for packet buffers; close something else first");
        int result = slab_open(&pipe->slots[i].slab, err);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Signals are the main thread's: the reader blocks them all. */
static int start_reader(struct pipe *pipe, struct err *err)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&pipe->thread, NULL, run_reader, pipe);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return err_set(err, error, "cannot start the thread that reads %s: %s",
                       pipe->source.info.name, strerror(error));
    pipe->has_thread = true;
    return 0;
}

static int prepare(struct pipe *pipe, const char *filter, struct err *err)
{
    pipe->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pipe->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pipe->ready_fd < 0 || pipe->stop_fd < 0)
        return err_set(err, errno, "no descriptor left for reading a pipe: %s", strerror(errno));
    pipe->source.fd = pipe->ready_fd;
    pipe->filter = strdup(filter ? filter : "");
    if (!pipe->filter)
        return err_set(err, ENOMEM, "no memory for the filter");
    int result = allocate_slots(pipe, err);
    if (result == 0)
        result = start_reader(pipe, err);
    return result;
}

int pipe_open(struct source **source, int fd, const struct source_file_options *options,
              struct err *err)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe) {
        (void)close(fd);
        return err_set(err, ENOMEM, "no memory to read a pipe");
    }
    bool is_stdin = strcmp(options->path, "-") == 0;
    source_begin(&pipe->source, &pipe_ops, is_stdin ? "standard input" : options->path);
    pipe->fd = fd;
    pipe->ready_fd = -1;
    pipe->stop_fd = -1;
    pipe->draining = &pipe->slots[0];
    pipe->filling = &pipe->slots[1];
    (void)pthread_mutex_init(&pipe->lock, NULL);
    (void)pthread_cond_init(&pipe->room, NULL);
    int result = prepare(pipe, options->filter, err);
    if (result != 0) {
        pipe_close(&pipe->source);
        return result;
    }
    *source = &pipe->source;
    return 0;
}
