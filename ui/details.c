#include "ui/details.h"

#include "flows/describe.h"
#include "ui/life.h"
#include "ui/diagnosis_text.h"

#define WORDS_MAX   2048
#define NUMBER_ROOM 6

void details_of_flow(struct details *details, const struct flow_row *row)
{
    details->has_flow = true;
    details->has_detail = false;
    details->is_gone = false;
    details->story = NULL;
    details->ref = row->ref;
    details->row = *row;
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
    if (!details->has_flow)
        return;
    details->is_gone = !flow_pane_take(pane, tracker, details->ref, &details->row);
    take_detail(details, tracker);
}

static struct text begin_words(char words[WORDS_MAX])
{
    return text_begin(words, WORDS_MAX);
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
        page_line_untrusted(page, &(struct page_line){.name = "  command",
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

static void draw_diagnosis(const struct details *details, struct page *page,
                           const struct diagnosis *diagnosis)
{
    diagnosis_text_draw(page, diagnosis);
    for (unsigned at = 0; diagnosis_text_draw_advice(page, diagnosis, at, details->utf8); at++)
        continue;
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
    page_clock(page, "began", details->row.cold.start_ns, details->local_time);
    const struct diagnosis *diagnosis = NULL;
    unsigned at = 0;
    while ((diagnosis = known_walk(details->known, flow.view, &at)))
        draw_diagnosis(details, page, diagnosis);
    life_draw(details, page);
    draw_numbers(details, page);
}

int details_draw(const struct details *details, struct grid *grid, int top, int height, int first)
{
    struct page page = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    if (details->has_flow)
        draw_flow(details, &page);
    return page.line;
}
