#include "ui/ports_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/motion.h"
#include "ui/screen.h"

int ports_page_open(struct ports_page **page, struct err *err)
{
    *page = calloc(1, sizeof **page);
    if (!*page)
        return err_set(err, ENOMEM, "no memory for the screen; --no-ui needs less");
    (*page)->sorted = PORTS_ADDRESS;
    return 0;
}

void ports_page_close(struct ports_page *page)
{
    free(page);
}

uint32_t ports_trouble(uint32_t remarks)
{
    uint32_t trouble = 0;
    for (unsigned remark = 0; remark < PORT_REMARK_COUNT; remark++) {
        if (port_remark_is_trouble(remark))
            trouble |= remarks & 1u << remark;
    }
    return trouble;
}

void ports_write_age(struct text *text, int64_t seconds)
{
    if (seconds < 1)
        text_add_string(text, "0s");
    else
        text_add_age(text, seconds * CLOCK_NS_PER_S);
}

/* How a line compares by a column: greater numbers come first. */
static uint64_t weight(const struct port_line *line, enum ports_column column)
{
    switch (column) {
    case PORTS_BACKLOG: /* how full, in millionths */
        return (uint64_t)line->queue_most * 1000000 / ((uint64_t)line->socket.queue_limit + 1);
    case PORTS_QUEUE:
        return line->queue_most;
    case PORTS_OPEN:
        return line->connections;
    case PORTS_WAIT:
        return line->time_wait;
    default:
        return 0;
    }
}

/* Youngest first; those that listened before the run began by the age of their process. */
static int64_t age_of(const struct ports_page *page, const struct port_line *line)
{
    if (line->opened_ns > 0)
        return page->now_ns - line->opened_ns;
    return line->process_age_s >= 0 ? line->process_age_s * CLOCK_NS_PER_S : INT64_MAX;
}

static int compare_by(const struct ports_page *page, const struct port_line *one,
                      const struct port_line *other)
{
    enum ports_column column = page->sorted;
    if (column == PORTS_PROCESS)
        return strcmp(one->process.comm, other->process.comm);
    if (column == PORTS_AGE) {
        int64_t a = age_of(page, one), b = age_of(page, other);
        return (a > b) - (a < b);
    }
    uint64_t a = weight(one, column), b = weight(other, column);
    return (a < b) - (a > b);
}

static bool goes_before(const struct ports_page *page, uint16_t a, uint16_t b)
{
    const struct port_line *one = &page->picture.lines[a], *other = &page->picture.lines[b];
    if (one->closed != other->closed)
        return other->closed;
    int order = one->closed ? 0 : compare_by(page, one, other);
    if (order == 0)
        order = (a > b) - (a < b);
    return page->reversed && !one->closed ? order > 0 : order < 0;
}

/* Merge sort: the order depends on the page, which qsort cannot be told. */
static void sort(const struct ports_page *page, uint16_t *order, uint16_t *spare, size_t count)
{
    size_t half = count / 2, left = 0, right = half;
    if (count < 2)
        return;
    sort(page, order, spare, half);
    sort(page, order + half, spare, count - half);
    for (size_t at = 0; at < count; at++) {
        bool from_right =
            left == half || (right < count && goes_before(page, order[right], order[left]));
        spare[at] = from_right ? order[right++] : order[left++];
    }
    memcpy(order, spare, count * sizeof *order);
}

static void put_in_order(struct ports_page *page)
{
    uint16_t spare[PORT_LIST_MAX];
    for (size_t at = 0; at < page->picture.count; at++)
        page->order[at] = (uint16_t)at;
    sort(page, page->order, spare, page->picture.count);
}

void ports_page_take(struct ports_page *page, const struct screen_status *status)
{
    const struct port_list *list = status->ports;
    page->live = status->live;
    page->now_ns = status->now_ns;
    if (!list || list->number == page->picture.number)
        return;
    struct port_list *picture = &page->picture;
    picture->number = list->number;
    picture->count = list->count;
    picture->listening = list->listening;
    picture->left_out = list->left_out;
    picture->past_left_out = list->past_left_out;
    picture->hidden = list->hidden;
    picture->ephemeral_low = list->ephemeral_low;
    picture->ephemeral_high = list->ephemeral_high;
    memcpy(picture->lines, list->lines, list->count * sizeof list->lines[0]);
    put_in_order(page);
}

static bool is_cursor(const struct ports_page *page, const struct port_line *line)
{
    const struct tuple *tuple = &line->socket.tuple;
    return memcmp(&page->cursor, tuple, sizeof *tuple) == 0 &&
           page->cursor_inode == line->socket.inode;
}

/* Where the listener is that took the place of the one with the cursor. */
static bool is_same_end(const struct ports_page *page, const struct port_line *line)
{
    return memcmp(&page->cursor, &line->socket.tuple, sizeof page->cursor) == 0;
}

uint32_t ports_page_position(const struct ports_page *page)
{
    uint32_t heir = 0;
    for (uint32_t at = 0; page->has_cursor && at < page->picture.count; at++) {
        const struct port_line *line = ports_page_line(page, at);
        if (is_cursor(page, line))
            return at;
        if (heir == 0 && is_same_end(page, line))
            heir = at;
    }
    return heir;
}

static void move(struct ports_page *page, int64_t lines)
{
    uint32_t to = scroller_move(&page->scroller, (uint32_t)page->picture.count,
                                ports_page_position(page), lines);
    page->has_cursor = page->picture.count > 0 && (to > 0 || lines > -MOTION_FAR);
    if (!page->has_cursor)
        return;
    page->cursor = ports_page_line(page, to)->socket.tuple;
    page->cursor_inode = ports_page_line(page, to)->socket.inode;
}

static void sort_by_next(struct ports_page *page)
{
    static const enum ports_column sortable[] = {PORTS_ADDRESS, PORTS_PROCESS, PORTS_BACKLOG,
                                                 PORTS_OPEN,    PORTS_WAIT,    PORTS_AGE};
    const size_t count = sizeof sortable / sizeof sortable[0];
    size_t at = 0;
    while (at < count && sortable[at] != page->sorted)
        at++;
    page->sorted = sortable[(at + 1) % count];
    page->reversed = false;
    put_in_order(page);
}

bool ports_page_act(struct ports_page *page, enum key_action action)
{
    int64_t lines = 0;
    if (motion_of(action, (int)page->scroller.height, &lines)) {
        move(page, lines);
        return true;
    }
    switch (action) {
    case ACTION_SORT_NEXT:
        sort_by_next(page);
        return true;
    case ACTION_REVERSE:
        page->reversed = !page->reversed;
        put_in_order(page);
        return true;
    default:
        return false;
    }
}

bool ports_page_filter(const struct ports_page *page, char filter[PORTS_FILTER_MAX])
{
    if (page->picture.count == 0)
        return false;
    const struct port_line *line = ports_page_line(page, ports_page_position(page));
    struct text text = text_begin(filter, PORTS_FILTER_MAX);
    text_add(&text, "port:%u", line->socket.tuple.port[0]);
    return true;
}
