#include "ui/life.h"

#include "flows/timing.h"
#include "ui/segment_words.h"

#define WORDS_MAX 512

static struct text begin_words(char words[WORDS_MAX])
{
    return text_begin(words, WORDS_MAX);
}

static bool is_client(const struct details *details, unsigned side)
{
    return side == details->row.hot.client;
}

/* "client, 8us later: mss 65495 ..." */
static void draw_step(const struct details *details, struct page *page,
                      const struct story_step *step)
{
    const struct packet_record *record = &step->record;
    char name[WORDS_MAX], words[WORDS_MAX];
    struct text text = begin_words(name);
    text_add_packet_kind(&text, record);
    text = begin_words(words);
    text_add_string(&text, is_client(details, record->side) ? "client" : "server");
    if (step->count > 1)
        text_add(&text, ", sent %u times", step->count);
    if (step->is_first && step->phase == STORY_CLOSE) {
        text_add_string(&text, "  after ");
        text_add_span(&text, record->time_ns - details->row.cold.start_ns);
    } else if (!step->is_first) {
        text_add_string(&text, "  +");
        text_add_span(&text, record->time_ns - step->before_ns);
    }
    text_add_string(&text, "  ");
    if (record->flags & TCP_SYN)
        text_add_options(&text, record);
    if (record->flags & TCP_RST && details->row.cold.reset_phase != RESET_NONE) {
        text_add_string(&text, "reset in the ");
        text_add_string(&text, reset_phase_word((enum reset_phase)details->row.cold.reset_phase));
        text_add_string(&text, " phase");
    }
    enum style style = record->flags & TCP_RST            ? STYLE_FAILURE
                       : is_client(details, record->side) ? STYLE_CLIENT
                                                          : STYLE_SERVER;
    page_line(page, &(struct page_line){.name = name,
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = style,
                                        .indent = PAGE_NAME_ROOM});
}

/* Returns how many steps there are. */
static unsigned draw_steps(const struct details *details, struct page *page, enum story_phase phase)
{
    const struct flow_story *story = details->story;
    unsigned count = 0;
    for (uint32_t at = 0; story && at < story->step_count; at++) {
        if (story->steps[at].phase != phase)
            continue;
        draw_step(details, page, &story->steps[at]);
        count++;
    }
    return count;
}

static void add_span(struct text *text, const char *before, int64_t span_ns)
{
    if (span_ns < 0)
        return;
    text_add_string(text, text->len > 0 ? ", " : "");
    text_add_string(text, before);
    text_add_string(text, " ");
    text_add_span(text, span_ns);
}

static void draw_handshake(const struct details *details, struct page *page)
{
    const struct flow_cold *cold = &details->row.cold;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    page_heading(page, STYLE_HEADING, "HANDSHAKE");
    unsigned steps = draw_steps(details, page, STORY_HANDSHAKE);
    if (cold->handshake_ns >= 0) {
        add_span(&text, "complete after", cold->handshake_ns);
        add_span(&text, "answered after", cold->syn_ack_ns);
    } else if (cold->rare[details->row.hot.client].syn == 0) {
        text_add_string(&text, "not seen: the flow is older than the capture");
    } else if (cold->rare[!details->row.hot.client].syn == 0) {
        text_add_string(&text, "not answered with SYN ACK");
    } else {
        text_add_string(&text, "not complete");
    }
    page_entry(page, steps > 0 ? "" : "TCP", words);
}

/* What is known without the packets: who has closed. */
static void add_closed(struct text *text, const struct details *details)
{
    const struct flow_cold *cold = &details->row.cold;
    const struct {
        uint32_t client, server;
        const char *word;
    } kinds[] = {
        {cold->rare[details->row.hot.client].fin, cold->rare[!details->row.hot.client].fin, "FIN"},
        {cold->rare[details->row.hot.client].rst, cold->rare[!details->row.hot.client].rst, "RST"}};
    for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        if (kinds[at].client > 0)
            text_add(text, "%s%s of the client", text->len > 0 ? ", " : "", kinds[at].word);
        if (kinds[at].server > 0)
            text_add(text, "%s%s of the server", text->len > 0 ? ", " : "", kinds[at].word);
    }
    if (text->len == 0)
        text_add_string(text, "neither side has closed");
}

static void draw_close(const struct details *details, struct page *page)
{
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    page_heading(page, STYLE_HEADING, "CLOSE");
    if (draw_steps(details, page, STORY_CLOSE) > 0)
        return;
    add_closed(&text, details);
    page_entry(page, "", words);
}

static void draw_round_trips(const struct details *details, struct page *page, unsigned side)
{
    const struct story_side *story = details->story ? &details->story->side[side] : NULL;
    const struct detail_side *detail = details->has_detail ? &details->detail.side[side] : NULL;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    if (story && story->rtt_count > 0) {
        add_span(&text, "min", (int64_t)story->rtt_least_ns);
        add_span(&text, "mean", (int64_t)(story->rtt_sum_ns / story->rtt_count));
        add_span(&text, "max", (int64_t)story->rtt_most_ns);
        text_add(&text, "  of %llu", (unsigned long long)story->rtt_count);
    } else if (detail && detail->rtt_count > 0) {
        add_span(&text, "min", detail->rtt_min_ns);
        add_span(&text, "smoothed", detail->rtt_ns);
    }
    if (text.len > 0)
        page_entry(page, is_client(details, side) ? "RTT of client" : "RTT of server", words);
}

static void draw_answers(const struct details *details, struct page *page)
{
    unsigned server = !details->row.hot.client;
    const struct detail_side *detail = &details->detail.side[server];
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    if (details->story && details->story->answers > 0) {
        add_span(&text, "p50", flow_story_answer_ns(details->story, 50));
        add_span(&text, "p95", flow_story_answer_ns(details->story, 95));
        add_span(&text, "p99", flow_story_answer_ns(details->story, 99));
    }
    if (details->has_detail && detail->response_count > 0) {
        add_span(&text, "mean", detail->response_ns / detail->response_count);
        add_span(&text, "max", detail->response_max_ns);
        text_add(&text, "  of %u", detail->response_count);
    }
    if (text.len > 0)
        page_entry(page, "answers", words);
}

static void draw_silence(const struct details *details, struct page *page)
{
    const struct flow_detail *detail = &details->detail;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    if (!details->has_detail)
        return;
    if (detail->idle_ns > 0)
        add_span(&text, "longest idle", detail->idle_ns);
    for (unsigned side = 0; side < 2; side++) {
        if (detail->side[side].stall_count > 0)
            add_span(&text,
                     is_client(details, side) ? "waited for the client" : "waited for the server",
                     detail->side[side].stalled_ns);
    }
    if (text.len > 0)
        page_entry(page, "silence", words);
}

void life_draw(const struct details *details, struct page *page)
{
    unsigned client = details->row.hot.client;
    if (details->row.hot.tuple.protocol == PROTOCOL_TCP) {
        draw_handshake(details, page);
        draw_close(details, page);
    }
    page_heading(page, STYLE_HEADING, "TIMES");
    draw_round_trips(details, page, client);
    draw_round_trips(details, page, !client);
    draw_answers(details, page);
    draw_silence(details, page);
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    add_span(&text, "open for", details->row.hot.last_ns - details->row.cold.start_ns);
    text_add_string(&text, ", quiet for ");
    text_add_age(&text, details->now_ns - details->row.hot.last_ns);
    page_entry(page, "life", words);
}
