/*
 * Purpose: the page about what both ends of a flow have said: turns with their bytes, as text or as a hex
 *          dump, with search and jumps.
 * Owns:    the conversation, from stream_page_open to stream_page_close; which of it is in sight.
 * Borrows: the tape and what is known, for its life; the tracker during a take.
 * Bounds:  memory: see flows/conversation.h; time: a take puts CONVERSATION_PACKETS packets in order and
 *          looks for a hit in FIND_STEP bytes; a draw formats what is in sight.
 * Fails:   stream_page_open with -ENOMEM.
 * Used by: ui/place.
 */
#ifndef LOFLOW_UI_STREAM_PAGE_H
#define LOFLOW_UI_STREAM_PAGE_H

#include "flows/conversation.h"
#include "ui/extent.h"
#include "ui/flow_pane.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/stream_find.h"
#include "ui/stream_rows.h"

#define STREAM_SAYING_MAX 96

struct stream_page {
    bool utf8, local_time;
    bool hex;
    bool follows; /* the last row stays in sight */
    bool is_gone; /* the flow left the table */
    bool has_flow;
    const struct known *known;
    struct packet_tape *tape;
    uint32_t restarts; /* of the tape */
    struct flow_row row;
    struct conversation conversation;
    struct stream_find find;
    struct stream_spot top;
    int width, height;              /* of the rows, at the last draw */
    char saying[STREAM_SAYING_MAX]; /* what came of a search, until the next key */
};

int stream_page_open(struct stream_page *page, struct packet_tape *tape, const struct known *known,
                     uint32_t bytes, struct err *err);
void stream_page_close(struct stream_page *page);

/* The flow whose streams are shown; its tape is chosen with it. */
void stream_page_choose(struct stream_page *page, const struct flow_row *row);

/* `is_over`: nothing will follow. */
void stream_page_take(struct stream_page *page, struct flow_pane *pane,
                      const struct tracker *tracker, bool is_over);

/* Has it read all packets that there are? */
bool stream_page_is_whole(const struct stream_page *page);

struct extent stream_page_extent(const struct stream_page *page);

bool stream_page_act(struct stream_page *page, enum key_action action);

/* Looks for the next hit of a pattern, see ui/stream_find.h, from the top row on. */
void stream_page_search(struct stream_page *page, const char *pattern);

void stream_page_draw(struct stream_page *page, struct grid *grid, int top, int height);

/* A name for a file of one side: "flow-16-client.bin". */
void stream_page_name_file(const struct stream_page *page, bool by_client, struct text *text);

#endif
