#include "ui/filter_line.h"

#include <string.h>

#include "ui/line_keys.h"

#define GAP         3 /* between the line and what is wrong with it */
#define MARK_COLUMN 1 /* '/' before the text */
#define INVITATION  "words, or as in port:3000 state:refused rtt>5ms"

static enum filter_line_answer parse(struct filter_line *line, struct filter *filter)
{
    line->insists = false;
    (void)filter_parse(filter, line->edit.text, &line->note);
    return FILTER_LINE_CHANGED;
}

void filter_line_open(struct filter_line *line)
{
    line->insists = line->choosing = false;
    line_edit_move(&line->edit, LINE_END);
    /* The line that is there may be the one kept last: the one before it is next. */
    struct line_history *history = &line->history;
    uint32_t last = (history->count + LINE_HISTORY_MAX - 1) % LINE_HISTORY_MAX;
    history->back = history->count > 0 && strcmp(history->lines[last], line->edit.text) == 0;
    history->typed[0] = '\0';
}

void filter_line_set(struct filter_line *line, struct filter *filter, const char *text)
{
    char fitting[FILTER_TEXT_MAX];
    struct text copy = text_begin(fitting, sizeof fitting);
    text_add_string(&copy, text);
    line_edit_set(&line->edit, fitting);
    line_history_keep(&line->history, line->edit.text);
    line->choosing = false;
    filter_clear(filter);
    (void)parse(line, filter);
}

static enum filter_line_answer drop(struct filter_line *line, struct filter *filter)
{
    line_history_keep(&line->history, line->edit.text);
    line_edit_clear(&line->edit);
    (void)parse(line, filter);
    return FILTER_LINE_DROPPED;
}

/* What is wrong or not finished is not kept: the rows would not be those that the line tells of. */
static enum filter_line_answer keep(struct filter_line *line)
{
    line->insists = line->note.verdict != FILTER_GOOD;
    if (line->insists) {
        line->edit.cursor = line->note.end;
        return FILTER_LINE_SAME;
    }
    line_history_keep(&line->history, line->edit.text);
    return FILTER_LINE_KEPT;
}

/* Puts a candidate, or what was typed, into its place. */
static bool put(struct filter_line *line, const char *text, size_t len)
{
    struct filter_completion *completion = &line->completion;
    char word[FILTER_TEXT_MAX];
    memcpy(word, text, len);
    word[len] = '\0';
    bool fits = line->edit.len - (completion->end - completion->begin) + len < FILTER_TEXT_MAX;
    if (!fits || !line_edit_replace(&line->edit, completion->begin, completion->end, word))
        return false;
    completion->end = completion->begin + len;
    return true;
}

static bool put_choice(struct filter_line *line, unsigned choice)
{
    const struct filter_completion *completion = &line->completion;
    line->choice = choice;
    if (choice == completion->count)
        return put(line, line->typed, line->typed_len);
    return put(line, completion->candidates[choice].text,
               strlen(completion->candidates[choice].text));
}

/* The first Tab adds what all candidates share and shows them; the next ones go through them, and
 * through what was typed. */
static bool complete(struct filter_line *line, bool back)
{
    struct filter_completion *completion = &line->completion;
    if (line->choosing && completion->count > 0) {
        unsigned places = completion->count + 1;
        return put_choice(line, (line->choice + (back ? places - 1 : 1)) % places);
    }
    filter_complete(completion, line->edit.text, line->edit.cursor, &line->seen);
    line->choosing = completion->count != 1; /* none: the hint is shown */
    line->choice = completion->count;
    size_t common = filter_common(completion, line->edit.text);
    bool changed = common > 0 && put(line, completion->candidates[0].text, common);
    if (completion->count == 1 && !changed)
        changed = put_choice(line, 0);
    line->typed_len = completion->end - completion->begin;
    memcpy(line->typed, line->edit.text + completion->begin, line->typed_len);
    return changed;
}

static bool edit(struct filter_line *line, uint32_t key, enum key_action action)
{
    if (action == ACTION_NONE)
        return line->edit.len + 4 < FILTER_TEXT_MAX && line_edit_type(&line->edit, key);
    if (action == ACTION_LINE_OLDER || action == ACTION_LINE_NEWER)
        return line_history_step(&line->history, &line->edit, action == ACTION_LINE_OLDER ? 1 : -1);
    return line_keys_edit(&line->edit, action);
}

enum filter_line_answer filter_line_key(struct filter_line *line, struct filter *filter,
                                        uint32_t key, enum key_action action)
{
    if (action == ACTION_LINE_COMPLETE || action == ACTION_LINE_COMPLETE_BACK)
        return complete(line, action == ACTION_LINE_COMPLETE_BACK) ? parse(line, filter)
                                                                   : FILTER_LINE_SAME;
    bool was_choosing = line->choosing;
    line->choosing = false;
    if (action == ACTION_FILTER_DROP && was_choosing)
        return put_choice(line, line->completion.count) ? parse(line, filter) : FILTER_LINE_SAME;
    bool leaves = action == ACTION_LINE_ERASE && line->edit.len == 0;
    if (action == ACTION_FILTER_DROP || leaves)
        return drop(line, filter);
    if (action == ACTION_FILTER_KEEP)
        return was_choosing ? FILTER_LINE_SAME : keep(line);
    if (!edit(line, key, action))
        return FILTER_LINE_SAME;
    if (action != ACTION_LINE_OLDER && action != ACTION_LINE_NEWER)
        line->history.back = 0; /* it is a line of its own */
    return parse(line, filter);
}

/* What is unfinished is no fault while it is typed. */
static enum style note_style(const struct filter_line *line)
{
    bool wrong = line->note.verdict == FILTER_WRONG || line->insists;
    return wrong ? STYLE_FAILURE : STYLE_DIM;
}

static bool has_note(const struct filter_line *line)
{
    return line->edit.len > 0 && line->note.verdict != FILTER_GOOD;
}

/* Columns of the line with its cursor, drawn whole. */
static int line_columns(const struct filter_line *line)
{
    bool at_end = line->edit.cursor == line->edit.len;
    return MARK_COLUMN + grid_columns(line->edit.text) + at_end;
}

static bool fits_beside(const struct filter_line *line, int width, int column)
{
    int note = grid_columns(line->note.sentence);
    return column + line_columns(line) + GAP + note <= width;
}

int filter_line_height(const struct filter_line *line, int width, int column)
{
    bool below =
        has_note(line) && note_style(line) == STYLE_FAILURE && !fits_beside(line, width, column);
    return below ? 2 : 1;
}

/* "    ^^^ unknown field", or to the left of the mark, or without one where there is no room. */
static void draw_note_below(const struct filter_line *line, struct grid *grid, int row, int column)
{
    const struct filter_note *note = &line->note;
    int mark = column + MARK_COLUMN + note->column;
    int marks = note->columns > 0 ? note->columns : 1;
    int len = grid_columns(note->sentence), width = grid->width;
    bool whole = column + line_columns(line) <= width; /* else the line is scrolled */
    if (whole && mark + marks + 1 + len <= width) {
        grid_fill(grid, row, mark, marks, STYLE_FAILURE, '^');
        (void)grid_text(grid, row, mark + marks + 1, len, STYLE_FAILURE, note->sentence);
    } else if (whole && len + 1 <= mark && mark + marks <= width) {
        grid_fill(grid, row, mark, marks, STYLE_FAILURE, '^');
        (void)grid_text(grid, row, mark - 1 - len, len, STYLE_FAILURE, note->sentence);
    } else {
        (void)grid_text(grid, row, 0, width, STYLE_FAILURE, note->sentence);
    }
}

/* The part of the line that the note is about. */
static void colour_part(const struct filter_line *line, struct grid *grid, int row, int column)
{
    int first = column + line->note.column;
    for (int at = first; at < first + line->note.columns && at < grid->width; at++) {
        struct cell *cell = grid_cell(grid, row, at);
        if (cell->style == STYLE_PROMPT)
            cell->style = STYLE_FAILURE;
    }
}

void filter_line_draw(const struct filter_line *line, struct grid *grid, int row, int column,
                      int lines)
{
    int begin = column + MARK_COLUMN, room = grid->width - begin;
    bool typing = lines > 0;
    (void)grid_text(grid, row, column, 1, STYLE_PROMPT, "/");
    if (room < 1 || row < 0 || row >= grid->height)
        return;
    if (typing)
        (void)line_edit_draw(&line->edit, grid, row, begin, room);
    else
        (void)grid_text(grid, row, begin, room, STYLE_PROMPT, line->edit.text);
    if (typing && line->edit.len == 0)
        (void)grid_text(grid, row, begin + GAP, room - GAP, STYLE_DIM, INVITATION);
    if (!has_note(line))
        return;
    enum style style = note_style(line);
    bool whole = column + line_columns(line) <= grid->width;
    if (style == STYLE_FAILURE && whole)
        colour_part(line, grid, row, begin);
    if (fits_beside(line, grid->width, column))
        (void)grid_text(grid, row, column + line_columns(line) + GAP, grid->width, style,
                        line->note.sentence);
    else if (style == STYLE_FAILURE && lines > 1)
        draw_note_below(line, grid, row + 1, column);
}

/* Columns for the candidates themselves. */
static int list_columns(const struct filter_completion *completion, int width)
{
    int widest = 0;
    for (unsigned at = 0; at < completion->count; at++) {
        int columns = grid_columns(completion->candidates[at].text);
        widest = columns > widest ? columns : widest;
    }
    return widest < width / 2 ? widest : width / 2;
}

/* One cell is left free on the right. */
static void draw_candidate(const struct filter_line *line, unsigned at, struct grid *grid, int row)
{
    const struct filter_candidate *candidate = &line->completion.candidates[at];
    int columns = list_columns(&line->completion, grid->width), room = grid->width - columns - 4;
    char shown[FILTER_TEXT_MAX * 2], cut[FILTER_TEXT_MAX * 2];
    struct text text = text_begin(shown, sizeof shown);
    text_add_untrusted(&text, candidate->meaning, strlen(candidate->meaning));
    text = text_begin(cut, sizeof cut);
    if (room > 0)
        grid_cut(&text, shown, room, line->utf8);
    (void)grid_text(grid, row, 1, columns, STYLE_KEY, candidate->text);
    (void)grid_text(grid, row, 1 + columns + 2, room, STYLE_DIM, cut);
}

/* "MAY BECOME  2 of 40" */
static void draw_list_heading(const struct filter_line *line, struct grid *grid, int row)
{
    char shown[FILTER_CANDIDATE_MAX];
    struct text text = text_begin(shown, sizeof shown);
    unsigned count = line->completion.count;
    text_add_string(&text, count > 0 ? "MAY BECOME  " : "FOR EXAMPLE");
    if (count > 0 && line->choice < count)
        text_add(&text, "%u of ", line->choice + 1);
    if (count > 0)
        text_add_number(&text, count);
    grid_fill(grid, row, 0, grid->width, STYLE_HEADING, ' ');
    (void)grid_text(grid, row, 0, grid->width, STYLE_HEADING, shown);
}

void filter_line_draw_list(const struct filter_line *line, struct grid *grid, int top, int row)
{
    const struct filter_completion *completion = &line->completion;
    if (!line->choosing)
        return;
    bool has_hint = completion->count == 0 && completion->hint[0] != '\0';
    int height = has_hint ? 1 : (int)completion->count, first = 0;
    height = height < FILTER_LIST_LINES ? height : FILTER_LIST_LINES;
    height = height < row - top - 1 ? height : row - top - 1;
    if (height < 1)
        return;
    if (line->choice < completion->count && (int)line->choice >= height)
        first = (int)line->choice - height + 1;
    draw_list_heading(line, grid, row - height - 1);
    for (int at = 0; at < height; at++) {
        int on = row - height + at;
        grid_fill(grid, on, 0, grid->width, STYLE_NORMAL, ' ');
        if (has_hint)
            (void)grid_text(grid, on, 1, grid->width - 1, STYLE_KEY, completion->hint);
        else
            draw_candidate(line, (unsigned)(first + at), grid, on);
        if (!has_hint && first + at == (int)line->choice)
            grid_select_row(grid, on);
    }
}
