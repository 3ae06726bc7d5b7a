#include "ui/help.h"

#include "flows/flow.h"
#include "ui/column.h"
#include "ui/keymap.h"

#define NAME_ROOM 14 /* "syn_received", "Down j" */
#define NAMES_MAX 64

struct help {
    struct grid *grid;
    int top, height;
    int first; /* line in sight */
    int line;  /* that comes next */
};

static void add_line(struct help *help, const char *name, const char *meaning)
{
    int line = help->line++ - help->first;
    if (line < 0 || line >= help->height)
        return;
    int row = help->top + line;
    (void)grid_text(help->grid, row, 0, NAME_ROOM - 1, STYLE_KEY, name);
    (void)grid_text(help->grid, row, NAME_ROOM, help->grid->width - NAME_ROOM, STYLE_NORMAL,
                    meaning);
}

static void add_heading(struct help *help, const char *heading)
{
    if (help->line > 0)
        help->line++;
    int line = help->line++ - help->first;
    if (line < 0 || line >= help->height)
        return;
    grid_fill(help->grid, help->top + line, 0, help->grid->width, STYLE_HEADING, ' ');
    (void)grid_text(help->grid, help->top + line, 0, help->grid->width, STYLE_HEADING, heading);
}

int help_draw(struct grid *grid, int top, int height, int first)
{
    struct help help = {.grid = grid, .top = top, .height = height, .first = first};
    add_heading(&help, "KEYS");
    for (int action = 0; action < ACTION_COUNT; action++) {
        char names[NAMES_MAX];
        struct text text = text_begin(names, sizeof names);
        keymap_write_keys(&text, (enum key_action)action);
        add_line(&help, names, keymap_meaning((enum key_action)action));
    }
    add_heading(&help, "STATES");
    for (int state = 0; state < FLOW_STATE_COUNT; state++)
        add_line(&help, flow_state_word((enum flow_state)state),
                 state_meaning((enum flow_state)state));
    add_heading(&help, "COLUMNS");
    for (int column = 0; column < COLUMN_COUNT; column++)
        add_line(&help, column_heading((enum column)column), column_meaning((enum column)column));
    add_heading(&help, "FILTER");
    add_line(&help, "refused", "rows with \"refused\" in an address, port, protocol or state");
    add_line(&help, "tcp :3000", "rows with both words, whatever their case");
    add_line(&help, "!established", "rows without the word");
    return help.line;
}
