/*
 * Purpose: a conversation as rows of a width: a heading for each turn, lines of text or of a hex dump, a
 *          row for each gap. A row is named by where it begins, so nothing is counted that is not in sight.
 * Owns:    nothing.
 * Borrows: the conversation, during each call.
 * Bounds:  a step looks at one row; a step back at the line that it is part of, and a line is broken at
 *          every STREAM_BLOCK bytes of a run, whatever is in it.
 * Used by: ui/stream_page.
 */
#ifndef LOFLOW_UI_STREAM_ROWS_H
#define LOFLOW_UI_STREAM_ROWS_H

#include "flows/conversation.h"
#include "ui/grid.h"

#define STREAM_BLOCK 16384u

struct stream_shape {
    const struct conversation *conversation;
    bool hex;
    int width; /* columns, the mark of the side included */
};

/* The row at byte `at` of a run; or the heading of the turn that the run begins. */
struct stream_spot {
    uint32_t run;
    bool is_heading;
    uint64_t at;
};

/* Bytes that were searched for. */
struct stream_hit {
    bool is_valid;
    uint32_t run;
    uint64_t at, len;
};

/* False: there is none, and the spot stays. */
bool stream_rows_next(const struct stream_shape *shape, struct stream_spot *spot);
bool stream_rows_previous(const struct stream_shape *shape, struct stream_spot *spot);

/* The last row; false when there is none. */
bool stream_rows_last(const struct stream_shape *shape, struct stream_spot *spot);

/* The row that has that byte: after a search, or when the shape has changed. */
void stream_rows_align(const struct stream_shape *shape, struct stream_spot *spot);

static inline int stream_spot_compare(const struct stream_spot *a, const struct stream_spot *b)
{
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    if (a->is_heading != b->is_heading)
        return a->is_heading ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Draws a row that is no heading. `style` is that of its side, `mark` stands before it. */
struct stream_look {
    enum style style;
    const char *mark;
    const struct stream_hit *hit;
};
void stream_rows_draw(const struct stream_shape *shape, const struct stream_spot *spot,
                      const struct stream_look *look, struct grid *grid, int line);

#endif
