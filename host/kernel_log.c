/*
 * Theory: a ring of events, each of which knows the number of the next older one in its bucket of
 * the hash table. Numbers are never used twice, so that a chain ends where a number has been written
 * over, and nothing is ever unlinked. Chains run from the newest to the oldest.
 */
#include "host/kernel_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "host/sockets.h"

/* Of one port, newest first: more than that have come since only where a program does nothing else. */
#define LISTENS_LOOKED 64u

/* Event number n is at place n % room; 0 is no event. */
struct entry {
    uint64_t older; /* of the same bucket */
    struct trace_event event;
};

struct ring {
    struct entry *entries;
    uint64_t *newest; /* of each bucket: as many as entries */
    uint64_t last;    /* the number given last */
    uint32_t room;    /* a power of two */
};

enum { CONNECTS, RESETS, DROPS, EXITS, LISTENS, RING_COUNT };

struct kernel_log {
    struct ring rings[RING_COUNT];
    struct hash_key key;
    uint32_t netns;
};

static int open_ring(struct ring *ring, uint32_t room)
{
    ring->room = room;
    ring->entries = calloc(room, sizeof *ring->entries);
    ring->newest = calloc(room, sizeof *ring->newest);
    return ring->entries && ring->newest ? 0 : -ENOMEM;
}

int kernel_log_open(struct kernel_log **log, uint32_t netns, struct err *err)
{
    struct kernel_log *opened = calloc(1, sizeof *opened);
    int failed = opened ? 0 : -ENOMEM;
    *log = NULL;
    for (int at = 0; at < RING_COUNT && !failed; at++)
        failed =
            open_ring(&opened->rings[at], at == CONNECTS ? KERNEL_LOG_CONNECTS : KERNEL_LOG_EVENTS);
    if (failed) {
        kernel_log_close(opened);
        return err_set(err, ENOMEM, "no memory for kernel events; close other programs");
    }
    opened->netns = netns;
    /* Early at boot there is no randomness: then collisions can be chosen, which only costs time. */
    if (getrandom(&opened->key, sizeof opened->key, GRND_NONBLOCK) < 0)
        opened->key = (struct hash_key){{0}};
    *log = opened;
    return 0;
}

void kernel_log_close(struct kernel_log *log)
{
    if (!log)
        return;
    for (int at = 0; at < RING_COUNT; at++) {
        free(log->rings[at].entries);
        free(log->rings[at].newest);
    }
    free(log);
}

/* The kernel may name a connection of IPv4 by mapped addresses, since its socket is one of IPv6. */
static uint8_t family_of(const struct tuple *tuple)
{
    const uint8_t *octets = tuple->address[0].octets;
    bool mapped = load_be64(octets) == 0 && load_be32(octets + 8) == 0xffff;
    return mapped ? 4 : tuple->family;
}

/* The tuple seen from that end. Written field by field: spare bytes must not make a difference. */
static struct tuple seen_from(const struct tuple *tuple, unsigned end)
{
    return (struct tuple){.address = {tuple->address[end], tuple->address[!end]},
                          .port = {tuple->port[end], tuple->port[!end]},
                          .protocol = tuple->protocol,
                          .family = family_of(tuple)};
}

static uint64_t *bucket_of(const struct kernel_log *log, const struct ring *ring,
                           const struct tuple *key)
{
    return &ring->newest[hash_tuple(&log->key, key) & (ring->room - 1)];
}

/* NULL: there is no such event, or no more. */
static const struct entry *entry_of(const struct ring *ring, uint64_t number)
{
    return number != 0 && number + ring->room > ring->last ? &ring->entries[number % ring->room]
                                                           : NULL;
}

static void add(const struct kernel_log *log, struct ring *ring, const struct tuple *key,
                const struct trace_event *event)
{
    uint64_t *newest = bucket_of(log, ring, key);
    struct entry *entry = &ring->entries[++ring->last % ring->room];
    entry->older = *newest;
    entry->event = *event;
    *newest = ring->last;
}

/* Ends of processes are kept under a tuple that holds only the pid. */
static struct tuple key_of_pid(pid_t pid)
{
    return (struct tuple){.port = {(uint16_t)((uint32_t)pid >> 16), (uint16_t)pid}};
}

/* What listens at a port, whatever the address. */
static struct tuple key_of_port(uint16_t port)
{
    return (struct tuple){.port = {port}};
}

static const struct ring *ring_of(const struct kernel_log *log, enum trace_kind kind)
{
    static const int rings[TRACE_KIND_COUNT] = {
        [TRACE_CONNECT] = CONNECTS, [TRACE_RESET] = RESETS, [TRACE_DROP] = DROPS};
    return &log->rings[rings[kind]];
}

bool kernel_log_is_ours(const struct kernel_log *log, const struct trace_event *event)
{
    return event->netns == 0 || event->netns == log->netns;
}

void kernel_log_note(struct kernel_log *log, const struct trace_event *event)
{
    bool listens = event->kind == TRACE_LISTEN || event->kind == TRACE_UNLISTEN;
    struct tuple key = event->kind == TRACE_EXIT ? key_of_pid(event->pid)
                       : listens                 ? key_of_port(event->tuple.port[0])
                                                 : seen_from(&event->tuple, 0);
    if (event->kind == TRACE_EXIT)
        add(log, &log->rings[EXITS], &key, event);
    else if (!kernel_log_is_ours(log, event))
        return;
    else if (listens)
        add(log, &log->rings[LISTENS], &key, event);
    else if (event->kind == TRACE_CONNECT && key.port[0] != 0)
        add(log, &log->rings[CONNECTS], &key, event);
    else if (event->kind == TRACE_RESET)
        add(log, &log->rings[RESETS], &key, event);
    else if (event->kind == TRACE_DROP)
        add(log, &log->rings[DROPS], &key, event);
}

static bool is_about(const struct trace_event *event, const struct tuple *key)
{
    struct tuple own = seen_from(&event->tuple, 0);
    return tuple_equal(&own, key);
}

const struct trace_event *kernel_log_find(const struct kernel_log *log, enum trace_kind kind,
                                          const struct tuple *tuple, unsigned end, int64_t since_ns)
{
    const struct ring *ring = ring_of(log, kind);
    struct tuple key = seen_from(tuple, end);
    const struct entry *entry = entry_of(ring, *bucket_of(log, ring, &key));
    while (entry && !is_about(&entry->event, &key))
        entry = entry_of(ring, entry->older);
    return entry && entry->event.time_ns >= since_ns ? &entry->event : NULL;
}

static bool is_same_end(const struct trace_event *one, const struct trace_event *other)
{
    const struct tuple *a = &one->tuple, *b = &other->tuple;
    return a->port[0] == b->port[0] && a->family == b->family &&
           memcmp(&a->address[0], &b->address[0], sizeof a->address[0]) == 0;
}

/* Did what listens since that event end by that time? */
static bool ended_by(const struct ring *ring, const struct entry *newest,
                     const struct trace_event *listen, int64_t time_ns)
{
    for (const struct entry *entry = newest; entry && &entry->event != listen;
         entry = entry_of(ring, entry->older)) {
        const struct trace_event *event = &entry->event;
        if (event->kind == TRACE_UNLISTEN && event->time_ns >= listen->time_ns &&
            event->time_ns <= time_ns && is_same_end(event, listen))
            return true;
    }
    return false;
}

const struct trace_event *kernel_log_listen(const struct kernel_log *log, const struct tuple *tuple,
                                            unsigned end, int64_t time_ns)
{
    const struct ring *ring = &log->rings[LISTENS];
    struct tuple key = key_of_port(tuple->port[end]);
    const struct entry *newest = entry_of(ring, *bucket_of(log, ring, &key));
    const struct trace_event *best = NULL;
    int most = 0;
    unsigned looked = 0;
    for (const struct entry *entry = newest; entry && looked < LISTENS_LOOKED;
         entry = entry_of(ring, entry->older), looked++) {
        const struct trace_event *event = &entry->event;
        const struct host_socket socket = {.tuple = event->tuple};
        if (event->kind != TRACE_LISTEN || event->time_ns > time_ns)
            continue;
        int fit = socket_fit(&socket, tuple, end);
        if (fit <= most || ended_by(ring, newest, event, time_ns))
            continue;
        most = fit;
        best = event;
    }
    return best;
}

bool kernel_log_drops(const struct kernel_log *log, const struct tuple *tuple, unsigned end,
                      int64_t since_ns, struct host_drops *drops)
{
    const struct ring *ring = &log->rings[DROPS];
    struct tuple key = seen_from(tuple, end);
    drops->count = 0;
    for (const struct entry *entry = entry_of(ring, *bucket_of(log, ring, &key)); entry;
         entry = entry_of(ring, entry->older)) {
        if (!is_about(&entry->event, &key) || entry->event.time_ns < since_ns)
            continue;
        drops->first = entry->event;
        if (drops->count++ == 0)
            drops->last = entry->event;
    }
    return drops->count > 0;
}

const struct trace_event *kernel_log_exit(const struct kernel_log *log, pid_t pid, int64_t since_ns)
{
    const struct ring *ring = &log->rings[EXITS];
    struct tuple key = key_of_pid(pid);
    const struct entry *entry = entry_of(ring, *bucket_of(log, ring, &key));
    while (entry && entry->event.pid != pid)
        entry = entry_of(ring, entry->older);
    return entry && entry->event.time_ns >= since_ns ? &entry->event : NULL;
}
