/*
 * Purpose: the TCP sockets of this network namespace that listen, who opened them, how long their
 *          queues were, and those that listened before.
 * Owns:    a netlink socket, LISTENERS_MAX listeners, LISTENERS_PAST past ones, and the latest
 *          LISTENERS_EVENTS kernel events that are not matched yet.
 * Bounds:  a look costs some 30 us, and 0.5 us a listener; where several opened the same end, up to
 *          4 ms to tell them apart: who opened one that takes longer stays unknown. Listeners beyond LISTENERS_MAX are not
 *          known, and then none is said to be gone.
 * Fails:   listeners_open with -errno and a sentence.
 * Used by: host/host.
 */
#ifndef LOFLOW_HOST_LISTENERS_H
#define LOFLOW_HOST_LISTENERS_H

#include "base/clock.h"
#include "host/holders.h"
#include "host/sockets.h"
#include "host/tracer.h"

#define LISTENERS_MAX     4096u
#define LISTENERS_PAST    512u
#define LISTENERS_EVENTS  64u
#define LISTENERS_SECONDS 10u /* that queue_most covers */

/* A listen(2) that fails shows the socket listening for microseconds. */
#define LISTENERS_LEAST_NS CLOCK_NS_PER_MS

/* One that listens, or is bound and does not listen. */
struct host_listener {
    struct host_socket socket;
    struct host_process process; /* the holder with the least pid; pid 0 unknown */
    uint32_t holders;            /* processes that hold it */
    uint32_t queue_most;         /* of connections that waited, seen in the last ten seconds */
    int64_t opened_ns;           /* 0: before the run began */
    struct host_process opener;  /* who called listen, if the tracer saw it; pid 0 unknown */
};

/* Who listened before. */
struct host_past {
    struct host_process process; /* the holder with the least pid, else who called listen */
    struct tuple tuple;          /* end 0 */
    int64_t opened_ns;           /* 0: before the run began */
    int64_t closed_ns;           /* when it was seen to be gone */
    int64_t exited_ns;           /* when its process ended; 0: not seen */
    int32_t exit_status;         /* as wait(2) has it; valid with exited_ns */
};

struct listeners;

/* `holders` is borrowed until listeners_close. Times are of CLOCK_REALTIME as it was then, and go on
 * when that is set (base/clock.h). */
int listeners_open(struct listeners **listeners, struct holders *holders, int64_t now_ns,
                   struct err *err);
void listeners_close(struct listeners *listeners);

/* A LISTEN or UNLISTEN event of this namespace. */
void listeners_note(struct listeners *listeners, const struct trace_event *event);

/* Looks again when the last look is older than that or an event came since. Without an answer of
 * the kernel all stays as it was. */
void listeners_refresh(struct listeners *listeners, int64_t now_ns, int64_t most_age_ns);

/* What the latest look has cost, in time of this thread. */
int64_t listeners_cost_ns(const struct listeners *listeners);

/* Goes on finding the holders of those that are new, and of all that holders_of was asked for in vain,
 * until that time of clock_monotonic_ns. False: the walk is not over. */
bool listeners_find_holders(struct listeners *listeners, int64_t deadline_ns);

/* The n-th one, in no order; NULL beyond the last. Valid until the next refresh. */
const struct host_listener *listeners_at(const struct listeners *listeners, size_t n);

/* queue_most of the n-th. */
uint32_t listeners_queue_most(const struct listeners *listeners, size_t n, int64_t now_ns);

/* One on another port that would have taken what goes to that end, had the port not been mistyped: which `place`
 * of listeners_at, the nearest. False: none. */
bool listeners_similar(const struct listeners *listeners, const struct tuple *tuple, unsigned end,
                       size_t *place);

/* The n-th of those that went, the latest first; NULL beyond the last that is remembered. */
const struct host_past *listeners_past_at(const struct listeners *listeners, size_t n);

/* How many went, of all times: more than are remembered. */
uint64_t listeners_past_count(const struct listeners *listeners);

/* The one of that port that went last; NULL for none. */
const struct host_past *listeners_past(const struct listeners *listeners, uint16_t port);

#endif
