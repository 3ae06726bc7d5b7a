#include "ui/help.h"

#include <string.h>

#include "flows/flow.h"
#include "ui/column.h"
#include "ui/filter_word.h"
#include "ui/keymap.h"
#include "ui/page.h"

#define KEYS_MAX     64
#define SENTENCE_MAX 2048
#define EXAMPLE_ROOM 20
#define GAP          2   /* between two columns */
#define WIDE         100 /* from here on there are two */

/* Where keys mean something, as a user sees it. Keys that all tabs have are those of all pages. */
static const struct section {
    unsigned contexts;
    const char *words;
} sections[] = {
    {KEY_IN_TABS, "all pages"},
    {KEY_IN_LIST, "the flows"},
    {KEY_IN_FLOW, "all about a flow"},
    {KEY_IN_STREAM, "what both ends of a flow have said"},
    {KEY_IN_EVENTS, "the events"},
    {KEY_IN_TROUBLE, "all about a diagnosis or a failure"},
    {KEY_IN_PORTS, "the ports"},
    {KEY_IN_REPLAY, "playing the file"},
    {KEY_IN_PAGE, "this help"},
    {KEY_IN_FILTER | KEY_IN_PROMPT | KEY_IN_ASK | KEY_IN_SEEK, "a line being typed"},
    {KEY_IN_COPY | KEY_IN_COPY_DIAGNOSIS, "what is to be copied is asked"},
};

#define SECTIONS (sizeof sections / sizeof sections[0])

static bool is_everywhere(unsigned contexts)
{
    return (contexts & KEY_IN_TABS) == KEY_IN_TABS;
}

static void add_section(struct page *page, const struct help *help, const struct section *section)
{
    bool is_here = section->contexts == help->context;
    char line[KEYS_MAX];
    struct text text = text_begin(line, sizeof line);
    text_add(&text, is_here ? "KEYS HERE: %s" : "KEYS: %s", section->words);
    page_heading(page, STYLE_HEADING, line);
    for (int action = 0; action < ACTION_COUNT; action++) {
        unsigned contexts = keymap_contexts(help->keymap, (enum key_action)action);
        if (!(contexts & section->contexts) ||
            is_everywhere(contexts) != is_everywhere(section->contexts))
            continue;
        text = text_begin(line, sizeof line);
        keymap_write_keys_in(help->keymap, section->contexts, (enum key_action)action, &text);
        page_entry(page, line, keymap_meaning((enum key_action)action));
    }
}

/* The page that the help was called from comes first. */
static void add_what_to_do(struct page *page, const struct help *help)
{
    for (size_t at = 0; at < SECTIONS; at++) {
        if (sections[at].contexts == help->context)
            add_section(page, help, &sections[at]);
    }
    for (size_t at = 0; at < SECTIONS; at++) {
        bool is_left_out = sections[at].contexts == KEY_IN_REPLAY && !help->status->transport;
        if (sections[at].contexts != help->context && !is_left_out)
            add_section(page, help, &sections[at]);
    }
}

static void add_example(struct page *page, const char *example, const char *words)
{
    page_line(page, &(struct page_line){.name = example,
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = STYLE_NORMAL,
                                        .indent = EXAMPLE_ROOM});
}

/* The examples teach the language, the tables are for reference. */
static void add_filter(struct page *page)
{
    page_heading(page, STYLE_HEADING, "FILTER");
    const char *meaning = NULL, *line = NULL;
    for (unsigned at = 0; (line = filter_example(at, &meaning)) != NULL; at++)
        add_example(page, line, meaning);
    page_heading(page, STYLE_HEADING, "FIELDS OF FILTERS");
    for (int at = 0; at < FILTER_FIELD_COUNT; at++) {
        const struct filter_field_word *field = filter_field_word((enum filter_field)at);
        add_example(page, field->example, field->meaning);
    }
    page_heading(page, STYLE_HEADING, "WHAT IS: MAY ASK");
    for (unsigned at = 0; at < FILTER_FLAG_COUNT; at++)
        page_entry(page, filter_value_word(FILTER_KIND_FLAG, at),
                   filter_value_meaning(FILTER_KIND_FLAG, at));
}

static void add_what_is_shown(struct page *page)
{
    page_heading(page, STYLE_HEADING, "STATES");
    for (int state = 0; state < FLOW_STATE_COUNT; state++)
        page_entry(page, flow_state_word((enum flow_state)state),
                   flow_state_meaning((enum flow_state)state));
    page_heading(page, STYLE_HEADING, "WHAT FAILED");
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (event_is_failure((enum event_kind)kind))
            page_entry(page, event_word((enum event_kind)kind),
                       event_meaning((enum event_kind)kind));
    }
    page_heading(page, STYLE_HEADING, "COLUMNS");
    for (int column = 0; column < COLUMN_COUNT; column++)
        page_entry(page, column_heading((enum column)column), column_meaning((enum column)column));
}

static void add_what_is_missing(struct page *page, const struct screen_status *status)
{
    if (status->missing_count == 0)
        return;
    page_heading(page, STYLE_WARNING, "MISSING");
    for (uint32_t at = 0; at < status->missing_count; at++) {
        const struct screen_missing *missing = &status->missing[at];
        char words[SENTENCE_MAX];
        struct text text = text_begin(words, sizeof words);
        text_add_untrusted(&text, missing->sentence, strlen(missing->sentence));
        page_entry(page, missing->word, words);
    }
}

int help_draw(const struct help *help, struct grid *grid, int top, int height, int first)
{
    struct page page = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    add_what_is_missing(&page, help->status);
    if (grid->width < WIDE) {
        add_what_to_do(&page, help);
        add_filter(&page);
        add_what_is_shown(&page);
        return page.line;
    }
    page.width = (grid->width - GAP) / 2;
    int begin = page.line;
    add_what_to_do(&page, help);
    int longest = page.line;
    page.left = page.width + GAP;
    page.line = begin;
    add_what_is_shown(&page);
    add_filter(&page);
    return page.line > longest ? page.line : longest;
}
