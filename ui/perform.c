#include "ui/perform.h"

#include <assert.h>

#include "ui/copy.h"
/* A flow that the user is looking at, as it is copied; its processes as they are known. */
struct chosen {
    struct copy_flow flow;
    struct owner owner[2]; /* of what has no flow in the table */
};

static bool choose_row(const struct screen *screen, const struct flow_row *row,
                       struct chosen *chosen)
{
    if (!row)
        return false;
    const struct flow_view view = {.hot = &row->hot, .cold = &row->cold};
    chosen->flow.tuple = &row->hot.tuple;
    chosen->flow.client = row->hot.client;
    for (unsigned end = 0; end < 2; end++)
        chosen->flow.owner[end] = known_owner(&screen->known, view, end);
    return true;
}

static void choose_case(const struct failure_case *seen, struct chosen *chosen)
{
    chosen->flow.tuple = &seen->tuple;
    chosen->flow.client = seen->client;
}

/* The flow of an event, which may have left the table: the event knows enough of it. */
static bool choose_event(const struct screen *screen, struct chosen *chosen)
{
    const struct events_case *seen = events_page_chosen(screen->events_page);
    if (!seen)
        return false;
    choose_case(&seen->seen, chosen);
    for (unsigned at = 0; at < 2; at++) {
        unsigned end = at == 0 ? seen->seen.client : !seen->seen.client;
        chosen->owner[end].pid = seen->names[at].pid;
        chosen->flow.owner[end] = seen->names[at].pid != 0 ? &chosen->owner[end] : NULL;
    }
    return true;
}

static bool choose_failure(const struct failure *failure, struct chosen *chosen)
{
    if (failure)
        choose_case(&failure->latest, chosen);
    return failure != NULL;
}

static bool choose_trouble(const struct screen *screen, struct chosen *chosen)
{
    const struct trouble_page *trouble = &screen->trouble;
    if (trouble->kind == TROUBLE_DIAGNOSIS)
        return choose_row(screen, trouble_page_flow(trouble), chosen);
    return trouble->flows[0].is_found ? choose_row(screen, &trouble->flows[0].row, chosen)
                                      : choose_failure(&trouble->failure, chosen);
}

/* False: there is none. */
static bool choose_flow(const struct screen *screen, struct chosen *chosen)
{
    const struct flow_pane *flows = &screen->flows;
    *chosen = (struct chosen){.flow.tuple = NULL};
    switch (place_shown(screen)) {
    case PLACE_STREAM:
        return choose_row(screen, &screen->stream.row, chosen);
    case PLACE_FLOW:
        return choose_row(screen, &screen->details.row, chosen);
    case PLACE_EVENTS:
        return choose_event(screen, chosen);
    case PLACE_TROUBLE:
        return choose_trouble(screen, chosen);
    case PLACE_FLOWS:
        if (screen->events_focused)
            return choose_failure(events_pane_choice(&screen->events).failure, chosen);
        return flows->order_count > 0 && !flows->cursor_row.group &&
               choose_row(screen, &flows->cursor_row, chosen);
    default:
        return false;
    }
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

/* NULL: none. */
static const struct diagnosis *chosen_diagnosis(const struct screen *screen)
{
    unsigned at = 0;
    switch (place_shown(screen)) {
    case PLACE_TROUBLE:
        return screen->trouble.kind == TROUBLE_DIAGNOSIS ? &screen->trouble.diagnosis : NULL;
    case PLACE_EVENTS:
        return events_page_target(screen->events_page).diagnosis;
    case PLACE_FLOWS:
        return screen->events_focused ? events_pane_choice(&screen->events).diagnosis : NULL;
    case PLACE_FLOW:
        return known_walk(&screen->known, flow_row_look(&screen->details.row, 0).view, &at);
    default:
        return NULL;
    }
}

unsigned perform_copyable(const struct screen *screen)
{
    struct chosen chosen;
    unsigned contexts = 0;
    if (choose_flow(screen, &chosen) || chosen_server(screen))
        contexts |= KEY_IN_COPY;
    return contexts | (chosen_diagnosis(screen) ? (unsigned)KEY_IN_COPY_DIAGNOSIS : 0);
}

void perform_copy_text(struct screen *screen, const char *words)
{
    screen->request = (struct screen_request){.kind = SCREEN_REQUEST_COPY};
    struct text text = text_begin(screen->request.text, sizeof screen->request.text);
    text_add_string(&text, words);
}

/* What to say where there is no such text; NULL: it was written. */
static const char *write_chosen(const struct screen *screen, enum copy_kind kind, struct text *text)
{
    const struct diagnosis *diagnosis = chosen_diagnosis(screen);
    const struct tuple *server = chosen_server(screen);
    struct chosen chosen;
    if (kind == COPY_DIAGNOSIS || kind == COPY_ADVICE)
        return diagnosis && copy_write_diagnosis(kind, diagnosis, text)
                   ? NULL
                   : "no diagnosis is chosen, so nothing was copied";
    if (choose_flow(screen, &chosen))
        return copy_write(kind, &chosen.flow, text)
                   ? NULL
                   : "the flow's processes are not known, so nothing was copied";
    if (!server)
        return "no flow is chosen, so nothing was copied";
    return copy_write_end(kind, server, 0, text)
               ? NULL
               : "a group has no pids to copy; choose one of its flows";
}

void perform_copy(struct screen *screen, enum copy_kind kind)
{
    static_assert(SCREEN_REQUEST_TEXT >= COPY_DIAGNOSIS_MAX, "what is copied has room");
    char words[SCREEN_REQUEST_TEXT];
    struct text text = text_begin(words, sizeof words);
    const char *why_not = write_chosen(screen, kind, &text);
    if (why_not)
        screen_say(screen, STYLE_WARNING, why_not);
    else
        perform_copy_text(screen, words);
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
