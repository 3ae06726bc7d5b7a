#include "ui/events_pane.h"

#include <string.h>

#include "ui/column.h"

#define TEXT_MAX      (DESCRIBE_MAX + 16)
#define SUMMARY_MAX   1024
#define KIND_ROOM     10 /* "icmp_error" */
#define WORDS_LEAST   26 /* for what went wrong, before endpoints get more */
#define CLIENT_LEAST  6  /* ":54321" */
#define CLIENT_WIDTH  60 /* narrower screens name the server only */
#define PRECISE_WIDTH 100
#define CLOCK_SECONDS 8  /* columns of 12:34:56 */
#define CLOCK_PRECISE 12 /* columns of 12:34:56.789 */

void events_pane_open(struct events_pane *pane, const struct known *known)
{
    pane->known = known;
    failure_log_clear(&pane->log.failures);
}

void events_pane_add(struct events_pane *pane, struct flow_view flow,
                     const struct flow_event *event)
{
    struct events_log *log = &pane->log;
    failure_log_add(&log->failures, flow, event);
    log->flows[log->failures.newest] = event->flow;
}

static const struct events_log *shown_events(const struct events_pane *pane)
{
    return pane->paused ? &pane->kept : &pane->log;
}

static const struct failure_log *shown_log(const struct events_pane *pane)
{
    return &shown_events(pane)->failures;
}

void events_pane_forget(struct events_pane *pane)
{
    failure_log_clear(&pane->log.failures);
}

void events_pane_pause(struct events_pane *pane, bool paused)
{
    if (paused && !pane->paused)
        pane->kept = pane->log;
    pane->paused = paused;
}

static uint32_t count_lines(const struct events_pane *pane)
{
    return pane->known->count + shown_log(pane)->count;
}

/* Ids of failures are counted from 1. */
static uint64_t diagnosis_id(const struct diagnosis *diagnosis)
{
    return UINT64_C(1) << 63 | (uint64_t)diagnosis->netns << 24 | (uint64_t)diagnosis->port << 8 |
           diagnosis->code;
}

/* The cursor's line; the newest when what it was on is gone. */
static uint32_t find_cursor(const struct events_pane *pane)
{
    const struct failure_log *log = shown_log(pane);
    uint32_t position = 0;
    for (; position < pane->known->count; position++) {
        if (diagnosis_id(&known_at(pane->known, position)->diagnosis) == pane->cursor_id)
            return position;
    }
    for (uint16_t at = log->newest; at != FAILURE_NONE; at = log->groups[at].older) {
        if (log->groups[at].id == pane->cursor_id)
            return position;
        position++;
    }
    return 0;
}

/* FAILURE_NONE: there is no failure on that line. */
static uint16_t group_at(const struct events_pane *pane, uint32_t position)
{
    const struct failure_log *log = shown_log(pane);
    uint16_t at = position < pane->known->count ? FAILURE_NONE : log->newest;
    for (position -= pane->known->count; position > 0 && at != FAILURE_NONE; position--)
        at = log->groups[at].older;
    return at;
}

static struct events_choice line_at(const struct events_pane *pane, uint32_t position)
{
    const struct events_log *log = shown_events(pane);
    struct events_choice line = {0};
    if (position < pane->known->count) {
        line.diagnosis = &known_at(pane->known, position)->diagnosis;
        return line;
    }
    uint16_t at = group_at(pane, position);
    if (at == FAILURE_NONE)
        return line;
    line.failure = &log->failures.groups[at];
    line.flow = log->flows[at];
    return line;
}

struct events_choice events_pane_choice(const struct events_pane *pane)
{
    return line_at(pane, find_cursor(pane));
}

void events_pane_move(struct events_pane *pane, int64_t lines)
{
    uint32_t to = scroller_move(&pane->scroller, count_lines(pane), find_cursor(pane), lines);
    struct events_choice line = line_at(pane, to);
    pane->cursor_id = 0;
    if (to > 0 && line.diagnosis)
        pane->cursor_id = diagnosis_id(line.diagnosis);
    else if (to > 0 && line.failure)
        pane->cursor_id = line.failure->id;
}

void events_pane_click(struct events_pane *pane, int line)
{
    if (line > 0)
        events_pane_move(pane, (int64_t)pane->scroller.first + line - 1 - find_cursor(pane));
}

struct extent events_pane_extent(const struct events_pane *pane)
{
    return scroller_extent(&pane->scroller, count_lines(pane));
}

/* "x3", or nothing for a failure that came once. */
static void write_times(struct text *text, const struct failure *failure)
{
    if (failure->count > 1) {
        text_add_string(text, "x");
        text_add_count(text, failure->count);
    }
}

/* What the lines in sight want. */
struct need {
    int client, server, words;
    int code; /* of diagnoses, in full */
};

static int most(int a, int b)
{
    return a > b ? a : b;
}

static void measure_failure(const struct failure *failure, struct need *need)
{
    const struct failure_case *latest = &failure->latest;
    const struct endpoint client = {&latest->tuple, NULL, latest->client};
    const struct endpoint server = {&latest->tuple, NULL, !latest->client};
    char buffer[TEXT_MAX];
    struct text words = text_begin(buffer, sizeof buffer);
    write_times(&words, failure);
    text_add_string(&words, words.len > 0 ? " " : "");
    text_add_event(&words, &latest->facts);
    need->words = most(need->words, (int)words.len);
    need->client = most(need->client, endpoint_columns(&client));
    need->server = most(need->server, endpoint_columns(&server));
}

static struct need measure(const struct events_pane *pane)
{
    struct need need = {.words = WORDS_LEAST};
    for (uint32_t line = 0; line < pane->scroller.height; line++) {
        struct events_choice found = line_at(pane, pane->scroller.first + line);
        if (found.diagnosis)
            need.code = most(need.code, (int)strlen(code_word(found.diagnosis->code)));
        if (found.failure)
            measure_failure(found.failure, &need);
    }
    return need;
}

/* Columns for client and server that suit all lines in sight. What went wrong matters more than
 * the client's address: without room for both, the client is a port, and on a narrow screen it is
 * left out. */
static void share_width(struct need need, int width, int ends[2])
{
    if (width < CLIENT_WIDTH) {
        ends[0] = 0;
        ends[1] = need.server;
        return;
    }
    int clock = width < PRECISE_WIDTH ? CLOCK_SECONDS : CLOCK_PRECISE;
    int room = width - clock - 1 - KIND_ROOM - 1 - COLUMN_GAP_ENDS - 1;
    int server_most = room - WORDS_LEAST - CLIENT_LEAST;
    ends[1] = need.server < server_most ? need.server : server_most;
    int left = room - need.words - ends[1];
    if (left < need.client && left < COLUMN_END_IPV4)
        left = CLIENT_LEAST;
    ends[0] = need.client < left ? need.client : left;
}

static int draw_end(const struct failure_case *failure, bool utf8, struct grid *grid,
                    struct column_place place, int line)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    unsigned end = place.column == COLUMN_CLIENT ? failure->client : !failure->client;
    const struct endpoint endpoint = {&failure->tuple, NULL, end};
    endpoint_write(&text, &endpoint, place.width, utf8);
    (void)grid_text(grid, line, place.left, place.width, STYLE_NORMAL, buffer);
    return place.left + place.width + 1;
}

static void draw_words(const struct failure *failure, bool utf8, struct grid *grid, int line,
                       int left)
{
    char buffer[TEXT_MAX];
    struct text times = text_begin(buffer, sizeof buffer);
    write_times(&times, failure);
    if (times.len > 0)
        left += 1 + grid_text(grid, line, left, grid->width - left, STYLE_TITLE, buffer);
    struct text words = text_begin(buffer, sizeof buffer);
    text_add_event(&words, &failure->latest.facts);
    int room = grid->width - left;
    (void)grid_text(grid, line, left, room, STYLE_NORMAL, buffer);
    if ((int)words.len > room)
        (void)grid_text(grid, line, grid->width - 1, 1, STYLE_DIM, utf8 ? "…" : "~");
}

static int draw_clock(const struct events_pane *pane, struct grid *grid, int line, int64_t time_ns)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_clock(&text, time_ns, pane->local_time);
    int room = grid->width < PRECISE_WIDTH ? CLOCK_SECONDS : CLOCK_PRECISE;
    (void)grid_text(grid, line, 0, room, STYLE_DIM, buffer);
    return room + 1;
}

static void draw_failure(const struct events_pane *pane, struct grid *grid, int line,
                         const struct failure *failure, const int ends[2])
{
    const struct failure_case *latest = &failure->latest;
    enum event_kind kind = latest->facts.kind;
    int left = draw_clock(pane, grid, line, latest->time_ns);
    bool hard = kind == EVENT_REFUSED || kind == EVENT_RESET;
    (void)grid_text(grid, line, left, KIND_ROOM, hard ? STYLE_FAILURE : STYLE_WARNING,
                    event_word(kind));
    left += KIND_ROOM + 1;

    if (ends[0] > 0) {
        struct column_place client = {.column = COLUMN_CLIENT, .left = left, .width = ends[0]};
        left = draw_end(latest, pane->utf8, grid, client, line);
    }
    (void)grid_text(grid, line, left, 1, STYLE_DIM, pane->utf8 ? "→" : ">");
    struct column_place server = {.column = COLUMN_SERVER, .left = left + 2, .width = ends[1]};
    left = draw_end(latest, pane->utf8, grid, server, line);
    draw_words(failure, pane->utf8, grid, line, left);
}

/* Time, code, count, and as much of the sentence as fits. */
static void draw_diagnosis(const struct events_pane *pane, struct grid *grid, int line,
                           const struct diagnosis *diagnosis, int code_room)
{
    char buffer[SUMMARY_MAX], safe[SUMMARY_MAX];
    int left = draw_clock(pane, grid, line, diagnosis->last_ns);
    struct text text = text_begin(buffer, sizeof buffer);
    if (grid->width < PRECISE_WIDTH)
        text_add_code(&text, diagnosis->code, pane->utf8);
    else
        text_add_string(&text, code_word(diagnosis->code));
    (void)grid_text(grid, line, left, code_room, code_style(diagnosis->code), buffer);
    left += code_room + 1;

    text = text_begin(buffer, sizeof buffer);
    if (diagnosis->count > 1)
        text_add(&text, "x%llu ", (unsigned long long)diagnosis->count);
    left += grid_text(grid, line, left, grid->width - left, STYLE_TITLE, buffer);

    text = text_begin(buffer, sizeof buffer);
    text_add_summary(&text, diagnosis);
    text = text_begin(safe, sizeof safe);
    text_add_untrusted(&text, buffer, strlen(buffer));
    text = text_begin(buffer, sizeof buffer);
    grid_cut(&text, safe, grid->width - left, pane->utf8);
    (void)grid_text(grid, line, left, grid->width - left, STYLE_NORMAL, buffer);
}

static void draw_heading(const struct events_pane *pane, struct grid *grid, int line)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    if (pane->known->diagnoser) {
        text_add_string(&text, "DIAGNOSES  ");
        text_add_grouped(&text, pane->known->count);
        text_add_string(&text, "  ");
    }
    text_add(&text, "FAILURES  ");
    text_add_grouped(&text, shown_log(pane)->total);
    grid_fill(grid, line, 0, grid->width, STYLE_HEADING, ' ');
    (void)grid_text(grid, line, 0, grid->width, STYLE_HEADING, buffer);
}

void events_pane_draw(struct events_pane *pane, struct grid *grid, int top, int height,
                      bool focused)
{
    if (height < 1)
        return;
    uint32_t position = find_cursor(pane);
    scroller_place(&pane->scroller, count_lines(pane), position, (uint32_t)height - 1);
    draw_heading(pane, grid, top);
    if (count_lines(pane) == 0)
        (void)grid_text(grid, top + 1, 0, grid->width, STYLE_DIM,
                        "nothing was refused, reset or left unanswered");

    int ends[2];
    struct need need = measure(pane);
    share_width(need, grid->width, ends);
    int code_room = grid->width < PRECISE_WIDTH ? KNOWN_WORD_MAX : need.code;
    for (int line = 1; line < height; line++) {
        uint32_t at = pane->scroller.first + (uint32_t)line - 1;
        struct events_choice found = line_at(pane, at);
        if (found.diagnosis)
            draw_diagnosis(pane, grid, top + line, found.diagnosis, code_room);
        else if (found.failure)
            draw_failure(pane, grid, top + line, found.failure, ends);
        if (focused && at == position && (found.diagnosis || found.failure))
            grid_select_row(grid, top + line);
    }
}
