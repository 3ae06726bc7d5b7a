#include "ui/place.h"

#include <string.h>

#include "ui/about.h"
#include "ui/help.h"

#define EVENTS_LEAST      4  /* lines: a heading and three failures */
#define EVENTS_SHARE      4  /* one line of so many */
#define EVENTS_MIN_HEIGHT 10 /* of the screen, below which the flows need the room */
#define LINE_MAX_SIZE     96
#define NARROW            60 /* where a line that is typed needs all columns */

/* What most pages do with keys that move. */
static bool is_motion(enum key_action action, int *lines, int *pages)
{
    *lines = action == ACTION_UP ? -1 : action == ACTION_DOWN ? 1 : 0;
    *pages = action == ACTION_PAGE_UP ? -1 : action == ACTION_PAGE_DOWN ? 1 : 0;
    return *lines != 0 || *pages != 0;
}

/* Flows, and below them what failed. */

/* The cursor goes where another page sent it. */
static void take_aim(struct screen *screen, const struct tracker *tracker)
{
    struct flow_pane *flows = &screen->flows;
    if (!screen->has_aim)
        return;
    screen->has_aim = false;
    if (!flow_pane_aim(flows, tracker, screen->aim)) {
        screen_say(screen, STYLE_WARNING, "that flow has left the table");
        return;
    }
    flows->open_only = false;
    filter_line_set(&screen->line, &flows->filter, "");
    flow_pane_reorder(flows, false);
}

static void flows_take(struct screen *screen, const struct tracker *tracker)
{
    take_aim(screen, tracker);
    flow_pane_collect(&screen->flows, tracker, screen->status.now_ns, screen->status.live);
}

static void move_events(struct screen *screen, int lines, int pages)
{
    if (pages != 0)
        events_pane_move_pages(&screen->events, pages);
    else
        events_pane_move(&screen->events, lines);
}

/* The row with the cursor becomes the filter: first all like it, then it alone. */
static void filter_row(struct screen *screen)
{
    char line[FILTER_TEXT_MAX];
    for (int exact = 0; exact < 2; exact++) {
        struct text text = text_begin(line, sizeof line);
        if (!flow_pane_filter_of(&screen->flows, &text, exact))
            return;
        if (strcmp(line, screen->line.edit.text) != 0)
            break;
    }
    filter_line_set(&screen->line, &screen->flows.filter, line);
}

static bool flows_change(struct screen *screen, enum key_action action)
{
    struct flow_pane *flows = &screen->flows;
    switch (action) {
    case ACTION_SORT_NEXT:
    case ACTION_SORT_PREVIOUS:
        flow_pane_sort(flows, action == ACTION_SORT_NEXT ? 1 : -1);
        break;
    case ACTION_REVERSE:
        flows->reversed = !flows->reversed;
        break;
    case ACTION_OPEN_ONLY:
        flows->open_only = !flows->open_only;
        break;
    case ACTION_FILTER_ROW:
        filter_row(screen);
        break;
    case ACTION_UNFILTER:
        filter_line_set(&screen->line, &flows->filter, "");
        break;
    case ACTION_GROUP:
        flow_pane_group(flows, (enum grouping)((flows->groups.by + 1) % GROUPING_COUNT));
        break;
    case ACTION_FOLD:
        (void)flow_pane_fold(flows);
        break;
    case ACTION_FOLD_ALL:
    case ACTION_UNFOLD_ALL:
        flow_pane_fold_all(flows, action == ACTION_FOLD_ALL);
        break;
    default:
        return false;
    }
    flow_pane_reorder(flows, screen->paused);
    return true;
}

/* Details of what the cursor is on, if it is on anything. */
static void flows_choose(struct screen *screen)
{
    struct events_choice event = events_pane_choice(&screen->events);
    const struct flow_pane *flows = &screen->flows;
    if (!screen->events_focused && flows->order_count > 0 && flows->cursor_row.group) {
        (void)flows_change(screen, ACTION_FOLD);
        return;
    }
    if (!screen->events_focused && flows->order_count > 0)
        details_of_flow(&screen->details, &flows->cursor_row);
    else if (screen->events_focused && event.diagnosis)
        details_of_diagnosis(&screen->details, event.diagnosis);
    else if (screen->events_focused && event.failure)
        details_of_failure(&screen->details, event.failure, event.flow);
    else
        return;
    place_open(screen, PLACE_FLOW);
}

static void flows_choose_stream(struct screen *screen)
{
    const struct flow_pane *flows = &screen->flows;
    if (screen->events_focused || flows->order_count == 0)
        return;
    if (flows->cursor_row.group) {
        screen_say(screen, STYLE_WARNING, "unfold the group and choose a flow");
        return;
    }
    stream_page_choose(&screen->stream, &flows->cursor_row);
    place_open(screen, PLACE_STREAM);
}

/* What is saved: a flow, a group, or with neither all that are shown. */
static void ask_save_flows(struct screen *screen, const struct flow_row *row)
{
    char name[LINE_EDIT_MAX];
    struct text text = text_begin(name, sizeof name);
    screen->saved =
        row ? (struct screen_saved){.flow_id = row->group ? 0 : row->cold.id, .group = row->group}
            : (struct screen_saved){0};
    if (screen->saved.flow_id)
        text_add(&text, "flow-%llu.pcap", (unsigned long long)screen->saved.flow_id);
    else
        text_add_string(&text, "flows.pcap");
    ask_open(&screen->ask, row ? ASK_SAVE_ROW : ASK_SAVE_SHOWN, "save packets to ", name);
}

static bool flows_act(struct screen *screen, enum key_action action)
{
    int lines = 0, pages = 0;
    bool moves = is_motion(action, &lines, &pages);
    if (moves && screen->events_focused)
        move_events(screen, lines, pages);
    else if (moves && pages != 0)
        flow_pane_move_pages(&screen->flows, pages);
    else if (moves)
        flow_pane_move(&screen->flows, lines);
    else if (action == ACTION_TOP || action == ACTION_BOTTOM) {
        if (screen->events_focused)
            events_pane_move(&screen->events,
                             action == ACTION_TOP ? -FAILURE_LOG_MAX : FAILURE_LOG_MAX);
        else
            flow_pane_go(&screen->flows, action == ACTION_TOP ? CURSOR_TOP : CURSOR_LAST);
    } else if (action == ACTION_DETAILS)
        flows_choose(screen);
    else if (action == ACTION_STREAM)
        flows_choose_stream(screen);
    else if (action == ACTION_SAVE_ROW && screen->flows.order_count > 0)
        ask_save_flows(screen, &screen->flows.cursor_row);
    else if (action == ACTION_SAVE_SHOWN)
        ask_save_flows(screen, NULL);
    else if (action == ACTION_EVENTS)
        screen->events_hidden = !screen->events_hidden;
    else if (action == ACTION_FOCUS)
        screen->events_focused = !screen->events_focused;
    else
        return flows_change(screen, action);
    return true;
}

/* Which rows are left out, in up to `room` lines that end with `bottom`; returns how many they are. */
static int draw_restrictions(struct screen *screen, struct grid *grid, int bottom, int room)
{
    const struct flow_pane *flows = &screen->flows;
    const struct filter_line *filter = &screen->line;
    bool has_line = screen->typing || filter->edit.len > 0;
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    if (!has_line && !flows->open_only)
        return 0;
    text_add_grouped(&text, flows->matching);
    text_add(&text, flows->matching == 1 ? " row" : " rows");
    if (flows->open_only)
        text_add(&text, "  open only");
    bool is_short = screen->typing && grid->width < NARROW;
    int column = is_short ? 0 : (int)text.len + 2;
    int height = screen->typing ? filter_line_height(filter, grid->width, column) : 1;
    height = height < room ? height : room;
    int row = bottom + 1 - height;
    if (!is_short)
        (void)grid_text(grid, row, 0, grid->width, STYLE_DIM, line);
    if (has_line)
        filter_line_draw(filter, grid, row, column, screen->typing ? height : 0);
    return height;
}

/* Why there are no rows, where rows would be. */
static void draw_hint(struct screen *screen, struct grid *grid, int row)
{
    const struct flow_pane *flows = &screen->flows;
    const struct screen_status *status = &screen->status;
    const char *words = status->live ? "waiting for packets" : "reading";
    if (flows->order_count > 0)
        return;
    if (!filter_is_empty(&flows->filter) || flows->open_only)
        words = "no row passes the filter";
    else if (status->ended)
        words = "no flows";
    (void)grid_text(grid, row, 0, grid->width, STYLE_DIM, words);
}

static void flows_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    int room = height;
    if (room > 0)
        room -= draw_restrictions(screen, grid, top + height - 1, room);
    int events = grid->height / EVENTS_SHARE;
    if (events < EVENTS_LEAST)
        events = EVENTS_LEAST;
    if (screen->events_hidden || grid->height < EVENTS_MIN_HEIGHT || events >= room)
        events = 0;
    if (events == 0)
        screen->events_focused = false;
    bool focused = !screen->events_focused;
    screen->events_top = top + room - events;
    flow_pane_draw(&screen->flows, grid, top, room - events, focused);
    if (room - events > 1)
        draw_hint(screen, grid, top + 1);
    events_pane_draw(&screen->events, grid, top + room - events, events, !focused);
    if (screen->typing)
        filter_line_draw_list(&screen->line, grid, top, top + room);
}

/* What failed, alone. */

static void events_take(struct screen *screen, const struct tracker *tracker)
{
    events_page_take(screen->events_page);
    struct events_target target = events_page_target(screen->events_page);
    if (target.has_flow)
        (void)flow_pane_take(&screen->flows, tracker, target.flow, &screen->event_row);
}

static bool events_act(struct screen *screen, enum key_action action)
{
    struct events_page *events = screen->events_page;
    if (events_page_act(events, action))
        return true;
    if (action != ACTION_SHOW_FLOW)
        return false;
    struct events_target target = events_page_target(events);
    if (target.has_flow) {
        place_show_flow(screen, target.flow);
    } else if (target.diagnosis) {
        details_of_diagnosis(&screen->details, target.diagnosis);
        place_open(screen, PLACE_FLOW);
    }
    return true;
}

static void events_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    events_page_draw(screen->events_page, grid, top, height);
}

/* Who listens. */

static void ports_take(struct screen *screen, const struct tracker *tracker)
{
    (void)tracker;
    ports_page_take(screen->ports_page, &screen->status);
}

static bool ports_act(struct screen *screen, enum key_action action)
{
    char filter[PORTS_FILTER_MAX];
    if (action != ACTION_SHOW_PORT)
        return ports_page_act(screen->ports_page, action);
    if (ports_page_filter(screen->ports_page, filter))
        place_show_filter(screen, filter);
    return true;
}

static void ports_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    ports_page_draw(screen->ports_page, grid, top, height);
}

/* Pages of text. */

static bool text_act(struct screen *screen, enum key_action action)
{
    struct place_text *text = place_text(screen);
    int lines = 0, pages = 0;
    if (is_motion(action, &lines, &pages))
        text->first += lines + pages * (int)scroller_page((uint32_t)text->height);
    else if (action == ACTION_TOP)
        text->first = 0;
    else if (action == ACTION_BOTTOM)
        text->first = text->lines;
    else
        return false;
    return true;
}

/* Draws it once to count its lines, which say how far it can be scrolled, and once to see it. */
static void text_draw(struct screen *screen, struct grid *grid, int top, int height,
                      int (*draw)(struct screen *, struct grid *, int, int))
{
    struct place_text *text = place_text(screen);
    text->height = height > 0 ? height : 0;
    text->lines = draw(screen, grid, top, 0);
    int last = text->lines - text->height;
    if (text->first > last)
        text->first = last;
    if (text->first < 0)
        text->first = 0;
    (void)draw(screen, grid, top, text->height);
}

/* All about a flow, and what it said. */

static void flow_take(struct screen *screen, const struct tracker *tracker)
{
    flows_take(screen, tracker);
    flow_page_take(&screen->flow, &screen->flows, tracker);
}

static bool flow_act(struct screen *screen, enum key_action action)
{
    if (action != ACTION_STREAM && action != ACTION_SAVE_ROW)
        return flow_page_act(&screen->flow, action);
    if (screen->details.kind != DETAILS_FLOW)
        return false;
    if (action == ACTION_SAVE_ROW) {
        ask_save_flows(screen, &screen->details.row);
        return true;
    }
    stream_page_choose(&screen->stream, &screen->details.row);
    place_open(screen, PLACE_STREAM);
    return true;
}

static void flow_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    flow_page_draw(&screen->flow, grid, top, height);
}

static void stream_take(struct screen *screen, const struct tracker *tracker)
{
    flows_take(screen, tracker);
    stream_page_take(&screen->stream, &screen->flows, tracker, screen->status.ended);
}

static bool stream_act(struct screen *screen, enum key_action action)
{
    char name[LINE_EDIT_MAX] = "";
    struct text text = text_begin(name, sizeof name);
    bool by_client = action == ACTION_SAVE_CLIENT;
    if (action == ACTION_SEARCH) {
        ask_open(&screen->ask, ASK_SEARCH, "search for ", "");
    } else if (by_client || action == ACTION_SAVE_SERVER) {
        stream_page_name_file(&screen->stream, by_client, &text);
        ask_open(&screen->ask, by_client ? ASK_SAVE_CLIENT : ASK_SAVE_SERVER,
                 by_client ? "save the client's bytes to " : "save the server's bytes to ", name);
    } else {
        return stream_page_act(&screen->stream, action);
    }
    return true;
}

bool screen_saves(struct screen *screen, const struct screen_request *request, struct flow_ref ref,
                  struct flow_view flow)
{
    const struct screen_saved *saved = &screen->saved;
    (void)request;
    if (saved->flow_id)
        return flow.cold->id == saved->flow_id;
    return flow_pane_has(&screen->flows, ref, flow, saved->group);
}

void place_answer(struct screen *screen, enum ask_kind kind, const char *answer)
{
    const struct flow_row *row = &screen->stream.row;
    struct screen_request *request = &screen->request;
    if (kind == ASK_SEARCH) {
        stream_page_search(&screen->stream, answer);
        return;
    }
    struct text text = text_begin(request->text, sizeof request->text);
    if (kind == ASK_SAVE_ROW || kind == ASK_SAVE_SHOWN) {
        request->kind = SCREEN_REQUEST_SAVE_FLOWS;
        text_add_string(&text, answer);
        return;
    }
    *request = (struct screen_request){.kind = SCREEN_REQUEST_SAVE_STREAM,
                                       .flow = row->ref,
                                       .flow_id = row->cold.id,
                                       .side = kind == ASK_SAVE_CLIENT ? row->hot.client
                                                                       : !row->hot.client};
    text = text_begin(request->text, sizeof request->text);
    text_add_string(&text, answer);
}

static void stream_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    stream_page_draw(&screen->stream, grid, top, height);
}

/* Pages of text. */

static int draw_help(struct screen *screen, struct grid *grid, int top, int height)
{
    const struct help help = {.status = &screen->status, .keymap = &screen->preferences.keymap};
    return help_draw(&help, grid, top, height, place_text(screen)->first);
}

static void help_draw_page(struct screen *screen, struct grid *grid, int top, int height)
{
    text_draw(screen, grid, top, height, draw_help);
}

static void about_take(struct screen *screen, const struct tracker *tracker)
{
    (void)screen;
    (void)tracker;
}

static int draw_about(struct screen *screen, struct grid *grid, int top, int height)
{
    return about_draw(grid, top, height, place_text(screen)->first, &screen->status);
}

static void about_draw_page(struct screen *screen, struct grid *grid, int top, int height)
{
    text_draw(screen, grid, top, height, draw_about);
}

static const struct {
    const char *title;
    unsigned context;
    void (*take)(struct screen *, const struct tracker *);
    bool (*act)(struct screen *, enum key_action);
    void (*draw)(struct screen *, struct grid *, int top, int height);
} places[PLACE_COUNT] = {
    [PLACE_FLOWS] = {"Flows", KEY_IN_LIST, flows_take, flows_act, flows_draw},
    [PLACE_EVENTS] = {"Events", KEY_IN_EVENTS, events_take, events_act, events_draw},
    [PLACE_PORTS] = {"Ports", KEY_IN_PORTS, ports_take, ports_act, ports_draw},
    [PLACE_ABOUT] = {"About", KEY_IN_ABOUT, about_take, text_act, about_draw_page},
    [PLACE_FLOW] = {NULL, KEY_IN_FLOW, flow_take, flow_act, flow_draw},
    [PLACE_STREAM] = {NULL, KEY_IN_STREAM, stream_take, stream_act, stream_draw},
    [PLACE_HELP] = {NULL, KEY_IN_PAGE, flows_take, text_act, help_draw_page},
};

const char *place_title(enum place place)
{
    return places[place].title;
}

unsigned place_context(enum place place)
{
    return places[place].context;
}

void place_take(struct screen *screen, enum place place, const struct tracker *tracker)
{
    places[place].take(screen, tracker);
}

bool place_act(struct screen *screen, enum place place, enum key_action action)
{
    return places[place].act(screen, action);
}

void place_draw(struct screen *screen, enum place place, struct grid *grid, int top, int height)
{
    places[place].draw(screen, grid, top, height);
}

void place_open(struct screen *screen, enum place place)
{
    if (places[place].title)
        screen->open_count = 0;
    if (screen->open_count == PLACES_OPEN ||
        (screen->open_count > 0 && place_shown(screen) == place))
        return;
    if (place == PLACE_FLOW)
        flow_page_begin(&screen->flow);
    screen->open[screen->open_count++] = place;
    *place_text(screen) = (struct place_text){0};
}

void place_leave(struct screen *screen)
{
    if (screen->open_count > 1)
        screen->open_count--;
}

void place_show_flow(struct screen *screen, struct flow_ref flow)
{
    screen->has_aim = true;
    screen->aim = flow;
    screen->events_focused = false;
    place_open(screen, PLACE_FLOWS);
}

void place_show_filter(struct screen *screen, const char *filter)
{
    struct flow_pane *flows = &screen->flows;
    filter_line_set(&screen->line, &flows->filter, filter);
    flow_pane_reorder(flows, screen->paused);
    screen->events_focused = false;
    place_open(screen, PLACE_FLOWS);
}
