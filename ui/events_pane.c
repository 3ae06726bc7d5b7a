#include "ui/events_pane.h"

#include "ui/column.h"

#define TEXT_MAX      (DESCRIBE_MAX + 16)
#define KIND_ROOM     10 /* "icmp_error" */
#define WORDS_LEAST   26 /* for what went wrong, before endpoints get more */
#define CLIENT_LEAST  6  /* ":54321" */
#define CLIENT_WIDTH  60 /* narrower screens name the server only */
#define PRECISE_WIDTH 100
#define CLOCK_SECONDS 8  /* columns of 12:34:56 */
#define CLOCK_PRECISE 12 /* columns of 12:34:56.789 */

void events_pane_open(struct events_pane *pane, bool utf8, bool local_time)
{
    pane->utf8 = utf8;
    pane->local_time = local_time;
    failure_log_clear(&pane->log);
}

static const struct failure_log *shown_log(const struct events_pane *pane)
{
    return pane->paused ? &pane->kept : &pane->log;
}

void events_pane_pause(struct events_pane *pane, bool paused)
{
    if (paused && !pane->paused)
        pane->kept = pane->log;
    pane->paused = paused;
}

/* The cursor's line; the newest when its failure made room for others. */
static uint32_t find_cursor(const struct events_pane *pane)
{
    const struct failure_log *log = shown_log(pane);
    uint32_t position = 0;
    for (uint16_t at = log->newest; at != FAILURE_NONE; at = log->groups[at].older) {
        if (log->groups[at].id == pane->cursor_id)
            return position;
        position++;
    }
    return 0;
}

static uint16_t group_at(const struct failure_log *log, uint32_t position)
{
    uint16_t at = log->newest;
    while (position > 0 && at != FAILURE_NONE) {
        at = log->groups[at].older;
        position--;
    }
    return at;
}

void events_pane_move(struct events_pane *pane, int64_t lines)
{
    const struct failure_log *log = shown_log(pane);
    uint32_t to = scroller_move(&pane->scroller, log->count, find_cursor(pane), lines);
    uint16_t at = group_at(log, to);
    pane->cursor_id = to == 0 || at == FAILURE_NONE ? 0 : log->groups[at].id;
}

void events_pane_move_pages(struct events_pane *pane, int pages)
{
    events_pane_move(pane, scroller_page(pane->scroller.height) * pages);
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
};

static int most(int a, int b)
{
    return a > b ? a : b;
}

static struct need measure(const struct events_pane *pane)
{
    const struct failure_log *log = shown_log(pane);
    struct need need = {.words = WORDS_LEAST};
    uint16_t at = group_at(log, pane->scroller.first);
    for (uint32_t line = 0; line < pane->scroller.height && at != FAILURE_NONE; line++) {
        const struct failure *failure = &log->groups[at];
        const struct failure_case *latest = &failure->latest;
        char buffer[TEXT_MAX];
        struct text words = text_begin(buffer, sizeof buffer);
        write_times(&words, failure);
        text_add_string(&words, words.len > 0 ? " " : "");
        text_add_event(&words, &latest->facts);
        need.words = most(need.words, (int)words.len);
        need.client = most(need.client, endpoint_len(&latest->tuple, latest->client));
        need.server = most(need.server, endpoint_len(&latest->tuple, !latest->client));
        at = failure->older;
    }
    return need;
}

/* Columns for client and server that suit all lines in sight. What went wrong matters more than
 * the client's address: without room for both, the client is a port, and on a narrow screen it is
 * left out. */
static void share_width(const struct events_pane *pane, int width, int ends[2])
{
    struct need need = measure(pane);
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
    endpoint_write(&text, &failure->tuple, end, place.width, utf8);
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

static void draw_line(const struct events_pane *pane, struct grid *grid, int line,
                      const struct failure *failure, const int ends[2])
{
    const struct failure_case *latest = &failure->latest;
    enum event_kind kind = latest->facts.kind;
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_clock(&text, latest->time_ns, pane->local_time);
    int room = grid->width < PRECISE_WIDTH ? CLOCK_SECONDS : CLOCK_PRECISE;
    (void)grid_text(grid, line, 0, room, STYLE_DIM, buffer);

    int left = room + 1;
    bool hard = kind == EVENT_REFUSED || kind == EVENT_RESET;
    (void)grid_text(grid, line, left, KIND_ROOM, hard ? STYLE_FAILURE : STYLE_WARNING,
                    event_word(kind));
    left += KIND_ROOM + 1;

    if (ends[0] > 0) {
        struct column_place client = {COLUMN_CLIENT, left, ends[0]};
        left = draw_end(latest, pane->utf8, grid, client, line);
    }
    (void)grid_text(grid, line, left, 1, STYLE_DIM, pane->utf8 ? "→" : ">");
    struct column_place server = {COLUMN_SERVER, left + 2, ends[1]};
    left = draw_end(latest, pane->utf8, grid, server, line);
    draw_words(failure, pane->utf8, grid, line, left);
}

static void draw_heading(const struct events_pane *pane, struct grid *grid, int line)
{
    const struct failure_log *log = shown_log(pane);
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add(&text, "FAILURES  ");
    text_add_grouped(&text, log->total);
    grid_fill(grid, line, 0, grid->width, STYLE_HEADING, ' ');
    (void)grid_text(grid, line, 0, grid->width, STYLE_HEADING, buffer);
}

void events_pane_draw(struct events_pane *pane, struct grid *grid, int top, int height,
                      bool focused)
{
    if (height < 1)
        return;
    const struct failure_log *log = shown_log(pane);
    uint32_t position = find_cursor(pane);
    scroller_place(&pane->scroller, log->count, position, (uint32_t)height - 1);
    draw_heading(pane, grid, top);
    if (log->count == 0)
        (void)grid_text(grid, top + 1, 0, grid->width, STYLE_DIM,
                        "nothing was refused, reset or left unanswered");

    int ends[2];
    share_width(pane, grid->width, ends);
    uint16_t at = group_at(log, pane->scroller.first);
    for (int line = 1; line < height && at != FAILURE_NONE; line++) {
        draw_line(pane, grid, top + line, &log->groups[at], ends);
        if (focused && pane->scroller.first + (uint32_t)line - 1 == position)
            grid_style_row(grid, top + line, STYLE_SELECTED);
        at = log->groups[at].older;
    }
}
