/*
 * Purpose: what this machine knows of a connection, asked narrowly and at the moment it matters.
 * Owns:    sockets, owners, names, the tracer, a history of listeners and of kernel events.
 * Bounds:  every table is bounded and written over from its oldest end; a question costs microseconds,
 *          but for those that say otherwise. Nothing waits. Processes are looked for at most 5 ms a
 *          tick, and 100 ms for the questions of half a second together.
 * Fails:   host_open with -errno and a sentence when not even sockets are told. What else is missing
 *          (tracer, processes of other users, other namespaces) is in host_missing: answers are
 *          then fewer, never guessed.
 * Used by: diagnose (asks), report and ui (name processes), app (owns).
 */
#ifndef LOFLOW_HOST_HOST_H
#define LOFLOW_HOST_HOST_H

#include "host/kernel_log.h"
#include "host/listeners.h"
#include "host/names.h"
#include "host/process.h"
#include "host/settings.h"
#include "host/sockets.h"
#include "host/tracer.h"

struct helper;
struct host;

enum host_missing {
    HOST_MISSING_TRACER = 1,    /* no kernel events */
    HOST_MISSING_PROCESSES = 2, /* processes of other users may not be looked into */
    HOST_MISSING_NETNS = 4,     /* other network namespaces may not be entered */
};

struct host_options {
    bool trace; /* open the tracer if possible */
};

int host_open(struct host **host, const struct host_options *options, struct err *err);
void host_close(struct host *host);

/* From now on what this process may not do any more is asked of the helper, which is borrowed. */
void host_use_helper(struct host *host, struct helper *helper);
struct helper *host_helper(const struct host *host);

/* NULL: it is not there. */
struct tracer *host_tracer(const struct host *host);

/* Bits of enum host_missing, and the sentence of the tracer's refusal ("" when it runs). */
uint32_t host_missing(const struct host *host);
const char *host_tracer_trouble(const struct host *host);

/* Kernel events that were lost so far, and for how long failed calls were only looked at now and then
 * (host/tracer.h). */
uint64_t host_lost(const struct host *host);
int64_t host_unwatched_ns(const struct host *host);

/* Takes the kernel events that wait: notes them for the questions below and hands each over. */
void host_poll(struct host *host, void (*take)(void *context, const struct trace_event *event),
               void *context);

/* Ten times a second: compares the listeners with those of before (without a tracer that is how
 * their history is learned), goes on finding processes that are wanted. now_ns is CLOCK_REALTIME. */
void host_tick(struct host *host, int64_t now_ns);

/* The names of live ends, for report and ui. */
struct names *host_names(struct host *host);

/* Who called connect on that end (0 or 1) of a TCP tuple: by the tracer's latest TRACE_CONNECT of
 * these ports, else by the socket, if it is still there. False: nobody is known. */
bool host_client(struct host *host, const struct tuple *tuple, unsigned end,
                 struct host_process *process);

/* Who called listen for what accepted at that time what came to that end, by the tracer. It may have given the
 * socket to others since. False: nobody is known. */
bool host_server(struct host *host, const struct tuple *tuple, unsigned end, int64_t time_ns,
                 struct host_process *process);

/* The holders of a socket, by its inode, least pid first. Returns how many there are; `room` of them are
 * written. A walk over /proc when they are not among the processes known already: up to 100 ms. Whom
 * that does not find is unknown, in all questions for processes, until ticks have found it. */
size_t host_holders(struct host *host, uint32_t inode, struct host_process *holders, size_t room);

#define HOST_LISTENERS_MAX 32u

/* struct host_listener is of host/listeners.h, struct host_process of host/process.h. */

/* TCP sockets of this namespace that listen on the port, whatever the address, and their holders now.
 * Returns how many were written, at most `room`. */
size_t host_listeners(struct host *host, uint16_t port, struct host_listener *listeners,
                      size_t room);

/* Calls `take` for every listener there is, as host_listeners tells them. */
void host_each_listener(struct host *host,
                        void (*take)(void *context, const struct host_listener *listener),
                        void *context);

/* The same as they were at the latest tick, and their holders as far as they are known: nothing is looked
 * for. */
void host_each_known_listener(struct host *host,
                              void (*take)(void *context, const struct host_listener *listener),
                              void *context);

/* The n-th of those that listened before, the latest first. False: no more are remembered. */
bool host_past_at(struct host *host, size_t n, struct host_past *past);

/* How many there were, those included that are remembered no longer. */
uint64_t host_past_count(const struct host *host);

/* TCP sockets that are bound to the port and do not listen (SOCKET_BOUND_INACTIVE, Linux 6.8). The
 * kernel goes over its whole table of ports: half a millisecond. */
size_t host_bound(struct host *host, uint16_t port, struct host_listener *listeners, size_t room);

/* A listener on another port, the nearest to this one as people mistype it: one off, one digit
 * wrong, two neighbours swapped; on an address that `tuple` end would have reached. */
bool host_similar_port(struct host *host, const struct tuple *tuple, unsigned end,
                       struct host_listener *listener);

/* Who listened on the port before, whatever the address: the one that went last (host/listeners.h).
 * False: nobody that was seen. */
bool host_past_listener(struct host *host, uint16_t port, struct host_past *past);

/* When a process that connected or listened ended, if the tracer saw it: `past` holds the process and
 * its end, nothing else. */
bool host_exited(struct host *host, pid_t pid, struct host_past *past);

/* A listener on the port in another network namespace. A walk over /proc/PID/ns/net: milliseconds. */
struct host_elsewhere {
    struct host_process process;
    struct tuple tuple; /* end 0 */
    uint32_t netns;     /* inode number */
    char name[64];      /* in /run/netns; "" when it has none. Untrusted */
};

bool host_elsewhere(struct host *host, uint16_t port, struct host_elsewhere *found);

/* Are there other network namespaces that may not be looked into? Whatever is not found here may be
 * there. A walk as above. */
bool host_elsewhere_hidden(struct host *host);

/* The socket of that end: state, queues, inode (0: nobody has accepted it, or it is closed). */
bool host_socket(struct host *host, const struct tuple *tuple, unsigned end,
                 struct host_socket *socket);

/* The UDP socket that would take datagrams to that end. */
bool host_udp_socket(struct host *host, const struct tuple *tuple, unsigned end,
                     struct host_socket *socket);

/* The latest RESET of the kernel for these ends, sent by `end`, not before `since_ns`. */
bool host_reset(struct host *host, const struct tuple *tuple, unsigned end, int64_t since_ns,
                struct trace_event *event);

/* Packets that `end` sent and the kernel dropped, not before `since_ns` (host/kernel_log.h). */
bool host_drops(struct host *host, const struct tuple *tuple, unsigned end, int64_t since_ns,
                struct host_drops *drops);

/* How sockets are counted: those that match everything that is not 0. The kernel goes over its whole
 * table of connections: half a millisecond, and 0.5 us for each that matches. */
struct host_count_query {
    uint32_t states; /* bits 1 << enum socket_state; 0: all but bound ones */
    uint16_t local_port;
    uint16_t remote_port;
    pid_t in_netns_of; /* count in that process's network namespace; 0: this one */
};

struct host_count {
    uint32_t sockets;
    uint16_t local_low, local_high; /* of their local ports */
    struct host_socket example;     /* one of them */
};

bool host_count(struct host *host, const struct host_count_query *query, struct host_count *count);

/* Remote ports with at least so many TCP sockets of one state in this namespace. */
struct host_crowd {
    uint16_t remote_port;
    uint32_t sockets;
    struct host_socket example; /* one of them */
};

/* Returns how many were written, at most `room`; which ones, when they are more, is left open. Costs
 * what host_count costs. */
#define HOST_CROWDS_MAX 16u
size_t host_crowds(struct host *host, enum socket_state state, uint32_t least,
                   struct host_crowd *crowds, size_t room);

/* What a process is doing, from /proc/PID. */
struct host_activity {
    char state; /* 'R', 'S', 'T' ... proc(5) */
    pid_t parent;
    uint64_t start;    /* clock ticks since boot: tells a reused pid */
    uint32_t fd_count; /* open files; 0 unknown */
    uint32_t fd_limit; /* RLIMIT_NOFILE; 0 unknown */
    uint32_t user;     /* effective uid */
};

bool host_activity(struct host *host, pid_t pid, struct host_activity *activity);

/* Settings of the network namespace of a process (0: of this one). */
bool host_net(struct host *host, pid_t pid, struct host_net *net);

/* Does an interface of the namespace of that process (0: of this one) have the address? */
bool host_has_address(struct host *host, const struct address *address, uint8_t family, pid_t pid);

/* Name of an interface ("eth0"), "" when it is gone; and which one is loopback. */
void host_interface_name(struct host *host, uint32_t index, char name[16 + 1]);
uint32_t host_loopback_index(void);

/* This namespace's inode number, as trace_event.netns has it. */
uint32_t host_netns(const struct host *host);

/* Are these two one program, as prefork servers and SO_REUSEPORT workers are: the same executable and
 * name, and one is the other's parent or both have the same one? Unknown counts as one program. */
bool host_same_program(struct host *host, pid_t a, pid_t b);

#endif
