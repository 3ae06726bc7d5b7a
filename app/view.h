/*
 * Purpose: a screen on a real terminal: joins ui/screen, a grid and ui/term.
 * Owns:    the three of them; the terminal from view_open to view_close.
 * Borrows: all of its options, for its life; the tracker during each call.
 * Fails:   view_open with -errno and a sentence that says what to do without a screen.
 * Used by: app/session.c, app/loop.c.
 */
#ifndef LOFLOW_APP_VIEW_H
#define LOFLOW_APP_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/causes.h"
#include "app/options.h"
#include "base/err.h"
#include "flows/tracker.h"
#include "ui/screen.h"

struct view_options {
    const char *name;
    const char *filter;
    bool live;
    int64_t offset_ns; /* of the clocks, at the beginning of a live run */
    int64_t file_size; /* bytes, -1 unknown */
    uint32_t max_flows;
    uint32_t page_bytes; /* of a stream that is looked at */
    const struct options *options;
    struct causes *causes; /* names, diagnoses and what is missing */
    const struct packet_log *packets;
};

/* What the top line tells, as the run knows it. */
struct view_numbers {
    uint64_t packets;
    uint64_t undecoded;
    uint64_t dropped_by_kernel;
    uint64_t dropped_by_interface;
    int64_t position; /* bytes of the file, -1 unknown */
    bool ended;
    const char *trouble; /* NULL when all is well */
    bool is_down;        /* the interface, and it is waited for */
    const struct screen_health *health;
    const struct transport_state *transport; /* of a file that is played, else NULL */
};

struct view;

int view_open(struct view **view, const struct view_options *options, struct err *err);
void view_close(struct view *view);

void view_event(struct view *view, const struct tracker *tracker, const struct flow_event *event);

/* A file is read from its beginning once more. */
void view_restart(struct view *view);

/* Where keys come from, for poll. */
int view_fd(const struct view *view);

/* The terminal's size has changed. */
void view_resize(struct view *view);

/* Ctrl-Z: gives the terminal back and stops; returns when the program goes on. */
void view_suspend(struct view *view);

/* The terminal is ours again after Ctrl-Z and fg. */
void view_resume(struct view *view);

enum view_answer {
    VIEW_NO_KEY, /* none was typed */
    VIEW_STAY,
    VIEW_QUIT,
};

/* Answers the next key that was typed. */
enum view_answer view_key(struct view *view);

/* How long the user wants to see flows of lo that are over; 0: for ever. */
int64_t view_closed_age_ns(const struct view *view);

/* See screen_flow_read. */
struct flow_ref view_flow_read(const struct view *view);

/* What it asks for, and what is said of that: see ui/screen.h. */
bool view_take_request(struct view *view, struct screen_request *request);
bool view_saves(struct view *view, const struct screen_request *request, struct flow_ref ref,
                struct flow_view flow);
const struct conversation *view_conversation(const struct view *view);
void view_say(struct view *view, enum style style, const char *sentence);

/* To the clipboard of whoever sits at the terminal; false: there is no way to. */
bool view_copy(struct view *view, const char *text);

void view_draw(struct view *view, const struct tracker *tracker,
               const struct view_numbers *numbers);

#endif
