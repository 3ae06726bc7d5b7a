/*
 * Purpose: messages between two processes of this program, each with a descriptor at most.
 * Owns:    nothing; its two ends are descriptors of the caller.
 * Bounds:  a message is sent and taken whole, as large as the caller's struct; waits for the other side, channel_await so long.
 * Fails:   with -errno: -EPIPE when the other side is gone, -EMSGSIZE for a message of another size than was announced.
 * Source:  unix(7): SOCK_SEQPACKET, SCM_RIGHTS.
 * Used by: host/helper (asks), app/helper_process (answers).
 */
#ifndef LOFLOW_BASE_CHANNEL_H
#define LOFLOW_BASE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two ends, close-on-exec. Returns 0 or -errno. */
int channel_open(int ends[2]);

/* `fd` goes with it, and stays the caller's; -1: none. Returns 0 or -errno. */
int channel_send(int end, const void *message, size_t size, int fd);

/* Waits until something came, or the other side is gone; false: not within that time. What this process is stopped for does not
 * count. */
bool channel_await(int end, int64_t most_ns);

/* Returns the size of the message, at most `room`, or -errno. `*fd` is the caller's, -1 for none; with `fd` NULL a descriptor that
 * came is closed. */
long channel_take(int end, void *message, size_t room, int *fd);

#endif
