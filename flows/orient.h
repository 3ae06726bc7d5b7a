/*
 * Purpose: guesses which end of a flow is the server when no SYN tells.
 * Owns:    what it learned: which ports are served, and how many flows touch a port.
 * Bounds:  256 KiB; constant time.
 * Used by: flows/tracker.
 */
#ifndef LOFLOW_FLOWS_ORIENT_H
#define LOFLOW_FLOWS_ORIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tuple.h"

struct orient {
    uint16_t ephemeral_low, ephemeral_high; /* ports that clients get from the system */
    uint16_t served[65536];                 /* flows whose SYN named that server port, saturating */
    uint16_t touched[65536];                /* flows with that port at either end, saturating */
};

/* A new flow has these ports. */
void orient_learn_flow(struct orient *orient, const struct tuple *tuple);

/* The server's port of a flow is known, not guessed. */
void orient_learn_server(struct orient *orient, uint16_t port);

/* The end (0 or 1) that is most likely the client; `first_sender` when nothing tells. */
uint8_t orient_guess_client(const struct orient *orient, const struct tuple *tuple,
                            uint8_t first_sender);

#endif
