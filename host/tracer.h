/*
 * Purpose: what the kernel tells of sockets as it happens: who connects and who listens, resets and
 *          drops with their reasons, calls that failed, processes that ended.
 * Owns:    a BPF program and its ring buffer, from tracer_open to tracer_close.
 * Bounds:  a ring of TRACER_RING_SIZE; events that find no room are counted, see tracer_lost. The
 *          kernel side lets only loopback and local traffic through, and noise not at all.
 * Fails:   tracer_open with -errno and a sentence that says what is missing: privilege, BTF, or a
 *          build without clang and libbpf (-ENOTSUP). Nothing else needs it.
 * Source:  tracepoints sock:inet_sock_set_state, tcp:tcp_send_reset, skb:kfree_skb,
 *          sched:sched_process_exit and failed bind, listen, connect and accept.
 * Used by: host/host, app/loop.
 */
#ifndef LOFLOW_HOST_TRACER_H
#define LOFLOW_HOST_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tuple.h"
#include "host/owners.h"
#include "host/trace_record.h"

#define TRACER_RING_SIZE (4u << 20) /* bytes */

struct trace_event {
    int64_t time_ns; /* CLOCK_REALTIME, as captures have it */
    struct tuple
        tuple;      /* not sorted. CONNECT, LISTEN, UNLISTEN: end 0 is the socket's. RESET: end 0
                            sent the RST. DROP: end 0 sent the packet. CALL: end 0 is the socket's, or
                            the one that bind asked for, and end 1 the one that connect asked for. Port 0
                            is unknown. */
    uint32_t netns; /* inode number of the network namespace; 0 unknown */
    int32_t value;  /* see enum trace_kind */
    pid_t pid;      /* of whom the kind names, CONNECT: who called connect. RESET and DROP: in whose
                            context it happened, which need not be either end's; 0: a kernel thread's */
    uint8_t kind;   /* enum trace_kind */
    uint8_t detail; /* CALL: enum trace_call; RESET: state of the socket, 0 without one */
    bool output;    /* DROP: before the device, so that no capture has the packet */
    char comm[OWNER_COMM + 1];
};

struct tracer;

int tracer_open(struct tracer **tracer, struct err *err);

/* From now on the helper begins and ends to watch system calls, which needs privilege; it is borrowed. */
struct helper;
void tracer_use(struct tracer *tracer, struct helper *helper);

/* For the helper, which was forked after tracer_open: does it, and which descriptors of its own that takes. */
bool tracer_set_watch(struct tracer *tracer, bool watch);
#define TRACER_DESCRIPTORS 2u
unsigned tracer_descriptors(const struct tracer *tracer, int descriptors[TRACER_DESCRIPTORS]);

void tracer_close(struct tracer *tracer);

/* Hands over the events that wait, TRACER_READ_MAX at most. Returns how many. Costs next to nothing when there
 * are none; nothing tells that there are some. */
#define TRACER_READ_MAX 4096u
unsigned tracer_read(struct tracer *tracer,
                     void (*take)(void *context, const struct trace_event *event), void *context);

/* "libbpf v1.1"; of a build without the tracer that it has none. */
void text_add_tracer_library(struct text *text);

/* Events that found no room in the ring, so far. */
uint64_t tracer_lost(const struct tracer *tracer);

/* How many TCP sockets of this namespace entered CLOSE_WAIT, and left it, so far. */
struct tracer_close_wait {
    uint64_t entered, left;
};

struct tracer_close_wait tracer_close_wait(const struct tracer *tracer);

/* For how long failed calls were not told, so far, ns. That is while the machine makes very many
 * system calls: looking at each would slow it down, so then only a short look twice a second remains. */
int64_t tracer_unwatched_ns(const struct tracer *tracer);

#endif
