/*
 * Purpose: the Events page: what failed and what was diagnosed, repeats put together, newest first; a
 *          group unfolds into its latest cases, and each case leads to its flow.
 * Owns:    its log, the picture of it that is shown, and the cursor in that.
 * Borrows: what is known, for its life; the tracker during events_page_name.
 * Bounds:  memory: that of flows/failure_log and EVENTS_CASES cases a group, twice: 4 MB, used pages
 *          only; time: constant an event; a picture copies and sorts the groups, some 1 ms for 1000.
 * Fails:   events_page_open with -ENOMEM.
 * Used by: ui/screen.
 *
 * A group that goes on stays where it is and counts: lines that change places many times a second cannot
 * be read. One that was quiet for EVENTS_QUIET_NS and comes back goes to the top.
 */
#ifndef LOFLOW_UI_EVENTS_PAGE_H
#define LOFLOW_UI_EVENTS_PAGE_H

#include "flows/burst.h"
#include "flows/failure_log.h"
#include "flows/tracker.h"
#include "ui/grid.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/scroller.h"

#define EVENTS_CASES     8u
#define EVENTS_QUIET_NS  (2 * CLOCK_NS_PER_S)
#define EVENTS_LINES_MAX (FAILURE_LOG_MAX * (1 + EVENTS_CASES) + FINDINGS_MAX)

enum event_class {
#define CLASS(NAME, events, style, words) EVENT_CLASS_##NAME,
#include "ui/event_class.def"
#undef CLASS
    EVENT_CLASS_COUNT
};

/* A process at one end, by value: it outlives the flow. pid 0: not known. */
struct events_name {
    int32_t pid;
    char comm[OWNER_COMM + 1];
};

struct events_case {
    struct failure_case seen;
    struct flow_ref flow;
    uint64_t number;             /* 1 for the first of its group */
    struct events_name names[2]; /* client, server */
};

/* What the page knows of a group beside flows/failure_log, at the same place. */
struct events_group {
    uint64_t id;       /* that it is about */
    uint64_t segments; /* of bursts */
    int64_t since_ns;  /* its place in the order */
    bool unfolded;
    struct events_case cases[EVENTS_CASES]; /* number n is at n % EVENTS_CASES */
};

struct events_record {
    struct failure_log failures;
    struct events_group groups[FAILURE_LOG_MAX];
};

/* A line: a diagnosis, a group, or with a number one of its cases. */
struct events_line {
    bool is_diagnosis;
    uint16_t at;     /* position in known, or group */
    uint64_t number; /* of a case; 0: the group itself */
    int64_t since_ns;
};

/* What the cursor stays on; all 0: it follows the first line. */
struct events_cursor {
    uint64_t id; /* of a group, or of a diagnosis with bit 63 */
    uint64_t number;
};

struct events_page {
    bool utf8;
    bool local_time;
    enum event_class shown;
    const struct known *known;
    const struct keymap *keymap;
    struct bursts bursts;
    struct events_record record;
    struct events_record picture;
    struct events_cursor cursor;
    struct scroller scroller;
    uint32_t line_count;
    uint32_t group_count, diagnosis_count; /* of those that are shown */
    struct events_line lines[EVENTS_LINES_MAX];
};

/* What the cursor is on: a flow, a diagnosis, or neither. */
struct events_target {
    bool has_flow;
    struct flow_ref flow;
    const struct failure *failure; /* of the flow; until the next events_page_take */
    const struct diagnosis *diagnosis;
};

int events_page_open(struct events_page **page, const struct known *known, struct err *err);
void events_page_close(struct events_page *page);

/* Events begin anew; the picture stays until the next take. */
void events_page_forget(struct events_page *page);

/* Every event, before the next tracker_feed. */
void events_page_add(struct events_page *page, struct flow_view flow,
                     const struct flow_event *event);

/* Names cases whose processes became known since; called for each draw, in sight or not. */
void events_page_name(struct events_page *page, const struct tracker *tracker);

/* Takes a new picture. */
void events_page_take(struct events_page *page);

/* False: not its key, as is Enter where nothing folds: events_page_target says what it is on. */
bool events_page_act(struct events_page *page, enum key_action action);
struct events_target events_page_target(const struct events_page *page);

/* The case that the cursor is on, the newest of its group; NULL: none. */
const struct events_case *events_page_chosen(const struct events_page *page);

void events_page_draw(struct events_page *page, struct grid *grid, int top, int height);

/* For events_page_draw: the case of a line, the newest of its group for the group itself. */
const struct events_case *events_page_case(const struct events_page *page,
                                           const struct events_line *line);
uint32_t events_page_position(const struct events_page *page);
enum style event_class_style(enum event_kind kind);
const char *event_class_words(enum event_class class);

#endif
