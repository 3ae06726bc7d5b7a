#include "ui/pointer.h"

#define WHEEL_LINES 3

static void note(struct screen *screen, struct screen_zone zone)
{
    if (screen->zone_count < SCREEN_ZONES_MAX)
        screen->zones[screen->zone_count++] = zone;
}

void pointer_note_key(struct screen *screen, int row, int left, int width, uint32_t key)
{
    note(screen, (struct screen_zone){.row = row, .left = left, .width = width, .key = key});
}

void pointer_note_tab(struct screen *screen, int row, int left, int width, enum place place)
{
    note(screen,
         (struct screen_zone){
             .row = row, .left = left, .width = width, .key = SCREEN_KEY_NONE, .place = place});
}

void pointer_note_cursor(struct screen *screen, const struct grid *grid, int top, int height)
{
    screen->page_top = top;
    screen->page_height = height;
    screen->cursor_row = -1;
    for (int row = top; row < top + height; row++) {
        if (style_is_selected(grid_cell(grid, row, 0)->style))
            screen->cursor_row = row;
    }
}

static void move(struct screen *screen, int lines)
{
    enum key_action action = lines < 0 ? ACTION_UP : ACTION_DOWN;
    for (int left = lines < 0 ? -lines : lines; left > 0; left--)
        (void)place_act(screen, place_shown(screen), action);
}

/* Lists have a line an item: those between the cursor and the click are so many steps away. */
static uint32_t click(struct screen *screen, const struct screen_mouse *mouse)
{
    bool inside =
        mouse->row >= screen->page_top && mouse->row < screen->page_top + screen->page_height;
    if (!inside || screen->cursor_row < 0)
        return SCREEN_KEY_NONE;
    move(screen, mouse->row - screen->cursor_row);
    screen->cursor_row = mouse->row;
    return mouse->kind == MOUSE_DOUBLE ? SCREEN_KEY_ENTER : SCREEN_KEY_NONE;
}

/* The other way round when it is sorted by that already. */
static void sort_flows(struct screen *screen, enum column column)
{
    struct flow_pane *flows = &screen->flows;
    flows->reversed = flows->sorted == column && !flows->reversed;
    flows->sorted = column;
    flow_pane_reorder(flows, screen->paused);
}

/* Headings, and rows of the table where the cursor is not. */
static bool use_flows(struct screen *screen, const struct screen_mouse *mouse)
{
    bool in_events =
        mouse->row >= screen->events_top && mouse->row < screen->page_top + screen->page_height;
    enum column column = COLUMN_COUNT;
    if (mouse->row == screen->page_top &&
        flow_pane_heading_at(&screen->flows, mouse->column, &column)) {
        sort_flows(screen, column);
        return true;
    }
    if (in_events == screen->events_focused)
        return false;
    int line = mouse->row - (in_events ? screen->events_top : screen->page_top);
    screen->events_focused = in_events;
    if (in_events)
        events_pane_click(&screen->events, line);
    else
        flow_pane_click(&screen->flows, line);
    return true;
}

/* The timeline of a replay is pressed, and held wherever the mouse goes then. */
static bool use_timeline(struct screen *screen, const struct screen_mouse *mouse, bool presses)
{
    const struct transport *timeline = &screen->transport;
    int column = mouse->column;
    int row = mouse->row;
    if (presses)
        screen->drags_timeline = timeline->is_shown && transport_hit(timeline, row, column) >= 0;
    if (!screen->drags_timeline)
        return false;
    if (column < timeline->left)
        column = timeline->left;
    if (column >= timeline->left + timeline->width)
        column = timeline->left + timeline->width - 1;
    double part = transport_hit(timeline, timeline->row, column);
    screen->drags_timeline = mouse->kind != MOUSE_RELEASE;
    /* A screen that was made smaller may have none any more. */
    if (part >= 0)
        screen->request = (struct screen_request){.kind = SCREEN_REQUEST_SEEK_PART, .number = part};
    return true;
}

uint32_t pointer_use(struct screen *screen, const struct screen_mouse *mouse)
{
    if (mouse->kind == MOUSE_WHEEL_UP || mouse->kind == MOUSE_WHEEL_DOWN) {
        move(screen, mouse->kind == MOUSE_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
        return SCREEN_KEY_NONE;
    }
    bool presses = mouse->kind == MOUSE_PRESS || mouse->kind == MOUSE_DOUBLE;
    for (unsigned at = 0; at < screen->zone_count && presses; at++) {
        const struct screen_zone *zone = &screen->zones[at];
        if (mouse->row != zone->row || mouse->column < zone->left ||
            mouse->column >= zone->left + zone->width)
            continue;
        if (zone->key == SCREEN_KEY_NONE)
            place_open(screen, zone->place);
        return zone->key;
    }
    if (use_timeline(screen, mouse, presses) || !presses)
        return SCREEN_KEY_NONE;
    bool is_done = place_shown(screen) == PLACE_FLOWS && use_flows(screen, mouse);
    return is_done ? SCREEN_KEY_NONE : click(screen, mouse);
}
