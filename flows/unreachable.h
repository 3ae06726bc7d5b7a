/*
 * Purpose: what ICMP errors mean to a flow.
 * Source:  RFC 792, RFC 1122 section 4.2.3.9, RFC 4443.
 * Used by: flows/connection, flows/tracker.
 */
#ifndef LOFLOW_FLOWS_UNREACHABLE_H
#define LOFLOW_FLOWS_UNREACHABLE_H

#include <stdbool.h>
#include <stdint.h>

/* "Destination unreachable" of that family (4 or 6), but for "fragmentation needed". */
static inline bool icmp_is_unreachable(uint8_t family, uint8_t type)
{
    return family == 4 ? type == 3 : type == 1;
}

/* "port unreachable": what a UDP port without a socket answers. */
static inline bool icmp_is_port_unreachable(uint8_t family, uint8_t type, uint8_t code)
{
    return family == 4 ? type == 3 && code == 3 : type == 1 && code == 4;
}

#endif
