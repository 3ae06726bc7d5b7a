/*
 * Theory: what listens now is always taken from the kernel's own list, since events may be lost and
 * do not tell one socket of an address from another. Events only add who called listen, and when.
 * What was listed and is no more goes to the past; so does what an event pair tells alone, because it
 * came and went between two looks.
 */
#include "host/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"
#include "host/similar.h"

/* Looks at what a process holds to tell who opened a listener take no longer, at one look. */
#define MATCH_NS    (2 * CLOCK_NS_PER_MS)
#define MATCH_TRIES 8u /* then it takes too long, and not because others had the core */

struct listener {
    struct host_listener told;
    bool looked;                        /* its holders were looked for */
    uint8_t tries;                      /* looks that had no time to find its opener */
    bool here;                          /* in the look at hand */
    uint32_t queues[LISTENERS_SECONDS]; /* longest of each second, at second % LISTENERS_SECONDS */
    int64_t second;                     /* of the latest of them */
};

/* An event that is not matched yet; time_ns 0 is none. */
struct pending {
    struct trace_event events[LISTENERS_EVENTS];
    uint32_t next; /* to be written over */
};

struct listeners {
    struct sockets *sockets;
    struct holders *holders;
    struct listener *found; /* LISTENERS_MAX */
    size_t count;
    struct host_socket *look; /* LISTENERS_MAX: the look at hand, sorted by inode */
    size_t look_count;
    bool cut; /* by LISTENERS_MAX */
    bool stale;
    bool looked; /* once at least */
    int64_t looked_ns;
    int64_t cost_ns;
    int64_t offset_ns; /* of the clocks, at the beginning */
    struct pending opened, closed;
    struct host_past past[LISTENERS_PAST];
    uint64_t past_count; /* of all times */
};

int listeners_open(struct listeners **listeners, struct holders *holders, int64_t now_ns,
                   struct err *err)
{
    struct listeners *opened = calloc(1, sizeof *opened);
    *listeners = NULL;
    if (opened) {
        opened->holders = holders;
        opened->offset_ns = clock_offset_ns();
        opened->found = calloc(LISTENERS_MAX, sizeof *opened->found);
        opened->look = calloc(LISTENERS_MAX, sizeof *opened->look);
    }
    if (!opened || !opened->found || !opened->look) {
        listeners_close(opened);
        return err_set(err, ENOMEM, "no memory for listeners; close other programs");
    }
    int failed = sockets_open(&opened->sockets, err);
    if (failed) {
        listeners_close(opened);
        return failed;
    }
    listeners_refresh(opened, now_ns, 0);
    *listeners = opened;
    return 0;
}

void listeners_close(struct listeners *listeners)
{
    if (!listeners)
        return;
    sockets_close(listeners->sockets);
    free(listeners->found);
    free(listeners->look);
    free(listeners);
}

static void begin_look(void *context)
{
    struct listeners *listeners = context;
    listeners->look_count = 0;
    listeners->cut = false;
}

static void visit_look(void *context, const struct host_socket *socket)
{
    struct listeners *listeners = context;
    if (listeners->look_count < LISTENERS_MAX)
        listeners->look[listeners->look_count++] = *socket;
    else
        listeners->cut = true;
}

static int compare_sockets(const void *a, const void *b)
{
    const struct host_socket *one = a, *other = b;
    return (one->inode > other->inode) - (one->inode < other->inode);
}

static bool is_same_end(const struct tuple *one, const struct tuple *other)
{
    return one->port[0] == other->port[0] && one->family == other->family &&
           memcmp(&one->address[0], &other->address[0], sizeof one->address[0]) == 0;
}

static void add_pending(struct pending *pending, const struct trace_event *event)
{
    pending->events[pending->next++ % LISTENERS_EVENTS] = *event;
}

/* The earliest event about that end, not before that time; NULL for none. */
static struct trace_event *pending_of(struct pending *pending, const struct tuple *tuple,
                                      int64_t since_ns)
{
    struct trace_event *earliest = NULL;
    for (uint32_t at = 0; at < LISTENERS_EVENTS; at++) {
        struct trace_event *event = &pending->events[at];
        if (event->time_ns != 0 && event->time_ns >= since_ns &&
            is_same_end(&event->tuple, tuple) && (!earliest || event->time_ns < earliest->time_ns))
            earliest = event;
    }
    return earliest;
}

static struct host_past *add_past(struct listeners *listeners)
{
    struct host_past *past = &listeners->past[listeners->past_count++ % LISTENERS_PAST];
    *past = (struct host_past){0};
    return past;
}

/* The nameless listener that two looks have seen come and go, before its events were read. */
static struct host_past *find_nameless(struct listeners *listeners,
                                       const struct trace_event *opened, int64_t closed_ns)
{
    for (uint32_t at = 0; at < LISTENERS_PAST; at++) {
        struct host_past *past = &listeners->past[at];
        if (past->process.pid == 0 && past->opened_ns >= opened->time_ns &&
            past->closed_ns >= closed_ns && past->closed_ns - closed_ns <= CLOCK_NS_PER_S &&
            is_same_end(&past->tuple, &opened->tuple))
            return past;
    }
    return NULL;
}

/* When a process began is known by the clock on the wall, which may have been set since. */
static struct host_process caller_of(const struct listeners *listeners,
                                     const struct trace_event *event)
{
    int64_t set_ns = clock_offset_ns() - listeners->offset_ns;
    return process_of_call(event->pid, event->comm, event->time_ns + set_ns);
}

/* Opened and closed, and no look between. */
static void add_unseen(struct listeners *listeners, const struct trace_event *opened,
                       int64_t closed_ns)
{
    if (closed_ns - opened->time_ns < LISTENERS_LEAST_NS)
        return;
    struct host_past *past = find_nameless(listeners, opened, closed_ns);
    if (!past)
        past = add_past(listeners);
    past->process = caller_of(listeners, opened);
    past->tuple = opened->tuple;
    past->opened_ns = opened->time_ns;
    past->closed_ns = closed_ns;
}

/* A look may have missed the listener before the event of its end was read. */
static bool amend_past(struct listeners *listeners, const struct trace_event *event)
{
    for (uint32_t at = 0; at < LISTENERS_PAST; at++) {
        struct host_past *past = &listeners->past[at];
        if (!is_same_end(&past->tuple, &event->tuple) || event->time_ns < past->opened_ns ||
            event->time_ns >= past->closed_ns || past->closed_ns - event->time_ns > CLOCK_NS_PER_S)
            continue;
        past->closed_ns = event->time_ns;
        return true;
    }
    return false;
}

static bool lacks_opener(const struct listener *listener)
{
    return listener->told.opener.pid == 0 && listener->told.opened_ns != 0;
}

/* How many at that end have no opener yet. */
static unsigned count_openless(const struct listeners *listeners, const struct tuple *tuple)
{
    unsigned count = 0;
    for (size_t at = 0; at < listeners->count; at++)
        count += lacks_opener(&listeners->found[at]) &&
                 is_same_end(&listeners->found[at].told.socket.tuple, tuple);
    return count;
}

/* Which of several that opened the same end holds that one? NULL: none, or it takes too long. */
static struct trace_event *find_opener(struct listeners *listeners, struct listener *listener)
{
    const struct host_socket *socket = &listener->told.socket;
    int64_t deadline_ns = clock_thread_ns() + MATCH_NS;
    struct trace_event *opened = pending_of(&listeners->opened, &socket->tuple, 0);
    while (opened && listener->tries < MATCH_TRIES) {
        bool known = false;
        if (holders_is_held_by(listeners->holders, opened->pid, socket->inode, deadline_ns, &known))
            return opened;
        if (!known) {
            listener->tries++;
            return NULL;
        }
        opened = pending_of(&listeners->opened, &socket->tuple, opened->time_ns + 1);
    }
    return NULL;
}

/* Of several sockets at one end each is given to the process that holds it; of a single one the
 * process may have passed it on already. */
static void match_opener(struct listeners *listeners, struct listener *listener)
{
    const struct tuple *tuple = &listener->told.socket.tuple;
    struct trace_event *opened = pending_of(&listeners->opened, tuple, 0);
    bool alone = opened && !pending_of(&listeners->opened, tuple, opened->time_ns + 1) &&
                 count_openless(listeners, tuple) == 1;
    if (opened && !alone)
        opened = find_opener(listeners, listener);
    if (!opened)
        return;
    listener->told.opener = caller_of(listeners, opened);
    listener->told.opened_ns = opened->time_ns;
    opened->time_ns = 0;
}

/* What opened at that end goes to the listener that a look has found there already. */
static void match_openless(struct listeners *listeners, const struct tuple *tuple)
{
    for (size_t at = 0; at < listeners->count; at++) {
        struct listener *listener = &listeners->found[at];
        if (lacks_opener(listener) && is_same_end(&listener->told.socket.tuple, tuple))
            match_opener(listeners, listener);
    }
}

void listeners_note(struct listeners *listeners, const struct trace_event *event)
{
    listeners->stale = true;
    if (event->kind == TRACE_LISTEN) {
        holders_know(listeners->holders, event->pid);
        add_pending(&listeners->opened, event);
    }
    if (event->kind != TRACE_UNLISTEN)
        return;
    match_openless(listeners, &event->tuple);
    struct trace_event *opened = pending_of(&listeners->opened, &event->tuple, 0);
    if (!opened || opened->time_ns > event->time_ns) {
        if (!amend_past(listeners, event))
            add_pending(&listeners->closed, event);
        return;
    }
    add_unseen(listeners, opened, event->time_ns);
    opened->time_ns = 0;
}

/* What does not fit into the time is for the next look. */
static void match_openers(struct listeners *listeners)
{
    int64_t until_ns = clock_thread_ns() + MATCH_NS;
    for (size_t at = 0; at < listeners->count && clock_thread_ns() < until_ns; at++) {
        if (lacks_opener(&listeners->found[at]))
            match_opener(listeners, &listeners->found[at]);
    }
}

static void note_queue(struct listener *listener, int64_t now_ns)
{
    int64_t second = now_ns / CLOCK_NS_PER_S;
    if (second < listener->second || second - listener->second >= LISTENERS_SECONDS) {
        memset(listener->queues, 0, sizeof listener->queues);
        listener->second = second;
    }
    while (listener->second < second)
        listener->queues[++listener->second % LISTENERS_SECONDS] = 0;
    uint32_t *most = &listener->queues[second % LISTENERS_SECONDS];
    if (listener->told.socket.queue > *most)
        *most = listener->told.socket.queue;
}

uint32_t listeners_queue_most(const struct listeners *listeners, size_t n, int64_t now_ns)
{
    struct listener copy = listeners->found[n];
    uint32_t most = 0;
    note_queue(&copy, now_ns);
    for (uint32_t at = 0; at < LISTENERS_SECONDS; at++)
        most = copy.queues[at] > most ? copy.queues[at] : most;
    return most;
}

static void leave(struct listeners *listeners, struct listener *gone, int64_t now_ns)
{
    const struct host_listener *told = &gone->told;
    /* Its event may have come after the look that found it, and no look was in between. */
    if (lacks_opener(gone))
        match_opener(listeners, gone);
    struct trace_event *event =
        pending_of(&listeners->closed, &told->socket.tuple, told->opened_ns);
    int64_t closed_ns = event ? event->time_ns : now_ns;
    if (event)
        event->time_ns = 0;
    if (told->opened_ns != 0 && closed_ns - told->opened_ns < LISTENERS_LEAST_NS)
        return;
    struct host_past *past = add_past(listeners);
    past->process = told->process.pid != 0 ? told->process : told->opener;
    past->tuple = told->socket.tuple;
    past->opened_ns = told->opened_ns;
    past->closed_ns = closed_ns;
}

static void take_look(struct listeners *listeners, int64_t now_ns)
{
    qsort(listeners->look, listeners->look_count, sizeof *listeners->look, compare_sockets);
    for (size_t at = 0; at < listeners->count;) {
        struct listener *listener = &listeners->found[at];
        struct host_socket *now = bsearch(&listener->told.socket, listeners->look,
                                          listeners->look_count, sizeof *now, compare_sockets);
        if (now && is_same_end(&now->tuple, &listener->told.socket.tuple)) {
            listener->told.socket = *now;
            now->state = SOCKET_CLOSE; /* taken */
            note_queue(listener, now_ns);
            at++;
            continue;
        }
        if (!listeners->cut)
            leave(listeners, listener, now_ns);
        listeners->found[at] = listeners->found[--listeners->count];
    }
    for (size_t at = 0; at < listeners->look_count && listeners->count < LISTENERS_MAX; at++) {
        const struct host_socket *now = &listeners->look[at];
        if (now->state != SOCKET_LISTEN)
            continue;
        struct listener *listener = &listeners->found[listeners->count++];
        *listener = (struct listener){
            .told = {.socket = *now, .opened_ns = listeners->looked ? now_ns : 0}};
        note_queue(listener, now_ns);
    }
}

void listeners_refresh(struct listeners *listeners, int64_t now_ns, int64_t most_age_ns)
{
    struct err err;
    int64_t age_ns = now_ns - listeners->looked_ns;
    if (listeners->looked && !listeners->stale && age_ns >= 0 && age_ns < most_age_ns)
        return;
    int64_t begin_ns = clock_thread_ns();
    const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_LISTEN, 0, 0};
    const struct sockets_visitor visitor = {listeners, begin_look, visit_look};
    if (sockets_dump(listeners->sockets, &query, &visitor, &err))
        return;
    take_look(listeners, now_ns);
    match_openers(listeners);
    listeners->looked = true;
    listeners->stale = false;
    listeners->looked_ns = now_ns;
    listeners->cost_ns = clock_thread_ns() - begin_ns;
}

int64_t listeners_cost_ns(const struct listeners *listeners)
{
    return listeners->cost_ns;
}

static void take_holders(void *context, uint32_t inode, const struct host_process *first,
                         size_t holders)
{
    struct listeners *listeners = context;
    for (size_t at = 0; at < listeners->count; at++) {
        struct listener *listener = &listeners->found[at];
        if (listener->told.socket.inode != inode)
            continue;
        listener->looked = true;
        listener->told.holders = (uint32_t)holders;
        if (first)
            listener->told.process = *first;
    }
}

bool listeners_find_holders(struct listeners *listeners, int64_t deadline_ns)
{
    const struct holders_taker taker = {listeners, take_holders};
    bool taken = true;
    for (size_t at = 0; taken && at < listeners->count; at++) {
        if (!listeners->found[at].looked)
            taken = holders_want(listeners->holders, listeners->found[at].told.socket.inode);
    }
    return holders_step(listeners->holders, deadline_ns, &taker);
}

const struct host_listener *listeners_at(const struct listeners *listeners, size_t n)
{
    return n < listeners->count ? &listeners->found[n].told : NULL;
}

/* Of two that are as near the lower port is told, so that the answer does not change. */
static bool is_nearer(uint16_t difference, uint16_t least, uint16_t port, uint16_t nearest)
{
    return least == 0 || difference < least || (difference == least && port < nearest);
}

bool listeners_similar(const struct listeners *listeners, const struct tuple *tuple, unsigned end,
                       size_t *place)
{
    uint16_t low = 0, high = 0, least = 0, nearest = 0;
    settings_ephemeral_range(&low, &high);
    for (size_t at = 0; at < listeners->count; at++) {
        const struct host_socket *socket = &listeners->found[at].told.socket;
        uint16_t port = socket->tuple.port[0];
        uint16_t difference = similar_difference(tuple->port[end], port, low, high);
        if (difference == 0 || !is_nearer(difference, least, port, nearest) ||
            socket_fit_address(socket, tuple, end) == 0)
            continue;
        least = difference;
        nearest = port;
        *place = at;
    }
    return least != 0;
}

const struct host_past *listeners_past_at(const struct listeners *listeners, size_t n)
{
    if (n >= listeners->past_count || n >= LISTENERS_PAST)
        return NULL;
    return &listeners->past[(listeners->past_count - 1 - n) % LISTENERS_PAST];
}

uint64_t listeners_past_count(const struct listeners *listeners)
{
    return listeners->past_count;
}

const struct host_past *listeners_past(const struct listeners *listeners, uint16_t port)
{
    const struct host_past *latest = NULL;
    for (uint32_t at = 0; at < LISTENERS_PAST; at++) {
        const struct host_past *past = &listeners->past[at];
        if (past->closed_ns != 0 && past->tuple.port[0] == port &&
            (!latest || past->closed_ns >= latest->closed_ns))
            latest = past;
    }
    return latest;
}
