/*
 * Purpose: what is remembered of each server address and port: whether it served, and how often it
 *          refused since.
 * Owns:    SERVICES_MAX records.
 * Bounds:  constant time; among the few that share a place the one that was quiet longest makes room.
 * Used by: diagnose.
 */
#ifndef LOFLOW_DIAGNOSE_SERVICES_H
#define LOFLOW_DIAGNOSE_SERVICES_H

#include "base/tuple.h"

#define SERVICES_MAX 4096u

struct service {
    struct address address;
    int64_t last_ns;          /* latest use of this record */
    int64_t served_ns;        /* latest handshake; valid when served > 0 */
    int64_t refused_first_ns; /* of the refusals since it served last */
    int64_t refused_ns;       /* the latest */
    int64_t judged_ns;        /* when the host was asked why */
    int64_t churn_ns;         /* of the latest short connection */
    int64_t churn_first_ns;
    int64_t checked_ns; /* when its listeners were compared */
    uint32_t served, refused;
    uint32_t churn;      /* short connections, one soon after the other */
    uint32_t close_wait; /* connections that it closed and its client did not */
    uint16_t port;
    uint8_t family, protocol; /* protocol 0: free */
    uint8_t code;             /* enum code of the latest refusal; valid with judged_ns */
};

struct services {
    struct service rows[SERVICES_MAX];
};

/* The record of that end, made when there is none. */
struct service *services_get(struct services *services, const struct tuple *tuple, unsigned end,
                             int64_t now_ns);

#endif
