#include "ui/help.h"

#include "flows/flow.h"
#include "ui/column.h"
#include "ui/keymap.h"

#define NAME_ROOM 14 /* "syn_received", "Down j" */
#define NAMES_MAX 64
#define GAP       2   /* between two columns */
#define WIDE      100 /* from here on there are two */

static const struct {
    const char *word;
    bool failure;
    const char *meaning;
} events[] = {
#define EVENT(NAME, word, failure, meaning) {word, failure, meaning},
#include "flows/event.def"
#undef EVENT
};

struct help {
    struct grid *grid;
    int top, height;
    int left, width; /* of the column */
    int first;       /* line in sight */
    int line;        /* that comes next */
};

/* The next line's row; -1 when it is out of sight. */
static int next_row(struct help *help)
{
    int line = help->line++ - help->first;
    return line >= 0 && line < help->height ? help->top + line : -1;
}

static void add_line(struct help *help, const char *name, const char *meaning)
{
    int room = help->width - NAME_ROOM;
    while (*meaning != '\0') {
        char part[GRID_WIDTH_MAX + 1];
        int row = next_row(help);
        meaning = grid_break(meaning, room > 1 ? room : 1, part);
        (void)grid_text(help->grid, row, help->left, NAME_ROOM - 1, STYLE_KEY, name);
        (void)grid_text(help->grid, row, help->left + NAME_ROOM, room, STYLE_NORMAL, part);
        name = "";
    }
}

static void add_heading(struct help *help, const char *heading)
{
    if (help->line > 0)
        help->line++;
    int row = next_row(help);
    grid_fill(help->grid, row, help->left, help->width, STYLE_HEADING, ' ');
    (void)grid_text(help->grid, row, help->left, help->width, STYLE_HEADING, heading);
}

static void add_what_to_do(struct help *help)
{
    add_heading(help, "KEYS");
    for (int action = 0; action < ACTION_COUNT; action++) {
        char names[NAMES_MAX];
        struct text text = text_begin(names, sizeof names);
        keymap_write_keys(&text, (enum key_action)action);
        add_line(help, names, keymap_meaning((enum key_action)action));
    }
    add_heading(help, "FILTER");
    add_line(help, "refused", "rows with \"refused\" in an address, port, protocol or state");
    add_line(help, "tcp :3000", "rows with both words, whatever their case");
    add_line(help, "!established", "rows without the word");
}

static void add_what_is_shown(struct help *help)
{
    add_heading(help, "STATES");
    for (int state = 0; state < FLOW_STATE_COUNT; state++)
        add_line(help, flow_state_word((enum flow_state)state),
                 flow_state_meaning((enum flow_state)state));
    add_heading(help, "WHAT FAILED");
    for (size_t kind = 0; kind < sizeof events / sizeof events[0]; kind++) {
        if (events[kind].failure)
            add_line(help, events[kind].word, events[kind].meaning);
    }
    add_heading(help, "COLUMNS");
    for (int column = 0; column < COLUMN_COUNT; column++)
        add_line(help, column_heading((enum column)column), column_meaning((enum column)column));
}

int help_draw(struct grid *grid, int top, int height, int first)
{
    struct help help = {
        .grid = grid, .top = top, .height = height, .width = grid->width, .first = first};
    if (grid->width < WIDE) {
        add_what_to_do(&help);
        add_what_is_shown(&help);
        return help.line;
    }
    help.width = (grid->width - GAP) / 2;
    add_what_to_do(&help);
    int longest = help.line;
    help.left = help.width + GAP;
    help.line = 0;
    add_what_is_shown(&help);
    return help.line > longest ? help.line : longest;
}
