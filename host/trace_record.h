/*
 * Purpose: what the kernel side of the tracer writes and its user side reads: the kinds of events
 *          with their values, one record of the ring, and what the kernel side must be told.
 * Owns:    nothing; plain values. The BPF program includes it too: freestanding headers only.
 * Used by: host/tracer (and its readers), host/tracer.bpf.c.
 */
#ifndef LOFLOW_HOST_TRACE_RECORD_H
#define LOFLOW_HOST_TRACE_RECORD_H

#include <stdint.h>

enum trace_kind {
    TRACE_CONNECT,  /* connect(2) is over for a TCP socket: value 1 established, 0 failed */
    TRACE_LISTEN,   /* a TCP socket listens: value is its backlog */
    TRACE_UNLISTEN, /* it does no more */
    TRACE_RESET,    /* the kernel sent a RST: value is enum trace_reset */
    TRACE_DROP,     /* the kernel dropped a packet: value is enum trace_drop */
    TRACE_CALL,     /* a system call failed: value is errno */
    TRACE_EXIT, /* a process that connected, listened or failed a call ended: value is its wait(2)
                       status. Its sockets are closed after that */
    TRACE_KIND_COUNT
};

/* Why the kernel sent a RST; its words, sk_rst_reason. */
enum trace_reset {
    TRACE_RESET_OTHER,
    TRACE_RESET_NO_SOCKET,
    TRACE_RESET_TCP_FLAGS,      /* a segment for a connection that a listener does not know */
    TRACE_RESET_TCP_STATE,      /* SO_LINGER 0, ss -K, or connections of a closed listener */
    TRACE_RESET_ABORT_ON_CLOSE, /* closed with bytes unread */
    TRACE_RESET_ABORT_ON_DATA,  /* bytes came for a socket that was closed */
    TRACE_RESET_ABORT_ON_LINGER,
    TRACE_RESET_TIMEWAIT_SOCKET, /* bytes came for a socket that was closed long ago */
    TRACE_RESET_KEEPALIVE_TIMEOUT,
};

/* Why the kernel dropped a packet; its words, skb_drop_reason. */
enum trace_drop {
    TRACE_DROP_OTHER,
    TRACE_DROP_NO_SOCKET,      /* UDP only: for TCP there is TRACE_RESET */
    TRACE_DROP_FILTER,         /* NETFILTER_DROP */
    TRACE_DROP_RECEIVE_BUFFER, /* SOCKET_RCVBUFF, PROTO_MEM and the like */
    TRACE_DROP_SOCKET_FILTER,  /* SOCKET_FILTER */
};

enum trace_call { TRACE_CALL_BIND, TRACE_CALL_LISTEN, TRACE_CALL_CONNECT, TRACE_CALL_ACCEPT };

#define TRACE_COMM 16

/* As it lies in the ring: the members of struct trace_event before they are put into a tuple. */
struct trace_record {
    uint64_t time_ns;       /* CLOCK_MONOTONIC */
    uint32_t address[2][4]; /* network order; IPv4 in its mapped form */
    uint16_t port[2];       /* host order */
    uint32_t netns;
    int32_t value;
    int32_t pid;
    uint8_t kind;
    uint8_t family;
    uint8_t protocol;
    uint8_t detail;
    uint8_t output;
    uint8_t zero[3];
    char comm[TRACE_COMM];
};

#define TRACE_DROPS  256 /* of the kernel's reasons; higher ones belong to other subsystems */
#define TRACE_RESETS 64

/* What is only known at run time: the numbers differ from kernel to kernel. */
struct trace_config {
    uint8_t drop[TRACE_DROPS];   /* by the kernel's reason: 1 + enum trace_drop, 0 is noise */
    uint8_t reset[TRACE_RESETS]; /* by the kernel's reason: enum trace_reset */
    uint8_t reset_has_reason;    /* arguments that came with Linux 6.10 and 6.11 */
    uint8_t drop_has_socket;
    uint8_t zero[2];
    uint32_t netns; /* of loflow: whose CLOSE_WAITs are counted */
};

#define TRACE_CPUS 64 /* more share the counters, and may then lose counts */

/* What the kernel side counts; the user side reads it at any time. */
struct trace_counts {
    uint64_t lost; /* events without room in the ring */
    uint64_t close_wait_entered, close_wait_left;
    uint64_t zero[5];
    struct {
        uint64_t count; /* system calls, while they are watched */
        uint64_t zero[7];
    } calls[TRACE_CPUS];
};

#endif
