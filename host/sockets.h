/*
 * Purpose: the TCP and UDP sockets of a network namespace, as the kernel tells them.
 * Owns:    a netlink socket, from sockets_open to sockets_close.
 * Bounds:  a dump costs some 0.5 us a socket; nothing is kept.
 * Fails:   with -errno and a sentence. A dump that the kernel could not finish in one go
 *          (NLM_F_DUMP_INTR) is begun anew, SOCKETS_TRIES times.
 * Source:  sock_diag(7); RFC 9293 section 3.3.2 for the states.
 * Used by: host/ports, host/names, host/listeners, host/host.
 *
 * A socket of IPv6 whose own address is a mapped one (::ffff:127.0.0.1) serves IPv4: its tuple has
 * family 4, as its packets have.
 */
#ifndef LOFLOW_HOST_SOCKETS_H
#define LOFLOW_HOST_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tuple.h"

#define SOCKETS_TRIES 3

/* LOOPBACK_IFINDEX: every network namespace has its lo under this number. */
#define SOCKETS_LOOPBACK 1u

/* As the kernel numbers them. UDP sockets are ESTABLISHED (connected) or CLOSE. */
enum socket_state {
    SOCKET_ESTABLISHED = 1,
    SOCKET_SYN_SENT,
    SOCKET_SYN_RECV,
    SOCKET_FIN_WAIT1,
    SOCKET_FIN_WAIT2,
    SOCKET_TIME_WAIT,
    SOCKET_CLOSE,
    SOCKET_CLOSE_WAIT,
    SOCKET_LAST_ACK,
    SOCKET_LISTEN,
    SOCKET_CLOSING,
    SOCKET_NEW_SYN_RECV,   /* the kernel's own; it tells them as SYN_RECV */
    SOCKET_BOUND_INACTIVE, /* TCP, bound and neither listening nor connected; Linux 6.8 */
};

/* All but those that are only bound, and all UDP sockets. */
#define SOCKETS_ALL (UINT32_MAX & ~(1u << SOCKET_BOUND_INACTIVE))

struct host_socket {
    struct tuple tuple;   /* end 0 is the local one: not sorted */
    uint32_t inode;       /* by which its owners know it; 0 when nobody holds it any more */
    uint32_t user;        /* uid */
    uint32_t queue;       /* LISTEN: connections that wait for accept(2); else bytes not read */
    uint32_t queue_limit; /* LISTEN: how many may wait */
    uint32_t send_queue;  /* not LISTEN: bytes that are not sent or not acknowledged */
    uint32_t drops;     /* UDP: datagrams that found no room in the queue, saturating at 32 bits */
    uint32_t interface; /* that it is bound to; 0 for any */
    uint8_t state;      /* enum socket_state */
    bool v6only;        /* an IPv6 socket that takes no IPv4 */
};

struct sockets;

int sockets_open(struct sockets **sockets, struct err *err);
/* A socket that the helper opens in a network namespace; `place` NULL: in our own. Where no helper is there it is sockets_open,
 * and then a place is refused with -ENOTSUP. */
struct helper;
struct netns_place;
int sockets_open_by(struct sockets **sockets, struct helper *helper,
                    const struct netns_place *place, struct err *err);

/* A bound descriptor for that, which the caller owns; or -errno. Others of its network namespace may send to it: they are read
 * over. */
int sockets_descriptor(void);

void sockets_close(struct sockets *sockets);

/* Calls `visit` for each socket of the query. `begin` is called first, and again when the dump begins
 * anew. */
struct sockets_visitor {
    void *context;
    void (*begin)(void *context);
    void (*visit)(void *context, const struct host_socket *socket);
};

struct sockets_query {
    enum ip_protocol protocol; /* TCP or UDP */
    uint32_t states;           /* bits 1 << enum socket_state */
    uint16_t local_port;       /* 0: any */
    uint16_t remote_port;
};

int sockets_dump(struct sockets *sockets, const struct sockets_query *query,
                 const struct sockets_visitor *visitor, struct err *err);

/* The same in steps, between which `sockets` must not be asked anything else. */
struct sockets_steps {
    struct sockets_query query;
    const struct sockets_visitor *visitor; /* borrowed until it is over */
    int tries, failed;
    uint8_t families; /* that were asked, of this try */
};

int sockets_begin(struct sockets *sockets, struct sockets_steps *steps);

/* Goes on until that time of clock_thread_ns, by one answer of the kernel (some 100 sockets) at least.
 * Returns 1 when it goes on, 0 when it is over, -errno when the kernel does not tell. */
int sockets_step(struct sockets *sockets, struct sockets_steps *steps, int64_t deadline_ns);

/* The TCP socket whose local end is that end of the tuple; of one in TIME_WAIT the inode is 0.
 * False: there is none. */
bool sockets_find(struct sockets *sockets, const struct tuple *tuple, unsigned end,
                  struct host_socket *found);

/* The UDP socket that the kernel would give a datagram from the other end to that end, which comes
 * over lo. False: there is none. */
bool sockets_find_udp(struct sockets *sockets, const struct tuple *tuple, unsigned end,
                      struct host_socket *found);

/* Would this listener take a connection to that end? 0: no; the better it fits, the more. */
int socket_fit(const struct host_socket *listener, const struct tuple *tuple, unsigned end);

/* The same whatever the port. */
int socket_fit_address(const struct host_socket *listener, const struct tuple *tuple, unsigned end);

#endif
