#include "ui/ask.h"

#include "ui/line_keys.h"

void ask_open(struct ask *ask, enum ask_kind kind, const char *question, const char *text)
{
    ask->kind = kind;
    ask->question = question;
    ask->searches.back = 0;
    line_edit_set(&ask->line, text);
}

static bool keep(struct ask *ask)
{
    if (ask->kind == ASK_SEARCH)
        line_history_keep(&ask->searches, ask->line.text);
    ask->kind = ASK_NOTHING;
    return ask->line.len > 0;
}

static void step_back(struct ask *ask, int back)
{
    if (ask->kind == ASK_SEARCH)
        (void)line_history_step(&ask->searches, &ask->line, back);
}

static void edit(struct ask *ask, uint32_t key, enum key_action action)
{
    if (action == ACTION_NONE)
        (void)line_edit_type(&ask->line, key);
    else if (action == ACTION_LINE_OLDER || action == ACTION_LINE_NEWER)
        step_back(ask, action == ACTION_LINE_OLDER ? 1 : -1);
    else
        (void)line_keys_edit(&ask->line, action);
}

bool ask_key(struct ask *ask, uint32_t key, enum key_action action)
{
    if (action == ACTION_ASK_KEEP)
        return keep(ask);
    if (action == ACTION_ASK_DROP || (action == ACTION_LINE_ERASE && ask->line.len == 0))
        ask->kind = ASK_NOTHING;
    else
        edit(ask, key, action);
    return false;
}

int ask_draw(const struct ask *ask, struct grid *grid, int row)
{
    if (ask->kind == ASK_NOTHING)
        return 0;
    grid_fill(grid, row, 0, grid->width, STYLE_NORMAL, ' ');
    int used = grid_text(grid, row, 0, grid->width / 2, STYLE_PROMPT, ask->question);
    (void)line_edit_draw(&ask->line, grid, row, used, grid->width - used);
    return 1;
}
