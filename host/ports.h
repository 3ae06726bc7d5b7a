/*
 * Purpose: who listens where on this machine: one row a listening TCP or bound UDP socket.
 * Owns:    the rows and the owners, from ports_collect to ports_free.
 * Bounds:  PORTS_MAX rows; more are counted. Two dumps of sockets and one walk over /proc.
 * Fails:   ports_collect with -errno and a sentence.
 * Used by: report/ports_report, host/port_watch, app/ports_command.
 */
#ifndef LOFLOW_HOST_PORTS_H
#define LOFLOW_HOST_PORTS_H

#include "host/owners.h"
#include "host/sockets.h"

#define PORTS_MAX 16384u

/* What is worth a second look about a listener. */
enum port_remark {
#define REMARK(NAME, word, trouble, words) PORT_##NAME,
#include "host/remark.def"
#undef REMARK
    PORT_REMARK_COUNT
};

struct port_row {
    struct host_socket socket;
    const struct owner *owner; /* the one with the least pid; NULL unknown */
    size_t owner_count;
    uint32_t connections; /* TCP connections of the port that are open, whatever the address */
    uint32_t time_wait;   /* that are over, and wait */
    uint32_t remarks;     /* bits 1 << enum port_remark */
};

struct host_ports {
    struct port_row *rows; /* by port, protocol, family, address */
    size_t count;
    uint64_t left_out; /* beyond PORTS_MAX */
    struct owners owners;
    uint16_t ephemeral_low, ephemeral_high; /* ip_local_port_range(5) */
};

/* All listeners, or those of one port (0: all). `helper` opens the socket and looks into processes, NULL or where it is not there:
 * this process does. */
int ports_collect(struct host_ports *ports, uint16_t port, struct helper *helper, struct err *err);
void ports_free(struct host_ports *ports);

/* By port, protocol, family, address: for qsort. */
int ports_compare_rows(const void *a, const void *b);

/* Is a conflict of programs, or a queue that is full, rather than a thing to know? */
bool port_remark_is_trouble(enum port_remark remark);

/* "shared"; "another program listens ..." */
const char *port_remark_word(enum port_remark remark);
const char *port_remark_words(enum port_remark remark);

/* Says of sorted rows with owners what is worth a second look; ports_collect calls it. */
void ports_remark(struct host_ports *ports);

#endif
