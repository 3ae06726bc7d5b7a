#include <string.h>

#include "ui/page.h"
#include "ui/ports_page.h"

#define WORDS_MAX         1024
#define CLOCK_LEN         8 /* 12:34:56 */
#define STATUS_OF(status) ((status) >> 8 & 0xff)
#define SIGNAL_OF(status) ((status)&0x7f)

static void add_clock(struct text *text, int64_t time_ns, bool local)
{
    char clock[32];
    struct text whole = text_begin(clock, sizeof clock);
    text_add_clock(&whole, time_ns, local);
    text_add_bytes(text, clock, CLOCK_LEN);
}

static void add_process(struct text *text, const struct host_process *process)
{
    if (process->pid == 0) {
        text_add_string(text, "a process that is not known");
        return;
    }
    text_add_untrusted(text, process->comm, strlen(process->comm));
    text_add(text, "(%d)", (int)process->pid);
}

static void add_heading(struct page *page, const struct port_line *line)
{
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    text_add_string(&text, line->socket.tuple.protocol == PROTOCOL_TCP ? "tcp " : "udp ");
    text_add_endpoint(&text, &line->socket.tuple, 0);
    if (line->service[0] != '\0') {
        text_add_string(&text, " (");
        text_add_untrusted(&text, line->service, strlen(line->service));
        text_add_string(&text, ")");
    }
    text_add_string(&text, "  ");
    add_process(&text, &line->process);
    if (line->holders > 1)
        text_add(&text, " and %u more", line->holders - 1);
    page_heading(page, STYLE_HEADING, words);
}

/* Trouble first. */
static void add_remarks(struct page *page, uint32_t remarks, enum style style)
{
    for (unsigned remark = 0; remark < PORT_REMARK_COUNT; remark++) {
        if (remarks >> remark & 1)
            page_styled(page, style == STYLE_DIM ? "note" : "look", style,
                        port_remark_words(remark));
    }
}

static void add_queue(const struct ports_page *ports, struct page *page,
                      const struct port_line *line)
{
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    if (line->socket.tuple.protocol != PROTOCOL_TCP) {
        text_add_size(&text, line->socket.queue);
        text_add_string(&text, " not read yet, ");
        text_add_grouped(&text, line->socket.drops);
        text_add_string(&text, " datagrams found no room");
        page_styled(page, "queue", line->socket.drops > 0 ? STYLE_WARNING : STYLE_NORMAL, words);
        return;
    }
    if (ports->live)
        text_add(&text, "%u wait to be accepted, %u may; at most %u in the last %u s",
                 line->socket.queue, line->socket.queue_limit, line->queue_most, LISTENERS_SECONDS);
    else
        text_add(&text, "%u waited to be accepted, %u might", line->socket.queue,
                 line->socket.queue_limit);
    page_styled(page, "backlog", STYLE_NORMAL, words);
}

static void add_connections(struct page *page, const struct port_line *line)
{
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    if (line->socket.tuple.protocol != PROTOCOL_TCP)
        return;
    text_add_grouped(&text, line->connections);
    text_add_string(&text, " open, ");
    text_add_grouped(&text, line->time_wait);
    text_add_string(&text, " in TIME_WAIT, on all addresses of the port");
    page_styled(page, "connections", STYLE_NORMAL, words);
}

static void add_opened(const struct ports_page *page, struct page *out,
                       const struct port_line *line)
{
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    if (line->opened_ns == 0) {
        text_add_string(&text, page->live ? "before this run began" : "before the capture began");
    } else {
        add_clock(&text, line->opened_ns, page->local_time);
        if (line->opener.pid != 0) {
            text_add_string(&text, " by ");
            add_process(&text, &line->opener);
        }
    }
    if (line->process_age_s >= 0) {
        text_add_string(&text, "; the process runs for ");
        ports_write_age(&text, line->process_age_s);
    }
    page_styled(out, "opened", STYLE_NORMAL, words);
}

/* How its process ended, as wait(2) has it. */
static void add_exit(struct text *text, const struct host_past *past)
{
    if (past->exited_ns == 0)
        return;
    if (SIGNAL_OF(past->exit_status) != 0)
        text_add(text, ", killed by signal %d", SIGNAL_OF(past->exit_status));
    else
        text_add(text, ", exit status %d", STATUS_OF(past->exit_status));
}

static void add_past(const struct ports_page *page, struct page *out, const struct port_line *line)
{
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    if (line->past_count == 0)
        return;
    if (!line->closed) {
        add_process(&text, &line->past.process);
        text_add_string(&text, " until ");
    }
    add_clock(&text, line->past.closed_ns, page->local_time);
    add_exit(&text, &line->past);
    if (line->past_count > 1)
        text_add(&text, "; closed %u times in this run", line->past_count);
    page_styled(out, line->closed ? "closed" : "before", STYLE_NORMAL, words);
}

void ports_details_draw(const struct ports_page *page, const struct port_line *line,
                        struct grid *grid, int top, int height)
{
    struct page out = {.grid = grid, .top = top, .height = height, .width = grid->width};
    char words[WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    add_heading(&out, line);
    uint32_t trouble = ports_trouble(line->remarks);
    add_remarks(&out, trouble, STYLE_WARNING);
    if (line->closed)
        add_past(page, &out, line);
    if (!line->closed)
        add_queue(page, &out, line);
    text_add_untrusted(&text, line->process.command, strlen(line->process.command));
    page_styled(&out, "command", STYLE_NORMAL, words);
    if (!line->closed && page->live)
        add_connections(&out, line);
    add_opened(page, &out, line);
    if (!line->closed)
        add_past(page, &out, line);
    add_remarks(&out, line->remarks & ~trouble, STYLE_DIM);
}
