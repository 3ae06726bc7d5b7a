#include "ui/help.h"

#include <string.h>

#include "flows/flow.h"
#include "ui/column.h"
#include "ui/keymap.h"
#include "ui/page.h"

#define KEYS_MAX     64
#define SENTENCE_MAX 2048
#define GAP          2   /* between two columns */
#define WIDE         100 /* from here on there are two */

static const struct {
    const char *word;
    bool failure;
    const char *meaning;
} events[] = {
#define EVENT(NAME, word, failure, meaning) {word, failure, meaning},
#include "flows/event.def"
#undef EVENT
};

static void add_what_to_do(struct page *page)
{
    page_heading(page, STYLE_HEADING, "KEYS");
    for (int action = 0; action < ACTION_COUNT; action++) {
        char names[KEYS_MAX];
        struct text text = text_begin(names, sizeof names);
        keymap_write_keys(&text, (enum key_action)action);
        page_entry(page, names, keymap_meaning((enum key_action)action));
    }
    page_heading(page, STYLE_HEADING, "FILTER");
    page_entry(page, "refused",
               "rows with \"refused\" in a process, address, port, protocol, state or diagnosis");
    page_entry(page, "tcp :3000", "rows with both words, whatever their case");
    page_entry(page, "!established", "rows without the word");
}

static void add_what_is_shown(struct page *page)
{
    page_heading(page, STYLE_HEADING, "STATES");
    for (int state = 0; state < FLOW_STATE_COUNT; state++)
        page_entry(page, flow_state_word((enum flow_state)state),
                   flow_state_meaning((enum flow_state)state));
    page_heading(page, STYLE_HEADING, "WHAT FAILED");
    for (size_t kind = 0; kind < sizeof events / sizeof events[0]; kind++) {
        if (events[kind].failure)
            page_entry(page, events[kind].word, events[kind].meaning);
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

int help_draw(struct grid *grid, int top, int height, int first, const struct screen_status *status)
{
    struct page page = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    add_what_is_missing(&page, status);
    if (grid->width < WIDE) {
        add_what_to_do(&page);
        add_what_is_shown(&page);
        return page.line;
    }
    page.width = (grid->width - GAP) / 2;
    int begin = page.line;
    add_what_to_do(&page);
    int longest = page.line;
    page.left = page.width + GAP;
    page.line = begin;
    add_what_is_shown(&page);
    return page.line > longest ? page.line : longest;
}
