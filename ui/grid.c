/*
 * How wide a character is follows Unicode's East_Asian_Width (UAX #11: W and F take two columns) and
 * its general category (Mn and Me are marks on the character before), as base/width.def lists them.
 * wcwidth would answer by locale; the table makes a screen the same everywhere.
 *
 * Zero-width joiners and variation selectors are not drawn: emoji that they would join or widen stand
 * apart, which takes as many columns in every terminal.
 */
#include "ui/grid.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum width { WIDTH_MARK, WIDTH_HIDDEN, WIDTH_WIDE, WIDTH_ONE };

static const struct {
    uint32_t first, last;
    enum width width;
} ranges[] = {
#define RANGE(KIND, first, last) {first, last, WIDTH_##KIND},
#include "base/width.def"
#undef RANGE
};

static enum width width_of(uint32_t code)
{
    size_t low = 0;
    size_t high = sizeof ranges / sizeof ranges[0];
    if (code < ranges[0].first)
        return WIDTH_ONE;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (code < ranges[middle].first)
            high = middle;
        else
            low = middle;
    }
    return code <= ranges[low].last ? ranges[low].width : WIDTH_ONE;
}

int grid_resize(struct grid *grid, int width, int height, struct err *err)
{
    assert(width >= 1 && width <= GRID_WIDTH_MAX && height >= 1 && height <= GRID_HEIGHT_MAX);
    size_t count = (size_t)width * (size_t)height;
    struct cell *cells = malloc(count * sizeof *cells);
    if (!cells)
        return err_set(err, ENOMEM, "no memory for a screen of %d x %d; make the terminal smaller",
                       width, height);
    free(grid->cells);
    grid->cells = cells;
    grid->width = width;
    grid->height = height;
    grid_clear(grid);
    return 0;
}

void grid_free(struct grid *grid)
{
    free(grid->cells);
    *grid = (struct grid){0};
}

void grid_clear(struct grid *grid)
{
    int count = grid->width * grid->height;
    for (int at = 0; at < count; at++)
        grid->cells[at] = (struct cell){.code = ' ', .style = STYLE_NORMAL};
}

/* Half of a wide character alone would shift the rest of the line on a terminal: what remains of
 * one that is written over becomes a space. */
static void put(struct grid *grid, int row, int column, struct cell cell)
{
    struct cell *at = grid_cell(grid, row, column);
    if (at->code == 0 && column > 0 && cell.code != 0)
        at[-1] = (struct cell){.code = ' ', .style = at[-1].style};
    *at = cell;
    if (column + 1 < grid->width && at[1].code == 0)
        at[1].code = ' ';
}

struct character {
    uint32_t code; /* that is drawn */
    int columns;
    size_t len;
    bool is_mark;
};

/* The first one of a text that is not empty. */
static struct character take_character(const char *text)
{
    struct character taken = {0};
    taken.len = utf8_decode(text, strnlen(text, 4), &taken.code);
    if (taken.len == 0 || taken.code < 0x20 || (taken.code >= 0x7f && taken.code < 0xa0))
        taken.code = '?';
    if (taken.len == 0)
        taken.len = 1;
    enum width width = width_of(taken.code);
    taken.is_mark = width == WIDTH_MARK;
    taken.columns = width == WIDTH_WIDE ? 2 : width == WIDTH_ONE;
    return taken;
}

static void add_mark(struct cell *cell, uint32_t mark)
{
    int at = 0;
    while (at < CELL_MARKS_MAX && cell->marks[at] != 0)
        at++;
    if (at < CELL_MARKS_MAX)
        cell->marks[at] = mark;
}

int grid_text(struct grid *grid, int row, int column, int room, enum style style, const char *text)
{
    if (row < 0 || row >= grid->height || column < 0)
        return 0;
    if (room > grid->width - column)
        room = grid->width - column;
    int used = 0;
    struct cell *before = NULL;
    while (*text != '\0') {
        struct character next = take_character(text);
        if (used + next.columns > room)
            break;
        if (next.is_mark && before)
            add_mark(before, next.code);
        if (next.columns > 0) {
            before = grid_cell(grid, row, column + used);
            put(grid, row, column + used, (struct cell){.code = next.code, .style = style});
        }
        if (next.columns == 2)
            put(grid, row, column + used + 1, (struct cell){.code = 0, .style = style});
        used += next.columns;
        text += next.len;
    }
    return used;
}

int grid_columns(const char *text)
{
    int columns = 0;
    while (*text != '\0') {
        struct character next = take_character(text);
        columns += next.columns;
        text += next.len;
    }
    return columns;
}

/* Bytes of the text that fit. */
static size_t fitting(const char *text, int room)
{
    size_t end = 0;
    while (text[end] != '\0') {
        struct character next = take_character(text + end);
        if (next.columns > room)
            break;
        room -= next.columns;
        end += next.len;
    }
    return end;
}

void grid_cut(struct text *out, const char *text, int room, bool utf8)
{
    if (text[fitting(text, room)] == '\0') {
        text_add_string(out, text);
        return;
    }
    if (room < 1)
        return;
    text_add_bytes(out, text, fitting(text, room - 1));
    text_add_string(out, utf8 ? "…" : "~");
}

const char *grid_break(const char *text, int room, char line[GRID_LINE_MAX])
{
    assert(room > 0 && room <= GRID_WIDTH_MAX);
    size_t most = fitting(text, room);
    size_t end = most;
    while (text[most] != '\0' && end > 0 && text[end] != ' ')
        end--;
    if (end == 0)
        end = most > 0 ? most : strnlen(text, take_character(text).len);
    struct text first = text_begin(line, GRID_LINE_MAX);
    text_add_bytes(&first, text, end);
    text += end;
    return text + strspn(text, " ");
}

void grid_fill(struct grid *grid, int row, int column, int count, enum style style, char character)
{
    if (row < 0 || row >= grid->height || column < 0)
        return;
    int end = count > grid->width - column ? grid->width : column + count;
    for (int at = column; at < end; at++) {
        struct cell cell = {.code = (uint8_t)character, .style = style};
        put(grid, row, at, cell);
    }
}

static enum style selected(uint32_t style)
{
    if (style == STYLE_WARNING)
        return STYLE_SELECTED_WARNING;
    return style == STYLE_FAILURE ? STYLE_SELECTED_FAILURE : STYLE_SELECTED;
}

void grid_select_row(struct grid *grid, int row)
{
    if (row < 0 || row >= grid->height)
        return;
    for (int column = 0; column < grid->width; column++) {
        struct cell *cell = grid_cell(grid, row, column);
        cell->style = selected(cell->style);
    }
}
