#include "ui/series.h"

#include "base/clock.h"

#define FIRST_WIDTH_NS CLOCK_NS_PER_US
#define SCALE_ROOM     7 /* columns of "65.5KB " */
#define CELL_ROWS      4 /* dots of a braille character */
#define CELL_COLUMNS   2
#define BRAILLE        0x2800u

void series_begin(struct series *series, int64_t begin_ns)
{
    *series = (struct series){.begin_ns = begin_ns, .width_ns = FIRST_WIDTH_NS};
}

static void widen(struct series_bucket *bucket, const struct series_bucket *other)
{
    if (other->count == 0)
        return;
    if (bucket->count == 0 || other->least < bucket->least)
        bucket->least = other->least;
    if (bucket->count == 0 || other->most > bucket->most)
        bucket->most = other->most;
    bucket->last = other->last;
    bucket->count += other->count;
}

static void halve(struct series *series)
{
    for (size_t at = 0; at < SERIES_BUCKETS; at++) {
        struct series_bucket bucket = {0};
        if (at < SERIES_BUCKETS / 2) {
            bucket = series->buckets[at * 2];
            widen(&bucket, &series->buckets[at * 2 + 1]);
        }
        series->buckets[at] = bucket;
    }
    series->width_ns *= 2;
}

void series_add(struct series *series, int64_t time_ns, uint64_t value)
{
    int64_t since_ns = time_ns > series->begin_ns ? time_ns - series->begin_ns : 0;
    while (since_ns / series->width_ns >= SERIES_BUCKETS)
        halve(series);
    struct series_bucket one = {value, value, value, 1};
    widen(&series->buckets[since_ns / series->width_ns], &one);
    if (value > series->most)
        series->most = value;
}

/* What a series did while one column of dots lasts. */
static struct series_bucket column_of(const struct plot *plot, unsigned series, int column,
                                      int count)
{
    struct series_bucket seen = {0};
    int64_t from_ns = plot->span_ns / count * column;
    int64_t to_ns = plot->span_ns / count * (column + 1);
    int64_t width_ns = plot->series[series]->width_ns;
    int64_t last = (to_ns - 1) / width_ns;
    for (int64_t at = from_ns / width_ns; at <= last && at < SERIES_BUCKETS; at++)
        widen(&seen, &plot->series[series]->buckets[at]);
    return seen;
}

struct frame_of_plot {
    const struct plot *plot;
    struct grid *grid;
    int top, left, width, height;
    uint64_t most;
};

static void add_value(const struct plot *plot, struct text *text, uint64_t value)
{
    if (plot->is_time)
        text_add_span(text, (int64_t)value);
    else
        text_add_size(text, value);
}

/* Adds a dot to what the cell has. */
static void put_dot(const struct frame_of_plot *frame, unsigned series, int x, int y)
{
    static const uint8_t dots[CELL_ROWS][CELL_COLUMNS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    int row = frame->top + frame->height - 1 - y / CELL_ROWS;
    struct cell *cell = grid_cell(frame->grid, row, frame->left + x / CELL_COLUMNS);
    uint32_t before = cell->code >= BRAILLE && cell->code < BRAILLE + 0x100 ? cell->code : BRAILLE;
    cell->code = before | dots[CELL_ROWS - 1 - y % CELL_ROWS][x % CELL_COLUMNS];
    cell->style = series == 0 ? STYLE_CLIENT : STYLE_SERVER;
    if (!frame->plot->utf8)
        cell->code = series == 0 ? 'c' : 's';
}

static void draw_series(const struct frame_of_plot *frame, unsigned series)
{
    int columns = frame->width * CELL_COLUMNS;
    uint64_t rows = (uint64_t)frame->height * CELL_ROWS;
    struct series_bucket held = {0};
    for (int x = 0; x < columns; x++) {
        struct series_bucket seen = column_of(frame->plot, series, x, columns);
        if (seen.count == 0 && frame->plot->holds)
            seen = held;
        if (seen.count == 0)
            continue;
        held = (struct series_bucket){seen.last, seen.last, seen.last, 1};
        double scale = (double)(rows - 1) / (double)(frame->most ? frame->most : 1);
        int low = (int)((double)seen.least * scale);
        int high = (int)((double)seen.most * scale);
        for (int y = low; y <= high; y++)
            put_dot(frame, series, x, y);
    }
}

static void draw_scale(const struct frame_of_plot *frame)
{
    struct grid *grid = frame->grid;
    char words[32];
    const struct {
        int row;
        uint64_t value;
    } labels[] = {
        {0, frame->most}, {(frame->height - 1) / 2, frame->most / 2}, {frame->height - 1, 0}};
    for (int row = 0; row < frame->height; row++)
        (void)grid_text(grid, frame->top + row, frame->left - 1, 1, STYLE_DIM,
                        frame->plot->utf8 ? "┤" : "|");
    for (size_t at = 0; at < sizeof labels / sizeof labels[0]; at++) {
        struct text text = text_begin(words, sizeof words);
        add_value(frame->plot, &text, labels[at].value);
        int indent = SCALE_ROOM - 1 - (int)text.len;
        (void)grid_text(grid, frame->top + labels[at].row, indent > 0 ? indent : 0, SCALE_ROOM - 1,
                        STYLE_DIM, words);
    }
}

/* The title, whose dots are whose, and how long the plot is. */
static void draw_title(const struct plot *plot, struct grid *grid, int top)
{
    char words[64];
    struct text text = text_begin(words, sizeof words);
    grid_fill(grid, top, 0, grid->width, STYLE_HEADING, ' ');
    int column = grid_text(grid, top, 0, grid->width, STYLE_HEADING, plot->title) + 2;
    column += grid_text(grid, top, column, grid->width - column, STYLE_CLIENT, "client") + 1;
    (void)grid_text(grid, top, column, grid->width - column, STYLE_SERVER, "server");
    text_add_span(&text, plot->span_ns);
    text_add_string(&text, " wide");
    column = grid->width - (int)text.len;
    if (column > SCALE_ROOM)
        (void)grid_text(grid, top, column, (int)text.len, STYLE_HEADING, words);
}

void plot_draw(const struct plot *plot, struct grid *grid, int top, int height)
{
    uint64_t most = 0;
    for (unsigned at = 0; at < 2; at++)
        most = plot->series[at]->most > most ? plot->series[at]->most : most;
    if (height < 2 || top + height > grid->height)
        return;
    draw_title(plot, grid, top);
    struct frame_of_plot frame = {.plot = plot,
                                  .grid = grid,
                                  .top = top + 1,
                                  .left = SCALE_ROOM + 1,
                                  .width = grid->width - SCALE_ROOM - 1,
                                  .height = height - 1,
                                  .most = most};
    if (most == 0 || frame.width < 1 || plot->span_ns < 1) {
        (void)grid_text(grid, top + 1, 0, grid->width, STYLE_DIM, "nothing measured");
        return;
    }
    draw_scale(&frame);
    draw_series(&frame, 0);
    draw_series(&frame, 1);
}
