/* What is found in a conversation, and that rows are the same from both directions. */
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#include "flows/conversation.h"
#include "ui/stream_find.h"
#include "ui/stream_page.h"
#include "ui/stream_rows.h"

/* Turns of a conversation: '>' and '<' begin one, "[9]" is a gap of so many bytes. */
static void build(struct conversation *conversation, const char *written)
{
    while (*written != '\0') {
        struct conversation_turn *turn = &conversation->turns[conversation->turn_count++];
        *turn = (struct conversation_turn){.side = *written++ == '<',
                                           .first_run = conversation->run_count};
        while (*written != '\0' && *written != '>' && *written != '<') {
            struct conversation_run *run = &conversation->runs[conversation->run_count++];
            *run = (struct conversation_run){.at = conversation->len,
                                             .turn = conversation->turn_count - 1};
            run->is_gap = *written == '[';
            size_t len = run->is_gap ? 0 : strcspn(written, "<>[");
            char *end = NULL;
            run->len = run->is_gap ? strtoull(written + 1, &end, 10) : len;
            memcpy(conversation->bytes + conversation->len, written, len);
            conversation->len += len;
            written = run->is_gap ? end + 1 : written + len;
            turn->run_count++;
        }
    }
}

static struct conversation *conversation_of(const char *written)
{
    struct err err;
    struct conversation *conversation = calloc(1, sizeof *conversation);
    assert_non_null(conversation);
    assert_int_equal(conversation_open(conversation, CONVERSATION_BYTES, &err), 0);
    build(conversation, written);
    return conversation;
}

static void discard(struct conversation *conversation)
{
    conversation_close(conversation);
    free(conversation);
}

/* What each 'n' or 'N' goes to, as "run:at", "-" for nothing. */
static const struct find_row {
    const char *name;
    const char *written, *pattern, *keys, *seen;
} find_rows[] = {
    {"first", ">abc<abc", "abc", "", "0:0"},
    {"next", ">abc<abc", "abc", "n", "0:0 1:0"},
    {"behind the last", ">abc<abc", "abc", "nn", "0:0 1:0 -"},
    {"alone", ">abc", "abc", "n", "0:0 -"},
    {"back", ">abc<abc", "abc", "nN", "0:0 1:0 0:0"},
    {"before the first", ">abc<abc", "abc", "N", "0:0 -"},
    {"several in a run", ">aXaXa", "a", "nnN", "0:0 0:2 0:4 0:2"},
    {"overlapping", ">aaaa", "aa", "nnn", "0:0 0:1 0:2 -"},
    {"over a gap", ">ab[9]cd", "cd", "", "2:0"},
    {"not in a gap", ">ab[9]cd", "bc", "", "-"},
    {"not over two turns", ">ab<cd", "bc", "", "-"},
    {"either case", ">Host: x", "host", "", "0:0"},
    {"a capital is meant", ">host Host", "Host", "", "0:5"},
    {"bytes", ">a\x01\x02z", "0x0102", "", "0:1"},
    {"bytes apart", ">a\x01\x02z", "0x01 02", "", "0:1"},
    {"escapes", ">a\r\nb", "\\r\\n", "", "0:1"},
    {"an escaped byte", ">a\x1bz", "\\x1b", "", "0:1"},
    {"a capital as a byte", ">aA", "\\x41", "", "0:1"},
    {"a backslash", ">a\\b", "\\\\", "", "0:1"},
    {"the end of a run", ">xyz<a", "yz", "", "0:1"},
    {"longer than any run", ">abc", "abcd", "", "-"},
};

static void test_find(void **state)
{
    const struct find_row *row = *state;
    struct conversation *conversation = conversation_of(row->written);
    struct stream_find find = {0};
    struct stream_spot spot = {.is_heading = true};
    char words[256];
    struct text text = text_begin(words, sizeof words);
    assert_true(stream_find_choose(&find, row->pattern));
    const char *key = row->keys;
    stream_find_begin(&find, &spot, true, true);
    for (bool more = true; more; key++) {
        if (text.len > 0)
            text_add_string(&text, " ");
        if (stream_find_step(&find, conversation) == FIND_HIT)
            text_add(&text, "%u:%u", find.hit.run, (unsigned)find.hit.at);
        else
            text_add_string(&text, "-");
        spot = (struct stream_spot){.run = find.hit.run, .at = find.hit.at};
        more = *key != '\0';
        if (more)
            stream_find_begin(&find, &spot, *key == 'n', false);
    }
    assert_string_equal(words, row->seen);
    discard(conversation);
}

static const struct bad_row {
    const char *name, *pattern;
} bad_rows[] = {
    {"nothing", ""},
    {"half a byte", "0x1"},
    {"no hex", "0xzz"},
    {"an escape that is cut", "a\\"},
    {"an escape of half a byte", "\\x1"},
    {"an unknown escape", "\\q"},
};

static void test_bad(void **state)
{
    const struct bad_row *row = *state;
    struct stream_find find = {0};
    assert_false(stream_find_choose(&find, row->pattern));
}

static void add_spot(struct text *text, const struct stream_spot *spot)
{
    text_add(text, "%s%u%c%u", text->len > 0 ? " " : "", spot->run, spot->is_heading ? 'h' : ':',
             (unsigned)spot->at);
}

static const struct shape_row {
    const char *name;
    const char *written;
    int width; /* 2 of them are the mark */
    bool hex;
    const char *seen; /* run:at, run h for a heading */
} shape_rows[] = {
    {"lines", ">a\nbc\n<d", 12, false, "0h0 0:0 0:2 1h0 1:0"},
    {"carriage returns belong to their line", ">a\r\nb", 12, false, "0h0 0:0 0:3"},
    {"a line is wrapped", ">0123456789abcdefg", 12, false, "0h0 0:0 0:10"},
    {"exactly a row", ">0123456789", 12, false, "0h0 0:0"},
    {"exactly a row and a line feed", ">0123456789\nx", 12, false, "0h0 0:0 0:11"},
    {"a gap is a row", ">ab[900]cd", 12, false, "0h0 0:0 1:0 2:0"},
    {"wide characters", ">日本語日本語", 12, false, "0h0 0:0 0:15"},
    {"an escape is not cut", ">0123456\x01", 12, false, "0h0 0:0 0:7"},
    {"a column is enough", ">\x01\x02", 3, false, "0h0 0:0 0:1"},
    {"hex", ">0123456789abcdef0", 79, true, "0h0 0:0 0:16"},
    {"hex, narrow", ">0123456789abcdef0", 40, true, "0h0 0:0 0:4 0:8 0:12 0:16"},
};

static void test_shape(void **state)
{
    const struct shape_row *row = *state;
    struct conversation *conversation = conversation_of(row->written);
    const struct stream_shape shape = {conversation, row->hex, row->width};
    struct stream_spot spot = {.is_heading = true}, back = spot, last = spot;
    char words[256];
    struct text text = text_begin(words, sizeof words);
    add_spot(&text, &spot);
    while (stream_rows_next(&shape, &spot)) {
        add_spot(&text, &spot);
        struct stream_spot aligned = spot;
        stream_rows_align(&shape, &aligned);
        assert_int_equal(stream_spot_compare(&aligned, &spot), 0);
        aligned = spot;
        assert_true(stream_rows_previous(&shape, &aligned));
        assert_int_equal(stream_spot_compare(&aligned, &back), 0);
        back = spot;
    }
    assert_string_equal(words, row->seen);
    assert_true(stream_rows_last(&shape, &last));
    assert_int_equal(stream_spot_compare(&last, &spot), 0);
    discard(conversation);
}

/* Blocks, whatever lies in them: what comes after a row is what is before it. */
static void test_there_and_back(void **state)
{
    (void)state;
    const uint64_t len = 3 * STREAM_BLOCK + 100;
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct conversation *conversation = conversation_of(">x");
        uint32_t noise = seed;
        for (uint64_t at = 0; at < len; at++) {
            noise = noise * 1664525u + 1013904223u;
            uint8_t byte = (uint8_t)(noise >> 24);
            conversation->bytes[at] = seed == 1 ? 'x' : seed == 2 ? (uint8_t)(0x80 | byte) : byte;
        }
        conversation->runs[0].len = len;
        for (int width = 3; width < 120; width += 38) {
            const struct stream_shape shape = {conversation, false, width};
            struct stream_spot spot = {0}, before = spot;
            for (unsigned row = 0; stream_rows_next(&shape, &spot); before = spot, row++) {
                struct stream_spot back = spot;
                if (row % 61 != 0)
                    continue;
                assert_true(stream_rows_previous(&shape, &back));
                assert_int_equal(stream_spot_compare(&back, &before), 0);
                back = spot;
                stream_rows_align(&shape, &back);
                assert_int_equal(stream_spot_compare(&back, &spot), 0);
            }
        }
        discard(conversation);
    }
}

/* What is not kept is told. */
static void test_too_long(void **state)
{
    (void)state;
    static struct stream_page page;
    struct packet_tape tape = {.log = (const struct packet_log *)&page};
    struct grid grid = {0};
    struct err err;
    char line[256];
    struct text text = text_begin(line, sizeof line);
    assert_int_equal(stream_page_open(&page, &tape, NULL, CONVERSATION_BYTES, &err), 0);
    assert_int_equal(grid_resize(&grid, 120, 4, &err), 0);
    build(&page.conversation, ">abc<def");
    page.conversation.len = CONVERSATION_BYTES;
    page.conversation.left_out = 12345678;
    page.has_flow = true;
    grid_clear(&grid);
    stream_page_draw(&page, &grid, 0, 4);
    for (int column = 0; column < grid.width; column++)
        text_add(&text, "%c", (char)grid.cells[column].code);
    assert_non_null(strstr(line, "only the first 67.1MB are kept, 12.3MB after them are not"));
    grid_free(&grid);
    stream_page_close(&page);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, find_rows, test_find);
    ROWS_ADD(&set, bad_rows, test_bad);
    ROWS_ADD(&set, shape_rows, test_shape);
    ROWS_ADD_ONE(&set, test_there_and_back);
    ROWS_ADD_ONE(&set, test_too_long);
    return rows_run(&set, "ui_stream");
}
