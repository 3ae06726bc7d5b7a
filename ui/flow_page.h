/*
 * Purpose: all about one flow, in sections: an overview, its packets as a ladder, plots, events.
 * Owns:    what is in sight of each section, and what was read from the packets.
 * Borrows: the details, the tape and what is known, for its life; the tracker during a take.
 * Bounds:  those of ui/details, ui/ladder, ui/flow_story and ui/flow_notes.
 * Fails:   never.
 * Used by: ui/place.
 */
#ifndef LOFLOW_UI_FLOW_PAGE_H
#define LOFLOW_UI_FLOW_PAGE_H

#include "ui/details.h"
#include "ui/flow_notes.h"
#include "ui/flow_story.h"
#include "ui/keymap.h"
#include "ui/ladder.h"
#include "ui/page_view.h"

enum flow_section {
    SECTION_OVERVIEW,
    SECTION_PACKETS,
    SECTION_PLOTS,
    SECTION_EVENTS,
    SECTION_COUNT
};

struct flow_page {
    bool utf8;
    enum flow_section section;
    struct details *details;
    struct packet_tape *tape;
    struct ladder ladder;
    struct flow_story story;
    struct flow_notes notes;
    struct page_view overview;
};

/* Its details begin to be of something. */
void flow_page_begin(struct flow_page *page);

void flow_page_take(struct flow_page *page, struct flow_pane *pane, const struct tracker *tracker);
/* Has it read all packets that there are? */
bool flow_page_is_whole(const struct flow_page *page);

struct extent flow_page_extent(const struct flow_page *page);
bool flow_page_act(struct flow_page *page, enum key_action action);
void flow_page_draw(struct flow_page *page, struct grid *grid, int top, int height);

#endif
