/*
 * How wide a character is follows Unicode's East_Asian_Width (UAX #11: W and F take two columns)
 * and the combining marks that terminals draw over their neighbour. wcwidth would answer by locale;
 * the tables make a screen the same everywhere.
 */
#include "ui/grid.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct range {
    uint32_t first, last;
};

static const struct range wide_ranges[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x18d08}, {0x1aff0, 0x1b2fb}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
    {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3},
    {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440},
    {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
    {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

static const struct range combining_ranges[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0670, 0x0670},   {0x06d6, 0x06dc},   {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},   {0x200b, 0x200f}, {0x2060, 0x2064}, {0x20d0, 0x20ff},
    {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= ranges[low].first;
}

static int columns_of(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (in_ranges(combining_ranges, COUNT(combining_ranges), code))
        return 0;
    return in_ranges(wide_ranges, COUNT(wide_ranges), code) ? 2 : 1;
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
        at[-1].code = ' ';
    *at = cell;
    if (column + 1 < grid->width && at[1].code == 0)
        at[1].code = ' ';
}

struct character {
    uint32_t code; /* that is drawn */
    int columns;
    size_t len;
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
    taken.columns = columns_of(taken.code);
    return taken;
}

int grid_text(struct grid *grid, int row, int column, int room, enum style style, const char *text)
{
    if (row < 0 || row >= grid->height || column < 0)
        return 0;
    if (room > grid->width - column)
        room = grid->width - column;
    int used = 0;
    while (*text != '\0') {
        struct character next = take_character(text);
        if (used + next.columns > room)
            break;
        if (next.columns > 0)
            put(grid, row, column + used, (struct cell){.code = next.code, .style = style});
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

void grid_style_row(struct grid *grid, int row, enum style style)
{
    if (row < 0 || row >= grid->height)
        return;
    for (int column = 0; column < grid->width; column++)
        grid_cell(grid, row, column)->style = style;
}
