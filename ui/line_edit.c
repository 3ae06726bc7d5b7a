#include "ui/line_edit.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

void line_edit_clear(struct line_edit *edit)
{
    edit->len = edit->cursor = 0;
    edit->text[0] = '\0';
}

void line_edit_set(struct line_edit *edit, const char *text)
{
    line_edit_clear(edit);
    while (*text != '\0') {
        uint32_t code = 0;
        size_t used = utf8_decode(text, strnlen(text, 4), &code);
        (void)line_edit_type(edit, used > 0 ? code : '?');
        text += used > 0 ? used : 1;
    }
}

bool line_edit_replace(struct line_edit *edit, size_t begin, size_t end, const char *text)
{
    assert(begin <= end && end <= edit->len);
    size_t len = strlen(text);
    if (edit->len - (end - begin) + len >= LINE_EDIT_MAX)
        return false;
    memmove(edit->text + begin + len, edit->text + end, edit->len - end + 1);
    memcpy(edit->text + begin, text, len);
    edit->len = edit->len - (end - begin) + len;
    edit->cursor = begin + len;
    return true;
}

bool line_edit_type(struct line_edit *edit, uint32_t code)
{
    char bytes[5] = "";
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return false;
    bytes[utf8_encode(code, bytes)] = '\0';
    return line_edit_replace(edit, edit->cursor, edit->cursor, bytes);
}

/* Bytes of the character at `at`, its marks included. */
static size_t step_right(const struct line_edit *edit, size_t at)
{
    size_t begin = at;
    char one[5] = "";
    do {
        uint32_t code = 0;
        size_t used = utf8_decode(edit->text + at, edit->len - at, &code);
        at += used > 0 ? used : 1;
        uint32_t next = 0;
        used = at < edit->len ? utf8_decode(edit->text + at, edit->len - at, &next) : 0;
        memset(one, 0, sizeof one);
        memcpy(one, edit->text + at, used);
    } while (one[0] != '\0' && grid_columns(one) == 0);
    return at - begin;
}

/* The cursor may stand between a character and its marks, where a filter is told to be wrong. */
static size_t step_left(const struct line_edit *edit, size_t at)
{
    size_t begin = 0, next = 0;
    while (next < at) {
        begin = next;
        next += step_right(edit, begin);
    }
    return at - begin;
}

static bool is_word_at(const struct line_edit *edit, size_t at)
{
    unsigned char byte = (unsigned char)edit->text[at];
    return byte >= 0x80 || isalnum(byte) || byte == '_';
}

static size_t target(const struct line_edit *edit, enum line_step step)
{
    size_t at = edit->cursor;
    switch (step) {
    case LINE_LEFT:
        return at - step_left(edit, at);
    case LINE_RIGHT:
        return at < edit->len ? at + step_right(edit, at) : at;
    case LINE_BEGIN:
        return 0;
    case LINE_END:
        return edit->len;
    case LINE_WORD_LEFT:
        while (at > 0 && !is_word_at(edit, at - 1))
            at--;
        while (at > 0 && is_word_at(edit, at - 1))
            at--;
        return at;
    default:
        while (at < edit->len && !is_word_at(edit, at))
            at++;
        while (at < edit->len && is_word_at(edit, at))
            at++;
        return at;
    }
}

void line_edit_move(struct line_edit *edit, enum line_step step)
{
    edit->cursor = target(edit, step);
}

bool line_edit_erase(struct line_edit *edit, enum line_step step)
{
    size_t to = target(edit, step);
    size_t begin = to < edit->cursor ? to : edit->cursor;
    size_t end = to < edit->cursor ? edit->cursor : to;
    return begin != end && line_edit_replace(edit, begin, end, "");
}

int line_edit_draw(const struct line_edit *edit, struct grid *grid, int row, int column, int room)
{
    if (room < 1)
        return 0;
    char before[LINE_EDIT_MAX];
    memcpy(before, edit->text, edit->cursor);
    before[edit->cursor] = '\0';
    size_t hidden = 0;
    int most = room > 2 ? room - 2 : 0; /* the character at the cursor may be wide */
    while (hidden < edit->cursor && grid_columns(before + hidden) > most)
        hidden += step_right(edit, hidden);
    grid_fill(grid, row, column, room, STYLE_PROMPT, ' ');
    int used = grid_text(grid, row, column, room, STYLE_PROMPT, before + hidden);
    char under[LINE_EDIT_MAX] = " ";
    if (edit->cursor < edit->len) {
        size_t len = step_right(edit, edit->cursor);
        memcpy(under, edit->text + edit->cursor, len);
        under[len] = '\0';
    }
    used += grid_text(grid, row, column + used, room - used, STYLE_CURSOR, under);
    size_t rest = edit->cursor < edit->len ? edit->cursor + strlen(under) : edit->len;
    return used + grid_text(grid, row, column + used, room - used, STYLE_PROMPT, edit->text + rest);
}

void line_history_keep(struct line_history *history, const char *line)
{
    history->back = 0;
    uint32_t last = (history->count + LINE_HISTORY_MAX - 1) % LINE_HISTORY_MAX;
    bool again = history->count > 0 && strcmp(history->lines[last], line) == 0;
    if (line[0] == '\0' || again || strlen(line) >= LINE_EDIT_MAX)
        return;
    memcpy(history->lines[history->count % LINE_HISTORY_MAX], line, strlen(line) + 1);
    history->count++;
}

bool line_history_step(struct line_history *history, struct line_edit *edit, int back)
{
    uint32_t most = history->count < LINE_HISTORY_MAX ? history->count : LINE_HISTORY_MAX;
    bool none = back > 0 ? history->back >= most : history->back == 0;
    if (none)
        return false;
    if (history->back == 0)
        memcpy(history->typed, edit->text, edit->len + 1);
    history->back = back > 0 ? history->back + 1 : history->back - 1;
    uint32_t line = (history->count - history->back) % LINE_HISTORY_MAX;
    line_edit_set(edit, history->back == 0 ? history->typed : history->lines[line]);
    return true;
}
