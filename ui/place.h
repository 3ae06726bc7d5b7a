/*
 * Purpose: the pages of the screen as the router sees them: which there are, and what each of them does
 *          with a picture, with a key and with room on the grid.
 * Owns:    struct screen, which ui/screen.c opens and closes: a part for each page.
 * Bounds:  those of the pages.
 * Used by: ui/screen, ui/place.
 */
#ifndef LOFLOW_UI_PLACE_H
#define LOFLOW_UI_PLACE_H

#include "ui/ask.h"
#include "ui/details.h"
#include "ui/events_page.h"
#include "ui/events_pane.h"
#include "ui/filter_line.h"
#include "ui/flow_page.h"
#include "ui/flow_pane.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/page_view.h"
#include "ui/ports_page.h"
#include "ui/preferences.h"
#include "ui/prompt.h"
#include "ui/screen.h"
#include "ui/stream_page.h"
#include "ui/transport_bar.h"
#include "ui/trouble_page.h"

/* In the order of their titles; those without one are opened from another page. */
enum place {
    PLACE_FLOWS,
    PLACE_EVENTS,
    PLACE_PORTS,
    PLACE_ABOUT,
    PLACE_FLOW,
    PLACE_STREAM,
    PLACE_TROUBLE,
    PLACE_HELP,
    PLACE_COUNT
};

#define PLACES_OPEN   8   /* pages one over the other */
#define SCREEN_SAYING 640 /* bytes of what says what was done */

#define SCREEN_ZONES_MAX 64

/* Cells that the mouse can press: for a key, or, with SCREEN_KEY_NONE, for a tab. */
struct screen_zone {
    int row, left, width;
    uint32_t key;
    enum place place;
};

struct screen {
    bool terminal_utf8; /* the terminal shows more than ASCII */
    bool utf8;          /* and the user wants it */
    bool paused;
    bool typing;      /* the filter line has the keys */
    bool commanding;  /* the command line has them */
    unsigned copying; /* the next key says what is copied: contexts of enum key_context, 0 for no */
    bool is_opened;   /* the page in sight is new, and its picture may not be whole */
    bool held;        /* a file was rewound: the picture stays until it is where it goes to */
    bool events_hidden;
    bool events_focused;
    /* The last is in sight, the first is a tab. */
    enum place open[PLACES_OPEN];
    unsigned open_count;
    struct page_view view[PLACES_OPEN]; /* of the pages of text */
    bool has_aim;                       /* the cursor goes to `aim` with the next picture */
    struct flow_ref aim;
    enum style saying_style;
    char saying[SCREEN_SAYING]; /* until the next key; "" for nothing */
    struct screen_request request;
    struct screen_saved {
        uint64_t flow_id; /* 0: no single one */
        uint64_t group;   /* 0: whatever group */
    } saved;
    struct preferences preferences;
    struct prompt prompt;
    /* Of the latest draw. */
    unsigned zone_count;
    struct screen_zone zones[SCREEN_ZONES_MAX];
    int page_top, page_height;
    int cursor_row;              /* of the grid; -1: the page has none */
    int events_top;              /* of the grid: where failures begin */
    bool drags_timeline;         /* the mouse holds the place of a replay */
    struct screen_status status; /* of the draw that is under way, or the latest */
    struct known known;
    struct filter_line line;
    struct details details;
    struct trouble_page trouble;
    struct packet_tape tape; /* of the flow that is looked at */
    struct flow_page flow;
    struct stream_page stream;
    struct ask ask;
    struct flow_pane flows;
    struct events_pane events;
    struct events_page *events_page;
    struct ports_page *ports_page;
    struct transport transport;
};

static inline enum place place_shown(const struct screen *screen)
{
    return screen->open[screen->open_count - 1];
}

/* NULL: it is no tab. */
const char *place_title(enum place place);
unsigned place_context(enum place place);

/* Takes the picture of that page. */
void place_take(struct screen *screen, enum place place, const struct tracker *tracker);

/* While pictures are held: a page that was opened since has none to hold yet, and takes one. */
void place_take_opened(struct screen *screen, enum place place, const struct tracker *tracker);

/* False: that page does nothing with it. */
bool place_act(struct screen *screen, enum place place, enum key_action action);

/* What was asked for was typed. */
void place_answer(struct screen *screen, enum ask_kind kind, const char *answer);

/* What of it was in sight at the latest draw. */
struct extent place_extent(struct screen *screen, enum place place);

void place_draw(struct screen *screen, enum place place, struct grid *grid, int top, int height);

/* Opens a page over the one in sight; a tab takes the place of all of them. */
void place_open(struct screen *screen, enum place place);

/* Back to the page below; a tab stays. */
void place_leave(struct screen *screen);

/* All pages draw with more than ASCII, or not, as it is set. */
void place_use_utf8(struct screen *screen);

/* Goes to the flows with the cursor on that one, whatever the filter; says so when it is gone. */
void place_show_flow(struct screen *screen, struct flow_ref flow);

/* Goes to the flows that pass a filter. */
void place_show_filter(struct screen *screen, const char *filter);

/* The page of flows, ui/place_flows.c. */
void place_flows_take(struct screen *screen, const struct tracker *tracker);
bool place_flows_act(struct screen *screen, enum key_action action);
struct extent place_flows_extent(struct screen *screen);
void place_flows_draw(struct screen *screen, struct grid *grid, int top, int height);

/* Asks where to save the packets of a row; NULL: of all that are shown. Or saves them there. */
void place_ask_save(struct screen *screen, const struct flow_row *row);
void place_save(struct screen *screen, const struct flow_row *row, const char *path);

static inline struct page_view *place_view(struct screen *screen)
{
    return &screen->view[screen->open_count - 1];
}

#endif
