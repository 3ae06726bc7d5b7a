#include "app/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/config.h"
#include "app/signals.h"
#include "base/clock.h"
#include "host/port_watch.h"
#include "ui/term.h"

#define TROUBLE_MAX 512

struct view {
    struct view_options options;
    struct screen *screen;
    struct term *term;
    struct grid grid;
    struct screen_missing missing[CAUSES_MISSING_MAX + CAUSES_GAPS_MAX];
    uint32_t missing_count;
    struct port_watch *ports; /* while they are in sight */
    enum theme theme;         /* as the terminal has it */
    int input_fd;
    bool own_input;
};

/* Of a tick, for who listens. */
#define PORTS_BUDGET_NS CLOCK_NS_PER_MS

/* Keys come from standard input, unless that is the capture. */
static int open_input(struct view *view, struct err *err)
{
    view->input_fd = STDIN_FILENO;
    if (isatty(STDIN_FILENO))
        return 0;
    view->input_fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (view->input_fd < 0)
        return err_set(err, errno,
                       "no terminal to read keys from; use --no-ui, --report or --json");
    view->own_input = true;
    return 0;
}

static void note_missing(struct view *view)
{
    struct report_missing missing[CAUSES_MISSING_MAX + CAUSES_GAPS_MAX];
    view->missing_count = causes_missing(view->options.causes, missing);
    view->missing_count += causes_gaps(view->options.causes, missing + view->missing_count);
    for (uint32_t at = 0; at < view->missing_count; at++)
        view->missing[at] = (struct screen_missing){missing[at].word, missing[at].sentence};
}

/* Only the first is shown; --check-config tells them all. */
static void keep_first(void *context, const char *sentence)
{
    struct text *first = context;
    if (first->len == 0)
        text_add_string(first, sentence);
}

static int open_with(struct view *view, const struct preferences *preferences, struct err *err)
{
    const char *no_colour = getenv("NO_COLOR");
    bool colour = preferences->theme_chosen || !no_colour || !*no_colour;
    int failed = term_open(&view->term,
                           &(struct term_options){.input_fd = view->input_fd,
                                                  .output_fd = STDOUT_FILENO,
                                                  .colour = colour,
                                                  .mouse = preferences->mouse,
                                                  .note_stop = signals_note_suspend,
                                                  .theme = preferences->theme},
                           err);
    if (failed)
        return failed;
    view->theme = preferences->theme;
    failed = screen_open(&view->screen,
                         &(struct screen_options){.utf8 = term_is_utf8(),
                                                  .local_time = true,
                                                  .max_flows = view->options.max_flows,
                                                  .page_bytes = view->options.page_bytes,
                                                  .names = causes_names(view->options.causes),
                                                  .diagnoser = view->options.causes->diagnoser,
                                                  .packets = view->options.packets,
                                                  .preferences = preferences},
                         err);
    if (failed)
        return failed;
    int width = 0, height = 0;
    term_size(view->term, &width, &height);
    return grid_resize(&view->grid, width, height, err);
}

static int open_screen(struct view *view, struct err *err)
{
    struct preferences preferences;
    char trouble[TROUBLE_MAX];
    struct text first = text_begin(trouble, sizeof trouble);
    unsigned wrong = config_load(&preferences, view->options.options, keep_first, &first);
    int failed = open_with(view, &preferences, err);
    if (failed || wrong == 0)
        return failed;
    if (wrong > 1)
        text_add(&first, " (and %u more: loflow --check-config)", wrong - 1);
    screen_say(view->screen, STYLE_WARNING, trouble);
    return 0;
}

int view_open(struct view **view, const struct view_options *options, struct err *err)
{
    struct view *opened = calloc(1, sizeof *opened);
    *view = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the screen; use --no-ui");
    opened->options = *options;
    note_missing(opened);
    int failed = open_input(opened, err);
    if (!failed)
        failed = open_screen(opened, err);
    if (failed) {
        view_close(opened);
        *view = NULL;
    }
    return failed;
}

void view_close(struct view *view)
{
    if (!view)
        return;
    if (view->term)
        term_close(view->term);
    if (view->screen)
        screen_close(view->screen);
    port_watch_close(view->ports);
    grid_free(&view->grid);
    if (view->own_input)
        (void)close(view->input_fd);
    free(view);
}

void view_event(struct view *view, const struct tracker *tracker, const struct flow_event *event)
{
    screen_event(view->screen, tracker, event);
}

void view_restart(struct view *view)
{
    screen_restart(view->screen);
}

int view_fd(const struct view *view)
{
    return view->input_fd;
}

void view_resize(struct view *view)
{
    struct err err;
    int width = 0, height = 0;
    term_size(view->term, &width, &height);
    /* Without memory for a larger grid the picture stays as it was. */
    (void)grid_resize(&view->grid, width, height, &err);
}

void view_suspend(struct view *view)
{
    term_suspend(view->term);
}

void view_resume(struct view *view)
{
    term_resume(view->term);
    view_resize(view);
}

static enum screen_answer answer(struct view *view, uint32_t key)
{
    struct screen_mouse mouse = term_mouse(view->term);
    return key == SCREEN_KEY_MOUSE ? screen_mouse(view->screen, &mouse)
                                   : screen_key(view->screen, key);
}

/* What the terminal has to do with, when it was set. */
static void follow_preferences(struct view *view)
{
    const struct preferences *preferences = screen_preferences(view->screen);
    if (preferences->theme != view->theme)
        term_use_theme(view->term, preferences->theme);
    view->theme = preferences->theme;
    term_use_mouse(view->term, preferences->mouse);
}

enum view_answer view_key(struct view *view)
{
    uint32_t key = term_key(view->term);
    if (key == SCREEN_KEY_NONE)
        return VIEW_NO_KEY;
    if (key == SCREEN_KEY_RESIZE)
        view_resize(view);
    else if (answer(view, key) == SCREEN_QUIT)
        return VIEW_QUIT;
    follow_preferences(view);
    return VIEW_STAY;
}

int64_t view_closed_age_ns(const struct view *view)
{
    return screen_preferences(view->screen)->closed_age_ns;
}

struct flow_ref view_flow_read(const struct view *view)
{
    return screen_flow_read(view->screen);
}

bool view_copy(struct view *view, const char *text)
{
    return term_copy(view->term, text, strlen(text));
}

bool view_saves(struct view *view, const struct screen_request *request, struct flow_ref ref,
                struct flow_view flow)
{
    return screen_saves(view->screen, request, ref, flow);
}

bool view_take_request(struct view *view, struct screen_request *request)
{
    return screen_take_request(view->screen, request);
}

const struct conversation *view_conversation(const struct view *view)
{
    return screen_conversation(view->screen);
}

void view_say(struct view *view, enum style style, const char *sentence)
{
    screen_say(view->screen, style, sentence);
}

static int percent_of(const struct view *view, const struct view_numbers *numbers)
{
    if (view->options.live || view->options.file_size <= 0 || numbers->position < 0)
        return -1;
    return (int)((double)numbers->position * 100 / (double)view->options.file_size);
}

/* NULL while nobody looks at them, or where neither the kernel tells nor the file does. */
static const struct port_list *watch_ports(struct view *view)
{
    struct err err;
    struct host *host = view->options.causes->host;
    if (!view->options.live)
        return view->options.causes->kept->ports;
    if (!host || !screen_wants_ports(view->screen)) {
        port_watch_close(view->ports);
        view->ports = NULL;
        return NULL;
    }
    if (!view->ports && port_watch_open(&view->ports, host, &err) != 0)
        return NULL;
    port_watch_step(view->ports, clock_monotonic_ns(), PORTS_BUDGET_NS);
    const struct port_list *list = port_watch_list(view->ports);
    return list->number > 0 ? list : NULL;
}

static int64_t shown_time(const struct view *view, const struct tracker *tracker,
                          const struct view_numbers *numbers)
{
    if (view->options.live)
        return clock_monotonic_ns() + view->options.offset_ns;
    return numbers->transport ? numbers->transport->time_ns : tracker_stats(tracker)->last_ns;
}

static void explain_down(const struct view *view, struct text *text)
{
    text_add(text,
             "%s is down: nothing is captured until it is up again; bring it up with:"
             " sudo ip link set %s up",
             view->options.name, view->options.name);
}

void view_draw(struct view *view, const struct tracker *tracker, const struct view_numbers *numbers)
{
    char down[TROUBLE_MAX];
    struct text text = text_begin(down, sizeof down);
    note_missing(view);
    explain_down(view, &text);
    struct screen_status status = {
        .name = view->options.name,
        .filter = view->options.filter,
        .live = view->options.live,
        .ended = numbers->ended,
        .trouble = numbers->is_down && !numbers->trouble ? down : numbers->trouble,
        .packets = numbers->packets,
        .undecoded = numbers->undecoded,
        .dropped_by_kernel = numbers->dropped_by_kernel,
        .dropped_by_interface = numbers->dropped_by_interface,
        .percent = percent_of(view, numbers),
        .missing = view->missing,
        .missing_count = view->missing_count,
        .ports = watch_ports(view),
        .health = numbers->health,
        .now_ns = shown_time(view, tracker, numbers),
        .transport = numbers->transport,
    };
    screen_draw(view->screen, tracker, &status, &view->grid);
    term_blit(view->term, &view->grid);
}
