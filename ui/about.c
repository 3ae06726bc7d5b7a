#include "ui/about.h"

#include <string.h>

#include "base/clock.h"
#include "ui/page.h"

#define WORDS_MAX 2048
#define GAP       2
#define WIDE      100
#define MINUTE_NS (60 * CLOCK_NS_PER_S)
#define STALL_BAD (100 * CLOCK_NS_PER_MS) /* keys and packets wait noticeably */

static struct text begin_words(char words[WORDS_MAX])
{
    return text_begin(words, WORDS_MAX);
}

static void add_untrusted(struct page *page, const char *name, const char *words)
{
    char safe[WORDS_MAX];
    struct text text = begin_words(safe);
    text_add_untrusted(&text, words, strlen(words));
    page_styled(page, name, STYLE_NORMAL, safe);
}

static void add_number(struct page *page, const char *name, uint64_t number, const char *words)
{
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_grouped(&text, number);
    text_add_string(&text, words);
    page_styled(page, name, STYLE_NORMAL, line);
}

/* Something that should be 0, and what helps when it is not. */
static void add_loss(struct page *page, const char *name, uint64_t number, const char *advice)
{
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_grouped(&text, number);
    if (number > 0)
        text_add_string(&text, advice);
    page_styled(page, name, number > 0 ? STYLE_WARNING : STYLE_GOOD, line);
}

static void add_size(struct page *page, const char *name, uint64_t bytes, const char *words)
{
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_size(&text, bytes);
    text_add_string(&text, words);
    page_styled(page, name, STYLE_NORMAL, line);
}

/* In minutes: a page on which only the time goes by stays as it is. */
static void add_minutes(struct text *text, int64_t minutes)
{
    if (minutes < 1)
        text_add_string(text, "less than a minute");
    else if (minutes < 60)
        text_add(text, minutes == 1 ? "1 minute" : "%d minutes", (int)minutes);
    else
        text_add_span(text, minutes * MINUTE_NS);
}

static void add_source(struct page *page, const struct screen_status *status)
{
    const struct screen_health *health = status->health;
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_untrusted(&text, status->name, strlen(status->name));
    text_add(&text, " (%s), packets of up to %u bytes", health->link_name, health->snaplen);
    page_styled(page, status->live ? "interface" : "file", STYLE_NORMAL, line);
    if (status->live)
        add_size(page, "ring", health->ring_size, " in the kernel; -B makes it larger");
    else if (health->file_size >= 0)
        add_size(page, "size", (uint64_t)health->file_size, "");
    add_untrusted(page, "filter", status->filter[0] != '\0' ? status->filter : "none");
    text = begin_words(line);
    add_minutes(&text, health->elapsed_ns / MINUTE_NS);
    page_styled(page, "running for", STYLE_NORMAL, line);
}

static void add_undecoded(struct page *page, const struct screen_status *status)
{
    const struct screen_health *health = status->health;
    add_loss(page, "undecoded", status->undecoded, "");
    for (uint32_t at = 0; at < health->undecoded_count; at++) {
        char line[WORDS_MAX];
        struct text text = begin_words(line);
        text_add_grouped(&text, health->undecoded[at].count);
        text_add(&text, " %s", health->undecoded[at].explanation);
        page_styled(page, "", STYLE_DIM, line);
    }
}

static void add_capture(struct page *page, const struct screen_status *status)
{
    const struct screen_health *health = status->health;
    page_heading(page, STYLE_HEADING, "CAPTURE");
    add_source(page, status);
    if (status->live)
        add_number(page, "received", health->received, " packets");
    add_number(page, status->live ? "decoded" : "read", status->packets, " packets");
    add_size(page, "captured", health->captured_bytes, "");
    if (health->spared_bytes > 0)
        add_size(page, "", health->spared_bytes, " of payload left out, as nobody reads it");
    if (status->live) {
        add_loss(page, "dropped", status->dropped_by_kernel,
                 " by the kernel: flows lack bytes; a larger ring (-B) or a narrower filter loses "
                 "less");
        if (status->dropped_by_interface > 0)
            add_loss(page, "", status->dropped_by_interface, " by the interface");
    }
    add_loss(page, "cut", health->truncated, " by the snap length; -s 0 takes packets whole");
    add_undecoded(page, status);
}

static void add_flows(struct page *page, const struct screen_health *health)
{
    const struct tracker_stats *flows = health->flows;
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_grouped(&text, flows->live);
    text_add_string(&text, " in the table, of ");
    text_add_grouped(&text, health->max_flows);
    text_add_string(&text, " at most; ");
    text_add_grouped(&text, flows->flows);
    text_add_string(&text, " so far");
    page_styled(page, "flows", STYLE_NORMAL, line);
    add_loss(page, "evicted", flows->evicted, " had to make room; --max-flows allows more");
    add_loss(page, "lack details", flows->detail_denied,
             " flows: their times and rare counts are not known");
    add_loss(page, "lack holes", flows->holes_denied,
             " flows: their unique bytes are a lower bound");
    add_loss(page, "lack streams", flows->bytes_denied,
             " flows lack payload: no room in the stream budget, or it came before their "
             "beginning");
}

static void add_diagnoses(struct page *page, const struct screen_health *health)
{
    if (health->forgotten_diagnoses > 0)
        add_loss(page, "forgotten", health->forgotten_diagnoses,
                 " diagnoses had to make room for newer ones");
}

static void add_memory(struct page *page, const struct screen_health *health)
{
    page_heading(page, STYLE_HEADING, "BUDGETS");
    add_flows(page, health);
    add_diagnoses(page, health);
    add_size(page, "records", health->memory.flows, "");
    add_size(page, "hash table", health->memory.table, "");
    add_size(page, "details", health->memory.details, "");
    add_size(page, "streams", health->memory.streams, "");
    add_size(page, "fragments", health->fragment_memory, "");
    if (health->memory_peak == 0)
        return;
    char of[64] = " at most so far";
    if (health->max_memory > 0) {
        struct text text = text_begin(of, sizeof of);
        text_add_string(&text, " at most so far, of ");
        text_add_size(&text, health->max_memory);
        text_add_string(&text, " that --max-memory allows");
    }
    add_size(page, "whole program", health->memory_peak, of);
}

static void add_missing(struct page *page, const struct screen_status *status)
{
    for (uint32_t at = 0; at < status->missing_count; at++) {
        char words[WORDS_MAX];
        const struct screen_missing *missing = &status->missing[at];
        if (strcmp(missing->word, "events") == 0 || strcmp(missing->word, "calls") == 0)
            continue; /* told with their numbers */
        struct text text = begin_words(words);
        text_add_untrusted(&text, missing->sentence, strlen(missing->sentence));
        page_styled(page, missing->word, STYLE_WARNING, words);
    }
}

static void add_tracer(struct page *page, const struct screen_status *status)
{
    const struct screen_health *health = status->health;
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    page_heading(page, STYLE_HEADING, "KERNEL AND PROCESSES");
    if (!status->live) {
        page_styled(page, "tracer", STYLE_DIM, "a capture has no kernel events but those it kept");
        return;
    }
    if (health->is_traced) {
        page_styled(page, "tracer", STYLE_GOOD,
                    "running: the kernel tells who connects and why not");
        add_loss(page, "events lost", health->lost,
                 ": too many came at once, so names and reasons may be missing");
        text_add_span(&text, health->unwatched_ns);
        if (health->unwatched_ns > 0)
            text_add_string(&text, " while the machine was so busy that failed calls were looked "
                                   "at only now and then");
        page_styled(page, "calls missed", health->unwatched_ns > 0 ? STYLE_WARNING : STYLE_GOOD,
                    line);
    }
    add_missing(page, status);
    if (status->missing_count == 0)
        page_styled(page, "missing", STYLE_GOOD, "nothing");
}

static void add_sandbox(struct page *page, const struct screen_health *health)
{
    page_heading(page, STYLE_HEADING, "SANDBOX");
    if (health->layer_count == 0)
        page_styled(page, "off", STYLE_WARNING, "nothing keeps a fault from doing harm");
    for (uint32_t at = 0; at < health->layer_count; at++) {
        const struct screen_layer *layer = &health->layers[at];
        char line[WORDS_MAX];
        struct text text = begin_words(line);
        text_add_string(&text, layer->holds ? "" : "missing: ");
        text_add_untrusted(&text, layer->words, strlen(layer->words));
        page_styled(page, layer->word, layer->holds ? STYLE_GOOD : STYLE_WARNING, line);
    }
}

static void add_stall(struct page *page, const struct screen_stall *stall)
{
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_string(&text, "worst ");
    text_add_span(&text, stall->worst_ns);
    if (stall->calls > 0) {
        text_add_string(&text, " at ");
        text_add_clock(&text, stall->worst_at_ns, true);
        text.len -= text.len > 7 ? 7 : 0; /* microseconds */
        text.at[text.len] = '\0';
    }
    text_pad_to(&text, 26);
    text_add_string(&text, "latest ");
    text_add_span(&text, stall->latest_ns);
    enum style style = stall->worst_ns >= STALL_BAD ? STYLE_WARNING : STYLE_NORMAL;
    page_styled(page, stall->word, style, line);
}

static void add_stalls(struct page *page, const struct screen_health *health)
{
    page_heading(page, STYLE_HEADING, "LOOP: HOW LONG OTHERS HAD TO WAIT");
    for (uint32_t at = 0; at < health->stall_count; at++)
        add_stall(page, &health->stalls[at]);
}

static void add_program(struct page *page, const struct screen_health *health)
{
    page_heading(page, STYLE_HEADING, "PROGRAM");
    page_styled(page, "loflow", STYLE_NORMAL, health->version);
    add_untrusted(page, "built with", health->features);
    char line[WORDS_MAX];
    struct text text = begin_words(line);
    text_add_string(&text, health->has_config ? "" : "none; it would be ");
    text_add_untrusted(&text, health->config_path, strlen(health->config_path));
    page_styled(page, "config", STYLE_NORMAL, health->config_path[0] != '\0' ? line : "none");
}

int about_draw(struct grid *grid, int top, int height, int first,
               const struct screen_status *status)
{
    struct page page = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    if (!status->health) {
        page_styled(&page, "", STYLE_DIM, "not known yet");
        return page.line;
    }
    bool is_wide = grid->width >= WIDE;
    page.width = is_wide ? (grid->width - GAP) / 2 : grid->width;
    add_capture(&page, status);
    add_tracer(&page, status);
    int longest = page.line;
    if (is_wide) {
        page.left = page.width + GAP;
        page.line = 0;
    }
    add_memory(&page, status->health);
    add_stalls(&page, status->health);
    add_sandbox(&page, status->health);
    add_program(&page, status->health);
    return page.line > longest ? page.line : longest;
}
