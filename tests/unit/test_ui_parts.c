/* The parts of the screen by themselves: cells, lines, selection, columns.
 */
#include "tests/support/rows.h"

#include "test_ui_world.h"
#include "ui/column.h"
#include "ui/known.h"
#include "ui/rates.h"
#include "ui/scroller.h"
#include "ui/select.h"

/* Drawn over "aaaaaaaa", or over wide characters; '.' in `cells` is the right half of one. */
static const struct text_row {
    const char *name;
    bool over_wide;
    int column, room;
    const char *text;
    int used;
    const char *cells;
} text_rows[] = {
    {"text_plain", false, 0, 8, "abc", 3, "abcaaaaa"},
    {"text_clipped_by_room", false, 1, 2, "xyz", 2, "axyaaaaa"},
    {"text_clipped_by_grid", false, 6, 99, "xyz", 2, "aaaaaaxy"},
    {"text_outside", false, 8, 99, "xyz", 0, "aaaaaaaa"},
    {"text_left_of_grid", false, -1, 99, "xyz", 0, "aaaaaaaa"},
    {"text_no_room", false, 2, 0, "xyz", 0, "aaaaaaaa"},
    {"text_less_than_no_room", false, 2, -5, "xyz", 0, "aaaaaaaa"},
    {"text_two_bytes", false, 0, 8, "é→", 2, "é→aaaaaa"},
    {"text_wide", false, 1, 8, "日", 2, "a日.aaaaa"},
    {"text_wide_does_not_fit", false, 0, 3, "日本", 2, "日.aaaaaa"},
    {"text_wide_at_the_edge", false, 7, 9, "日", 0, "aaaaaaaa"},
    {"text_combining", false, 0, 8, "e\xcc\x81x", 2, "exaaaaaa"},
    {"text_joiner", false, 0, 8, "a\u200db", 2, "abaaaaaa"},
    {"text_emoji_sequence", false, 0, 8, "👩\u200d💻x", 5, "👩.💻.xaaa"},
    {"text_variation_selector", false, 0, 8, "❤\ufe0fx", 2, "❤xaaaaaa"},
    {"text_skin_tone", false, 0, 8, "👍\U0001f3fdx", 3, "👍.xaaaaa"},
    {"text_devanagari", false, 0, 8, "नमस्ते", 4, "नमसतaaaa"},
    {"text_hangul_parts", false, 0, 8, "\u1112\u1161\u11ab", 2, "\u1112.aaaaaa"},
    {"text_control", false, 0, 8, "a\x1b[b", 4, "a?[baaaa"},
    {"text_c1_control", false, 0, 8, "\xc2\x9b", 1, "?aaaaaaa"},
    {"text_invalid", false, 0, 8, "\xff\xc3", 2, "??aaaaaa"},
    {"text_over_left_half", true, 0, 8, "x", 1, "x 日.日.日."},
    {"text_over_right_half", true, 1, 8, "x", 1, " x日.日.日."},
    {"text_wide_over_two_halves", true, 1, 8, "語", 2, " 語. 日.日."},
};

static void test_text(void **state)
{
    const struct text_row *row = *state;
    struct err err;
    struct grid grid = {0};
    assert_int_equal(grid_resize(&grid, 8, 1, &err), 0);
    (void)grid_text(&grid, 0, 0, 8, STYLE_NORMAL, row->over_wide ? "日日日日" : "aaaaaaaa");
    assert_int_equal(grid_text(&grid, 0, row->column, row->room, STYLE_KEY, row->text), row->used);
    const char *cells = row->cells;
    for (int column = 0; column < 8; column++) {
        uint32_t code = 0;
        cells += utf8_decode(cells, strlen(cells), &code);
        assert_int_equal(grid_cell(&grid, 0, column)->code, code == '.' ? 0 : code);
    }
    assert_int_equal(grid_text(&grid, 1, 0, 8, STYLE_NORMAL, "x"), 0);
    assert_int_equal(grid_text(&grid, -1, 0, 8, STYLE_NORMAL, "x"), 0);
    grid_free(&grid);
}

/* Over "aaa"; the marks of the first cell are looked at. */
static const struct marks_row {
    const char *name;
    const char *text;
    int used;
    uint32_t marks[CELL_MARKS_MAX];
} marks_rows[] = {
    {"marks_none", "e", 1, {0}},
    {"marks_one", "e\u0301", 1, {0x301}},
    {"marks_two", "o\u0302\u0301x", 2, {0x302, 0x301}},
    {"marks_of_the_second", "ee\u0301", 2, {0}},
    {"marks_piled_up", "e\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307", 1, {0x300, 0x301}},
    {"marks_on_a_wide_one", "か\u3099", 2, {0x3099}},
    {"marks_thai", "ที่", 1, {0xe35, 0xe48}},
    {"marks_on_nothing", "\u0301", 0, {0}},
    {"marks_on_nothing_before", "\u0301e", 1, {0}},
    {"marks_past_a_joiner", "e\u200d\u0301", 1, {0x301}},
};

static void test_marks(void **state)
{
    const struct marks_row *row = *state;
    struct err err;
    struct grid grid = {0};
    assert_int_equal(grid_resize(&grid, 3, 1, &err), 0);
    (void)grid_text(&grid, 0, 0, 3, STYLE_NORMAL, "aaa");
    assert_int_equal(grid_text(&grid, 0, 0, 3, STYLE_NORMAL, row->text), row->used);
    assert_int_equal(grid_columns(row->text), row->used);
    assert_memory_equal(grid_cell(&grid, 0, 0)->marks, row->marks, sizeof row->marks);
    (void)grid_text(&grid, 0, 0, 3, STYLE_NORMAL, "b");
    assert_int_equal(grid_cell(&grid, 0, 0)->marks[0], 0); /* they went with their character */
    grid_free(&grid);
}

static const struct break_row {
    const char *name;
    const char *text;
    int room;
    const char *line, *rest;
} break_rows[] = {
    {"break_nothing", "", 5, "", ""},
    {"break_fits", "one two", 7, "one two", ""},
    {"break_at_the_space", "one two", 3, "one", "two"},
    {"break_before_the_edge", "one two", 6, "one", "two"},
    {"break_at_the_last_space", "a b c d", 5, "a b c", "d"},
    {"break_many_spaces", "one    two", 5, "one  ", "two"},
    {"break_long_word", "four five", 2, "fo", "ur five"},
    {"break_wide", "日本 x", 4, "日本", "x"},
    {"break_wide_does_not_fit", "日本", 1, "日", "本"},
    {"break_combining", "e\u0301e f", 2, "e\u0301e", "f"},
};

static void test_break(void **state)
{
    const struct break_row *row = *state;
    char line[GRID_LINE_MAX];
    assert_string_equal(grid_break(row->text, row->room, line), row->rest);
    assert_string_equal(line, row->line);
}

/* The order entries come in; each has a key of its own in [0, count). */
static const struct select_row {
    const char *name;
    uint32_t count, step;
    uint64_t place;
} select_rows[] = {
    {"select_few", 10, 1, 5},
    {"select_none", 0, 1, 0},
    {"select_from_top_ascending", 50000, 1, 0},
    {"select_from_top_descending", 50000, 49999, 0},
    {"select_middle_descending", 50000, 49999, 25000},
    {"select_middle_mixed", 50000, 20001, 31234},
    {"select_last", 50000, 30011, UINT64_MAX},
    {"select_near_top", 50000, 777, 3},
    {"select_near_end", 50000, 777, 49998},
};

static void test_select(void **state)
{
    const struct select_row *row = *state;
    struct selection *selection = malloc(sizeof *selection);
    struct select_entry *out = malloc(sizeof *out * 2 * SELECT_KEPT);
    assert_true(selection && out);
    struct select_key place = {{7, row->place}};
    select_begin(selection, &place);
    for (uint64_t i = 0; i < row->count; i++) {
        uint64_t key = i * row->step % row->count;
        struct select_entry entry = {.key = {{7, key}}, .index = (uint32_t)key};
        select_add(selection, &entry);
    }
    uint64_t before = row->place < row->count ? row->place : row->count;
    uint64_t above = before < SELECT_KEPT ? before : SELECT_KEPT;
    uint64_t after = row->count - before;
    uint64_t below = after < SELECT_KEPT ? after : SELECT_KEPT;
    uint32_t at = 0;
    assert_int_equal(select_finish(selection, out, &at), above + below);
    assert_int_equal(at, above);
    assert_int_equal(selection->total, row->count);
    for (uint32_t i = 0; i < above + below; i++) {
        assert_int_equal(out[i].key.words[1], before - above + i);
        assert_int_equal(out[i].index, before - above + i);
    }
    free(selection);
    free(out);
}

static const struct endpoint_row {
    const char *endpoint;
    const char *comm; /* NULL: its process is not known */
    int pid;
    int room;
    const char *text;
} endpoint_rows[] = {
    {"127.0.0.1:3000", NULL, 0, 14, "127.0.0.1:3000"},
    {"127.0.0.1:3000", NULL, 0, 13, "127.…0.1:3000"},
    {"127.0.0.1:3000", NULL, 0, 10, "12….1:3000"},
    {"127.0.0.1:3000", NULL, 0, 9, ":3000"},
    {"127.0.0.1:3000", NULL, 0, 1, ":3000"},
    {"[::1]:3000", NULL, 0, 10, "[::1]:3000"},
    {"[2001:db8::1234:5678:9abc]:443", NULL, 0, 20, "[2001:db…8:9abc]:443"},
    {"127.0.0.1:5432", "postgres", 99, 17, "postgres(99):5432"},
    {"[::1]:5432", "postgres", 99, 17, "postgres(99):5432"},
    {"127.0.0.1:5432", "postgres", 99, 16, "postgres:5432"},
    {"127.0.0.1:5432", "postgres", 99, 13, "postgres:5432"},
    {"127.0.0.1:5432", "postgres", 99, 12, "postgr…:5432"},
    {"127.0.0.1:5432", "postgres", 99, 8, "po…:5432"},
    {"127.0.0.1:5432", "postgres", 99, 7, ":5432"},
    {"127.0.0.53:53", "dnsmasq", 7, 24, "dnsmasq(7) 127.0.0.53:53"},
    {"127.0.0.53:53", "dnsmasq", 7, 23, "dnsmasq 127.0.0.53:53"},
    {"127.0.0.53:53", "dnsmasq", 7, 18, "dns… 127.0.0.53:53"},
    {"127.0.0.53:53", "dnsmasq", 7, 13, "127.0.0.53:53"},
    {"127.0.0.1:80", "a\x1b[31mb\a", 1, 40, "a\\x1b[31mb\\x07(1):80"},
    {"127.0.0.1:80", "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b", 1, 99, "\\x1b\\x1b\\x1b\\x1…(1):80"},
    {"127.0.0.1:80", "日本語日本", 1, 16, "日本語日本(1):80"},
    {"127.0.0.1:80", "日本語日本", 1, 12, "日本語日…:80"},
    {"127.0.0.1:80", "日本語日本", 1, 11, "日本語…:80"},
    {"127.0.0.1:80", "e\u0301e\u0301", 1, 8, "e\u0301e\u0301(1):80"},
    {"127.0.0.1:80", "e\u0301e\u0301", 1, 5, "e\u0301e\u0301:80"},
    {"127.0.0.1:80", "\xe2\x80\xaex", 1, 20, "\\u{202e}x(1):80"},
    {"127.0.0.1:80", "\xff\xc3", 1, 20, "\\xff\\xc3(1):80"},
};

static void test_endpoint(void **state)
{
    const struct endpoint_row *row = *state;
    struct tuple tuple = {.protocol = PROTOCOL_TCP};
    world_parse(row->endpoint, &tuple, 0);
    struct owner owner = {.pid = row->pid};
    (void)snprintf(owner.comm, sizeof owner.comm, "%s", row->comm ? row->comm : "");
    struct endpoint endpoint = {&tuple, row->comm ? &owner : NULL, 0};
    char buffer[COLUMN_TEXT_MAX], whole[COLUMN_TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    endpoint_write(&text, &endpoint, row->room, true);
    assert_string_equal(buffer, row->text);
    text = text_begin(whole, sizeof whole);
    endpoint_write(&text, &endpoint, 200, true);
    assert_int_equal(endpoint_columns(&endpoint), grid_columns(whole));
    assert_true(grid_columns(buffer) <= row->room || buffer[0] == ':');
}

/* Codes fit their column and no two look the same; what has no word of its own is cut. */
static void test_code_words(void **state)
{
    (void)state;
    char words[CODE_COUNT][64];
    for (int code = 0; code < CODE_COUNT; code++) {
        struct text text = text_begin(words[code], sizeof words[code]);
        text_add_code(&text, code, false);
        assert_true(text.len > 0 && text.len <= KNOWN_WORD_MAX);
        for (int other = 0; other < code; other++)
            assert_string_not_equal(words[code], words[other]);
    }
}

/* Columns never overlap, never pass the edge, and a wider screen never shows fewer: but for the bars, which
 * take the place of two. */
static void test_layout(void **state)
{
    (void)state;
    static const int needs[][2] = {{15, 15}, {15, 14}, {11, 10}, {47, 44}, {15, 47}};
    for (size_t need = 0; need < COUNT(needs); need++) {
        int before = 0;
        for (int width = 34; width <= 300; width++) {
            struct column_place places[COLUMN_COUNT];
            const struct column_wish wish = {.width = width,
                                             .need = {needs[need][0], needs[need][1]},
                                             .sorted = COLUMN_AGE,
                                             .choice = column_choose_all(false)};
            int count = column_layout(places, &wish);
            for (int i = 1; i < count; i++)
                assert_true(places[i].left > places[i - 1].left + places[i - 1].width);
            assert_true(places[count - 1].left + places[count - 1].width <= width);
            if (width == 60) /* from here on the sorted column takes its place */
                before = 0;
            assert_true(count >= before || need >= 3);
            before = count;
        }
        assert_int_equal(before, COLUMN_COUNT - 1);
    }
}

/* From sorted column to its place: shown at 80 columns though its rank is the last. */
static void test_sorted_column_is_shown(void **state)
{
    (void)state;
    const struct column_wish wish = {
        .width = 80, .need = {15, 15}, .sorted = COLUMN_HISTORY, .choice = column_choose_all(true)};
    struct column_place places[COLUMN_COUNT];
    int count = column_layout(places, &wish);
    assert_int_equal(places[count - 1].column, COLUMN_HISTORY);
    assert_int_equal(places[0].width, 15);
}

static const struct scroll_row {
    const char *name;
    struct scroller before;
    uint32_t count, position, height, first;
} scroll_rows[] = {
    {"scroll_empty", {0, 0, 0}, 0, 0, 10, 0},
    {"scroll_all_fit", {0, 0, 0}, 5, 4, 10, 0},
    {"scroll_top_stays", {0, 3, 10}, 50, 9, 10, 0},
    {"scroll_follows_down", {0, 9, 10}, 50, 10, 10, 1},
    {"scroll_keeps_line", {20, 4, 10}, 80, 54, 10, 50},
    {"scroll_list_shrank", {40, 4, 10}, 12, 11, 10, 2},
    {"scroll_no_height", {3, 1, 10}, 12, 11, 0, 11},
    {"scroll_height_shrank", {10, 9, 10}, 50, 19, 5, 15},
};

static void test_scroll(void **state)
{
    const struct scroll_row *row = *state;
    struct scroller scroller = row->before;
    scroller_place(&scroller, row->count, row->position, row->height);
    assert_int_equal(scroller.first, row->first);
    assert_int_equal(scroller.first + scroller.line, row->position);
}

/* A record that another flow took over starts from nothing. */
static void test_rate_of_reused_record(void **state)
{
    (void)state;
    struct err err;
    struct rates rates;
    assert_int_equal(rates_open(&rates, 10, &err), 0);
    struct flow hot = {.side[0].bytes = 5000, .last_ns = 2 * CLOCK_NS_PER_S};
    struct flow_cold cold = {.start_ns = 0};
    struct flow_view view = {.hot = &hot, .cold = &cold};
    struct flow_ref ref = {3, 0};
    assert_int_equal(rates_look(&rates, ref, view, CLOCK_NS_PER_S / 2), 0);
    assert_int_equal(rates_look(&rates, ref, view, CLOCK_NS_PER_S), 5000);
    hot.side[1].bytes = 2000;
    assert_int_equal(rates_look(&rates, ref, view, CLOCK_NS_PER_S * 3 / 2), 5000);
    assert_int_equal(rates_look(&rates, ref, view, CLOCK_NS_PER_S * 2), 2000);
    assert_int_equal(rates_average(view), 3500);
    ref.generation = 1;
    /* cppcheck-suppress unreadVariable ; read through the view */
    cold.start_ns = 3 * CLOCK_NS_PER_S;
    /* cppcheck-suppress [redundantAssignment,unreadVariable] ; read through the view */
    hot.side[1].bytes = 0;
    assert_int_equal(rates_look(&rates, ref, view, 3 * CLOCK_NS_PER_S), 0);
    assert_int_equal(rates_look(&rates, ref, view, 4 * CLOCK_NS_PER_S), 5000);
    rates_close(&rates);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, text_rows, test_text);
    ROWS_ADD(&set, marks_rows, test_marks);
    ROWS_ADD(&set, break_rows, test_break);
    ROWS_ADD(&set, select_rows, test_select);
    ROWS_ADD(&set, endpoint_rows, test_endpoint);
    ROWS_ADD(&set, scroll_rows, test_scroll);
    ROWS_ADD_ONE(&set, test_code_words);
    ROWS_ADD_ONE(&set, test_layout);
    ROWS_ADD_ONE(&set, test_sorted_column_is_shown);
    ROWS_ADD_ONE(&set, test_rate_of_reused_record);
    return rows_run(&set, "ui_parts");
}
