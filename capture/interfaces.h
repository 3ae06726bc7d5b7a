/*
 * Purpose: the capture interfaces of this machine: by number, by flag, by name.
 * Owns:    nothing.
 * Fails:   with -errno and a sentence that names the interfaces there are.
 * Used by: live.c.
 */
#ifndef LOFLOW_CAPTURE_INTERFACES_H
#define LOFLOW_CAPTURE_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>

#include "base/err.h"

enum interface_state {
    INTERFACE_UP,
    INTERFACE_DOWN,
    INTERFACE_GONE, /* or never was a network interface ("any", "nflog") */
};

/* `fd` is any socket. */
enum interface_state interfaces_state(int fd, const char *name, bool *is_loopback);

/* The name that `wanted` stands for: NULL is the loopback interface, a number is that of -D. */
int interfaces_find(char *name, size_t size, const char *wanted, struct err *err);

/* Always -ENODEV, with the names of the interfaces there are. */
int interfaces_unknown(const char *name, struct err *err);

#endif
