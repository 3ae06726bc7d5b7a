#include "ui/perform.h"

#include <string.h>

/* NULL: the event has none, or it is gone. */
static const struct flow_row *event_flow(const struct screen *screen)
{
    struct events_target target = events_page_target(screen->events_page);
    const struct flow_ref *taken = &screen->event_row.ref;
    bool is_taken = target.has_flow && taken->index == target.flow.index &&
                    taken->generation == target.flow.generation;
    return is_taken ? &screen->event_row : NULL;
}

/* The flow that the user is looking at; NULL: none. */
static const struct flow_row *chosen_flow(const struct screen *screen)
{
    enum place place = place_shown(screen);
    if (place == PLACE_STREAM)
        return &screen->stream.row;
    if (place == PLACE_FLOW)
        return screen->details.has_flow ? &screen->details.row : NULL;
    if (place == PLACE_EVENTS)
        return event_flow(screen);
    if (place != PLACE_FLOWS)
        return NULL;
    bool chosen =
        !screen->events_focused && screen->flows.order_count > 0 && !screen->flows.cursor_row.group;
    return chosen ? &screen->flows.cursor_row : NULL;
}

/* The group that the cursor is on, if it is that of a server; NULL: none. */
static const struct tuple *chosen_server(const struct screen *screen)
{
    const struct flow_pane *flows = &screen->flows;
    bool is_group = place_shown(screen) == PLACE_FLOWS && !screen->events_focused &&
                    flows->order_count > 0 && flows->cursor_row.group != 0;
    const struct tuple *place = &flows->cursor_row.key.place;
    return is_group && place->protocol != 0 && place->port[0] != 0 ? place : NULL;
}

static bool write_chosen(struct screen *screen, enum copy_kind kind, const struct flow_row *row,
                         struct text *text)
{
    if (!row)
        return copy_write_end(kind, chosen_server(screen), 0, text);
    struct flow_view flow = flow_row_look(row, 0).view;
    const struct owner *owners[2];
    for (unsigned end = 0; end < 2; end++)
        owners[end] = known_owner(&screen->known, flow, end);
    return copy_write(kind, flow, owners, text);
}

void perform_copy(struct screen *screen, enum copy_kind kind)
{
    const struct flow_row *row = chosen_flow(screen);
    if (!row && !chosen_server(screen)) {
        screen_say(screen, STYLE_WARNING, "no flow is chosen, so nothing was copied");
        return;
    }
    struct screen_request request = {.kind = SCREEN_REQUEST_COPY};
    struct text text = text_begin(request.text, sizeof request.text);
    if (write_chosen(screen, kind, row, &text))
        screen->request = request;
    else
        screen_say(screen, STYLE_WARNING,
                   row ? "the flow's processes are not known, so nothing was copied"
                       : "a group has no pids to copy; choose one of its flows");
}

/* The flows are as it was set. */
static void follow(struct screen *screen, enum command_name name)
{
    if (name == COMMAND_COLUMNS)
        screen->flows.choice = screen->preferences.columns;
    if (name == COMMAND_GROUP)
        flow_pane_group(&screen->flows, screen->preferences.grouping);
    if (name != COMMAND_SORT)
        return;
    screen->flows.sorted = screen->preferences.sorted;
    screen->flows.reversed = screen->preferences.reversed;
    flow_pane_reorder(&screen->flows, screen->paused);
}

/* What is wrong is seen best where it is typed. */
static void filter(struct screen *screen, const char *text)
{
    place_show_filter(screen, text);
    if (screen->line.note.verdict == FILTER_GOOD)
        return;
    screen->typing = true;
    filter_line_open(&screen->line);
}

static void ask_replay(struct screen *screen, enum screen_request_kind kind,
                       const struct command *command)
{
    screen->request = (struct screen_request){.kind = kind, .number = command->speed};
    struct text text = text_begin(screen->request.text, sizeof screen->request.text);
    text_add_string(&text, command->text);
}

enum key_action perform_command(struct screen *screen, const struct command *command)
{
    if (command->name == COMMAND_ACTION)
        return command->action;
    if (command->name == COMMAND_FILTER)
        filter(screen, command->text);
    else if (command->name == COMMAND_SEEK)
        ask_replay(screen, SCREEN_REQUEST_SEEK, command);
    else if (command->name == COMMAND_SPEED)
        ask_replay(screen, SCREEN_REQUEST_SPEED_TO, command);
    else if (command->name == COMMAND_COPY)
        perform_copy(screen, command->copy);
    else if (!preferences_apply(&screen->preferences, command))
        screen_say(screen, STYLE_WARNING, "there are more keys than fit; unmap some");
    else
        follow(screen, command->name);
    return ACTION_NONE;
}
