/*
 * Purpose: a flow as a text to paste elsewhere: its tuple, filters that find exactly its packets or
 *          sockets, its processes.
 * Owns:    nothing.
 * Bounds:  COPY_TEXT_MAX bytes.
 * Fails:   both are false where there is nothing to copy: the processes are not known.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_COPY_H
#define LOFLOW_UI_COPY_H

#include <stdbool.h>

#include "base/text.h"
#include "flows/flow.h"
#include "host/owners.h"

#define COPY_TEXT_MAX 512

enum copy_kind {
#define COPY(NAME, word, meaning) COPY_##NAME,
#include "ui/copy.def"
#undef COPY
    COPY_KIND_COUNT
};

/* `owners`: by end of the tuple; NULL: not known. */
bool copy_write(enum copy_kind kind, struct flow_view flow, const struct owner *const owners[2],
                struct text *text);

/* The same of all flows to one end of a tuple. False: that has no such text. */
bool copy_write_end(enum copy_kind kind, const struct tuple *tuple, unsigned end,
                    struct text *text);

const char *copy_word(enum copy_kind kind);
const char *copy_meaning(enum copy_kind kind);

#endif
