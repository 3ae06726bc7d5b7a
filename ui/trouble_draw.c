/* What the page about a diagnosis or a failure says, line by line. */
#include "ui/trouble_page.h"

#include <string.h>

#include "ui/events_page.h"

#define WORDS_MAX  DIAGNOSIS_TEXT_MAX
#define LABEL_MOST 24
#define ID_ROOM    8

static struct text begin_words(char words[WORDS_MAX])
{
    return text_begin(words, WORDS_MAX);
}

/* The lines drawn since `first` are something that Enter acts on. */
static struct trouble_item *add_item(struct trouble_page *trouble, const struct page *page,
                                     int first)
{
    if (trouble->item_count == TROUBLE_ITEMS)
        return NULL;
    struct trouble_item *item = &trouble->items[trouble->item_count++];
    item->first = first;
    item->end = page->line;
    item->flow = NULL;
    item->advice[0] = '\0';
    return item;
}

static void draw_advice(struct trouble_page *trouble, struct page *page,
                        const struct diagnosis *diagnosis)
{
    int first = page->line;
    for (unsigned at = 0; diagnosis_text_draw_advice(page, diagnosis, at, trouble->utf8); at++) {
        struct trouble_item *item = add_item(trouble, page, first);
        first = page->line;
        if (!item)
            continue;
        struct text text = text_begin(item->advice, sizeof item->advice);
        (void)diagnosis_text_write_advice(&text, diagnosis, at);
    }
}

/* The command line of a process, if it is at an end of one of the flows. */
static const char *command_of(const struct trouble_page *trouble, int32_t pid)
{
    for (unsigned at = 0; at < 2 * trouble->flow_count; at++) {
        const struct trouble_flow *flow = &trouble->flows[at / 2];
        const struct flow_view view = {.hot = &flow->row.hot, .cold = &flow->row.cold};
        const struct owner *owner =
            flow->is_found ? known_owner(trouble->known, view, at % 2) : NULL;
        if (owner && owner->pid == pid)
            return owner->command;
    }
    return "";
}

static void draw_command(struct page *page, const char *command)
{
    if (command[0] == '\0')
        return;
    page_line_untrusted(page, &(struct page_line){.name = "  command",
                                                  .words = command,
                                                  .name_style = STYLE_DIM,
                                                  .style = STYLE_NORMAL,
                                                  .indent = PAGE_NAME_ROOM});
}

static void draw_program(const struct trouble_page *trouble, struct page *page, const char *role,
                         const struct party *program)
{
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    if (program->comm[0] != '\0')
        text_add_untrusted(&text, program->comm, strlen(program->comm));
    else
        text_add_string(&text, program->pid != 0 ? "process " : "not known");
    if (program->pid != 0)
        text_add(&text, program->comm[0] != '\0' ? "(%d)" : "%d", (int)program->pid);
    if (program->count > 1)
        text_add(&text, "  x%u", program->count);
    page_entry(page, role, words);
    draw_command(page, program->pid != 0 ? command_of(trouble, program->pid) : "");
}

/* Where no fact names the server, its flow may. */
static void draw_server(const struct trouble_page *trouble, struct page *page)
{
    const struct trouble_flow *flow = &trouble->flows[0];
    const struct flow_view view = {.hot = &flow->row.hot, .cold = &flow->row.cold};
    const struct owner *owner = trouble->flow_count > 0 && flow->is_found
                                    ? known_owner(trouble->known, view, !flow->row.hot.client)
                                    : NULL;
    struct party server = {.count = 1};
    if (owner) {
        server.pid = owner->pid;
        memcpy(server.comm, owner->comm, sizeof server.comm);
    }
    draw_program(trouble, page, "server", &server);
}

/* The clients with their counts; then whoever else the facts name. */
static void draw_programs(const struct trouble_page *trouble, struct page *page)
{
    const struct diagnosis *diagnosis = &trouble->diagnosis;
    const char *role = NULL;
    struct party program;
    page_heading(page, STYLE_HEADING, "WHO");
    for (unsigned at = 0; at < diagnosis->client_count; at++)
        draw_program(trouble, page, at == 0 ? "client" : "", &diagnosis->clients[at]);
    bool has_other = false;
    for (unsigned at = 0; diagnosis_program(diagnosis, &at, &role, &program);) {
        bool is_client = strcmp(role, "client") == 0;
        has_other = has_other || !is_client;
        if (!is_client || diagnosis->client_count == 0)
            draw_program(trouble, page, role, &program);
    }
    if (diagnosis_fact(diagnosis, FACT_LISTENER))
        page_entry(page, "listener", "nobody");
    else if (!has_other)
        draw_server(trouble, page);
}

static void draw_times(const struct trouble_page *trouble, struct page *page, uint64_t count,
                       const int64_t times_ns[2])
{
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    page_heading(page, STYLE_HEADING, trouble->is_gone ? "NO LONGER SO" : "SEEN");
    text_add_grouped(&text, count);
    page_entry(page, "times", words);
    page_clock(page, "first", times_ns[0], trouble->local_time);
    page_clock(page, "latest", times_ns[1], trouble->local_time);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void draw_fact(const struct trouble_page *trouble, struct page *page,
                      const struct fact *fact, int room)
{
    char label[WORDS_MAX], words[WORDS_MAX];
    struct text name = begin_words(label);
    struct text text = begin_words(words);
    diagnosis_text_write_fact(&name, &text, fact);
    if (fact_kind(fact->name) == FACT_KIND_TIME) {
        text = begin_words(words);
        text_add_clock(&text, fact->number, trouble->local_time);
    }
    page_line(page, &(struct page_line){.name = label,
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = STYLE_NORMAL,
                                        .indent = room});
}

static void draw_evidence(const struct trouble_page *trouble, struct page *page)
{
    const struct diagnosis *diagnosis = &trouble->diagnosis;
    char words[WORDS_MAX];
    int room = PAGE_NAME_ROOM;
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        int label = (int)strlen(fact_word(diagnosis->facts[at].name)) + 2;
        room = label > room ? label : room;
    }
    room = least(room, least(LABEL_MOST, page->width / 2));
    page_heading(page, STYLE_HEADING, "EVIDENCE");
    struct text text = begin_words(words);
    text_add(&text, "%s: %s", certainty_word(diagnosis->certainty),
             certainty_meaning(diagnosis->certainty));
    page_line(page, &(struct page_line){.name = "certainty",
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = STYLE_NORMAL,
                                        .indent = room});
    text = begin_words(words);
    for (uint64_t codes = diagnosis->supersedes; codes != 0; codes &= codes - 1) {
        text_add_string(&text, text.len > 0 ? ", " : "");
        text_add_string(&text, code_word((enum code)__builtin_ctzll(codes)));
    }
    page_line(page, &(struct page_line){.name = "instead of",
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = STYLE_NORMAL,
                                        .indent = room});
    for (unsigned at = 0; at < diagnosis->fact_count; at++)
        draw_fact(trouble, page, &diagnosis->facts[at], room);
}

static void add_end(const struct trouble_page *trouble, const struct flow_row *row, unsigned end,
                    struct text *text)
{
    const struct flow_view view = {.hot = &row->hot, .cold = &row->cold};
    const struct endpoint endpoint = {&row->hot.tuple, known_owner(trouble->known, view, end), end};
    endpoint_write(text, &endpoint, ENDPOINT_TEXT_MAX, trouble->utf8);
}

static void draw_flow(struct trouble_page *trouble, struct page *page,
                      const struct trouble_flow *flow)
{
    char name[WORDS_MAX] = "", words[WORDS_MAX];
    struct text text = begin_words(name);
    int first = page->line;
    if (flow->id != 0)
        text_add(&text, "%llu", (unsigned long long)flow->id);
    text = begin_words(words);
    if (flow->is_found) {
        add_end(trouble, &flow->row, flow->row.hot.client, &text);
        text_add_string(&text, trouble->utf8 ? " → " : " > ");
        add_end(trouble, &flow->row, !flow->row.hot.client, &text);
        text_add(&text, "  %s", flow_state_word((enum flow_state)flow->row.hot.state));
    } else if (trouble->is_looking) {
        text_add_string(&text, "is looked for");
    }
    if (flow->is_gone || (!flow->is_found && !trouble->is_looking))
        text_add_string(&text, "  gone from the table");
    page_line(page, &(struct page_line){.name = name,
                                        .words = words + strspn(words, " "),
                                        .name_style = STYLE_KEY,
                                        .style = flow->is_found ? STYLE_NORMAL : STYLE_DIM,
                                        .indent = ID_ROOM});
    struct trouble_item *item = add_item(trouble, page, first);
    if (item)
        item->flow = flow;
}

static void draw_flows(struct trouble_page *trouble, struct page *page)
{
    if (trouble->flow_count == 0)
        return;
    page_heading(page, STYLE_HEADING, trouble->flow_count == 1 ? "FLOW" : "FLOWS");
    for (unsigned at = 0; at < trouble->flow_count; at++)
        draw_flow(trouble, page, &trouble->flows[at]);
}

static void draw_diagnosis(struct trouble_page *trouble, struct page *page)
{
    const struct diagnosis *diagnosis = &trouble->diagnosis;
    const int64_t times_ns[2] = {diagnosis->first_ns, diagnosis->last_ns};
    diagnosis_text_draw(page, diagnosis);
    page_heading(page, STYLE_HEADING, "WHAT TO DO");
    draw_advice(trouble, page, diagnosis);
    draw_programs(trouble, page);
    draw_flows(trouble, page);
    draw_times(trouble, page, diagnosis->count, times_ns);
    draw_evidence(trouble, page);
}

/* An end of the latest case; its process while the flow is known. */
static void draw_end(const struct trouble_page *trouble, struct page *page, const char *name,
                     unsigned end)
{
    const struct trouble_flow *flow = &trouble->flows[0];
    const struct flow_view view = {.hot = &flow->row.hot, .cold = &flow->row.cold};
    const struct owner *owner = flow->is_found ? known_owner(trouble->known, view, end) : NULL;
    const struct endpoint endpoint = {&trouble->failure.latest.tuple, owner, end};
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    endpoint_write(&text, &endpoint, ENDPOINT_TEXT_MAX, trouble->utf8);
    page_entry(page, name, words);
    draw_command(page, owner ? owner->command : "");
}

static void draw_failure(struct trouble_page *trouble, struct page *page)
{
    const struct failure *failure = &trouble->failure;
    const struct failure_case *latest = &failure->latest;
    const struct trouble_flow *flow = &trouble->flows[0];
    const struct flow_view view = {.hot = &flow->row.hot, .cold = &flow->row.cold};
    const int64_t times_ns[2] = {failure->first.time_ns, latest->time_ns};
    const struct diagnosis *diagnosis = NULL;
    char words[WORDS_MAX];
    struct text text = begin_words(words);
    text_add_string(&text, event_word(latest->facts.kind));
    if (failure->count > 1)
        text_add(&text, "  x%llu", (unsigned long long)failure->count);
    page_heading(page, event_class_style(latest->facts.kind), words);
    page_line(page, &(struct page_line){.name = "",
                                        .words = event_meaning(latest->facts.kind),
                                        .style = STYLE_NORMAL});
    text = begin_words(words);
    text_add_event(&text, &latest->facts);
    page_heading(page, STYLE_HEADING, failure->count > 1 ? "THE LATEST" : "WHAT HAPPENED");
    page_entry(page, "what", words);
    draw_end(trouble, page, "client", latest->client);
    draw_end(trouble, page, "server", !latest->client);
    draw_flows(trouble, page);
    for (unsigned at = 0;
         flow->is_found && (diagnosis = known_walk(trouble->known, view, &at)) != NULL;) {
        diagnosis_text_draw(page, diagnosis);
        draw_advice(trouble, page, diagnosis);
    }
    draw_times(trouble, page, failure->count, times_ns);
}

int trouble_draw_lines(struct trouble_page *trouble, struct page *page)
{
    trouble->item_count = 0;
    if (trouble->kind == TROUBLE_DIAGNOSIS)
        draw_diagnosis(trouble, page);
    else
        draw_failure(trouble, page);
    return page->line;
}
