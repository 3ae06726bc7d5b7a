/*
 * The router: which page is in sight, which of them gets a key, and what is drawn around them: the top
 * line, the line of tabs, what was last said, the footer.
 */
#include "ui/screen.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/place.h"
#include "ui/pointer.h"
#include "ui/screen_keys.h"
#include "ui/title.h"

#define TABS_MIN_HEIGHT 12 /* of the screen, below which the pages need the line */
#define LINE_MAX_SIZE   256
#define SAYING_MAX      (SCREEN_SAYING * 4)
#define LAST_ASCII      0x7e
#define NARROW          60

/* The pages about one flow. */
static int open_pages(struct screen *screen, const struct screen_options *options, struct err *err)
{
    struct flow_page *flow = &screen->flow;
    flow->details = &screen->details;
    flow->tape = &screen->tape;
    flow->ladder.tape = &screen->tape;
    flow->ladder.local_time = flow->notes.local_time = options->local_time;
    int failed = packet_tape_open(&screen->tape, options->packets, err);
    if (!failed)
        failed =
            stream_page_open(&screen->stream, &screen->tape, &screen->known,
                             options->page_bytes ? options->page_bytes : CONVERSATION_BYTES, err);
    screen->stream.local_time = options->local_time;
    return failed;
}

int screen_open(struct screen **screen, const struct screen_options *options, struct err *err)
{
    struct screen *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the screen; --no-ui needs less");
    if (options->preferences)
        opened->preferences = *options->preferences;
    else
        preferences_begin(&opened->preferences);
    opened->terminal_utf8 = options->utf8;
    uint32_t max_flows = options->max_flows ? options->max_flows : TRACKER_MAX_FLOWS_DEFAULT;
    int failed = flow_pane_open(&opened->flows, &opened->known, max_flows, err);
    if (!failed)
        failed = events_page_open(&opened->events_page, &opened->known, err);
    if (!failed)
        failed = ports_page_open(&opened->ports_page, err);
    if (failed) {
        screen_close(opened);
        return failed;
    }
    opened->known.names = options->names;
    opened->known.diagnoser = options->diagnoser;
    opened->details.known = opened->trouble.known = &opened->known;
    opened->details.local_time = opened->trouble.local_time = opened->events.local_time =
        options->local_time;
    opened->events_page->local_time = opened->ports_page->local_time = options->local_time;
    opened->transport.local_time = options->local_time;
    events_pane_open(&opened->events, &opened->known);
    opened->events_page->keymap = &opened->preferences.keymap;
    opened->flows.sorted = opened->preferences.sorted;
    opened->flows.reversed = opened->preferences.reversed;
    opened->flows.choice = opened->preferences.columns;
    flow_pane_group(&opened->flows,
                    options->preferences ? opened->preferences.grouping : options->grouping);
    failed = open_pages(opened, options, err);
    if (failed) {
        screen_close(opened);
        return failed;
    }
    place_use_utf8(opened);
    place_open(opened, PLACE_FLOWS);
    *screen = opened;
    return 0;
}

void screen_close(struct screen *screen)
{
    if (!screen)
        return;
    flow_pane_close(&screen->flows);
    stream_page_close(&screen->stream);
    packet_tape_close(&screen->tape);
    events_page_close(screen->events_page);
    ports_page_close(screen->ports_page);
    free(screen);
}

void screen_event(struct screen *screen, const struct tracker *tracker,
                  const struct flow_event *event)
{
    struct flow_view view;
    bool is_failure = event_is_failure((enum event_kind)event->kind);
    if (event->kind == EVENT_ANSWERED)
        flow_pane_answer(&screen->flows, tracker, event);
    if ((!is_failure && event->kind != EVENT_RETRANSMISSION) ||
        !tracker_look(tracker, event->flow, &view))
        return;
    if (is_failure)
        events_pane_add(&screen->events, view, event);
    events_page_add(screen->events_page, view, event);
}

bool screen_wants_ports(const struct screen *screen)
{
    bool is_held = screen->paused && screen->ports_page->picture.number > 0;
    return place_shown(screen) == PLACE_PORTS && !is_held;
}

struct flow_ref screen_flow_read(const struct screen *screen)
{
    bool is_read = place_shown(screen) == PLACE_STREAM && screen->stream.has_flow;
    return is_read ? screen->stream.row.ref : (struct flow_ref){.index = POOL_NONE};
}

void screen_restart(struct screen *screen)
{
    events_pane_pause(&screen->events, true);
    events_pane_forget(&screen->events);
    events_page_forget(screen->events_page);
    flow_pane_forget(&screen->flows);
    screen->held = true;
}

bool screen_take_request(struct screen *screen, struct screen_request *request)
{
    if (screen->request.kind == SCREEN_REQUEST_NONE)
        return false;
    *request = screen->request;
    screen->request.kind = SCREEN_REQUEST_NONE;
    return true;
}

const struct conversation *screen_conversation(const struct screen *screen)
{
    return &screen->stream.conversation;
}

void screen_say(struct screen *screen, enum style style, const char *sentence)
{
    struct text text = text_begin(screen->saying, sizeof screen->saying);
    text_add_string(&text, sentence);
    screen->saying_style = style;
}

const struct preferences *screen_preferences(const struct screen *screen)
{
    return &screen->preferences;
}

/* Which part of the page is in sight, at the right end of the footer: keys of the page never take its place.
 * Returns how many columns it has. */
static int draw_extent(struct screen *screen, struct grid *grid, int row)
{
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    enum place place = place_shown(screen);
    struct extent extent = place_extent(screen, place);
    if (!(screen_contexts(screen) & place_context(place)))
        return 0;
    extent_write(&extent, grid->width < NARROW, &text);
    int columns = (int)text.len;
    if (columns > 0)
        (void)grid_text(grid, row, grid->width - columns, columns, STYLE_DIM, line);
    return columns > 0 ? columns + 2 : 0;
}

/* What is asked with keys as answers needs room for all of them. */
static int footer_lines(const struct screen *screen, const struct grid *grid)
{
    struct keymap_hint hint = {.action = ACTION_NONE};
    const struct keymap_room room = {grid->width, grid->height / 3};
    if (!screen->copying)
        return 1;
    while (keymap_next_hint(&screen->preferences.keymap, screen_contexts(screen), &room, &hint))
        continue;
    return hint.line + 1;
}

/* In `lines` lines from `row` on. */
static void draw_footer(struct screen *screen, struct grid *grid, int row, int lines)
{
    struct keymap_hint hint = {.action = ACTION_NONE};
    const struct keymap_room room = {grid->width - draw_extent(screen, grid, row), lines};
    while (keymap_next_hint(&screen->preferences.keymap, screen_contexts(screen), &room, &hint)) {
        keymap_draw_hint(&hint, grid, row);
        pointer_note_key(screen, row + hint.line, hint.left, hint.width, hint.key);
    }
}

/* "1 Flows  2 Events"; returns how many lines that takes. */
static int draw_tabs(struct screen *screen, struct grid *grid, int row)
{
    int count = 0, column = 0;
    for (int place = 0; place < PLACE_COUNT; place++)
        count += place_title((enum place)place) != NULL;
    if (count < 2 || grid->height < TABS_MIN_HEIGHT)
        return 0;
    for (int place = 0; place < PLACE_COUNT; place++) {
        const char *title = place_title((enum place)place);
        if (!title)
            continue;
        char number[LINE_MAX_SIZE];
        struct text text = text_begin(number, sizeof number);
        text_add(&text, "%d", place + 1);
        bool is_open = screen->open[0] == (enum place)place;
        int left = column;
        column += grid_text(grid, row, column, grid->width - column, STYLE_KEY, number) + 1;
        column += grid_text(grid, row, column, grid->width - column,
                            is_open ? STYLE_SORTED : STYLE_NORMAL, title);
        pointer_note_tab(screen, row, left, column - left, (enum place)place);
        column += 2;
    }
    return 1;
}

/* Above line `bottom`, in as many lines as it needs and `most` allows; returns how many that were. */
static int draw_saying(const struct screen *screen, struct grid *grid, int bottom, int most)
{
    char said[SAYING_MAX], line[GRID_LINE_MAX];
    struct text text = text_begin(said, sizeof said);
    text_add_untrusted(&text, screen->saying, strlen(screen->saying));
    int lines = 0;
    for (const char *at = said; *at != '\0' && lines < most; lines++)
        at = grid_break(at, grid->width, line);
    const char *at = said;
    for (int row = bottom - lines; row < bottom; row++) {
        at = grid_break(at, grid->width, line);
        (void)grid_text(grid, row, 0, grid->width, screen->saying_style, line);
    }
    return lines;
}

/* Whatever came in from outside: a terminal that shows ASCII gets nothing else. */
static void reduce_to_ascii(struct grid *grid)
{
    for (int at = 0; at < grid->width * grid->height; at++) {
        struct cell *cell = &grid->cells[at];
        if (cell->code == 0)
            cell->code = ' ';
        else if (cell->code > LAST_ASCII)
            cell->code = '?';
        memset(cell->marks, 0, sizeof cell->marks);
    }
}

static bool is_seeking(const struct screen *screen)
{
    const struct transport_state *transport = screen->status.transport;
    return transport && transport->mode == TRANSPORT_SEEKING;
}

/* On its way to another place of a file, the picture stays. */
static bool is_held(struct screen *screen)
{
    if (is_seeking(screen))
        return true;
    if (screen->held)
        events_pane_pause(&screen->events, screen->paused);
    screen->held = false;
    return screen->paused;
}

void screen_draw(struct screen *screen, const struct tracker *tracker,
                 const struct screen_status *status, struct grid *grid)
{
    assert(grid->width > 0 && grid->height > 0);
    enum place place = place_shown(screen);
    grid_clear(grid);
    screen->zone_count = 0;
    screen->status = *status;
    events_page_name(screen->events_page, tracker);
    if (!is_held(screen)) {
        known_take(&screen->known);
        place_take(screen, place, tracker);
    } else if (screen->paused && !is_seeking(screen)) {
        place_take_opened(screen, place, tracker);
        flow_pane_recount(&screen->flows, tracker);
    }
    int top = title_draw(grid, status, tracker_stats(tracker), screen->paused);
    int lines = footer_lines(screen, grid);
    int footer = grid->height - lines, bottom = footer;
    if (top < bottom)
        top += draw_tabs(screen, grid, top);
    if (top < bottom && screen->commanding)
        bottom -= prompt_draw(&screen->prompt, grid, bottom - 1);
    if (top < bottom)
        bottom -= draw_saying(screen, grid, bottom, (bottom - top + 2) / 3);
    if (top < bottom)
        bottom -= ask_draw(&screen->ask, grid, bottom - 1);
    if (top < bottom && status->transport)
        bottom -= transport_draw(&screen->transport, grid, bottom, status->transport);
    int height = bottom > top ? bottom - top : 0;
    place_draw(screen, place, grid, top, height);
    pointer_note_cursor(screen, grid, top, height);
    if (footer >= top)
        draw_footer(screen, grid, footer, lines);
    if (!screen->utf8)
        reduce_to_ascii(grid);
}
