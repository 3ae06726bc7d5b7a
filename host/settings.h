/*
 * Purpose: settings and addresses of the network namespace that this thread is in.
 * Bounds:  a setting costs some 10 us, a question for addresses two dumps of netlink, some 50 us.
 * Fails:   a setting that cannot be read has the kernel's default; addresses that cannot be read
 *          are not there.
 * Source:  ip(7), ip_local_port_range; getifaddrs(3).
 * Used by: host/ports, host/host, host/elsewhere.
 */
#ifndef LOFLOW_HOST_SETTINGS_H
#define LOFLOW_HOST_SETTINGS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/tuple.h"

struct host_net {
    uint16_t ephemeral_low, ephemeral_high; /* ip_local_port_range(5) */
    uint16_t first_unprivileged;            /* ip_unprivileged_port_start */
    bool lo_up;
    bool ipv6_on_lo; /* lo has ::1 */
};

/* All of them. */
void settings_read(struct host_net *net);

void settings_ephemeral_range(uint16_t *low, uint16_t *high);

/* What /etc/services calls the port: "postgresql"; "" nothing. */
#define SETTINGS_SERVICE 32
void settings_service(uint16_t port, enum ip_protocol protocol, char name[SETTINGS_SERVICE + 1]);

/* All it names, one after the other: false at the end. Nothing else may walk over them meanwhile. */
struct settings_name {
    uint16_t port;
    uint8_t protocol; /* enum ip_protocol */
    char name[SETTINGS_SERVICE + 1];
};

void settings_begin_services(void);
bool settings_next_service(struct settings_name *found);
void settings_end_services(void);

/* How many sockets of TCP there are: /proc/net/sockstat and sockstat6. False: the kernel does not tell. */
struct settings_sockets {
    uint64_t ipv4, ipv6, time_wait;
};
bool settings_count_sockets(struct settings_sockets *sockets);

/* ip_unprivileged_port_start */
uint16_t settings_first_unprivileged(void);

/* Is lo up, and has it ::1? */
void settings_loopback(bool *up, bool *ipv6);

/* Of an interface; False, and "": there is none. As if_indextoname(3), which asks on a socket of a kind that can send
 * to other programs. */
bool settings_interface_name(uint32_t index, char name[IF_NAMESIZE]);

/* May a socket be bound to the address: has an interface got it, or is it of the loopback's net? */
bool settings_have_address(const struct address *address, uint8_t family);

#endif
