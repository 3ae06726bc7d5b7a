/*
 * Purpose: the full-screen view: the flow table, diagnoses and failures, details, filter, sorting, help. It draws
 *          into a grid and answers keys; it knows no terminal.
 * Owns:    its view state, the rates of flows, the log of the latest failures.
 * Borrows: tracker and status during each call; names and diagnoser for its life.
 * Bounds:  memory: 4 MB for rows, failures and diagnoses, and 24 bytes a flow of max_flows, used pages
 *          only;
 *          time: one pass over the table a draw, and where that would take longer than
 *          FLOW_PANE_BUDGET_NS the rest of it at the next draw.
 * Fails:   screen_open with -ENOMEM.
 * Used by: app, tests.
 */
#ifndef LOFLOW_UI_SCREEN_H
#define LOFLOW_UI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "diagnose/diagnoser.h"
#include "flows/conversation.h"
#include "flows/packet_log.h"
#include "flows/tracker.h"
#include "host/names.h"
#include "ui/grid.h"
#include "ui/groups.h"
#include "ui/run_health.h"
#include "ui/keycode.h"
#include "ui/transport_bar.h"

struct port_list;

struct preferences;

struct screen_options {
    bool utf8;                         /* the terminal shows more than ASCII */
    bool local_time;                   /* clock times in the local zone, else UTC */
    uint32_t max_flows;                /* of the tracker */
    uint32_t page_bytes;               /* of a stream that is looked at; 0: CONVERSATION_BYTES */
    const struct names *names;         /* NULL: nobody is named */
    const struct diagnoser *diagnoser; /* NULL: nothing is diagnosed */
    enum grouping grouping;            /* of the flows, at first */
    const struct preferences *preferences; /* copied; NULL: as without a configuration */
    const struct packet_log *packets;      /* NULL: there are none to look back at */
};

/* What a live run does without. */
struct screen_missing {
    const char *word;     /* "tracer" */
    const char *sentence; /* untrusted */
};

/* What the top line tells besides flows. */
struct screen_status {
    const char *name;   /* interface or file; untrusted */
    const char *filter; /* capture filter, "" for none; untrusted */
    bool live;
    bool ended;          /* nothing will follow */
    const char *trouble; /* a sentence when the source failed, else NULL */
    uint64_t packets;
    uint64_t undecoded;
    uint64_t dropped_by_kernel;
    uint64_t dropped_by_interface;
    int percent;    /* of a file that was read; -1 unknown or live */
    int64_t now_ns; /* live: wall clock; file: time of the latest packet */
    const struct screen_missing *missing;
    uint32_t missing_count;
    const struct port_list *ports;           /* NULL: nobody told who listens */
    const struct screen_health *health;      /* NULL: nobody told how the run is doing */
    const struct transport_state *transport; /* of a file that is played, else NULL */
};

enum screen_answer {
    SCREEN_STAY,
    SCREEN_QUIT,
};

/* What a user wants that a screen cannot do itself. */
enum screen_request_kind {
    SCREEN_REQUEST_NONE,
    SCREEN_REQUEST_SAVE_STREAM, /* what `side` of `flow` said, to the file `text` */
    SCREEN_REQUEST_SAVE_FLOWS,  /* the packets of flows that screen_saves, to the capture `text` */
    SCREEN_REQUEST_PLAY,        /* or pause */
    SCREEN_REQUEST_SPEED,       /* `number`: so many steps faster */
    SCREEN_REQUEST_SPEED_TO,    /* `number`: that speed, 0 for as fast as possible */
    SCREEN_REQUEST_STEP,        /* `number`: enum transport_step */
    SCREEN_REQUEST_SEEK,        /* `text`: a place, see ui/seek.h */
    SCREEN_REQUEST_SEEK_PART,   /* `number`: of the capture, 0 to 1 */
    SCREEN_REQUEST_COPY,        /* `text` to the clipboard */
};

#define SCREEN_REQUEST_TEXT 8192

struct screen_request {
    enum screen_request_kind kind;
    struct flow_ref flow;
    uint64_t flow_id; /* of packets: 0 for no single one */
    uint64_t group;   /* the same: 0 for whatever group */
    unsigned side;    /* end of the tuple */
    double number;
    char text[SCREEN_REQUEST_TEXT]; /* "" for none; a path is as it was typed */
};

struct screen;

int screen_open(struct screen **screen, const struct screen_options *options, struct err *err);
void screen_close(struct screen *screen);

/* A file is read from its beginning once more: forgets what was made of its packets. The picture stays
 * until the replay is where it goes to. */
void screen_restart(struct screen *screen);

/* For every event of a batch, before the next tracker_feed: failures go to the events pane. */
void screen_event(struct screen *screen, const struct tracker *tracker,
                  const struct flow_event *event);

/* A key was typed: a Unicode character or enum screen_key. */
enum screen_answer screen_key(struct screen *screen, uint32_t key);

/* Is the list of ports in sight, and does it go on? */
bool screen_wants_ports(const struct screen *screen);

/* The flow whose words are in sight; index POOL_NONE: none. */
struct flow_ref screen_flow_read(const struct screen *screen);

/* The mouse was used. */
enum screen_answer screen_mouse(struct screen *screen, const struct screen_mouse *mouse);

/* What the user has set by now: the theme and the mouse are the terminal's business. */
const struct preferences *screen_preferences(const struct screen *screen);

/* Is something wanted? Asked after each key; each wish is told once. */
bool screen_take_request(struct screen *screen, struct screen_request *request);

/* What the flow of SCREEN_REQUEST_SAVE_STREAM said, until the next draw. */
const struct conversation *screen_conversation(const struct screen *screen);

/* A sentence for the line above the footer, until the next key. Untrusted. */
void screen_say(struct screen *screen, enum style style, const char *sentence);

/* Is the flow one of SCREEN_REQUEST_SAVE_FLOWS? */
bool screen_saves(struct screen *screen, const struct screen_request *request, struct flow_ref ref,
                  struct flow_view flow);

/* Draws everything at the grid's size. While paused the picture stays, but for the top line and for
 * names of processes that become known. */
void screen_draw(struct screen *screen, const struct tracker *tracker,
                 const struct screen_status *status, struct grid *grid);

#endif
