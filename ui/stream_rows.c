/*
 * A line of text ends behind its line feed, at the end of its run, or where a block of it ends; it is
 * wrapped to rows from its beginning. So where rows begin follows from the bytes and the width alone, and
 * a step back finds the same rows as a step forward.
 */
#include "ui/stream_rows.h"

#include <string.h>

#include "base/harm.h"

#define MARK_ROOM    2
#define TAB_COLUMNS  8
#define OFFSET_ROOM  10 /* "00000010  " */
#define HEX_WIDE     79
#define HEX_MIDDLE   46
#define HEX_GROUP    8u
#define ESCAPED_MAX  16
#define ROW_TEXT_MAX (GRID_WIDTH_MAX * 4 + ESCAPED_MAX)
#define TAIL_MAX     3 /* bytes of a character behind its first */

static const struct conversation_run *run_at(const struct stream_shape *shape, uint32_t run)
{
    return &shape->conversation->runs[run];
}

static bool begins_turn(const struct stream_shape *shape, uint32_t run)
{
    return shape->conversation->turns[run_at(shape, run)->turn].first_run == run;
}

static uint32_t hex_count(int width)
{
    return width >= HEX_WIDE ? 16 : width >= HEX_MIDDLE ? 8 : 4;
}

/* A character as it is shown. */
struct shown {
    size_t len; /* bytes that it is made of; 0 behind the last */
    int columns;
    bool is_escaped;
    bool ends_line;
    char words[ESCAPED_MAX];
};

static struct shown show_break(size_t len)
{
    return (struct shown){.len = len, .ends_line = true};
}

static struct shown show_escaped(const uint8_t *bytes, size_t len)
{
    struct shown shown = {.len = len};
    struct text text = text_begin(shown.words, sizeof shown.words);
    text_add_untrusted(&text, (const char *)bytes, len);
    shown.columns = grid_columns(shown.words);
    shown.is_escaped = bytes[0] == '\\' ? false : shown.words[0] == '\\';
    return shown;
}

/* A mark belongs to the character before it, where the grid puts it, as many as a cell takes. */
static struct shown show_mark(const uint8_t *bytes, size_t len)
{
    struct shown shown = {.len = len};
    memcpy(shown.words, bytes, len);
    return shown;
}

/* The next character of a row that has `column` columns already. */
static struct shown show(const uint8_t *bytes, uint64_t left, int column)
{
    uint8_t first = bytes[0];
    if (first >= 0x20 && first < 0x7f)
        return (struct shown){.len = 1, .columns = 1, .words = {(char)first}};
    if (first == '\n')
        return show_break(1);
    if (first == '\r' && left > 1 && bytes[1] == '\n')
        return show_break(2);
    if (first == '\t') {
        struct shown tab = {.len = 1, .columns = TAB_COLUMNS - column % TAB_COLUMNS};
        memset(tab.words, ' ', (size_t)tab.columns);
        return tab;
    }
    uint32_t code = 0;
    size_t len = utf8_decode((const char *)bytes, left < 4 ? (size_t)left : 4, &code);
    if (len > 0 && harm_of(code) == HARM_MARK)
        return show_mark(bytes, len);
    return show_escaped(bytes, len > 0 ? len : 1);
}

/* Behind the block that `at` lies in, or its beginning: blocks do not cut a character in two. */
static uint64_t block_edge(const struct stream_shape *shape, const struct conversation_run *run,
                           uint64_t edge)
{
    const uint8_t *bytes = conversation_bytes(shape->conversation, run);
    uint64_t end = edge + TAIL_MAX;
    while (edge > 0 && edge < run->len && edge < end && (bytes[edge] & 0xc0) == 0x80)
        edge++;
    return edge < run->len ? edge : run->len;
}

static uint64_t block_end(const struct stream_shape *shape, const struct conversation_run *run,
                          uint64_t at)
{
    uint64_t edge = block_edge(shape, run, at / STREAM_BLOCK * STREAM_BLOCK);
    if (edge <= at)
        edge = block_edge(shape, run, (at / STREAM_BLOCK + 1) * STREAM_BLOCK);
    return edge;
}

static uint64_t block_begin(const struct stream_shape *shape, const struct conversation_run *run,
                            uint64_t at)
{
    uint64_t number = at / STREAM_BLOCK;
    uint64_t edge = block_edge(shape, run, number * STREAM_BLOCK);
    return edge <= at ? edge : block_edge(shape, run, (number - 1) * STREAM_BLOCK);
}

/* Where the text row ends that begins at `at`. A row has at least one character. */
static uint64_t text_end(const struct stream_shape *shape, const struct conversation_run *run,
                         uint64_t at)
{
    const uint8_t *bytes = conversation_bytes(shape->conversation, run);
    uint64_t end = block_end(shape, run, at);
    uint64_t from = at;
    int room = shape->width - MARK_ROOM;
    int column = 0;
    while (at < end) {
        struct shown next = show(bytes + at, run->len - at, column);
        if (next.ends_line)
            return at + next.len < run->len ? at + next.len : run->len;
        if (column + next.columns > room && at > from)
            return at;
        column += next.columns;
        at += next.len;
    }
    return at;
}

static uint64_t row_end(const struct stream_shape *shape, const struct conversation_run *run,
                        uint64_t at)
{
    if (run->is_gap)
        return run->len;
    if (!shape->hex)
        return text_end(shape, run, at);
    uint64_t end = at + hex_count(shape->width);
    return end < run->len ? end : run->len;
}

/* The beginning of the line that the byte before `at` is part of. */
static uint64_t line_begin(const struct stream_shape *shape, const struct conversation_run *run,
                           uint64_t at)
{
    const uint8_t *bytes = conversation_bytes(shape->conversation, run);
    uint64_t begin = block_begin(shape, run, at - 1);
    for (at--; at > begin && bytes[at - 1] != '\n'; at--)
        continue;
    return at;
}

/* The row that has the byte before `at`. */
static uint64_t row_before(const struct stream_shape *shape, const struct conversation_run *run,
                           uint64_t at)
{
    if (run->is_gap)
        return 0;
    if (shape->hex)
        return (at - 1) / hex_count(shape->width) * hex_count(shape->width);
    uint64_t row = line_begin(shape, run, at);
    for (uint64_t end = text_end(shape, run, row); end < at; end = text_end(shape, run, row))
        row = end;
    return row;
}

bool stream_rows_next(const struct stream_shape *shape, struct stream_spot *spot)
{
    if (spot->run >= shape->conversation->run_count)
        return false;
    const struct conversation_run *run = run_at(shape, spot->run);
    if (spot->is_heading) {
        spot->is_heading = false;
        spot->at = 0;
        return true;
    }
    uint64_t end = row_end(shape, run, spot->at);
    if (end < run->len) {
        spot->at = end;
        return true;
    }
    if (spot->run + 1 >= shape->conversation->run_count)
        return false;
    spot->run++;
    spot->at = 0;
    spot->is_heading = begins_turn(shape, spot->run);
    return true;
}

bool stream_rows_previous(const struct stream_shape *shape, struct stream_spot *spot)
{
    if (shape->conversation->run_count == 0)
        return false;
    if (!spot->is_heading && spot->at > 0) {
        spot->at = row_before(shape, run_at(shape, spot->run), spot->at);
        return true;
    }
    if (!spot->is_heading && begins_turn(shape, spot->run)) {
        spot->is_heading = true;
        return true;
    }
    if (spot->run == 0)
        return false;
    spot->run--;
    spot->is_heading = false;
    const struct conversation_run *run = run_at(shape, spot->run);
    spot->at = row_before(shape, run, run->len);
    return true;
}

bool stream_rows_last(const struct stream_shape *shape, struct stream_spot *spot)
{
    if (shape->conversation->run_count == 0)
        return false;
    spot->run = shape->conversation->run_count - 1;
    spot->is_heading = false;
    const struct conversation_run *run = run_at(shape, spot->run);
    spot->at = row_before(shape, run, run->len);
    return true;
}

void stream_rows_align(const struct stream_shape *shape, struct stream_spot *spot)
{
    if (spot->run >= shape->conversation->run_count) {
        *spot = (struct stream_spot){.is_heading = true};
        return;
    }
    const struct conversation_run *run = run_at(shape, spot->run);
    if (spot->is_heading)
        spot->is_heading = begins_turn(shape, spot->run);
    else if (spot->at >= run->len)
        spot->at = row_before(shape, run, run->len);
    else
        spot->at = row_before(shape, run, spot->at + 1);
}

static bool is_found(const struct stream_hit *hit, uint32_t run, uint64_t at)
{
    return hit->is_valid && hit->run == run && at >= hit->at && at - hit->at < hit->len;
}

/* A part of a row in one style, so that marks stay with their characters. */
struct span {
    struct grid *grid;
    int line, column;
    enum style style;
    struct text text;
    char words[ROW_TEXT_MAX];
};

static void end_span(struct span *span)
{
    if (span->text.len > 0)
        span->column += grid_text(span->grid, span->line, span->column,
                                  span->grid->width - span->column, span->style, span->words);
    span->text = text_begin(span->words, sizeof span->words);
}

static void add_span(struct span *span, enum style style, const char *words)
{
    if (style != span->style)
        end_span(span);
    span->style = style;
    text_add_string(&span->text, words);
}

static void draw_text(const struct stream_shape *shape, const struct stream_spot *spot,
                      const struct stream_look *look, struct span *span)
{
    const struct conversation_run *run = run_at(shape, spot->run);
    const uint8_t *bytes = conversation_bytes(shape->conversation, run);
    uint64_t end = text_end(shape, run, spot->at);
    int column = 0;
    for (uint64_t at = spot->at; at < end;) {
        struct shown next = show(bytes + at, run->len - at, column);
        enum style style = next.is_escaped ? STYLE_DIM : look->style;
        bool found = is_found(look->hit, spot->run, at);
        if (next.ends_line && found)
            add_span(span, STYLE_FOUND, " ");
        if (!next.ends_line)
            add_span(span, found ? STYLE_FOUND : style, next.words);
        column += next.columns;
        at += next.len;
    }
    end_span(span);
}

static void draw_hex(const struct stream_shape *shape, const struct stream_spot *spot,
                     const struct stream_look *look, struct span *span)
{
    const struct conversation_run *run = run_at(shape, spot->run);
    const uint8_t *bytes = conversation_bytes(shape->conversation, run);
    uint32_t count = hex_count(shape->width);
    char words[ESCAPED_MAX];
    struct text text = text_begin(words, sizeof words);
    uint64_t offset = (uint64_t)run->offset + spot->at;
    text_add(&text, "%08llx ", (unsigned long long)offset);
    add_span(span, STYLE_DIM, words);
    for (uint32_t at = 0; at < count; at++) {
        uint64_t place = spot->at + at;
        add_span(span, look->style, at == HEX_GROUP ? "  " : " ");
        text = text_begin(words, sizeof words);
        if (place < run->len)
            text_add(&text, "%02x", bytes[place]);
        else
            text_add_string(&text, "  ");
        add_span(span, is_found(look->hit, spot->run, place) ? STYLE_FOUND : look->style, words);
    }
    add_span(span, STYLE_DIM, "  |");
    for (uint32_t at = 0; at < count && spot->at + at < run->len; at++) {
        uint64_t place = spot->at + at;
        bool is_plain = bytes[place] >= 0x20 && bytes[place] < 0x7f;
        const uint8_t byte = is_plain ? bytes[place] : '.';
        const char shown[2] = {(char)byte, '\0'};
        bool found = is_found(look->hit, spot->run, place);
        add_span(span, found ? STYLE_FOUND : is_plain ? look->style : STYLE_DIM, shown);
    }
    add_span(span, STYLE_DIM, "|");
    end_span(span);
}

void stream_rows_draw(const struct stream_shape *shape, const struct stream_spot *spot,
                      const struct stream_look *look, struct grid *grid, int line)
{
    const struct conversation_run *run = run_at(shape, spot->run);
    struct span span = {.grid = grid, .line = line};
    end_span(&span);
    (void)grid_text(grid, line, 0, MARK_ROOM, look->style, look->mark);
    span.column = MARK_ROOM;
    if (run->is_gap) {
        char words[ROW_TEXT_MAX];
        struct text text = text_begin(words, sizeof words);
        text_add_string(&text, "[");
        text_add_grouped(&text, run->len);
        text_add_string(&text, run->len == 1 ? " byte" : " bytes");
        text_add_string(&text,
                        shape->width >= HEX_MIDDLE ? " not captured or not kept]" : " missing]");
        add_span(&span, STYLE_WARNING, words);
        end_span(&span);
    } else if (shape->hex) {
        draw_hex(shape, spot, look, &span);
    } else {
        draw_text(shape, spot, look, &span);
    }
}
