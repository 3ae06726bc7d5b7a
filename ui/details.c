#include "ui/details.h"

#include <string.h>

#include "ui/life.h"
#include "ui/page.h"

#define WORDS_MAX     2048
#define ADVICE_INDENT 4
#define CLOCK_LEN     12 /* 12:34:56.789 */
#define NUMBER_ROOM   6

void details_of_flow(struct details *details, const struct flow_row *row)
{
    details->kind = DETAILS_FLOW;
    details->has_flow = true;
    details->has_detail = false;
    details->is_gone = false;
    details->story = NULL;
    details->ref = row->ref;
    details->row = *row;
}

void details_of_diagnosis(struct details *details, const struct diagnosis *diagnosis)
{
    details->kind = DETAILS_DIAGNOSIS;
    details->has_flow = details->has_detail = false;
    details->story = NULL;
    details->is_gone = false;
    details->diagnosis = *diagnosis;
}

void details_of_failure(struct details *details, const struct failure *failure, struct flow_ref ref)
{
    details->kind = DETAILS_FAILURE;
    details->has_flow = details->has_detail = false;
    details->story = NULL;
    details->is_gone = false;
    details->ref = ref;
    details->failure = *failure;
}

/* The diagnosis as it is now, or the one that took its place. */
static const struct diagnosis *find_again(const struct details *details)
{
    const struct diagnosis *old = &details->diagnosis;
    const struct diagnosis *heir = NULL;
    for (uint32_t at = 0; at < details->known->count; at++) {
        const struct diagnosis *now = &known_at(details->known, at)->diagnosis;
        if (now->port != old->port || now->netns != old->netns)
            continue;
        if (now->code == old->code)
            return now;
        if (now->supersedes >> old->code & 1)
            heir = now;
    }
    return heir;
}

static void take_detail(struct details *details, const struct tracker *tracker)
{
    struct flow_view view;
    if (!tracker_look(tracker, details->ref, &view) || !view.detail)
        return;
    details->has_detail = true;
    details->detail = *view.detail;
}

void details_take(struct details *details, struct flow_pane *pane, const struct tracker *tracker)
{
    details->now_ns = pane->now_ns;
    if (details->kind == DETAILS_NOTHING)
        return;
    if (details->kind == DETAILS_DIAGNOSIS) {
        const struct diagnosis *now = find_again(details);
        details->is_gone = !now;
        details->diagnosis = now ? *now : details->diagnosis;
        return;
    }
    bool found = flow_pane_take(pane, tracker, details->ref, &details->row);
    take_detail(details, tracker);
    details->has_flow = details->has_flow || found;
    details->is_gone = !found;
}

static struct text begin_words(char words[WORDS_MAX])
{
    return text_begin(words, WORDS_MAX);
}

/* What names processes is escaped here, once. */
static void add_line(struct page *page, const struct page_line *line)
{
    char safe[WORDS_MAX];
    struct text text = begin_words(safe);
    text_add_untrusted(&text, line->words, strlen(line->words));
    struct page_line escaped = *line;
    escaped.words = safe;
    page_line(page, &escaped);
}

static void add_times(struct text *text, uint64_t count)
{
    if (count > 1) {
        text_add_string(text, "x");
        text_add_number(text, count);
    }
}

static void add_diagnosis(struct page *page, const struct diagnosis *diagnosis, bool utf8)
{
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    text_add(&text, "%s (%s)  ", code_word(diagnosis->code), certainty_word(diagnosis->certainty));
    add_times(&text, diagnosis->count);
    page_heading(page, code_style(diagnosis->code), words);
    text = begin_words(words);
    text_add_summary(&text, diagnosis);
    add_line(page, &(struct page_line){.name = "", .words = words, .style = STYLE_NORMAL});
    for (unsigned at = 0;; at++) {
        text = begin_words(words);
        if (!text_add_advice(&text, diagnosis, at))
            break;
        add_line(page, &(struct page_line){.name = utf8 ? " →" : "->",
                                           .words = words,
                                           .name_style = STYLE_DIM,
                                           .style = STYLE_KEY,
                                           .indent = ADVICE_INDENT});
    }
}

static void add_clock(struct page *page, const char *name, int64_t time_ns, bool local)
{
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    text_add_clock(&text, time_ns, local);
    words[CLOCK_LEN] = '\0';
    page_entry(page, name, words);
}

static void add_clients(struct page *page, const struct diagnosis *diagnosis)
{
    const char *name = "clients";
    for (unsigned at = 0; at < diagnosis->client_count; at++) {
        const struct party *client = &diagnosis->clients[at];
        char words[WORDS_MAX];
        struct text text = begin_words(words);
        if (client->pid == 0)
            continue;
        text_add_untrusted(&text, client->comm, strnlen(client->comm, sizeof client->comm));
        text_add(&text, "(%d)  ", (int)client->pid);
        add_times(&text, client->count);
        page_entry(page, name, words);
        name = "";
    }
}

static void draw_diagnosis(const struct details *details, struct page *page)
{
    const struct diagnosis *diagnosis = &details->diagnosis;
    add_diagnosis(page, diagnosis, details->utf8);
    page_heading(page, STYLE_HEADING, details->is_gone ? "NO LONGER SO" : "SEEN");
    add_clock(page, "first", diagnosis->first_ns, details->local_time);
    add_clock(page, "latest", diagnosis->last_ns, details->local_time);
    add_clients(page, diagnosis);
}

static void draw_end(const struct details *details, struct page *page, const char *name,
                     unsigned end)
{
    struct column_flow flow = flow_row_look(&details->row, details->now_ns);
    const struct owner *owner = known_owner(details->known, flow.view, end);
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    if (owner) {
        text_add_owner(&text, owner);
        text_add_string(&text, "  ");
    }
    text_add_endpoint(&text, &details->row.hot.tuple, end);
    page_entry(page, name, words);
    if (owner && owner->command[0] != '\0')
        add_line(page, &(struct page_line){.name = "  command",
                                           .words = owner->command,
                                           .name_style = STYLE_DIM,
                                           .style = STYLE_NORMAL,
                                           .indent = PAGE_NAME_ROOM});
}

/* All columns, with what they mean. */
static void draw_numbers(const struct details *details, struct page *page)
{
    struct column_flow flow = flow_row_look(&details->row, details->now_ns);
    page_heading(page, STYLE_HEADING, "NUMBERS");
    for (enum column column = COLUMN_STATE + 1; column < COLUMN_COUNT; column++) {
        char words[WORDS_MAX];
        struct text text = begin_words(words);
        column_write(column, &flow, page->width, details->utf8, &text);
        text_pad_to(&text, NUMBER_ROOM);
        text_add(&text, " %s", column_meaning(column));
        page_entry(page, column_heading(column), words);
    }
}

static void draw_flow(const struct details *details, struct page *page)
{
    struct column_flow flow = flow_row_look(&details->row, details->now_ns);
    enum flow_state state = (enum flow_state)details->row.hot.state;
    unsigned client = details->row.hot.client;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    text_add(&text, "FLOW %llu  %s%s", (unsigned long long)details->row.cold.id,
             protocol_word(details->row.hot.tuple.protocol),
             details->is_gone ? "  gone from the table" : "");
    page_heading(page, STYLE_HEADING, words);
    draw_end(details, page, "client", client);
    draw_end(details, page, "server", !client);
    text = begin_words(words);
    text_add(&text, "%s: %s", flow_state_word(state), flow_state_meaning(state));
    page_line(page, &(struct page_line){.name = "state",
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = state_style(flow.view),
                                        .indent = PAGE_NAME_ROOM});
    add_clock(page, "began", details->row.cold.start_ns, details->local_time);
    const struct diagnosis *diagnosis = NULL;
    unsigned at = 0;
    while ((diagnosis = known_walk(details->known, flow.view, &at)))
        add_diagnosis(page, diagnosis, details->utf8);
    life_draw(details, page);
    draw_numbers(details, page);
}

static void draw_failure(const struct details *details, struct page *page)
{
    const struct failure_case *latest = &details->failure.latest;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    text_add(&text, "%s  ", event_word(latest->facts.kind));
    add_times(&text, details->failure.count);
    page_heading(page, STYLE_WARNING, words);
    text = begin_words(words);
    text_add_event(&text, &latest->facts);
    page_entry(page, "what", words);
    text = begin_words(words);
    text_add_endpoint(&text, &latest->tuple, latest->client);
    text_add_string(&text, " -> ");
    text_add_endpoint(&text, &latest->tuple, !latest->client);
    page_entry(page, "latest of", words);
    add_clock(page, "first", details->failure.first.time_ns, details->local_time);
    add_clock(page, "latest", latest->time_ns, details->local_time);
}

int details_draw(const struct details *details, struct grid *grid, int top, int height, int first)
{
    struct page page = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    if (details->kind == DETAILS_DIAGNOSIS)
        draw_diagnosis(details, &page);
    if (details->kind == DETAILS_FAILURE)
        draw_failure(details, &page);
    if (details->has_flow)
        draw_flow(details, &page);
    return page.line;
}
