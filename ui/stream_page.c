#include "ui/stream_page.h"

#include "flows/describe.h"
#include "ui/endpoint.h"
#include "ui/motion.h"

#define LINE_MAX_SIZE 512
#define QUIET_NS      (2 * CLOCK_NS_PER_S) /* what is late for so long does not come any more */
#define TOP_LINES     1

int stream_page_open(struct stream_page *page, struct packet_tape *tape, const struct known *known,
                     uint32_t bytes, struct err *err)
{
    *page = (struct stream_page){.tape = tape, .known = known};
    return conversation_open(&page->conversation, bytes, err);
}

void stream_page_close(struct stream_page *page)
{
    conversation_close(&page->conversation);
}

static void go_home(struct stream_page *page)
{
    page->top = (struct stream_spot){.is_heading = true};
    page->follows = false;
}

static void begin(struct stream_page *page)
{
    conversation_begin(&page->conversation, page->tape);
    page->restarts = page->tape->restarts;
    page->find.hit.is_valid = page->find.is_under_way = false;
    go_home(page);
}

void stream_page_choose(struct stream_page *page, const struct flow_row *row)
{
    page->row = *row;
    page->has_flow = true;
    page->saying[0] = '\0';
    packet_tape_choose(page->tape, row->ref);
    if (!page->conversation.tape || page->restarts != page->tape->restarts)
        begin(page);
}

static struct stream_shape shape_of(const struct stream_page *page)
{
    return (struct stream_shape){&page->conversation, page->hex, page->width};
}

static void say(struct stream_page *page, const char *words)
{
    struct text text = text_begin(page->saying, sizeof page->saying);
    text_add_string(&text, words);
}

/* The top row when the last one is at the bottom. */
static struct stream_spot last_top(const struct stream_page *page)
{
    struct stream_shape shape = shape_of(page);
    struct stream_spot spot = {.is_heading = true};
    if (!stream_rows_last(&shape, &spot))
        return spot;
    for (int row = 1; row < page->height && stream_rows_previous(&shape, &spot); row++)
        continue;
    return spot;
}

static void place(struct stream_page *page)
{
    struct stream_shape shape = shape_of(page);
    if (page->follows)
        page->top = last_top(page);
    stream_rows_align(&shape, &page->top);
}

/* Brings a hit into sight, with a few rows before it. */
static void show_hit(struct stream_page *page)
{
    struct stream_shape shape = shape_of(page);
    page->follows = false;
    page->top = (struct stream_spot){.run = page->find.hit.run, .at = page->find.hit.at};
    stream_rows_align(&shape, &page->top);
    for (int row = 0; row < page->height / 4; row++)
        (void)stream_rows_previous(&shape, &page->top);
}

static void step_search(struct stream_page *page)
{
    enum find_answer answer = stream_find_step(&page->find, &page->conversation);
    if (answer == FIND_HIT) {
        page->saying[0] = '\0';
        show_hit(page);
    } else if (answer == FIND_MORE) {
        say(page, "searching");
    } else {
        say(page, page->find.hit.is_valid ? "no other hit in this direction" : "not found");
    }
}

void stream_page_search(struct stream_page *page, const char *pattern)
{
    if (!stream_find_choose(&page->find, pattern)) {
        say(page, "text, \\x0d\\n or 0x0d0a");
        return;
    }
    stream_find_begin(&page->find, &page->top, true, true);
    step_search(page);
}

/* From the hit that is shown, or from the top row. */
static void search_on(struct stream_page *page, bool forward)
{
    const struct stream_hit *hit = &page->find.hit;
    struct stream_spot from = page->top;
    if (hit->is_valid)
        from = (struct stream_spot){.run = hit->run, .at = hit->at};
    if (page->find.len == 0) {
        say(page, "nothing is searched for");
        return;
    }
    stream_find_begin(&page->find, &from, forward, !hit->is_valid);
    step_search(page);
}

static void take_tape(struct stream_page *page)
{
    const struct packet_tape *tape = page->tape;
    packet_tape_take(page->tape);
    if (tape->restarts != page->restarts)
        begin(page);
}

void stream_page_take(struct stream_page *page, struct flow_pane *pane,
                      const struct tracker *tracker, bool is_over)
{
    if (!page->has_flow)
        return;
    page->is_gone = !flow_pane_take(pane, tracker, page->row.ref, &page->row);
    take_tape(page);
    const uint32_t isn[2] = {page->row.cold.rare[0].isn, page->row.cold.rare[1].isn};
    bool is_all = conversation_take(&page->conversation, isn);
    bool is_closed = page->is_gone || is_over || !flow_state_is_open(page->row.hot.state);
    if (is_all && (is_closed || pane->now_ns - page->row.hot.last_ns > QUIET_NS))
        conversation_settle(&page->conversation);
    if (page->find.is_under_way)
        step_search(page);
}

bool stream_page_is_whole(const struct stream_page *page)
{
    const struct packet_tape *tape = page->tape;
    return !tape->log || (tape->complete && page->conversation.position >= tape->end);
}

/* Down to where the last row is at the bottom: a turn or a hit may have gone beyond it. */
static void move(struct stream_page *page, int64_t rows)
{
    struct stream_shape shape = shape_of(page);
    struct stream_spot last = last_top(page);
    if (rows == -MOTION_FAR)
        go_home(page);
    page->follows = rows == MOTION_FAR;
    if (page->follows || rows == -MOTION_FAR)
        return;
    for (; rows < 0 && stream_rows_previous(&shape, &page->top); rows++)
        continue;
    for (; rows > 0 && stream_spot_compare(&page->top, &last) < 0; rows--)
        (void)stream_rows_next(&shape, &page->top);
}

/* Rows are not counted: the share of the bytes that is above. */
struct extent stream_page_extent(const struct stream_page *page)
{
    const struct conversation *conversation = &page->conversation;
    const struct stream_spot *top = &page->top;
    struct stream_spot last = last_top(page);
    bool is_first = top->run == 0 && top->is_heading;
    if (conversation->run_count == 0 || (is_first && stream_spot_compare(top, &last) >= 0))
        return (struct extent){0};
    uint64_t above = conversation->runs[top->run].at + top->at;
    uint64_t part = conversation->len > 0 ? above * 100 / conversation->len : 0;
    bool is_last = stream_spot_compare(top, &last) >= 0;
    return (struct extent){.first = is_last ? 100 : part, .in_percent = true};
}

static uint32_t turn_of(const struct stream_page *page)
{
    const struct conversation *conversation = &page->conversation;
    return page->top.run < conversation->run_count ? conversation->runs[page->top.run].turn : 0;
}

static void go_to_turn(struct stream_page *page, bool forward)
{
    const struct conversation *conversation = &page->conversation;
    uint32_t turn = turn_of(page);
    page->follows = false;
    if (conversation->run_count == 0)
        return;
    if (forward && turn + 1 < conversation->turn_count)
        turn++;
    else if (!forward && page->top.is_heading && turn > 0)
        turn--;
    page->top =
        (struct stream_spot){.run = conversation->turns[turn].first_run, .is_heading = true};
}

bool stream_page_act(struct stream_page *page, enum key_action action)
{
    int64_t rows = 0;
    page->saying[0] = '\0';
    if (motion_of(action, page->height, &rows)) {
        move(page, rows);
        return true;
    }
    switch (action) {
    case ACTION_HEX:
        page->hex = !page->hex;
        return true;
    case ACTION_TURN_NEXT:
    case ACTION_TURN_PREVIOUS:
        go_to_turn(page, action == ACTION_TURN_NEXT);
        return true;
    case ACTION_FOUND_NEXT:
    case ACTION_FOUND_PREVIOUS:
        search_on(page, action == ACTION_FOUND_NEXT);
        return true;
    default:
        return false;
    }
}

void stream_page_name_file(const struct stream_page *page, bool by_client, struct text *text)
{
    text_add(text, "flow-%llu-%s.bin", (unsigned long long)page->row.cold.id,
             by_client ? "client" : "server");
}

static void add_bytes(struct text *text, uint64_t bytes)
{
    text_add_grouped(text, bytes);
    text_add_string(text, bytes == 1 ? " byte" : " bytes");
}

static bool is_client(const struct stream_page *page, const struct conversation_turn *turn)
{
    return turn->side == page->row.hot.client;
}

/* "── client  734 bytes  12us later ──": who, how much, how long after the turn before. */
static void draw_heading(const struct stream_page *page, struct grid *grid, int line,
                         uint32_t number)
{
    const struct conversation_turn *turn = &page->conversation.turns[number];
    bool by_client = is_client(page, turn);
    enum style style = by_client ? STYLE_CLIENT : STYLE_SERVER;
    for (int column = 0; column < grid->width; column++)
        (void)grid_text(grid, line, column, 1, STYLE_DIM, page->utf8 ? "─" : "-");
    char words[LINE_MAX_SIZE];
    struct text text = text_begin(words, sizeof words);
    text_add(&text, " %u %s ", number + 1, by_client ? "client" : "server");
    int column = 2 + grid_text(grid, line, 2, grid->width - 2, style, words);
    text = text_begin(words, sizeof words);
    add_bytes(&text, turn->len);
    text_add_string(&text, " ");
    if (number > 0) {
        text_add_string(&text, "after ");
        text_add_span(&text, turn->begin_ns - page->conversation.turns[number - 1].end_ns);
        text_add_string(&text, " ");
    }
    column += grid_text(grid, line, column, grid->width - column, STYLE_NORMAL, words);
    text = text_begin(words, sizeof words);
    if (turn->missing > 0) {
        text_add_grouped(&text, turn->missing);
        text_add_string(&text, " missing ");
    }
    (void)grid_text(grid, line, column, grid->width - column, STYLE_WARNING, words);
}

/* Why there is nothing to see, or why it does not begin at the beginning, or end at the end. */
static void explain(const struct stream_page *page, struct text *text)
{
    const struct conversation *conversation = &page->conversation;
    if (!page->tape->log) {
        text_add_string(text, "packets are not kept in this run");
    } else if (conversation->left_out > 0) {
        text_add_string(text, "only the first ");
        text_add_size(text, conversation->len);
        text_add_string(text, " are kept, ");
        text_add_size(text, conversation->left_out);
        text_add_string(text, " after them are not");
    } else if (!page->tape->complete || conversation->position < page->tape->end) {
        text_add_string(text, "reading");
    } else if (conversation->run_count == 0) {
        text_add_string(text, "nothing was said");
    } else if (conversation->is_cut) {
        text_add_string(text, "the beginning is not kept");
    }
}

static void add_side(const struct stream_page *page, struct text *text, bool by_client)
{
    unsigned side = by_client ? page->row.hot.client : !page->row.hot.client;
    const struct conversation_side *own = &page->conversation.side[side];
    text_add_string(text, by_client ? "  client " : "  server ");
    text_add_size(text, own->len);
    if (own->missing > 0) {
        text_add_string(text, "+");
        text_add_size(text, own->missing);
        text_add_string(text, " missing");
    }
}

/* Since when nothing is missing, where there is room for it. */
static void draw_since(const struct stream_page *page, struct grid *grid, int line, int used)
{
    const struct conversation *conversation = &page->conversation;
    char words[LINE_MAX_SIZE];
    struct text text = text_begin(words, sizeof words);
    if (conversation->side[0].missing + conversation->side[1].missing == 0)
        return;
    text_add_string(&text, "  whole since ");
    text_add_clock(&text, conversation->gap_ns, page->local_time);
    if (used + (int)text.len <= grid->width)
        (void)grid_text(grid, line, used, grid->width - used, STYLE_WARNING, words);
}

static void draw_title(const struct stream_page *page, struct grid *grid, int line)
{
    const struct conversation *conversation = &page->conversation;
    char words[LINE_MAX_SIZE];
    struct text text = text_begin(words, sizeof words);
    grid_fill(grid, line, 0, grid->width, STYLE_HEADING, ' ');
    text_add(&text, "STREAM %llu  %s", (unsigned long long)page->row.cold.id,
             page->hex ? "hex" : "text");
    int used = grid_text(grid, line, 0, grid->width, STYLE_HEADING, words);
    text = text_begin(words, sizeof words);
    if (page->saying[0] != '\0')
        text_add_string(&text, page->saying);
    else
        explain(page, &text);
    if (text.len > 0)
        used += 2 + grid_text(grid, line, used + 2, grid->width - used - 2, STYLE_WARNING, words);
    text = text_begin(words, sizeof words);
    if (conversation->turn_count > 0)
        text_add(&text, "  turn %u of %u", turn_of(page) + 1, conversation->turn_count);
    add_side(page, &text, true);
    add_side(page, &text, false);
    used += grid_text(grid, line, used, grid->width - used, STYLE_HEADING, words);
    draw_since(page, grid, line, used);
}

static void draw_row(const struct stream_page *page, const struct stream_shape *shape,
                     const struct stream_spot *spot, struct grid *grid, int line)
{
    const struct conversation *conversation = &page->conversation;
    uint32_t turn = conversation->runs[spot->run].turn;
    if (spot->is_heading) {
        draw_heading(page, grid, line, turn);
        return;
    }
    bool by_client = is_client(page, &conversation->turns[turn]);
    struct stream_look look = {.style = by_client ? STYLE_CLIENT : STYLE_SERVER,
                               .mark = by_client ? ">" : "<",
                               .hit = &page->find.hit};
    stream_rows_draw(shape, spot, &look, grid, line);
}

void stream_page_draw(struct stream_page *page, struct grid *grid, int top, int height)
{
    if (height < 1 || !page->has_flow)
        return;
    page->width = grid->width;
    page->height = height - TOP_LINES;
    place(page);
    draw_title(page, grid, top);
    struct stream_shape shape = shape_of(page);
    struct stream_spot spot = page->top;
    bool more = page->conversation.run_count > 0;
    for (int line = top + TOP_LINES; more && line < top + height; line++) {
        draw_row(page, &shape, &spot, grid, line);
        more = stream_rows_next(&shape, &spot);
    }
}
