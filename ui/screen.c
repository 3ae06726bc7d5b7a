#include "ui/screen.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/details.h"
#include "ui/events_pane.h"
#include "ui/flow_pane.h"
#include "ui/help.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/title.h"

#define EVENTS_LEAST      4  /* lines: a heading and three failures */
#define EVENTS_SHARE      4  /* one line of so many */
#define EVENTS_MIN_HEIGHT 10 /* of the screen, below which the flows need the room */
#define LINE_MAX_SIZE     (ROWFILTER_TEXT_MAX * 4 + 96)
#define LAST_ASCII        0x7e

enum shown { SHOWN_TABLES, SHOWN_HELP, SHOWN_DETAILS };

struct screen {
    bool utf8;
    bool paused;
    bool typing; /* the filter line has the keys */
    enum shown shown;
    bool events_hidden;
    bool events_focused;
    int page_first, page_height, page_lines; /* of help or details */
    struct known known;
    struct details details;
    struct flow_pane flows;
    struct events_pane events;
};

int screen_open(struct screen **screen, const struct screen_options *options, struct err *err)
{
    struct screen *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the screen; --no-ui needs less");
    opened->utf8 = options->utf8;
    uint32_t max_flows = options->max_flows ? options->max_flows : TRACKER_MAX_FLOWS_DEFAULT;
    int failed = flow_pane_open(&opened->flows, &opened->known, max_flows, err);
    if (failed) {
        free(opened);
        return failed;
    }
    opened->known.names = options->names;
    opened->known.diagnoser = options->diagnoser;
    opened->details.known = &opened->known;
    opened->details.utf8 = opened->flows.utf8 = opened->events.utf8 = options->utf8;
    opened->details.local_time = opened->events.local_time = options->local_time;
    events_pane_open(&opened->events, &opened->known);
    *screen = opened;
    return 0;
}

void screen_close(struct screen *screen)
{
    if (!screen)
        return;
    flow_pane_close(&screen->flows);
    free(screen);
}

void screen_event(struct screen *screen, const struct tracker *tracker,
                  const struct flow_event *event)
{
    struct flow_view view;
    if (event_is_failure((enum event_kind)event->kind) && tracker_look(tracker, event->flow, &view))
        events_pane_add(&screen->events, view, event);
}

static void reorder(struct screen *screen)
{
    flow_pane_reorder(&screen->flows, screen->paused);
}

static void move(struct screen *screen, int lines, int pages)
{
    if (screen->shown != SHOWN_TABLES) {
        int page = (int)scroller_page((uint32_t)screen->page_height);
        screen->page_first += lines + pages * page;
    } else if (screen->events_focused) {
        if (pages != 0)
            events_pane_move_pages(&screen->events, pages);
        else
            events_pane_move(&screen->events, lines);
    } else if (pages != 0) {
        flow_pane_move_pages(&screen->flows, pages);
    } else {
        flow_pane_move(&screen->flows, lines);
    }
}

static void go_to_end(struct screen *screen, enum flow_cursor cursor)
{
    int far = cursor == CURSOR_TOP ? -FAILURE_LOG_MAX : FAILURE_LOG_MAX;
    if (screen->shown != SHOWN_TABLES || screen->events_focused)
        move(screen, far, 0);
    else
        flow_pane_go(&screen->flows, cursor);
}

static void change_view(struct screen *screen, enum key_action action)
{
    struct flow_pane *flows = &screen->flows;
    if (action == ACTION_SORT_NEXT)
        flow_pane_sort(flows, 1);
    else if (action == ACTION_SORT_PREVIOUS)
        flow_pane_sort(flows, -1);
    else if (action == ACTION_REVERSE)
        flows->reversed = !flows->reversed;
    else if (action == ACTION_OPEN_ONLY)
        flows->open_only = !flows->open_only;
    else
        rowfilter_clear(&flows->filter);
    reorder(screen);
}

static void show(struct screen *screen, enum shown shown)
{
    screen->shown = shown;
    screen->page_first = 0;
}

/* Details of what the cursor is on, if it is on anything. */
static void choose(struct screen *screen)
{
    struct events_choice event = events_pane_choice(&screen->events);
    const struct flow_pane *flows = &screen->flows;
    if (!screen->events_focused && flows->order_count > 0)
        details_of_flow(&screen->details, &flows->cursor_row);
    else if (screen->events_focused && event.diagnosis)
        details_of_diagnosis(&screen->details, event.diagnosis);
    else if (screen->events_focused && event.failure)
        details_of_failure(&screen->details, event.failure, event.flow);
    else
        return;
    show(screen, SHOWN_DETAILS);
}

static void act(struct screen *screen, enum key_action action)
{
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        move(screen, action == ACTION_UP ? -1 : 1, 0);
        break;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        move(screen, 0, action == ACTION_PAGE_UP ? -1 : 1);
        break;
    case ACTION_TOP:
    case ACTION_BOTTOM:
        go_to_end(screen, action == ACTION_TOP ? CURSOR_TOP : CURSOR_LAST);
        break;
    case ACTION_HELP:
        show(screen, SHOWN_HELP);
        break;
    case ACTION_DETAILS:
        choose(screen);
        break;
    case ACTION_PAGE_CLOSE:
        show(screen, SHOWN_TABLES);
        break;
    case ACTION_PAUSE:
        screen->paused = !screen->paused;
        events_pane_pause(&screen->events, screen->paused);
        break;
    case ACTION_EVENTS:
        screen->events_hidden = !screen->events_hidden;
        break;
    case ACTION_FOCUS:
        screen->events_focused = !screen->events_focused;
        break;
    case ACTION_FILTER:
    case ACTION_FILTER_KEEP:
        screen->typing = action == ACTION_FILTER;
        break;
    case ACTION_SORT_NEXT:
    case ACTION_SORT_PREVIOUS:
    case ACTION_REVERSE:
    case ACTION_OPEN_ONLY:
    case ACTION_UNFILTER:
        change_view(screen, action);
        break;
    default: /* REDRAW is the terminal's, QUIT is answered, the rest belongs to the filter line */
        break;
    }
}

static void type(struct screen *screen, uint32_t key)
{
    struct rowfilter *filter = &screen->flows.filter;
    enum key_action action = keymap_find(KEY_IN_FILTER, key);
    bool changed = false;
    if (action == ACTION_FILTER_ERASE) {
        changed = rowfilter_erase(filter);
    } else if (action == ACTION_FILTER_DROP || action == ACTION_FILTER_ERASE_ALL) {
        rowfilter_clear(filter);
        screen->typing = action == ACTION_FILTER_ERASE_ALL;
        changed = true;
    } else if (action == ACTION_NONE) {
        changed = rowfilter_type(filter, key);
    } else {
        act(screen, action);
    }
    if (changed)
        reorder(screen);
}

enum screen_answer screen_key(struct screen *screen, uint32_t key)
{
    if (screen->typing) {
        type(screen, key);
        return SCREEN_STAY;
    }
    enum key_action action =
        keymap_find(screen->shown != SHOWN_TABLES ? KEY_IN_PAGE : KEY_IN_LIST, key);
    act(screen, action);
    return action == ACTION_QUIT ? SCREEN_QUIT : SCREEN_STAY;
}

/* Which rows are left out, above the footer; returns how many lines that takes. */
static int draw_restrictions(struct screen *screen, struct grid *grid, int bottom)
{
    const struct flow_pane *flows = &screen->flows;
    if (!screen->typing && flows->filter.len == 0 && !flows->open_only)
        return 0;
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    text_add_grouped(&text, flows->matching);
    text_add(&text, flows->matching == 1 ? " row" : " rows");
    if (flows->open_only)
        text_add(&text, "  open only");
    int used = grid_text(grid, bottom, 0, grid->width, STYLE_DIM, line);
    if (!screen->typing && flows->filter.len == 0)
        return 1;
    text = text_begin(line, sizeof line);
    text_add(&text, "  /");
    text_add_untrusted(&text, flows->filter.text, flows->filter.len);
    text_add(&text, screen->typing ? "_" : "");
    (void)grid_text(grid, bottom, used, grid->width - used, STYLE_PROMPT, line);
    return 1;
}

/* Why there are no rows, where rows would be. */
static void draw_hint(struct screen *screen, const struct screen_status *status, struct grid *grid,
                      int row)
{
    const struct flow_pane *flows = &screen->flows;
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    if (flows->order_count > 0)
        return;
    if (flows->filter.len > 0 || flows->open_only)
        text_add(&text, "no row passes the filter");
    else if (status->ended)
        text_add(&text, "no flows");
    else
        text_add(&text, status->live ? "waiting for packets" : "reading");
    (void)grid_text(grid, row, 0, grid->width, STYLE_DIM, line);
}

static void draw_tables(struct screen *screen, const struct screen_status *status,
                        struct grid *grid, int top, int bottom)
{
    int room = bottom - top;
    int events = grid->height / EVENTS_SHARE;
    if (events < EVENTS_LEAST)
        events = EVENTS_LEAST;
    if (screen->events_hidden || grid->height < EVENTS_MIN_HEIGHT || events >= room)
        events = 0;
    if (events == 0)
        screen->events_focused = false;
    bool focused = !screen->events_focused;
    flow_pane_draw(&screen->flows, grid, top, room - events, focused);
    if (room - events > 1)
        draw_hint(screen, status, grid, top + 1);
    events_pane_draw(&screen->events, grid, bottom - events, events, !focused);
}

static int draw_page(const struct screen *screen, const struct screen_status *status,
                     struct grid *grid, int top, int height)
{
    if (screen->shown == SHOWN_HELP)
        return help_draw(grid, top, height, screen->page_first, status);
    return details_draw(&screen->details, grid, top, height, screen->page_first);
}

static void draw_shown_page(struct screen *screen, const struct screen_status *status,
                            struct grid *grid, int top, int bottom)
{
    screen->page_height = bottom > top ? bottom - top : 0;
    screen->page_lines = draw_page(screen, status, grid, top, 0);
    int last = screen->page_lines - screen->page_height;
    if (screen->page_first > last)
        screen->page_first = last;
    if (screen->page_first < 0)
        screen->page_first = 0;
    (void)draw_page(screen, status, grid, top, screen->page_height);
}

/* That there is more of the page than is in sight, and how to get there. */
static void draw_page_place(const struct screen *screen, struct grid *grid, int row, int column)
{
    int end = screen->page_first + screen->page_height;
    if (screen->page_lines <= screen->page_height)
        return;
    char line[LINE_MAX_SIZE];
    struct text text = text_begin(line, sizeof line);
    text_add(&text, "%s %s", keymap_key_name(KEY_IN_PAGE, ACTION_PAGE_DOWN),
             keymap_key_name(KEY_IN_PAGE, ACTION_PAGE_UP));
    column += grid_text(grid, row, column, grid->width - column, STYLE_KEY, line) + 1;
    text = text_begin(line, sizeof line);
    text_add(&text, "scroll: %d-%d of %d", screen->page_first + 1, end, screen->page_lines);
    (void)grid_text(grid, row, column, grid->width - column, STYLE_NORMAL, line);
}

static void draw_footer(const struct screen *screen, struct grid *grid, int row)
{
    enum key_context context = KEY_IN_LIST;
    if (screen->shown != SHOWN_TABLES)
        context = KEY_IN_PAGE;
    else if (screen->typing)
        context = KEY_IN_FILTER;
    int column = keymap_draw_footer(grid, row, 0, context);
    if (screen->shown != SHOWN_TABLES)
        draw_page_place(screen, grid, row, column);
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

static void take_picture(struct screen *screen, const struct tracker *tracker,
                         const struct screen_status *status)
{
    known_take(&screen->known);
    flow_pane_collect(&screen->flows, tracker, status->now_ns, status->live);
    if (screen->shown == SHOWN_DETAILS)
        details_take(&screen->details, &screen->flows, tracker);
}

void screen_draw(struct screen *screen, const struct tracker *tracker,
                 const struct screen_status *status, struct grid *grid)
{
    assert(grid->width > 0 && grid->height > 0);
    grid_clear(grid);
    if (!screen->paused)
        take_picture(screen, tracker, status);
    int top = title_draw(grid, status, tracker_stats(tracker), screen->paused);
    int footer = grid->height - 1;
    int bottom = footer;
    if (screen->shown != SHOWN_TABLES) {
        draw_shown_page(screen, status, grid, top, bottom);
    } else {
        if (footer - 1 >= top)
            bottom -= draw_restrictions(screen, grid, footer - 1);
        draw_tables(screen, status, grid, top, bottom);
    }
    if (footer >= top)
        draw_footer(screen, grid, footer);
    if (!screen->utf8)
        reduce_to_ascii(grid);
}
