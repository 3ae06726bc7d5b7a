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
#include "ui/title.h"

#define TABS_MIN_HEIGHT 12 /* of the screen, below which the pages need the line */
#define LINE_MAX_SIZE   256
#define SAYING_MAX      (SCREEN_SAYING * 4)
#define LAST_ASCII      0x7e

/* The pages about one flow. */
static int open_pages(struct screen *screen, const struct screen_options *options, struct err *err)
{
    struct flow_page *flow = &screen->flow;
    flow->details = &screen->details;
    flow->tape = &screen->tape;
    flow->ladder.tape = &screen->tape;
    flow->utf8 = flow->ladder.utf8 = flow->notes.utf8 = options->utf8;
    flow->ladder.local_time = flow->notes.local_time = options->local_time;
    int failed = packet_tape_open(&screen->tape, options->packets, err);
    if (!failed)
        failed = stream_page_open(&screen->stream, &screen->tape, &screen->known, err);
    screen->stream.utf8 = options->utf8;
    return failed;
}

int screen_open(struct screen **screen, const struct screen_options *options, struct err *err)
{
    struct screen *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the screen; --no-ui needs less");
    opened->utf8 = options->utf8;
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
    opened->details.known = &opened->known;
    opened->details.utf8 = opened->line.utf8 = opened->flows.utf8 = opened->events.utf8 =
        options->utf8;
    opened->events_page->utf8 = opened->ports_page->utf8 = options->utf8;
    opened->details.local_time = opened->events.local_time = options->local_time;
    opened->events_page->local_time = opened->ports_page->local_time = options->local_time;
    opened->transport.utf8 = options->utf8;
    opened->transport.local_time = options->local_time;
    events_pane_open(&opened->events, &opened->known);
    flow_pane_group(&opened->flows, options->grouping);
    failed = open_pages(opened, options, err);
    if (failed) {
        screen_close(opened);
        return failed;
    }
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

static void ask(struct screen *screen, enum screen_request_kind kind, double number,
                const char *words)
{
    screen->request = (struct screen_request){.kind = kind, .number = number};
    struct text text = text_begin(screen->request.text, sizeof screen->request.text);
    text_add_string(&text, words);
}

/* What is asked of a replay. */
static const struct wish {
    enum key_action action;
    enum screen_request_kind kind;
    double number;
    const char *text;
} wishes[] = {
    {ACTION_PLAY, SCREEN_REQUEST_PLAY, 0, ""},
    {ACTION_SLOWER, SCREEN_REQUEST_SPEED, -1, ""},
    {ACTION_FASTER, SCREEN_REQUEST_SPEED, 1, ""},
    {ACTION_STEP, SCREEN_REQUEST_STEP, TRANSPORT_STEP_PACKET, ""},
    {ACTION_STEP_BACK, SCREEN_REQUEST_STEP, TRANSPORT_STEP_BACK, ""},
    {ACTION_STEP_EVENT, SCREEN_REQUEST_STEP, TRANSPORT_STEP_EVENT, ""},
    {ACTION_FAILURE_NEXT, SCREEN_REQUEST_SEEK, 0, "next"},
    {ACTION_FAILURE_BACK, SCREEN_REQUEST_SEEK, 0, "previous"},
    {ACTION_SEEK_BACK, SCREEN_REQUEST_SEEK, 0, "-1%"},
    {ACTION_SEEK_ON, SCREEN_REQUEST_SEEK, 0, "+1%"},
};

/* False: it is not about a replay. */
static bool act_on_replay(struct screen *screen, enum key_action action)
{
    if (action == ACTION_SEEK) {
        screen->transport.typing = true;
        line_edit_clear(&screen->transport.typed);
        return true;
    }
    for (size_t at = 0; at < sizeof wishes / sizeof wishes[0]; at++) {
        if (wishes[at].action != action)
            continue;
        ask(screen, wishes[at].kind, wishes[at].number, wishes[at].text);
        return true;
    }
    return false;
}

/* A place is being typed. */
static void type_place(struct screen *screen, uint32_t key)
{
    struct transport *transport = &screen->transport;
    enum key_action action = keymap_find(KEY_IN_SEEK, key);
    if (action == ACTION_LINE_ERASE_BEFORE)
        line_edit_clear(&transport->typed);
    else if (action == ACTION_LINE_ERASE)
        transport->typing = line_edit_erase(&transport->typed, LINE_LEFT);
    else if (action == ACTION_NONE)
        (void)line_edit_type(&transport->typed, key);
    else if (action == ACTION_SEEK_DROP || action == ACTION_SEEK_GO)
        transport->typing = false;
    if (action == ACTION_SEEK_GO && transport->typed.len > 0)
        ask(screen, SCREEN_REQUEST_SEEK, 0, transport->typed.text);
}

/* What is the same on all pages. */
static void act(struct screen *screen, enum key_action action)
{
    switch (action) {
    case ACTION_HELP:
        place_open(screen, PLACE_HELP);
        break;
    case ACTION_PAGE_CLOSE:
        place_leave(screen);
        break;
    case ACTION_PAUSE:
        screen->paused = !screen->paused;
        events_pane_pause(&screen->events, screen->paused);
        events_page_take(screen->events_page);
        break;
    case ACTION_GO_FLOWS:
        place_open(screen, PLACE_FLOWS);
        break;
    case ACTION_GO_EVENTS:
        place_open(screen, PLACE_EVENTS);
        break;
    case ACTION_GO_PORTS:
        place_open(screen, PLACE_PORTS);
        break;
    case ACTION_GO_ABOUT:
        place_open(screen, PLACE_ABOUT);
        break;
    case ACTION_FILTER:
        screen->typing = true;
        filter_line_open(&screen->line);
        break;
    default: /* REDRAW is the terminal's, QUIT is answered, the rest is the replay's or the page's */
        if (!act_on_replay(screen, action))
            (void)place_act(screen, place_shown(screen), action);
        break;
    }
}

static void type(struct screen *screen, uint32_t key)
{
    struct flow_pane *flows = &screen->flows;
    enum key_action action = keymap_find(KEY_IN_FILTER, key);
    flow_pane_see(flows, &screen->line.seen);
    enum filter_line_answer answer = filter_line_key(&screen->line, &flows->filter, key, action);
    screen->typing = answer == FILTER_LINE_SAME || answer == FILTER_LINE_CHANGED;
    if (answer == FILTER_LINE_CHANGED || answer == FILTER_LINE_DROPPED)
        flow_pane_reorder(flows, screen->paused);
}

/* The line that is asked for has the keys. */
static void answer(struct screen *screen, uint32_t key)
{
    enum ask_kind kind = screen->ask.kind;
    if (ask_key(&screen->ask, key))
        place_answer(screen, kind, screen->ask.line.text);
}

static unsigned contexts(const struct screen *screen)
{
    if (screen->ask.kind != ASK_NOTHING)
        return KEY_IN_ASK;
    if (screen->typing)
        return KEY_IN_FILTER;
    if (screen->transport.typing)
        return KEY_IN_SEEK;
    return place_context(place_shown(screen)) | (screen->transport.is_shown ? KEY_IN_REPLAY : 0);
}

enum screen_answer screen_key(struct screen *screen, uint32_t key)
{
    screen->saying[0] = '\0';
    if (screen->ask.kind != ASK_NOTHING) {
        answer(screen, key);
        return SCREEN_STAY;
    }
    if (screen->typing) {
        type(screen, key);
        return SCREEN_STAY;
    }
    if (screen->transport.typing) {
        type_place(screen, key);
        return SCREEN_STAY;
    }
    enum key_action action = keymap_find(contexts(screen), key);
    act(screen, action);
    return action == ACTION_QUIT ? SCREEN_QUIT : SCREEN_STAY;
}

/* That there is more of the page than is in sight, and how to get there. */
static void draw_page_place(struct screen *screen, struct grid *grid, int row, int column)
{
    const struct place_text *page = place_text(screen);
    if (page->lines <= page->height)
        return;
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    text_add(&text, "%s %s", keymap_key_name(KEY_IN_PAGE, ACTION_PAGE_DOWN),
             keymap_key_name(KEY_IN_PAGE, ACTION_PAGE_UP));
    column += grid_text(grid, row, column, grid->width - column, STYLE_KEY, line) + 1;
    text = text_begin(line, sizeof line);
    text_add(&text, "scroll: %d-%d of %d", page->first + 1, page->first + page->height,
             page->lines);
    (void)grid_text(grid, row, column, grid->width - column, STYLE_NORMAL, line);
}

static void draw_footer(struct screen *screen, struct grid *grid, int row)
{
    int column = keymap_draw_footer(grid, row, 0, contexts(screen));
    draw_page_place(screen, grid, row, column);
}

/* "1 Flows  2 Events"; returns how many lines that takes. */
static int draw_tabs(const struct screen *screen, struct grid *grid, int row)
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
        column += grid_text(grid, row, column, grid->width - column, STYLE_KEY, number) + 1;
        column += grid_text(grid, row, column, grid->width - column,
                            is_open ? STYLE_SORTED : STYLE_NORMAL, title);
        column += 2;
    }
    return 1;
}

/* Returns how many lines that takes. */
static int draw_saying(const struct screen *screen, struct grid *grid, int row)
{
    if (screen->saying[0] == '\0')
        return 0;
    char line[SAYING_MAX];
    struct text text = text_begin(line, sizeof line);
    text_add_untrusted(&text, screen->saying, strlen(screen->saying));
    (void)grid_text(grid, row, 0, grid->width, screen->saying_style, line);
    return 1;
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
    }
}

/* On its way to another place of a file, the picture stays. */
static bool is_held(struct screen *screen)
{
    const struct transport_state *transport = screen->status.transport;
    if (transport && transport->mode == TRANSPORT_SEEKING)
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
    screen->status = *status;
    events_page_name(screen->events_page, tracker);
    if (!is_held(screen)) {
        known_take(&screen->known);
        place_take(screen, place, tracker);
    }
    int top = title_draw(grid, status, tracker_stats(tracker), screen->paused);
    int footer = grid->height - 1, bottom = footer;
    if (top < bottom)
        top += draw_tabs(screen, grid, top);
    if (top < bottom)
        bottom -= draw_saying(screen, grid, bottom - 1);
    if (top < bottom)
        bottom -= ask_draw(&screen->ask, grid, bottom - 1);
    if (top < bottom && status->transport)
        bottom -= transport_draw(&screen->transport, grid, bottom, status->transport);
    place_draw(screen, place, grid, top, bottom - top);
    if (footer >= top)
        draw_footer(screen, grid, footer);
    if (!screen->utf8)
        reduce_to_ascii(grid);
}
