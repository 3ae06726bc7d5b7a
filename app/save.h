/*
 * Purpose: writes what one side of a flow has said, or the packets of flows, to a new file.
 * Borrows: the conversation during the call.
 * Bounds:  as long as writing CONVERSATION_BYTES takes, or what a log of packets has.
 * Fails:   they return -errno and a sentence. A file that exists is never touched, nor is one
 *          written through a symbolic link; one that could not be written whole is taken away.
 * Used by: app/wish.
 */
#ifndef LOFLOW_APP_SAVE_H
#define LOFLOW_APP_SAVE_H

#include <stdint.h>

#include <stdbool.h>

#include "base/err.h"
#include "flows/conversation.h"
#include "flows/tracker.h"

struct saved {
    uint64_t bytes;
    uint64_t missing; /* left out: they are not kept */
};

/* `path` as the user has typed it; ~/ is the home directory. */
int save_stream(const struct conversation *conversation, unsigned side, const char *path,
                struct saved *saved, struct err *err);

/* The packets of flows, as far as the log has them; bytes and missing count packets. `wants` is asked for
 * every flow of the tracker. */
struct save_flows {
    const struct tracker *tracker;
    const struct packet_log *log;
    uint32_t snaplen;
    void *context;
    bool (*wants)(void *context, struct flow_ref ref, struct flow_view flow);
};

int save_flows(const struct save_flows *what, const char *path, struct saved *saved,
               struct err *err);

#endif
