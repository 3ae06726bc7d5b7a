/*
 * The page of flows: the table, what restricts it, and below it what failed.
 */
#include "ui/motion.h"
#include "ui/place.h"

#define EVENTS_LEAST      4  /* lines: a heading and three failures */
#define EVENTS_SHARE      4  /* one line of so many */
#define EVENTS_MIN_HEIGHT 10 /* of the screen, below which the flows need the room */
#define LINE_MAX_SIZE     96
#define NARROW            60 /* where a line that is typed needs all columns */

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

void place_flows_take(struct screen *screen, const struct tracker *tracker)
{
    take_aim(screen, tracker);
    flow_pane_collect(&screen->flows, tracker, screen->status.now_ns, screen->status.live);
}

/* The cursor of the table that has the keys. */
static void move(struct screen *screen, int64_t lines)
{
    if (screen->events_focused)
        events_pane_move(&screen->events, lines);
    else if (lines == MOTION_FAR || lines == -MOTION_FAR)
        flow_pane_go(&screen->flows, lines < 0 ? CURSOR_TOP : CURSOR_LAST);
    else
        flow_pane_move(&screen->flows, lines);
}

struct extent place_flows_extent(struct screen *screen)
{
    return screen->events_focused ? events_pane_extent(&screen->events)
                                  : flow_pane_extent(&screen->flows);
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
        trouble_page_of_diagnosis(&screen->trouble, event.diagnosis);
    else if (screen->events_focused && event.failure)
        trouble_page_of_failure(&screen->trouble, event.failure, event.flow);
    else
        return;
    place_open(screen, screen->events_focused ? PLACE_TROUBLE : PLACE_FLOW);
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
static struct screen_saved saved_of(const struct flow_row *row)
{
    if (!row)
        return (struct screen_saved){0};
    return (struct screen_saved){.flow_id = row->group ? 0 : row->cold.id, .group = row->group};
}

void place_save(struct screen *screen, const struct flow_row *row, const char *path)
{
    screen->saved = saved_of(row);
    place_answer(screen, ASK_SAVE_ROW, path);
}

void place_ask_save(struct screen *screen, const struct flow_row *row)
{
    char name[LINE_EDIT_MAX];
    struct text text = text_begin(name, sizeof name);
    screen->saved = saved_of(row);
    if (screen->saved.flow_id)
        text_add(&text, "flow-%llu.pcap", (unsigned long long)screen->saved.flow_id);
    else
        text_add_string(&text, "flows.pcap");
    ask_open(&screen->ask, row ? ASK_SAVE_ROW : ASK_SAVE_SHOWN, "save packets to ", name);
}

bool place_flows_act(struct screen *screen, enum key_action action)
{
    const struct scroller *scroller =
        screen->events_focused ? &screen->events.scroller : &screen->flows.scroller;
    int64_t lines = 0;
    if (motion_of(action, (int)scroller->height, &lines))
        move(screen, lines);
    else if (action == ACTION_DETAILS)
        flows_choose(screen);
    else if (action == ACTION_STREAM)
        flows_choose_stream(screen);
    else if (action == ACTION_SAVE_ROW && screen->flows.order_count > 0)
        place_ask_save(screen, &screen->flows.cursor_row);
    else if (action == ACTION_SAVE_SHOWN)
        place_ask_save(screen, NULL);
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

void place_flows_draw(struct screen *screen, struct grid *grid, int top, int height)
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
