/*
 * Purpose: looks for bytes in a conversation, forward and back, a piece at a time.
 * Owns:    what is looked for, and how far it was.
 * Borrows: the conversation, during each call.
 * Bounds:  FIND_MAX bytes; a step looks at FIND_STEP bytes of the conversation.
 * Used by: ui/stream_page.
 *
 * A pattern is text; \xNN, \n, \r, \t and \\ stand for bytes, and 0x followed by hex digits is bytes as
 * a whole. Without a capital letter in it, letters are found in either case. A hit lies within a run.
 */
#ifndef LOFLOW_UI_STREAM_FIND_H
#define LOFLOW_UI_STREAM_FIND_H

#include "ui/stream_rows.h"

#define FIND_MAX  256u
#define FIND_STEP (8u << 20)

enum find_answer { FIND_NONE, FIND_MORE, FIND_HIT };

struct stream_find {
    uint8_t bytes[FIND_MAX];
    uint32_t len; /* 0: nothing is looked for */
    bool is_caseless;
    bool is_under_way; /* the next step goes on */
    bool forward;
    uint32_t run; /* where the next step begins */
    uint64_t at;
    struct stream_hit hit;
};

/* False: it is not understood, or empty. */
bool stream_find_choose(struct stream_find *find, const char *pattern);

/* Looks behind that byte, or before it; with `inclusive` for a hit that begins there as well. */
void stream_find_begin(struct stream_find *find, const struct stream_spot *from, bool forward,
                       bool inclusive);

/* Goes on. After FIND_HIT `hit` tells where; after FIND_NONE the last one stays. */
enum find_answer stream_find_step(struct stream_find *find,
                                  const struct conversation *conversation);

#endif
