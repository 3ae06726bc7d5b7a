#include "ui/events_page.h"

#include <string.h>

#include "ui/endpoint.h"

#define TEXT_MAX    512
#define SUMMARY_MAX 1024

#define MARK_ROOM    2
#define CLOCK_ROOM   8  /* 12:34:56 */
#define PRECISE_ROOM 12 /* 12:34:56.789 */
#define COUNT_ROOM   6  /* x12345 */
#define COUNT_WHOLE  99999
#define KIND_ROOM    KNOWN_WORD_MAX
#define ARROW_ROOM   3
#define ARROW_NARROW 1
#define CLIENT_LEAST 6  /* ":54321" */
#define WORDS_LEAST  16 /* "RST after 12.3us" */
#define NARROW       60 /* narrower screens tell what happened below the list */
#define TOLD_ROOM    2  /* lines for that */
#define TOLD_FROM    8  /* lines of the page */
#define FIRST_FROM   100
#define SUMMARY_FROM 5 /* lines of the page, to say how much there is of what */

struct span {
    int left, width;
};

/* Where the columns begin; a width of 0 leaves one out. */
struct layout {
    int first;       /* width of the column of first times */
    int kind, count; /* widths */
    int clock_left, first_left, kind_left, count_left, who_left;
    int client, arrow, server; /* widths */
};

/* What the lines in sight want. */
struct need {
    int kind, count, client, server;
};

static const struct failure *failure_of(const struct events_page *page,
                                        const struct events_line *line)
{
    return &page->picture.failures.groups[line->at];
}

/* An owner as endpoint_write wants it; NULL when nobody is known. */
static const struct owner *owner_of(const struct events_name *name, struct owner *owner)
{
    *owner = (struct owner){.pid = name->pid};
    memcpy(owner->comm, name->comm, sizeof owner->comm);
    return name->pid != 0 ? owner : NULL;
}

/* Processes of the cases of a group that are remembered, each once; the latest first. */
static unsigned clients_of(const struct events_page *page, const struct events_line *line,
                           const struct events_name *clients[EVENTS_CASES])
{
    const struct events_group *group = &page->picture.groups[line->at];
    uint64_t count = failure_of(page, line)->count;
    unsigned found = 0;
    for (unsigned back = 0; back < EVENTS_CASES && back < count; back++) {
        const struct events_name *name = &group->cases[(count - back) % EVENTS_CASES].names[0];
        unsigned at = 0;
        while (at < found && clients[at]->pid != name->pid)
            at++;
        if (name->pid != 0 && at == found)
            clients[found++] = name;
    }
    return found;
}

static bool is_many(const struct events_page *page, const struct events_line *line)
{
    return line->number == 0 && failure_of(page, line)->count > 1;
}

/* "curl(4711) +2", the pid where there is room; for unnamed ones the address. */
static void write_clients(const struct events_page *page, const struct events_line *line,
                          bool with_pid, struct text *text)
{
    const struct events_name *clients[EVENTS_CASES];
    const struct failure_case *seen = &events_page_case(page, line)->seen;
    unsigned count = clients_of(page, line, clients);
    if (count == 0)
        text_add_address(text, &seen->tuple.address[seen->client], seen->tuple.family);
    else
        text_add_untrusted(text, clients[0]->comm, strlen(clients[0]->comm));
    if (count > 0 && with_pid)
        text_add(text, "(%d)", (int)clients[0]->pid);
    if (count > 1)
        text_add(text, " +%u", count - 1);
}

/* Of one case its client's end; of many the programs, or the address they come from. */
static void write_client(const struct events_page *page, const struct events_line *line, int room,
                         struct text *text)
{
    const struct events_case *seen = events_page_case(page, line);
    struct owner owner;
    if (!is_many(page, line)) {
        const struct endpoint end = {&seen->seen.tuple, owner_of(&seen->names[0], &owner),
                                     seen->seen.client};
        endpoint_write(text, &end, room, page->utf8);
        return;
    }
    char whole[TEXT_MAX];
    struct text words = text_begin(whole, sizeof whole);
    write_clients(page, line, true, &words);
    if (grid_columns(whole) > room) {
        words = text_begin(whole, sizeof whole);
        write_clients(page, line, false, &words);
    }
    grid_cut(text, whole, room, page->utf8);
}

static void write_server(const struct events_page *page, const struct events_line *line, int room,
                         struct text *text)
{
    const struct events_case *seen = events_page_case(page, line);
    struct owner owner;
    const struct endpoint end = {&seen->seen.tuple, owner_of(&seen->names[1], &owner),
                                 !seen->seen.client};
    endpoint_write(text, &end, room, page->utf8);
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static const char *kind_word(enum event_kind kind)
{
    return kind == EVENT_RETRANSMISSION ? "resent" : event_word(kind);
}

/* "x12345"; nothing for what came once. */
static void write_count(struct text *text, uint64_t count)
{
    if (count < 2)
        return;
    text_add_string(text, "x");
    if (count <= COUNT_WHOLE)
        text_add_number(text, count);
    else
        text_add_count(text, count);
}

static void measure_words(const struct events_page *page, const struct events_line *line,
                          struct need *need)
{
    char kind[TEXT_MAX] = "", times[TEXT_MAX] = "";
    struct text text = text_begin(kind, sizeof kind);
    struct text count = text_begin(times, sizeof times);
    if (line->is_diagnosis) {
        const struct diagnosis *diagnosis = &page->known->diagnoses[line->at].diagnosis;
        text_add_code(&text, diagnosis->code, page->utf8);
        write_count(&count, diagnosis->count);
    } else if (line->number == 0) {
        text_add_string(&text, kind_word(failure_of(page, line)->latest.facts.kind));
        write_count(&count, failure_of(page, line)->count);
    }
    need->kind = most(need->kind, grid_columns(kind));
    need->count = most(need->count, grid_columns(times));
}

static void measure(const struct events_page *page, const struct events_line *line,
                    struct need *need)
{
    char buffer[TEXT_MAX];
    measure_words(page, line, need);
    if (line->is_diagnosis)
        return;
    struct text text = text_begin(buffer, sizeof buffer);
    write_client(page, line, ENDPOINT_TEXT_MAX, &text);
    need->client = most(need->client, grid_columns(buffer));
    text = text_begin(buffer, sizeof buffer);
    write_server(page, line, ENDPOINT_TEXT_MAX, &text);
    need->server = most(need->server, grid_columns(buffer));
}

static struct need measure_all(const struct events_page *page)
{
    struct need need = {.kind = (int)strlen("EVENT")};
    uint32_t end = page->scroller.first + page->scroller.height;
    for (uint32_t at = page->scroller.first; at < end && at < page->line_count; at++)
        measure(page, &page->lines[at], &need);
    return need;
}

/* Both ends share what is left: the client gives way first, down to its port. */
static void share_room(struct layout *layout, const struct need *need, int room)
{
    /* Where they do not fit the server has three fifths: its address and port tell what failed. */
    int server_share = most(room * 3 / 5, room - need->client);
    layout->server = least(need->server, least(server_share, room - CLIENT_LEAST));
    layout->client = most(least(need->client, room - layout->server), 0);
}

static struct layout lay_out(const struct events_page *page, int width)
{
    bool is_narrow = width < NARROW;
    struct need need = measure_all(page);
    struct layout layout = {.clock_left = is_narrow ? 1 : MARK_ROOM,
                            .first = width >= FIRST_FROM ? CLOCK_ROOM : 0,
                            .kind = is_narrow ? need.kind : KIND_ROOM,
                            .count = is_narrow ? need.count : COUNT_ROOM,
                            .arrow = is_narrow ? ARROW_NARROW : ARROW_ROOM};
    layout.first_left = layout.clock_left + CLOCK_ROOM + 1;
    layout.kind_left = layout.first_left + layout.first + (layout.first > 0);
    layout.count_left = layout.kind_left + layout.kind + 1;
    layout.who_left = layout.count_left + layout.count + (layout.count > 0);
    share_room(&layout, &need,
               width - layout.who_left - layout.arrow - (is_narrow ? 0 : 1 + WORDS_LEAST));
    return layout;
}

static void draw_right(struct grid *grid, int row, struct span place, const char *text)
{
    int columns = grid_columns(text);
    int left = place.left + (columns < place.width ? place.width - columns : 0);
    (void)grid_text(grid, row, left, place.width, STYLE_TITLE, text);
}

static void draw_count(struct grid *grid, int row, const struct layout *layout, uint64_t count)
{
    char buffer[TEXT_MAX] = "";
    struct text text = text_begin(buffer, sizeof buffer);
    write_count(&text, count);
    draw_right(grid, row, (struct span){.left = layout->count_left, .width = layout->count},
               buffer);
}

static void draw_clock(const struct events_page *page, struct grid *grid, int row,
                       struct span place, int64_t time_ns)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_clock(&text, time_ns, page->local_time);
    (void)grid_text(grid, row, place.left, place.width, STYLE_DIM, buffer);
}

static void draw_times(const struct events_page *page, struct grid *grid, int row,
                       const struct layout *layout, const int64_t times[2])
{
    draw_clock(page, grid, row, (struct span){.left = layout->clock_left, .width = CLOCK_ROOM},
               times[1]);
    if (layout->first > 0 && times[0] != times[1])
        draw_clock(page, grid, row, (struct span){.left = layout->first_left, .width = CLOCK_ROOM},
                   times[0]);
}

static void draw_diagnosis(const struct events_page *page, struct grid *grid, int row,
                           const struct layout *layout, const struct diagnosis *diagnosis)
{
    char buffer[SUMMARY_MAX], safe[SUMMARY_MAX];
    const int64_t times[2] = {diagnosis->first_ns, diagnosis->last_ns};
    draw_times(page, grid, row, layout, times);
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_code(&text, diagnosis->code, page->utf8);
    (void)grid_text(grid, row, layout->kind_left, layout->kind, code_style(diagnosis->code),
                    buffer);
    draw_count(grid, row, layout, diagnosis->count);
    text = text_begin(buffer, sizeof buffer);
    text_add_summary(&text, diagnosis);
    text = text_begin(safe, sizeof safe);
    text_add_untrusted(&text, buffer, strlen(buffer));
    int room = grid->width - layout->who_left;
    text = text_begin(buffer, sizeof buffer);
    grid_cut(&text, safe, most(room, 0), page->utf8);
    (void)grid_text(grid, row, layout->who_left, room, STYLE_NORMAL, buffer);
}

static void write_words(const struct events_page *page, const struct events_line *line,
                        struct text *text)
{
    const struct events_case *seen = events_page_case(page, line);
    if (seen->seen.facts.kind != EVENT_RETRANSMISSION) {
        text_add_event(text, &seen->seen.facts);
        return;
    }
    if (line->number == 0) {
        text_add_count(text, page->picture.groups[line->at].segments);
        text_add_string(text, " segments sent again, ");
    }
    text_add_event(text, &seen->seen.facts);
}

static void draw_who(const struct events_page *page, struct grid *grid, int row,
                     const struct layout *layout, const struct events_line *line)
{
    char buffer[TEXT_MAX];
    int left = layout->who_left;
    struct text text = text_begin(buffer, sizeof buffer);
    if (layout->client > 0) {
        write_client(page, line, layout->client, &text);
        (void)grid_text(grid, row, left, layout->client, STYLE_NORMAL, buffer);
        left += layout->client;
        (void)grid_text(grid, row, left + layout->arrow / 2, 1, STYLE_DIM, page->utf8 ? "→" : ">");
        left += layout->arrow;
    }
    text = text_begin(buffer, sizeof buffer);
    write_server(page, line, layout->server, &text);
    (void)grid_text(grid, row, left, layout->server, STYLE_NORMAL, buffer);
    left += layout->server + 1;

    char words[TEXT_MAX];
    text = text_begin(words, sizeof words);
    write_words(page, line, &text);
    text = text_begin(buffer, sizeof buffer);
    grid_cut(&text, words, most(grid->width - left, 0), page->utf8);
    (void)grid_text(grid, row, left, grid->width - left, STYLE_NORMAL, buffer);
}

static const char *fold_mark(const struct events_page *page, const struct events_line *line)
{
    if (!is_many(page, line))
        return "";
    if (page->picture.groups[line->at].unfolded)
        return page->utf8 ? "▾" : "-";
    return page->utf8 ? "▸" : "+";
}

static void draw_group(const struct events_page *page, struct grid *grid, int row,
                       const struct layout *layout, const struct events_line *line)
{
    const struct failure *failure = failure_of(page, line);
    enum event_kind kind = failure->latest.facts.kind;
    const int64_t times[2] = {failure->first.time_ns, failure->latest.time_ns};
    (void)grid_text(grid, row, 0, 1, STYLE_KEY, fold_mark(page, line));
    draw_times(page, grid, row, layout, times);
    (void)grid_text(grid, row, layout->kind_left, layout->kind, event_class_style(kind),
                    kind_word(kind));
    draw_count(grid, row, layout, failure->count);
    draw_who(page, grid, row, layout, line);
}

static void draw_case(const struct events_page *page, struct grid *grid, int row,
                      const struct layout *layout, const struct events_line *line)
{
    const struct span place = {.left = layout->clock_left + 2, .width = PRECISE_ROOM};
    draw_clock(page, grid, row, place, events_page_case(page, line)->seen.time_ns);
    draw_who(page, grid, row, layout, line);
}

static void draw_line(const struct events_page *page, struct grid *grid, int row,
                      const struct layout *layout, const struct events_line *line)
{
    if (line->is_diagnosis)
        draw_diagnosis(page, grid, row, layout, &page->known->diagnoses[line->at].diagnosis);
    else if (line->number == 0)
        draw_group(page, grid, row, layout, line);
    else
        draw_case(page, grid, row, layout, line);
}

/* On the right; none where it would be cut. */
static void draw_heading(struct grid *grid, int row, struct span place, const char *heading)
{
    int len = (int)strlen(heading);
    if (len <= place.width)
        (void)grid_text(grid, row, place.left + place.width - len, len, STYLE_HEADING, heading);
}

static void draw_headings(const struct events_page *page, struct grid *grid, int row,
                          const struct layout *layout)
{
    grid_fill(grid, row, 0, grid->width, STYLE_HEADING, ' ');
    (void)grid_text(grid, row, layout->clock_left, CLOCK_ROOM, STYLE_HEADING, "LATEST");
    (void)grid_text(grid, row, layout->first_left, layout->first, STYLE_HEADING, "FIRST");
    (void)grid_text(grid, row, layout->kind_left, layout->kind, STYLE_HEADING, "EVENT");
    draw_heading(grid, row, (struct span){layout->count_left, layout->count}, "TIMES");
    int left = layout->who_left;
    if (layout->client > 0) {
        (void)grid_text(grid, row, left, layout->client, STYLE_HEADING, "CLIENT");
        left += layout->client + layout->arrow;
    }
    (void)grid_text(grid, row, left, page->group_count > 0 ? layout->server : 0, STYLE_HEADING,
                    "SERVER");
    left += page->group_count > 0 ? layout->server + 1 : 0;
    (void)grid_text(grid, row, left, grid->width - left, STYLE_HEADING, "WHAT");
}

static void add_counted(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_add_grouped(text, count);
    text_add_string(text, count == 1 ? one : many);
}

static void draw_summary(const struct events_page *page, struct grid *grid, int row)
{
    char buffer[TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    const struct failure_log *log = &page->picture.failures;
    bool is_narrow = grid->width < NARROW;
    text_add_string(&text, is_narrow ? "" : "showing ");
    text_add_string(&text, event_class_words(page->shown));
    int left = grid_text(grid, row, 0, grid->width, STYLE_TITLE, buffer) + 2;
    text = text_begin(buffer, sizeof buffer);
    if (page->known->diagnoser)
        add_counted(&text, page->known->count, " diagnosis, ", " diagnoses, ");
    add_counted(&text, log->total, " failure", " failures");
    text_add_string(&text, is_narrow ? "" : " in ");
    if (!is_narrow)
        add_counted(&text, log->count, " group", " groups");
    if (!is_narrow && failure_log_forgotten(log) > 0) {
        text_add_string(&text, "; ");
        add_counted(&text, failure_log_forgotten(log), " older group made room",
                    " older groups made room");
    }
    (void)grid_text(grid, row, left, grid->width - left, STYLE_DIM, buffer);
}

static void draw_nothing(const struct events_page *page, struct grid *grid, int row)
{
    const char *words = "nothing was refused, reset or left unanswered";
    char part[GRID_LINE_MAX], others[TEXT_MAX];
    struct text text = text_begin(others, sizeof others);
    text_add_string(&text, "none of these");
    if (keymap_key(page->keymap, KEY_IN_EVENTS, ACTION_KINDS) != SCREEN_KEY_NONE) {
        text_add_string(&text, "; ");
        (void)keymap_write_key(page->keymap, KEY_IN_EVENTS, ACTION_KINDS, &text);
        text_add_string(&text, " shows other kinds");
    }
    if (page->shown != EVENT_CLASS_ALL)
        words = others;
    for (int line = 0; *words != '\0'; line++) {
        words = grid_break(words, grid->width - MARK_ROOM, part);
        (void)grid_text(grid, row + line, MARK_ROOM, grid->width - MARK_ROOM, STYLE_DIM, part);
    }
}

/* What the cursor is on, in full: a narrow list has no room for it. */
static void draw_told(const struct events_page *page, const struct events_line *line,
                      struct grid *grid, int row)
{
    char told[SUMMARY_MAX], part[GRID_LINE_MAX];
    struct text text = text_begin(told, sizeof told);
    if (line->is_diagnosis) {
        char words[SUMMARY_MAX];
        struct text raw = text_begin(words, sizeof words);
        text_add_summary(&raw, &page->known->diagnoses[line->at].diagnosis);
        text_add_untrusted(&text, words, strlen(words));
    } else {
        write_client(page, line, ENDPOINT_TEXT_MAX, &text);
        text_add_string(&text, page->utf8 ? " → " : " > ");
        write_server(page, line, ENDPOINT_TEXT_MAX, &text);
        text_add_string(&text, ": ");
        write_words(page, line, &text);
    }
    const char *at = told;
    for (int n = 0; n < TOLD_ROOM; n++) {
        if (n + 1 < TOLD_ROOM) {
            at = grid_break(at, grid->width, part);
        } else {
            text = text_begin(part, sizeof part);
            grid_cut(&text, at, grid->width, page->utf8);
        }
        (void)grid_text(grid, row + n, 0, grid->width, STYLE_TITLE, part);
    }
}

void events_page_draw(struct events_page *page, struct grid *grid, int top, int height)
{
    int head = height >= SUMMARY_FROM ? 2 : 1;
    int told = grid->width < NARROW && height >= TOLD_FROM ? TOLD_ROOM : 0;
    if (height < 1)
        return;
    uint32_t position = events_page_position(page);
    scroller_place(&page->scroller, page->line_count, position, (uint32_t)(height - head - told));
    struct layout layout = lay_out(page, grid->width);
    if (head == 2)
        draw_summary(page, grid, top);
    draw_headings(page, grid, top + head - 1, &layout);
    if (page->line_count == 0 && height > head)
        draw_nothing(page, grid, top + head);
    for (int row = head; row < height - told; row++) {
        uint32_t at = page->scroller.first + (uint32_t)(row - head);
        if (at >= page->line_count)
            break;
        draw_line(page, grid, top + row, &layout, &page->lines[at]);
        if (at == position)
            grid_select_row(grid, top + row);
    }
    if (told > 0 && page->line_count > 0)
        draw_told(page, &page->lines[position], grid, top + height - told);
}
