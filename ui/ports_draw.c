#include "ui/ports_page.h"

#include <string.h>

#include "ui/endpoint.h"
#include "ui/gauge.h"

#define TEXT_MAX      512
#define MARK_ROOM     2
#define SERVICE_MOST  12
#define NARROW        60
#define GAUGE_NARROW  7
#define DETAILS_SHARE 3 /* one line of so many */
#define DETAILS_LEAST 3
#define DETAILS_MOST  9
#define DETAILS_MIN   8 /* lines of the page */
#define SUMMARY_FROM  6
#define RANKS         9

static const struct {
    const char *heading;
    int width, rank;
    bool right;
} columns[PORTS_COLUMN_COUNT] = {
#define PORTS_COLUMN(NAME, heading, width, rank, right) {heading, width, rank, right},
#include "ui/ports_column.def"
#undef PORTS_COLUMN
};

/* Widths; 0 leaves a column out. */
struct layout {
    int width[PORTS_COLUMN_COUNT];
};

static bool is_tcp(const struct port_line *line)
{
    return line->socket.tuple.protocol == PROTOCOL_TCP;
}

static void write_process(const struct port_line *line, struct text *text)
{
    if (line->process.pid == 0) {
        text_add_string(text, "?");
        return;
    }
    text_add_untrusted(text, line->process.comm, strlen(line->process.comm));
    text_add(text, "(%d)", (int)line->process.pid);
    if (line->holders > 1)
        text_add(text, " +%u", line->holders - 1);
}

static void write_age(const struct ports_page *page, const struct port_line *line,
                      struct text *text)
{
    if (line->opened_ns > 0)
        text_add_age(text, page->now_ns - line->opened_ns);
    else if (line->process_age_s >= 0)
        ports_write_age(text, line->process_age_s);
}

static void write_closed(const struct ports_page *page, const struct port_line *line,
                         enum ports_column column, struct text *text)
{
    if (column != PORTS_BACKLOG)
        return;
    text_add_age(text, page->now_ns - line->past.closed_ns);
    text_add_string(text, " ago");
}

/* A capture does not tell. */
static void write_count(const struct ports_page *page, const struct port_line *line, uint32_t count,
                        struct text *text)
{
    if (!page->live)
        text_add_string(text, "-");
    else if (is_tcp(line))
        text_add_count(text, count);
}

static void write_cell(const struct ports_page *page, const struct port_line *line,
                       enum ports_column column, struct text *text)
{
    if (column == PORTS_PROTOCOL)
        text_add_string(text, is_tcp(line) ? "tcp" : "udp");
    else if (column == PORTS_ADDRESS)
        text_add_endpoint(text, &line->socket.tuple, 0);
    else if (column == PORTS_SERVICE)
        text_add_untrusted(text, line->service, strlen(line->service));
    else if (column == PORTS_PROCESS)
        write_process(line, text);
    else if (line->closed)
        write_closed(page, line, column, text);
    else if (column == PORTS_QUEUE && is_tcp(line))
        text_add(text, "%u/%u", line->socket.queue, line->socket.queue_limit);
    else if (column == PORTS_OPEN || column == PORTS_WAIT)
        write_count(page, line, column == PORTS_OPEN ? line->connections : line->time_wait, text);
    else if (column == PORTS_AGE)
        write_age(page, line, text);
    else if (column == PORTS_COMMAND)
        text_add_untrusted(text, line->process.command, strlen(line->process.command));
}

static int between(int least, int value, int most)
{
    return value < least ? least : value > most ? most : value;
}

/* Columns that a text may take. */
static int most_of(enum ports_column column, int width)
{
    bool is_narrow = width < NARROW;
    if (column == PORTS_ADDRESS)
        return is_narrow ? 17 : between(24, width / 4, 48);
    if (column == PORTS_PROCESS)
        return is_narrow ? 12 : between(20, width / 5, 28);
    return SERVICE_MOST;
}

/* The longest text of a column in sight. */
static int need_of(const struct ports_page *page, enum ports_column column)
{
    int need = 0;
    uint32_t end = page->scroller.first + page->scroller.height;
    for (uint32_t at = page->scroller.first; at < end && at < page->picture.count; at++) {
        char buffer[TEXT_MAX];
        struct text text = text_begin(buffer, sizeof buffer);
        write_cell(page, ports_page_line(page, at), column, &text);
        int used = grid_columns(buffer);
        need = used > need ? used : need;
    }
    return need;
}

static int width_of(const struct ports_page *page, enum ports_column column, int width)
{
    if (column == PORTS_BACKLOG && width < NARROW)
        return GAUGE_NARROW;
    if (columns[column].width > 0)
        return columns[column].width;
    int need = need_of(page, column), most = most_of(column, width);
    int heading = (int)strlen(columns[column].heading);
    if (need == 0 && column == PORTS_SERVICE)
        return 0;
    need = need < heading ? heading : need;
    return need < most ? need : most;
}

/* Columns get their room in the order of their ranks; the command has what is left. */
static struct layout lay_out(const struct ports_page *page, int width)
{
    struct layout layout = {{0}};
    int room = width - MARK_ROOM;
    for (int rank = 0; rank < RANKS; rank++) {
        for (int column = 0; column < PORTS_COLUMN_COUNT; column++) {
            if (columns[column].rank != rank)
                continue;
            int wanted = width_of(page, (enum ports_column)column, width);
            if (rank == 0 && wanted > room)
                wanted = room;
            if (wanted <= 0 || wanted > room)
                continue;
            layout.width[column] = wanted;
            room -= wanted + 1;
        }
    }
    if (layout.width[PORTS_COMMAND] > 0 && room > 0)
        layout.width[PORTS_COMMAND] += room + 1;
    return layout;
}

static void draw_gauge(const struct ports_page *page, const struct port_line *line,
                       struct grid *grid, struct gauge_place place)
{
    /* The kernel lets one more in than it was told, tcp_v4_syn_recv_sock. */
    const struct gauge gauge = {line->socket.queue, line->queue_most,
                                (uint64_t)line->socket.queue_limit + 1};
    if (is_tcp(line) && line->socket.state == SOCKET_LISTEN)
        gauge_draw(&gauge, grid, place, page->utf8);
}

static enum style cell_style(const struct port_line *line, enum ports_column column)
{
    if (line->closed || column == PORTS_COMMAND || column == PORTS_SERVICE)
        return STYLE_DIM;
    if (column == PORTS_PROCESS && line->process.pid == 0)
        return STYLE_DIM;
    if (column == PORTS_QUEUE &&
        gauge_style(line->socket.queue, (uint64_t)line->socket.queue_limit + 1) != STYLE_GOOD)
        return gauge_style(line->socket.queue, (uint64_t)line->socket.queue_limit + 1);
    return STYLE_NORMAL;
}

static void draw_text(const struct ports_page *page, const struct port_line *line,
                      struct grid *grid, struct gauge_place place, enum ports_column column)
{
    char whole[TEXT_MAX], cut[TEXT_MAX];
    struct text text = text_begin(whole, sizeof whole);
    write_cell(page, line, column, &text);
    text = text_begin(cut, sizeof cut);
    const struct endpoint end = {&line->socket.tuple, NULL, 0};
    if (column == PORTS_ADDRESS) /* the port stays */
        endpoint_write(&text, &end, place.width, page->utf8);
    else
        grid_cut(&text, whole, place.width, page->utf8);
    int used = grid_columns(cut);
    int left = columns[column].right ? place.left + place.width - used : place.left;
    (void)grid_text(grid, place.row, left, place.width, cell_style(line, column), cut);
}

static void draw_mark(const struct ports_page *page, const struct port_line *line,
                      struct grid *grid, int row)
{
    if (line->closed)
        (void)grid_text(grid, row, 0, 1, STYLE_DIM, page->utf8 ? "×" : "x");
    else if (ports_trouble(line->remarks))
        (void)grid_text(grid, row, 0, 1, STYLE_FAILURE, "!");
    else if (line->remarks)
        (void)grid_text(grid, row, 0, 1, STYLE_DIM, page->utf8 ? "·" : ".");
}

static void draw_line(const struct ports_page *page, const struct port_line *line,
                      struct grid *grid, int row, const struct layout *layout)
{
    struct gauge_place place = {row, MARK_ROOM, 0};
    draw_mark(page, line, grid, row);
    for (int column = 0; column < PORTS_COLUMN_COUNT; column++) {
        place.width = layout->width[column];
        if (place.width == 0)
            continue;
        if (column == PORTS_BACKLOG && !line->closed)
            draw_gauge(page, line, grid, place);
        else
            draw_text(page, line, grid, place, (enum ports_column)column);
        place.left += place.width + 1;
    }
}

static void draw_headings(const struct ports_page *page, struct grid *grid, int row,
                          const struct layout *layout)
{
    int left = MARK_ROOM;
    grid_fill(grid, row, 0, grid->width, STYLE_HEADING, ' ');
    for (int column = 0; column < PORTS_COLUMN_COUNT; column++) {
        int width = layout->width[column];
        if (width == 0)
            continue;
        const char *heading = columns[column].heading;
        int shift = columns[column].right ? width - (int)strlen(heading) : 0;
        (void)grid_text(grid, row, left + (shift > 0 ? shift : 0), width,
                        page->sorted == (enum ports_column)column ? STYLE_SORTED : STYLE_HEADING,
                        heading);
        left += width + 1;
    }
}

static void add_counted(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_add_grouped(text, count);
    text_add_string(text, count == 1 ? one : many);
}

static void draw_summary(const struct ports_page *page, struct grid *grid, int row)
{
    const struct port_list *list = &page->picture;
    bool is_narrow = grid->width < NARROW;
    char line[TEXT_MAX];
    size_t troubled = 0;
    for (size_t at = 0; at < list->count; at++)
        troubled += ports_trouble(list->lines[at].remarks) != 0;
    struct text text = text_begin(line, sizeof line);
    if (page->live)
        add_counted(&text, list->listening, " listens", " listen");
    else
        add_counted(&text, list->listening, " listened when the capture began",
                    " listened when the capture began");
    int left = grid_text(grid, row, 0, grid->width, STYLE_TITLE, line);
    text = text_begin(line, sizeof line);
    text_add_string(&text, "  ");
    if (troubled > 0)
        add_counted(&text, troubled, is_narrow ? " in trouble" : " conflict or full queue",
                    is_narrow ? " in trouble" : " conflicts or full queues");
    left += grid_text(grid, row, left, grid->width - left, STYLE_FAILURE, line);
    text = text_begin(line, sizeof line);
    text_add_string(&text, troubled > 0 ? "  " : "");
    if (page->live)
        add_counted(&text, list->count - list->listening, " closed", " closed");
    if (page->live && list->past_left_out > 0) {
        text_add_string(&text, ", ");
        add_counted(&text, list->past_left_out, " more is not listed", " more are not listed");
    }
    if (page->live && !is_narrow)
        text_add(&text, "  clients get ports %u-%u", list->ephemeral_low, list->ephemeral_high);
    if (list->left_out > 0) {
        text_add_string(&text, "  ");
        add_counted(&text, list->left_out, " more is left out", " more are left out");
    }
    (void)grid_text(grid, row, left, grid->width - left, STYLE_DIM, line);
}

static void draw_nothing(const struct ports_page *page, struct grid *grid, int top, int height)
{
    const char *words = "nobody listens on this machine";
    if (!page->live)
        words =
            "this capture does not tell who listened: only a .pcapng that loflow -w wrote does. "
            "loflow ports asks the kernel for now.";
    else if (page->picture.number == 0)
        words = "asking the kernel";
    for (int row = 0; *words != '\0' && row < height; row++) {
        char part[GRID_LINE_MAX];
        words = grid_break(words, grid->width - MARK_ROOM, part);
        (void)grid_text(grid, top + row, MARK_ROOM, grid->width - MARK_ROOM, STYLE_DIM, part);
    }
}

static int details_height(int height)
{
    int details = height / DETAILS_SHARE;
    if (height < DETAILS_MIN)
        return 0;
    if (details > DETAILS_MOST)
        return DETAILS_MOST;
    return details < DETAILS_LEAST ? DETAILS_LEAST : details;
}

static void draw_list(struct ports_page *page, struct grid *grid, int top, int height)
{
    uint32_t position = ports_page_position(page);
    scroller_place(&page->scroller, (uint32_t)page->picture.count, position,
                   (uint32_t)(height - 1));
    struct layout layout = lay_out(page, grid->width);
    draw_headings(page, grid, top, &layout);
    for (int row = 1; row < height; row++) {
        uint32_t at = page->scroller.first + (uint32_t)row - 1;
        if (at >= page->picture.count)
            break;
        draw_line(page, ports_page_line(page, at), grid, top + row, &layout);
        if (at == position)
            grid_select_row(grid, top + row);
    }
}

void ports_page_draw(struct ports_page *page, struct grid *grid, int top, int height)
{
    if (height < 1)
        return;
    if (page->picture.count == 0) {
        draw_nothing(page, grid, top, height);
        return;
    }
    int details = details_height(height);
    int head = height >= SUMMARY_FROM ? 1 : 0;
    if (head > 0)
        draw_summary(page, grid, top);
    draw_list(page, grid, top + head, height - head - details);
    if (details > 0)
        ports_details_draw(page, ports_page_line(page, ports_page_position(page)), grid,
                           top + height - details, details);
}
