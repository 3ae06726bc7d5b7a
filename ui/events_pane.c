#include "ui/events_pane.h"

#include "ui/column.h"
#include "ui/compact.h"

#define TEXT_MAX      96
#define KIND_ROOM     10 /* "icmp_error" */
#define WORDS_ROOM    26 /* for the few words, before endpoints get more */
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
    int64_t page = pane->scroller.height > 1 ? (int64_t)pane->scroller.height - 1 : 1;
    events_pane_move(pane, page * pages);
}

/* Columns for client and server that suit all lines in sight; no client on a narrow screen. */
static void share_width(const struct events_pane *pane, int width, int ends[2])
{
    const struct failure_log *log = shown_log(pane);
    int need[2] = {0, 0};
    uint16_t at = group_at(log, pane->scroller.first);
    for (uint32_t line = 0; line < pane->scroller.height && at != FAILURE_NONE; line++) {
        const struct failure *failure = &log->groups[at];
        for (unsigned side = 0; side < 2; side++) {
            int *most = &need[side == failure->client ? 0 : 1];
            int len = endpoint_len(&failure->tuple, side);
            *most = len > *most ? len : *most;
        }
        at = failure->older;
    }
    if (width < CLIENT_WIDTH) {
        ends[0] = 0;
        ends[1] = need[1];
        return;
    }
    int clock = width < PRECISE_WIDTH ? CLOCK_SECONDS : CLOCK_PRECISE;
    int room = width - clock - 1 - KIND_ROOM - 1 - COLUMN_GAP_ENDS - 1 - WORDS_ROOM;
    ends[1] = need[1] < room - CLIENT_LEAST ? need[1] : room - CLIENT_LEAST;
    ends[0] = need[0] < room - ends[1] ? need[0] : room - ends[1];
}

static int draw_end(const struct failure *failure, bool utf8, struct grid *grid,
                    struct column_place place, int line)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    unsigned end = place.column == COLUMN_CLIENT ? failure->client : !failure->client;
    endpoint_write(&text, &failure->tuple, end, place.width, utf8);
    (void)grid_text(grid, line, place.left, place.width, STYLE_NORMAL, buffer);
    return place.left + place.width + 1;
}

static void draw_words(const struct failure *failure, struct grid *grid, int line, int left)
{
    char buffer[TEXT_MAX];
    if (failure->count > 1) {
        struct text times = text_begin(buffer, sizeof buffer);
        text_add(&times, "x");
        compact_add_count(&times, failure->count);
        left += 1 + grid_text(grid, line, left, grid->width - left, STYLE_TITLE, buffer);
    }
    struct text words = text_begin(buffer, sizeof buffer);
    failure_write(&words, failure);
    (void)grid_text(grid, line, left, grid->width - left, STYLE_NORMAL, buffer);
}

static void draw_line(const struct events_pane *pane, struct grid *grid, int line,
                      const struct failure *failure, const int ends[2])
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_clock(&text, failure->time_ns, pane->local_time);
    int room = grid->width < PRECISE_WIDTH ? CLOCK_SECONDS : CLOCK_PRECISE;
    (void)grid_text(grid, line, 0, room, STYLE_DIM, buffer);

    int left = room + 1;
    bool hard = failure->kind == EVENT_REFUSED || failure->kind == EVENT_RESET;
    (void)grid_text(grid, line, left, KIND_ROOM, hard ? STYLE_FAILURE : STYLE_WARNING,
                    event_word((enum event_kind)failure->kind));
    left += KIND_ROOM + 1;

    if (ends[0] > 0) {
        struct column_place client = {COLUMN_CLIENT, left, ends[0]};
        left = draw_end(failure, pane->utf8, grid, client, line);
    }
    (void)grid_text(grid, line, left, 1, STYLE_DIM, pane->utf8 ? "→" : ">");
    struct column_place server = {COLUMN_SERVER, left + 2, ends[1]};
    left = draw_end(failure, pane->utf8, grid, server, line);
    draw_words(failure, grid, line, left);
}

static void draw_heading(const struct events_pane *pane, struct grid *grid, int line)
{
    const struct failure_log *log = shown_log(pane);
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add(&text, "FAILURES  ");
    compact_add_grouped(&text, log->total);
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
