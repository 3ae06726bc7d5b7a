/*
 * Purpose: writes what one side of a flow has said to a new file.
 * Borrows: the conversation during the call.
 * Bounds:  as long as writing CONVERSATION_BYTES takes.
 * Fails:   save_stream returns -errno and a sentence. A file that exists is never touched, nor is one
 *          written through a symbolic link; one that could not be written whole is taken away.
 * Used by: app/wish.
 */
#ifndef LOFLOW_APP_SAVE_H
#define LOFLOW_APP_SAVE_H

#include <stdint.h>

#include "base/err.h"
#include "flows/conversation.h"

struct saved {
    uint64_t bytes;
    uint64_t missing; /* left out: they are not kept */
};

/* `path` as the user has typed it; ~/ is the home directory. */
int save_stream(const struct conversation *conversation, unsigned side, const char *path,
                struct saved *saved, struct err *err);

#endif
