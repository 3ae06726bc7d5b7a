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

/* The flow of the table, or the group, that the user is looking at; NULL: none. */
static const struct flow_row *chosen_row(const struct screen *screen)
{
    const struct flow_pane *flows = &screen->flows;
    const struct trouble_page *trouble = &screen->trouble;
    switch (place_shown(screen)) {
    case PLACE_STREAM:
        return &screen->stream.row;
    case PLACE_FLOW:
        return &screen->details.row;
    case PLACE_TROUBLE:
        if (trouble->kind == TROUBLE_DIAGNOSIS)
            return trouble_page_flow(trouble);
        return trouble->flows[0].is_found ? &trouble->flows[0].row : NULL;
    case PLACE_FLOWS:
        return !screen->events_focused && flows->order_count > 0 ? &flows->cursor_row : NULL;
    default:
        return NULL;
    }
}

/* The group that the cursor is on, if it is that of a server; NULL: none. */
static const struct tuple *chosen_server(const struct screen *screen)
{
    const struct flow_row *row = chosen_row(screen);
    const struct tuple *place = row && row->group != 0 ? &row->key.place : NULL;
    return place && place->protocol != 0 && place->port[0] != 0 ? place : NULL;
}

static void save(struct screen *screen, const struct command *command)
{
    bool is_all = command->name == COMMAND_SAVE_ALL;
    const struct flow_row *row = is_all ? NULL : chosen_row(screen);
    if (is_all || row)
        place_save(screen, row, command->text);
    else
        screen_say(screen, STYLE_WARNING,
                   "no flow is chosen, so nothing was saved; save-all saves all that are shown");
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

/* The screen does not show it at once, so it is said. */
static void say_closed_age(struct screen *screen)
{
    char sentence[SCREEN_SAYING];
    struct text text = text_begin(sentence, sizeof sentence);
    int64_t age_ns = screen->preferences.closed_age_ns;
    if (!screen->status.live) {
        text_add_string(&text, "flows of a file all stay; those of lo would ");
        text_add_string(&text, age_ns > 0 ? "leave" : "stay");
    } else {
        text_add_string(&text, "flows that are over ");
        text_add_string(&text, age_ns > 0 ? "leave" : "stay as long as there is room");
    }
    if (age_ns > 1) {
        text_add_string(&text, " after ");
        text_add_span(&text, age_ns);
    } else if (age_ns > 0) {
        text_add_string(&text, " at once");
    }
    screen_say(screen, screen->status.live ? STYLE_NORMAL : STYLE_WARNING, sentence);
}

/* What is seen is as it was set. */
static void follow(struct screen *screen, enum command_name name)
{
    if (name == COMMAND_CLOSED_AGE)
        say_closed_age(screen);
    if (name == COMMAND_UTF8)
        place_use_utf8(screen);
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
    else if (command->name == COMMAND_SAVE || command->name == COMMAND_SAVE_ALL)
        save(screen, command);
    else if (command->name == COMMAND_COPY)
        perform_copy(screen, command->copy);
    else if (!preferences_apply(&screen->preferences, command))
        screen_say(screen, STYLE_WARNING, "there are more keys than fit; unmap some");
    else
        follow(screen, command->name);
    return ACTION_NONE;
}
