/* The filter line: whatever keys are pressed, its text stays text and the cursor in it, the filter is that
 * of the text, and it is drawn at any size. The first two bytes are the size, the others are keys. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ui/filter_line.h"
#include "ui/grid.h"

#define WIDTH_MAX  140
#define HEIGHT_MAX 40
#define FIRST_KEY                                                                                  \
    0x80 /* bytes from here on are keys of the table, in its order; others are typed */

struct stage {
    struct filter filter, again;
    struct filter_line line;
    struct grid grid;
};

static struct stage stage;

static const enum key_action actions[] = {
    ACTION_FILTER_KEEP,        ACTION_FILTER_DROP,     ACTION_LINE_COMPLETE,
    ACTION_LINE_COMPLETE_BACK, ACTION_LINE_OLDER,      ACTION_LINE_NEWER,
    ACTION_LINE_LEFT,          ACTION_LINE_RIGHT,      ACTION_LINE_WORD_LEFT,
    ACTION_LINE_WORD_RIGHT,    ACTION_LINE_BEGIN,      ACTION_LINE_END,
    ACTION_LINE_ERASE,         ACTION_LINE_ERASE_NEXT, ACTION_LINE_ERASE_WORD,
    ACTION_LINE_ERASE_BEFORE,  ACTION_LINE_ERASE_REST,
};

/* Characters that a byte stands for beside those of ASCII. */
static const uint32_t others[] = {0x65e5, 0x301, 0x1f600, 0xe9, 0x202e, 0xb5, 0x1b, 0xfffd};

#define ACTION_KEYS (sizeof actions / sizeof actions[0])
#define OTHER_KEYS  (sizeof others / sizeof others[0])

static void check_text(const struct line_edit *edit)
{
    size_t at = 0;
    bool met_cursor = edit->cursor == 0;
    MUST(edit->len < FILTER_TEXT_MAX && edit->text[edit->len] == '\0');
    while (at < edit->len) {
        uint32_t code = 0;
        size_t used = utf8_decode(edit->text + at, edit->len - at, &code);
        MUST(used > 0 && code >= 0x20);
        at += used;
        met_cursor = met_cursor || at == edit->cursor;
    }
    MUST(met_cursor);
}

/* What is in force is what the text says, unless that is wrong before its end. */
static void check_filter(void)
{
    struct filter_note note;
    filter_clear(&stage.again);
    (void)filter_parse(&stage.again, stage.line.edit.text, &note);
    MUST(note.verdict == stage.line.note.verdict && note.begin == stage.line.note.begin);
    if (note.verdict == FILTER_WRONG)
        return;
    const struct filter_program *kept = &stage.filter.program, *made = &stage.again.program;
    MUST(kept->test_count == made->test_count && kept->first == made->first);
    for (unsigned at = 0; at < made->test_count; at++) {
        MUST(kept->tests[at].kind == made->tests[at].kind);
        MUST(kept->tests[at].field == made->tests[at].field);
        MUST(memcmp(kept->tests[at].next, made->tests[at].next, sizeof made->tests[at].next) == 0);
    }
    MUST(kept->strings_len == made->strings_len);
    MUST(memcmp(kept->strings, made->strings, made->strings_len) == 0);
}

static void draw(bool typing)
{
    const struct grid *grid = &stage.grid;
    grid_clear(&stage.grid);
    for (int column = 0; column < grid->width; column += 7) {
        int height = filter_line_height(&stage.line, grid->width, column);
        MUST(height == 1 || height == 2);
        height = height < grid->height ? height : grid->height;
        filter_line_draw(&stage.line, &stage.grid, grid->height - height, column,
                         typing ? height : 0);
    }
    filter_line_draw_list(&stage.line, &stage.grid, 0, grid->height - 1);
}

static bool press(uint8_t byte)
{
    size_t key = byte >= FIRST_KEY ? (byte - FIRST_KEY) % (ACTION_KEYS + OTHER_KEYS) : 0;
    enum key_action action = ACTION_NONE;
    uint32_t code = byte;
    if (byte >= FIRST_KEY && key < ACTION_KEYS)
        action = actions[key];
    else if (byte >= FIRST_KEY)
        code = others[key - ACTION_KEYS];
    enum filter_line_answer answer = filter_line_key(&stage.line, &stage.filter, code, action);
    if (answer == FILTER_LINE_KEPT)
        MUST(stage.line.note.verdict == FILTER_GOOD);
    if (answer == FILTER_LINE_DROPPED)
        MUST(filter_is_empty(&stage.filter) && stage.line.edit.len == 0);
    return answer == FILTER_LINE_KEPT || answer == FILTER_LINE_DROPPED;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err;
    if (len < 2)
        return 0;
    memset(&stage.line, 0, sizeof stage.line);
    memset(&stage.filter, 0, sizeof stage.filter);
    filter_clear(&stage.filter);
    filter_see_name(&stage.line.seen, "node");
    filter_see_name(&stage.line.seen, "two \"words\"");
    filter_see_port(&stage.line.seen, 3000, "\x1b]0;x\a");
    MUST(grid_resize(&stage.grid, 1 + bytes[0] % WIDTH_MAX, 1 + bytes[1] % HEIGHT_MAX, &err) == 0);
    filter_line_open(&stage.line);
    for (size_t at = 2; at < len; at++) {
        bool closed = press(bytes[at]);
        check_text(&stage.line.edit);
        check_filter();
        draw(!closed);
        if (closed)
            filter_line_open(&stage.line);
    }
    grid_free(&stage.grid);
    return 0;
}
