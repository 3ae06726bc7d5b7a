/*
 * Purpose: a flow as a text to paste elsewhere: its tuple, filters that find exactly its packets or
 *          sockets, its processes; and a diagnosis.
 * Owns:    nothing.
 * Bounds:  COPY_TEXT_MAX bytes of a flow, COPY_DIAGNOSIS_MAX of a diagnosis.
 * Fails:   they are false where there is no such text: the processes are not known.
 * Used by: ui/perform.
 */
#ifndef LOFLOW_UI_COPY_H
#define LOFLOW_UI_COPY_H

#include <stdbool.h>

#include "base/text.h"
#include "base/tuple.h"
#include "diagnose/diagnosis.h"
#include "host/owners.h"

#define COPY_TEXT_MAX      512
#define COPY_DIAGNOSIS_MAX 8192

enum copy_kind {
#define COPY(NAME, word, meaning) COPY_##NAME,
#include "ui/copy.def"
#undef COPY
    COPY_KIND_COUNT
};

/* A flow, in the table or not. */
struct copy_flow {
    const struct tuple *tuple;
    unsigned client;              /* end of the tuple */
    const struct owner *owner[2]; /* by end of the tuple; NULL: not known */
};

bool copy_write(enum copy_kind kind, const struct copy_flow *flow, struct text *text);

/* False: of a diagnosis there is no such text. */
bool copy_write_diagnosis(enum copy_kind kind, const struct diagnosis *diagnosis,
                          struct text *text);

/* The same of all flows to one end of a tuple. False: that has no such text. */
bool copy_write_end(enum copy_kind kind, const struct tuple *tuple, unsigned end,
                    struct text *text);

const char *copy_word(enum copy_kind kind);
const char *copy_meaning(enum copy_kind kind);

#endif
