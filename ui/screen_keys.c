/* What has the keys: the page in sight, or one of the lines that are typed. */
#include "ui/screen_keys.h"

#include <assert.h>

#include "ui/perform.h"
#include "ui/pointer.h"

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
        screen->transport.typing = screen->transport.is_shown;
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
    enum key_action action = keymap_find(&screen->preferences.keymap, KEY_IN_SEEK, key);
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
    case ACTION_COMMAND:
        screen->commanding = true;
        prompt_open(&screen->prompt);
        break;
    case ACTION_COPY:
        screen->copying = perform_copyable(screen);
        if (!screen->copying)
            screen_say(screen, STYLE_WARNING, "there is nothing to copy here");
        break;
    case ACTION_COPY_TUPLE:
    case ACTION_COPY_TCPDUMP:
    case ACTION_COPY_WIRESHARK:
    case ACTION_COPY_SS:
    case ACTION_COPY_PIDS:
    case ACTION_COPY_DIAGNOSIS:
    case ACTION_COPY_ADVICE:
        perform_copy(screen, (enum copy_kind)(action - ACTION_COPY_TUPLE));
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
    enum key_action action = keymap_find(&screen->preferences.keymap, KEY_IN_FILTER, key);
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
    enum key_action action = keymap_find(&screen->preferences.keymap, KEY_IN_ASK, key);
    if (ask_key(&screen->ask, key, action))
        place_answer(screen, kind, screen->ask.line.text);
}

static enum key_action command(struct screen *screen, uint32_t key)
{
    static_assert(ACTION_COPY_ADVICE - ACTION_COPY_TUPLE == COPY_ADVICE - COPY_TUPLE,
                  "ui/key.def and ui/copy.def have one order");
    struct command command;
    enum key_action action = keymap_find(&screen->preferences.keymap, KEY_IN_PROMPT, key);
    enum prompt_answer answer = prompt_key(&screen->prompt, key, action, &command);
    screen->commanding = answer == PROMPT_STAY;
    return answer == PROMPT_RUN ? perform_command(screen, &command) : ACTION_NONE;
}

unsigned screen_contexts(const struct screen *screen)
{
    if (screen->commanding)
        return KEY_IN_PROMPT;
    if (screen->copying)
        return screen->copying;
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
    const struct keymap *keymap = &screen->preferences.keymap;
    if (keymap_find(keymap, screen_contexts(screen), key) != ACTION_REDRAW)
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
    enum key_action action =
        screen->commanding ? command(screen, key)
                           : keymap_find(&screen->preferences.keymap, screen_contexts(screen), key);
    screen->copying = action == ACTION_REDRAW ? screen->copying : 0;
    act(screen, action);
    return action == ACTION_QUIT ? SCREEN_QUIT : SCREEN_STAY;
}

enum screen_answer screen_mouse(struct screen *screen, const struct screen_mouse *mouse)
{
    uint32_t key = pointer_use(screen, mouse);
    return key != SCREEN_KEY_NONE ? screen_key(screen, key) : SCREEN_STAY;
}
