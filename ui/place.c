#include "ui/place.h"

#include <string.h>

#include "ui/about.h"
#include "ui/help.h"
#include "ui/perform.h"

static void events_take(struct screen *screen, const struct tracker *tracker)
{
    (void)tracker;
    events_page_take(screen->events_page);
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
        trouble_page_of_diagnosis(&screen->trouble, target.diagnosis);
        place_open(screen, PLACE_TROUBLE);
    }
    return true;
}

static struct extent events_extent(struct screen *screen)
{
    return scroller_extent(&screen->events_page->scroller, screen->events_page->line_count);
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

static bool ports_are_whole(const struct screen *screen)
{
    return !screen->status.live || screen->ports_page->picture.number > 0;
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

static struct extent ports_extent(struct screen *screen)
{
    const struct ports_page *ports = screen->ports_page;
    return scroller_extent(&ports->scroller, (uint32_t)ports->picture.count);
}

static void ports_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    ports_page_draw(screen->ports_page, grid, top, height);
}

/* Pages of text. */

static bool text_act(struct screen *screen, enum key_action action)
{
    return page_view_act(place_view(screen), action);
}

static struct extent text_extent(struct screen *screen)
{
    return page_view_extent(place_view(screen));
}

/* Draws it once to count its lines, which say how far it can be scrolled, and once to see it. */
static void text_draw(struct screen *screen, struct grid *grid, int top, int height,
                      int (*draw)(struct screen *, struct grid *, int, int))
{
    struct page_view *view = place_view(screen);
    page_view_fit(view, draw(screen, grid, top, 0), height);
    (void)draw(screen, grid, top, view->height);
}

/* All about a flow, and what it said. */

/* The table goes on below a page, unless it is held. */
static void table_take(struct screen *screen, const struct tracker *tracker)
{
    if (!screen->paused)
        place_flows_take(screen, tracker);
}

static void flow_take(struct screen *screen, const struct tracker *tracker)
{
    table_take(screen, tracker);
    flow_page_take(&screen->flow, &screen->flows, tracker);
}

static bool flow_is_whole(const struct screen *screen)
{
    return flow_page_is_whole(&screen->flow);
}

static bool flow_act(struct screen *screen, enum key_action action)
{
    if (action != ACTION_STREAM && action != ACTION_SAVE_ROW)
        return flow_page_act(&screen->flow, action);
    if (action == ACTION_SAVE_ROW) {
        place_ask_save(screen, &screen->details.row);
        return true;
    }
    stream_page_choose(&screen->stream, &screen->details.row);
    place_open(screen, PLACE_STREAM);
    return true;
}

static struct extent flow_extent(struct screen *screen)
{
    return flow_page_extent(&screen->flow);
}

static void flow_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    flow_page_draw(&screen->flow, grid, top, height);
}

/* All about a diagnosis or a failure. */

static void trouble_take(struct screen *screen, const struct tracker *tracker)
{
    table_take(screen, tracker);
    trouble_page_take(&screen->trouble, &screen->flows, tracker);
}

static bool trouble_is_whole(const struct screen *screen)
{
    return !screen->trouble.is_looking;
}

/* What the cursor is on: advice is copied, a flow is shown. */
static void trouble_choose(struct screen *screen)
{
    const struct flow_row *flow = trouble_page_flow(&screen->trouble);
    const char *advice = trouble_page_advice(&screen->trouble);
    if (flow) {
        details_of_flow(&screen->details, flow);
        place_open(screen, PLACE_FLOW);
    } else if (advice) {
        perform_copy_text(screen, advice);
    } else {
        screen_say(screen, STYLE_WARNING, "choose a line of advice, or a flow");
    }
}

static bool trouble_act(struct screen *screen, enum key_action action)
{
    if (action != ACTION_CHOOSE)
        return trouble_page_act(&screen->trouble, action);
    trouble_choose(screen);
    return true;
}

static struct extent trouble_extent(struct screen *screen)
{
    return trouble_page_extent(&screen->trouble);
}

static void trouble_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    trouble_page_draw(&screen->trouble, grid, top, height);
}

static void stream_take(struct screen *screen, const struct tracker *tracker)
{
    table_take(screen, tracker);
    stream_page_take(&screen->stream, &screen->flows, tracker, screen->status.ended);
}

static bool stream_is_whole(const struct screen *screen)
{
    return stream_page_is_whole(&screen->stream);
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
    if (request->flow_id)
        return flow.cold->id == request->flow_id;
    return flow_pane_has(&screen->flows, ref, flow, request->group);
}

void place_answer(struct screen *screen, enum ask_kind kind, const char *answer)
{
    const struct flow_row *row = &screen->stream.row;
    struct screen_request *request = &screen->request;
    if (kind == ASK_SEARCH) {
        stream_page_search(&screen->stream, answer);
        return;
    }
    if (kind == ASK_SAVE_ROW || kind == ASK_SAVE_SHOWN)
        *request = (struct screen_request){.kind = SCREEN_REQUEST_SAVE_FLOWS,
                                           .flow_id = screen->saved.flow_id,
                                           .group = screen->saved.group};
    else
        *request = (struct screen_request){.kind = SCREEN_REQUEST_SAVE_STREAM,
                                           .flow = row->ref,
                                           .flow_id = row->cold.id,
                                           .side = kind == ASK_SAVE_CLIENT ? row->hot.client
                                                                           : !row->hot.client};
    struct text text = text_begin(request->text, sizeof request->text);
    text_add_string(&text, answer);
}

static struct extent stream_extent(struct screen *screen)
{
    return stream_page_extent(&screen->stream);
}

static void stream_draw(struct screen *screen, struct grid *grid, int top, int height)
{
    stream_page_draw(&screen->stream, grid, top, height);
}

/* Pages of text. */

static int draw_help(struct screen *screen, struct grid *grid, int top, int height)
{
    enum place below = screen->open[screen->open_count > 1 ? screen->open_count - 2 : 0];
    const struct help help = {.status = &screen->status,
                              .keymap = &screen->preferences.keymap,
                              .context = place_context(below)};
    return help_draw(&help, grid, top, height, place_view(screen)->first);
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
    return about_draw(grid, top, height, place_view(screen)->first, &screen->status);
}

static void about_draw_page(struct screen *screen, struct grid *grid, int top, int height)
{
    text_draw(screen, grid, top, height, draw_about);
}

/* `is_whole`: the picture has all that there is; NULL: it always has. */
static const struct {
    const char *title;
    unsigned context;
    void (*take)(struct screen *, const struct tracker *);
    bool (*is_whole)(const struct screen *);
    bool (*act)(struct screen *, enum key_action);
    struct extent (*extent)(struct screen *);
    void (*draw)(struct screen *, struct grid *, int top, int height);
} places[PLACE_COUNT] = {
    [PLACE_FLOWS] = {"Flows", KEY_IN_LIST, place_flows_take, NULL, place_flows_act,
                     place_flows_extent, place_flows_draw},
    [PLACE_EVENTS] = {"Events", KEY_IN_EVENTS, events_take, NULL, events_act, events_extent,
                      events_draw},
    [PLACE_PORTS] = {"Ports", KEY_IN_PORTS, ports_take, ports_are_whole, ports_act, ports_extent,
                     ports_draw},
    [PLACE_ABOUT] = {"About", KEY_IN_ABOUT, about_take, NULL, text_act, text_extent,
                     about_draw_page},
    [PLACE_FLOW] = {NULL, KEY_IN_FLOW, flow_take, flow_is_whole, flow_act, flow_extent, flow_draw},
    [PLACE_STREAM] = {NULL, KEY_IN_STREAM, stream_take, stream_is_whole, stream_act, stream_extent,
                      stream_draw},
    [PLACE_TROUBLE] = {NULL, KEY_IN_TROUBLE, trouble_take, trouble_is_whole, trouble_act,
                       trouble_extent, trouble_draw},
    [PLACE_HELP] = {NULL, KEY_IN_PAGE, place_flows_take, NULL, text_act, text_extent,
                    help_draw_page},
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
    screen->is_opened =
        screen->is_opened && places[place].is_whole && !places[place].is_whole(screen);
}

void place_take_opened(struct screen *screen, enum place place, const struct tracker *tracker)
{
    if (screen->is_opened && places[place].is_whole)
        place_take(screen, place, tracker);
}

bool place_act(struct screen *screen, enum place place, enum key_action action)
{
    return places[place].act(screen, action);
}

struct extent place_extent(struct screen *screen, enum place place)
{
    return places[place].extent(screen);
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
    screen->is_opened = true;
    *place_view(screen) = (struct page_view){0};
}

void place_leave(struct screen *screen)
{
    if (screen->open_count > 1)
        screen->open_count--;
    screen->is_opened = false;
}

void place_use_utf8(struct screen *screen)
{
    bool utf8 = screen->terminal_utf8 && screen->preferences.utf8;
    bool *const pages[] = {
        &screen->utf8,           &screen->line.utf8,         &screen->flows.utf8,
        &screen->events.utf8,    &screen->details.utf8,      &screen->trouble.utf8,
        &screen->flow.utf8,      &screen->flow.ladder.utf8,  &screen->flow.notes.utf8,
        &screen->stream.utf8,    &screen->events_page->utf8, &screen->ports_page->utf8,
        &screen->transport.utf8,
    };
    for (size_t at = 0; at < sizeof pages / sizeof pages[0]; at++)
        *pages[at] = utf8;
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
