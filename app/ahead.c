/*
 * Theory of operation
 *
 * A ring of batches with one thread that makes and one that takes. Each counts what it has done, in a number
 * that only it writes; `made - taken` batches are in the ring, the oldest of which the taker still looks at.
 * Whoever has to wait looks again for a moment, and then sleeps; it is woken when half of the ring is
 * made or taken, or the other has to wait as well: on a busy processor both may share, each has a good piece
 * of work to do when its turn comes.
 *
 * Frames stay where the source has put them. The maker calls the source only as long as the oldest batch in
 * the ring keeps its block, and after a batch whose payload lies in the decoder it waits until that is
 * taken.
 */
#include "app/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINE  64
#define SPINS 100 /* a few microseconds: as long as a batch takes */
#define HALF  (AHEAD_SLOTS / 2)

/* On a line of its own, so that the one who writes it is not waited for by who reads another. */
struct count {
    _Alignas(LINE) atomic_uint batches; /* modulo 2^32 */
    char rest[LINE - sizeof(atomic_uint)];
};

struct ahead {
    struct count made, taken;
    struct ahead_batch slots[AHEAD_SLOTS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct source *source;
    struct decoder *decoder;
    struct source_stats stats;
    atomic_int sleepers;
    atomic_bool is_stopped;
    bool is_running;
    bool is_looking; /* the taker has a batch that it did not give back */
};

static struct ahead_batch *slot_at(struct ahead *ahead, unsigned number)
{
    return &ahead->slots[number % AHEAD_SLOTS];
}

static void rest(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* The other thread may have something to do again. */
static void tell(struct ahead *ahead)
{
    if (atomic_load(&ahead->sleepers) == 0)
        return;
    (void)pthread_mutex_lock(&ahead->lock);
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
}

static void wait_until(struct ahead *ahead, bool (*holds)(struct ahead *))
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (holds(ahead))
            return;
        rest();
    }
    tell(ahead);
    (void)pthread_mutex_lock(&ahead->lock);
    /* Before it is looked at again: whoever changes a count after that sees the sleeper. */
    (void)atomic_fetch_add(&ahead->sleepers, 1);
    while (!holds(ahead))
        (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
    (void)atomic_fetch_sub(&ahead->sleepers, 1);
    (void)pthread_mutex_unlock(&ahead->lock);
}

/* For the maker: the next batch may be read, or need not. */
static bool has_room(struct ahead *ahead)
{
    unsigned made = atomic_load_explicit(&ahead->made.batches, memory_order_relaxed);
    unsigned taken = atomic_load(&ahead->taken.batches);
    if (atomic_load(&ahead->is_stopped) || made == taken)
        return true;
    if (made - taken == AHEAD_SLOTS || slot_at(ahead, made - 1)->is_lent)
        return false;
    uint64_t oldest = slot_at(ahead, taken)->block;
    return source_block(ahead->source) + 1 - oldest <= source_blocks_kept(ahead->source);
}

/* For the taker: there is a batch. */
static bool has_batch(struct ahead *ahead)
{
    return atomic_load(&ahead->made.batches) !=
           atomic_load_explicit(&ahead->taken.batches, memory_order_relaxed);
}

static void make(struct ahead *ahead, struct ahead_batch *batch)
{
    batch->state = source_next(ahead->source, &batch->frames, &batch->err);
    batch->packets.count = 0;
    batch->is_lent = false;
    batch->block = source_block(ahead->source);
    source_stats(ahead->source, &batch->stats);
    if (batch->state != SOURCE_OPEN)
        return;
    decode_batch(ahead->decoder, &batch->frames, &batch->packets);
    batch->is_lent = decoder_lends(ahead->decoder);
}

static void *run(void *context)
{
    struct ahead *ahead = context;
    bool is_over = false;
    while (!is_over) {
        wait_until(ahead, has_room);
        if (atomic_load(&ahead->is_stopped))
            break;
        unsigned made = atomic_load_explicit(&ahead->made.batches, memory_order_relaxed);
        struct ahead_batch *batch = slot_at(ahead, made);
        make(ahead, batch);
        is_over = batch->state != SOURCE_OPEN;
        atomic_store(&ahead->made.batches, made + 1);
        if (is_over || made + 1 - atomic_load(&ahead->taken.batches) == HALF)
            tell(ahead);
    }
    return NULL;
}

bool ahead_pays(const struct source *source)
{
    cpu_set_t processors;
    return source_blocks_kept(source) > 0 &&
           sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
}

/* Signals are the other thread's. */
static int start(struct ahead *ahead)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&ahead->thread, NULL, run, ahead);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int ahead_open(struct ahead **ahead, struct source *source, struct decoder *decoder,
               struct err *err)
{
    struct ahead *opened = aligned_alloc(LINE, sizeof *opened);
    *ahead = NULL;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to read ahead");
    memset(opened, 0, sizeof *opened);
    opened->source = source;
    opened->decoder = decoder;
    (void)pthread_mutex_init(&opened->lock, NULL);
    (void)pthread_cond_init(&opened->changed, NULL);
    source_stats(source, &opened->stats);
    int error = start(opened);
    if (error) {
        ahead_close(opened);
        return err_set(err, error, "no thread to read ahead: %s", strerror(error));
    }
    opened->is_running = true;
    *ahead = opened;
    return 0;
}

/* The other processor has it in its cache; it takes as long as one batch to come over. */
static void prefetch(const struct ahead_batch *batch)
{
    const char *packets = (const char *)batch->packets.packets;
    for (size_t at = 0; at < sizeof batch->packets.packets; at += LINE)
        __builtin_prefetch(packets + at);
}

struct ahead_batch *ahead_next(struct ahead *ahead)
{
    unsigned taken = atomic_load_explicit(&ahead->taken.batches, memory_order_relaxed);
    if (ahead->is_looking) {
        struct ahead_batch *last = slot_at(ahead, taken);
        if (last->state != SOURCE_OPEN)
            return last;
        atomic_store(&ahead->taken.batches, ++taken);
        if (atomic_load(&ahead->made.batches) - taken == HALF)
            tell(ahead);
    }
    ahead->is_looking = true;
    struct ahead_batch *batch = slot_at(ahead, taken);
    if (ahead->is_running) {
        wait_until(ahead, has_batch);
    } else if (!has_batch(ahead)) {
        batch->state = SOURCE_ENDED;
        batch->frames.count = batch->packets.count = 0;
        batch->stats = ahead->stats;
        atomic_store(&ahead->made.batches, taken + 1);
    }
    ahead->stats = batch->stats;
    if (atomic_load_explicit(&ahead->made.batches, memory_order_relaxed) - taken > 1)
        prefetch(slot_at(ahead, taken + 1));
    return batch;
}

void ahead_stats(const struct ahead *ahead, struct source_stats *stats)
{
    *stats = ahead->stats;
}

void ahead_stop(struct ahead *ahead)
{
    if (!ahead->is_running)
        return;
    atomic_store(&ahead->is_stopped, true);
    tell(ahead);
    (void)pthread_join(ahead->thread, NULL);
    ahead->is_running = false;
}

void ahead_close(struct ahead *ahead)
{
    if (!ahead)
        return;
    ahead_stop(ahead);
    (void)pthread_cond_destroy(&ahead->changed);
    (void)pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
