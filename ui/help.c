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
#define OF_REPLAY    ((unsigned)KEY_IN_REPLAY | KEY_IN_SEEK)

static const struct {
    const char *word;
    bool failure;
    const char *meaning;
} events[] = {
#define EVENT(NAME, word, failure, meaning) {word, failure, meaning},
#include "flows/event.def"
#undef EVENT
};

/* Those that play a file, or all others. */
static void add_keys(struct page *page, bool of_replay)
{
    for (int action = 0; action < ACTION_COUNT; action++) {
        char names[KEYS_MAX];
        struct text text = text_begin(names, sizeof names);
        unsigned contexts = keymap_contexts((enum key_action)action);
        if (((contexts & ~OF_REPLAY) == 0) != of_replay)
            continue;
        keymap_write_keys(&text, (enum key_action)action);
        page_entry(page, names, keymap_meaning((enum key_action)action));
    }
}

static void add_what_to_do(struct page *page, const struct screen_status *status)
{
    page_heading(page, STYLE_HEADING, "KEYS");
    add_keys(page, false);
    if (!status->transport)
        return;
    page_heading(page, STYLE_HEADING, "PLAYING THE FILE");
    add_keys(page, true);
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
    add_example(page, "node",
                "rows with that in a process, address, port, protocol, state or diagnosis");
    add_example(page, "tcp :3000", "rows with both words, whatever their case");
    add_example(page, "\"tcp established\"", "words side by side, as a row has them");
    add_example(page, "!established", "rows without it; also: not");
    add_example(page, "tcp and (a or b)", "and binds closer than or; also: && ||");
    add_example(page, "/80[0-9]+/i", "rows that match an expression; i: whatever the case");
    add_example(page, "port:80,443", "a field is one of these; != for none of them");
    add_example(page, "proc~^node", "a text matches an expression; !~ if it does not");
    add_example(page, "bytes>1.5M", "< <= = >= >; k M G are powers of 1000, Ki Mi Gi of 1024");
    add_example(page, "rtt:1ms-5ms", "a range; times have a unit: ns us ms s m h d");
    add_example(page, "tcp.port == 80", "as in Wireshark and tcpdump: ip.addr, src port 80, ...");
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
        add_what_to_do(&page, status);
        add_filter(&page);
        add_what_is_shown(&page);
        return page.line;
    }
    page.width = (grid->width - GAP) / 2;
    int begin = page.line;
    add_what_to_do(&page, status);
    int longest = page.line;
    page.left = page.width + GAP;
    page.line = begin;
    add_what_is_shown(&page);
    add_filter(&page);
    return page.line > longest ? page.line : longest;
}
