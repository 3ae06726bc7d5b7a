#include "ui/prompt.h"

#include <string.h>

#include "ui/line_keys.h"

#define TROUBLE_SHOWN_MAX (ERR_TEXT_MAX * 4)
#define TROUBLE_LINES     4

void prompt_open(struct prompt *prompt)
{
    line_edit_clear(&prompt->edit);
    prompt->history.back = 0;
    prompt->trouble.text[0] = '\0';
    prompt->choosing = false;
}

/* How much of their beginning all choices share. */
static size_t common_len(const struct command_choices *choices)
{
    size_t len = strlen(choices->words[0]);
    for (unsigned at = 1; at < choices->count; at++) {
        size_t same = 0;
        while (same < len && choices->words[0][same] == choices->words[at][same])
            same++;
        len = same;
    }
    return len;
}

static void put_word(struct prompt *prompt, const char *word)
{
    (void)line_edit_replace(&prompt->edit, prompt->choices.begin, prompt->edit.cursor, word);
}

/* The first time it adds what is certain and shows the choices; then it goes through them. */
static void complete(struct prompt *prompt, bool back)
{
    struct command_choices *choices = &prompt->choices;
    if (prompt->choosing) {
        prompt->choice = (prompt->choice + (back ? choices->count : 1)) % (choices->count + 1);
        put_word(prompt,
                 prompt->choice < choices->count ? choices->words[prompt->choice] : prompt->typed);
        return;
    }
    command_choose(choices, prompt->edit.text, prompt->edit.cursor);
    if (choices->count == 0)
        return;
    size_t len = common_len(choices);
    memcpy(prompt->typed, choices->words[0], len);
    prompt->typed[len] = '\0';
    put_word(prompt, prompt->typed);
    if (choices->count == 1)
        (void)line_edit_type(&prompt->edit, ' ');
    prompt->choosing = choices->count > 1;
    prompt->choice = choices->count;
}

static enum prompt_answer run(struct prompt *prompt, struct command *command)
{
    const char *line = prompt->edit.text;
    if (line[strspn(line, " ")] == '\0')
        return PROMPT_LEAVE;
    line_history_keep(&prompt->history, line);
    int failed = command_parse(command, line, COMMAND_IN_SCREEN, &prompt->trouble);
    return failed ? PROMPT_STAY : PROMPT_RUN;
}

static void edit(struct prompt *prompt, uint32_t key, enum key_action action)
{
    if (action == ACTION_NONE)
        (void)line_edit_type(&prompt->edit, key);
    else if (action == ACTION_LINE_OLDER || action == ACTION_LINE_NEWER)
        (void)line_history_step(&prompt->history, &prompt->edit,
                                action == ACTION_LINE_OLDER ? 1 : -1);
    else
        (void)line_keys_edit(&prompt->edit, action);
}

enum prompt_answer prompt_key(struct prompt *prompt, uint32_t key, enum key_action action,
                              struct command *command)
{
    if (action == ACTION_REDRAW)
        return PROMPT_STAY;
    prompt->trouble.text[0] = '\0';
    if (action == ACTION_LINE_COMPLETE || action == ACTION_LINE_COMPLETE_BACK) {
        complete(prompt, action == ACTION_LINE_COMPLETE_BACK);
        return PROMPT_STAY;
    }
    prompt->choosing = false;
    if (action == ACTION_LINE_DONE)
        return run(prompt, command);
    bool leaves = action == ACTION_LINE_ERASE && prompt->edit.len == 0;
    if (action == ACTION_LINE_CANCEL || leaves)
        return PROMPT_LEAVE;
    edit(prompt, key, action);
    return PROMPT_STAY;
}

/* The one in the line stands out, and is always in sight. */
static void draw_choices(const struct prompt *prompt, struct grid *grid, int row)
{
    const struct command_choices *choices = &prompt->choices;
    unsigned first = 0;
    int column = 0;
    for (unsigned at = 0; at < choices->count && at <= prompt->choice; at++) {
        column += (int)strlen(choices->words[at]) + 2;
        if (column > grid->width && prompt->choice < choices->count) {
            first = at;
            column = (int)strlen(choices->words[at]) + 2;
        }
    }
    column = 0;
    for (unsigned at = first; at < choices->count && column < grid->width; at++) {
        enum style style = at == prompt->choice ? STYLE_SELECTED : STYLE_DIM;
        column += grid_text(grid, row, column, grid->width - column, style, choices->words[at]) + 2;
    }
}

/* Above line `bottom`, in as many lines as it takes; returns how many those are. */
static int draw_trouble(const struct prompt *prompt, struct grid *grid, int bottom)
{
    char shown[TROUBLE_SHOWN_MAX], line[GRID_LINE_MAX];
    struct text text = text_begin(shown, sizeof shown);
    text_add_untrusted(&text, prompt->trouble.text, strlen(prompt->trouble.text));
    int lines = 0;
    for (const char *at = shown; *at != '\0' && lines < TROUBLE_LINES && lines < bottom; lines++)
        at = grid_break(at, grid->width, line);
    const char *at = shown;
    for (int row = bottom - lines; row < bottom; row++) {
        at = grid_break(at, grid->width, line);
        grid_fill(grid, row, 0, grid->width, STYLE_NORMAL, ' ');
        (void)grid_text(grid, row, 0, grid->width, STYLE_FAILURE, line);
    }
    return lines;
}

int prompt_draw(const struct prompt *prompt, struct grid *grid, int row)
{
    grid_fill(grid, row, 0, grid->width, STYLE_PROMPT, ' ');
    int used = grid_text(grid, row, 0, grid->width, STYLE_PROMPT, ":");
    (void)line_edit_draw(&prompt->edit, grid, row, used, grid->width - used);
    if (prompt->trouble.text[0] != '\0')
        return 1 + draw_trouble(prompt, grid, row);
    if (row < 1 || !prompt->choosing)
        return 1;
    grid_fill(grid, row - 1, 0, grid->width, STYLE_NORMAL, ' ');
    draw_choices(prompt, grid, row - 1);
    return 2;
}
