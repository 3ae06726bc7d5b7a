/*
 * Purpose: the questions of host.h that are about another network namespace.
 * Bounds:  entering one costs some 10 us, finding those there are a walk over /proc. A holder is looked
 *          for no longer than HOLDERS_ASK_NS, and unknown then.
 * Fails:   by saying so: without privilege, or when the process is gone.
 * Used by: host/host.
 */
#ifndef LOFLOW_HOST_ELSEWHERE_H
#define LOFLOW_HOST_ELSEWHERE_H

#include "host/host.h"
#include "host/netns.h"

bool elsewhere_find(struct netns *netns, uint16_t port, struct host_elsewhere *found);

bool elsewhere_count(struct netns *netns, const struct host_count_query *query,
                     struct host_count *count);

/* Of the namespace that we are in. `ask->sockets` becomes how many of that state there are; UINT32_MAX: the
 * kernel did not tell. */
struct elsewhere_crowds {
    enum socket_state state;
    uint32_t least;
    uint32_t sockets;
};

size_t elsewhere_crowds(struct netns *netns, struct elsewhere_crowds *ask,
                        struct host_crowd *crowds, size_t room);

bool elsewhere_net(struct netns *netns, pid_t pid, struct host_net *net);

/* False as well when it could not be asked. */
bool elsewhere_has_address(struct netns *netns, const struct address *address, uint8_t family,
                           pid_t pid);

/* Of an interface of the namespace that we are in; "" when it is gone. */
void elsewhere_interface_name(struct netns *netns, uint32_t index, char name[16 + 1]);

/* The same by this process itself, of a place (inode 0: where it is), for the helper. They return -errno when the place is not
 * entered; 0, 1 for an address that is there, or a descriptor of the caller's. */
int elsewhere_read_net(struct netns *netns, const struct netns_place *place, struct host_net *net);
int elsewhere_find_address(struct netns *netns, const struct netns_place *place,
                           const struct address *address, uint8_t family);
int elsewhere_open_sockets(struct netns *netns, const struct netns_place *place);

#endif
