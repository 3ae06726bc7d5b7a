/*
 * Purpose: the Ports page: who listens, how full the queues are, who listened before, and what is worth a
 *          second look; below the list all about the line with the cursor.
 * Owns:    a copy of the list, so that it can be held while the list goes on.
 * Borrows: the list during ports_page_take.
 * Bounds:  that of host/port_watch: 1.5 MB; a new list is copied and sorted once a second.
 * Fails:   ports_page_open with -ENOMEM.
 * Used by: ui/screen, ui/place.
 */
#ifndef LOFLOW_UI_PORTS_PAGE_H
#define LOFLOW_UI_PORTS_PAGE_H

#include "host/port_watch.h"
#include "ui/grid.h"
#include "ui/keymap.h"
#include "ui/scroller.h"

#define PORTS_FILTER_MAX 16

struct screen_status;

enum ports_column {
#define PORTS_COLUMN(NAME, heading, width, rank, right) PORTS_##NAME,
#include "ui/ports_column.def"
#undef PORTS_COLUMN
    PORTS_COLUMN_COUNT
};

struct ports_page {
    bool utf8;
    bool local_time;
    bool live;
    bool has_cursor; /* else it is on the first line */
    bool reversed;
    enum ports_column sorted; /* ADDRESS: by port, as the list is */
    struct tuple cursor;      /* the line it stays on, with the next */
    uint32_t cursor_inode;
    int64_t now_ns;
    struct scroller scroller;
    struct port_list picture;
    uint16_t order[PORT_LIST_MAX];
};

int ports_page_open(struct ports_page **page, struct err *err);
void ports_page_close(struct ports_page *page);

/* Takes a new picture. */
void ports_page_take(struct ports_page *page, const struct screen_status *status);

bool ports_page_act(struct ports_page *page, enum key_action action);

/* Words that filter the flows of the port with the cursor. False: there is none. */
bool ports_page_filter(const struct ports_page *page, char filter[PORTS_FILTER_MAX]);

void ports_page_draw(struct ports_page *page, struct grid *grid, int top, int height);

/* For ports_page_draw. */
uint32_t ports_page_position(const struct ports_page *page);
static inline const struct port_line *ports_page_line(const struct ports_page *page, uint32_t at)
{
    return &page->picture.lines[page->order[at]];
}

/* All about a line, from line `top` of the grid on (ui/ports_details.c). */
void ports_details_draw(const struct ports_page *page, const struct port_line *line,
                        struct grid *grid, int top, int height);

/* Whole seconds: "59s", "7m08s". */
void ports_write_age(struct text *text, int64_t seconds);

/* Bits 1 << enum port_remark of those that are trouble. */
uint32_t ports_trouble(uint32_t remarks);

#endif
