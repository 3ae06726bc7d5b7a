#include "ui/flow_pane.h"

#include <string.h>

static int most(int a, int b)
{
    return a > b ? a : b;
}

static struct flow_row *row_at(struct flow_pane *pane, uint32_t at)
{
    return &pane->rows[pane->order[at].index];
}

static struct column_group look_at_group(const struct flow_pane *pane, const struct flow_row *row)
{
    return (struct column_group){
        .key = &row->key,
        .sums = &row->sums,
        .now_ns = pane->now_ns,
        .median_ns = row->median_ns,
        .p95_ns = row->p95_ns,
        .spark = &row->spark,
        .owner = pane->known->names ? names_owner(pane->known->names, row->sums.owner) : NULL,
        .by = pane->groups.by,
        .is_unfolded = row->is_unfolded,
    };
}

static void measure_group(struct flow_pane *pane, const struct flow_row *row)
{
    const struct column_group group = look_at_group(pane, row);
    int end = pane->groups.by == GROUP_BY_SERVER;
    char buffer[COLUMN_TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    column_write_group(end ? COLUMN_SERVER : COLUMN_CLIENT, &group, COLUMN_TEXT_MAX, true, &text);
    pane->need[end] = most(pane->need[end], grid_columns(buffer));
}

/* What the endpoints in sight want; forgets what came before when the screen changes its width. */
static void measure(struct flow_pane *pane, int width)
{
    if (width != pane->need_width) {
        pane->need[0] = COLUMN_END_IPV4;
        pane->need[1] = COLUMN_END_IPV4;
    }
    pane->need_width = width;
    uint32_t end = pane->scroller.first + pane->scroller.height;
    int indent = pane->groups.by == GROUP_NONE ? 0 : COLUMN_FOLD;
    for (uint32_t at = pane->scroller.first; at < end && at < pane->order_count; at++) {
        const struct flow_row *row = row_at(pane, at);
        if (row->group) {
            measure_group(pane, row);
            continue;
        }
        const struct flow *flow = &row->hot;
        struct flow_view view = {.hot = flow, .cold = &row->cold};
        for (unsigned side = 0; side < 2; side++) {
            int *need = &pane->need[side == flow->client ? 0 : 1];
            const struct endpoint endpoint = {&flow->tuple, known_owner(pane->known, view, side),
                                              side};
            *need = most(*need, endpoint_columns(&endpoint) + (side == flow->client ? indent : 0));
        }
    }
}

/* "BYTE>" with an arrow where the terminal has one. */
static void write_heading(struct text *text, enum column column, bool utf8)
{
    for (const char *at = column_heading(column); *at != '\0'; at++) {
        if (utf8 && (*at == '>' || *at == '<'))
            text_add(text, "%s", *at == '>' ? "→" : "←");
        else
            text_add(text, "%c", *at);
    }
}

static void draw_heading(struct flow_pane *pane, struct grid *grid, int line,
                         const struct column_place *place)
{
    bool sorted = place->column == pane->sorted;
    enum style style = sorted ? STYLE_SORTED : STYLE_HEADING;
    char buffer[COLUMN_TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    write_heading(&text, place->column, pane->utf8);
    int len = (int)strlen(column_heading(place->column));
    bool right = column_is_right_aligned(place->column);
    int left = right ? place->left + place->width - len : place->left;
    (void)grid_text(grid, line, left, len, style, buffer);
    if (!sorted)
        return;
    bool descending = column_is_descending(pane->sorted) != pane->reversed;
    const char *mark = descending ? "v" : "^";
    if (pane->utf8)
        mark = descending ? "▼" : "▲";
    (void)grid_text(grid, line, right ? left - 1 : left + len, 1, style, mark);
}

static void put_cell(struct grid *grid, int line, const struct column_place *place, int indent,
                     enum style style, const char *words)
{
    int left = place->left + indent;
    if (column_is_right_aligned(place->column))
        left += most(0, place->width - grid_columns(words));
    (void)grid_text(grid, line, left, place->left + place->width - left, style, words);
}

static void draw_cell(struct flow_pane *pane, struct grid *grid, int line,
                      const struct column_flow *flow, const struct column_place *place)
{
    char buffer[COLUMN_TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    bool is_set_in = place->column == COLUMN_CLIENT && pane->groups.by != GROUP_NONE;
    int indent = is_set_in && place->width > COLUMN_END_IPV4 / 2 ? COLUMN_FOLD : 0;
    column_write(place->column, flow, place->width - indent, pane->utf8, &text);
    put_cell(grid, line, place, indent, column_style(place->column, flow), buffer);
    if (place->has_arrow)
        (void)grid_text(grid, line, place->left + place->width + 1, 1, STYLE_DIM,
                        pane->utf8 ? "→" : ">");
}

static void draw_group(struct flow_pane *pane, struct grid *grid, int line,
                       const struct flow_row *row, const struct column_place *place)
{
    const struct column_group group = look_at_group(pane, row);
    char buffer[COLUMN_TEXT_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    column_write_group(place->column, &group, place->width, pane->utf8, &text);
    put_cell(grid, line, place, 0, column_group_style(place->column, &group), buffer);
}

static struct column_flow look_at(const struct flow_pane *pane, const struct flow_row *row)
{
    struct column_flow flow = flow_row_look(row, pane->now_ns);
    flow.code = known_code(pane->known, flow.view);
    flow.spark = &row->spark;
    for (unsigned end = 0; end < 2; end++)
        flow.owner[end] = known_owner(pane->known, flow.view, end);
    return flow;
}

void flow_pane_draw(struct flow_pane *pane, struct grid *grid, int top, int height, bool focused)
{
    if (height < 1)
        return;
    uint32_t lines = (uint32_t)height - 1;
    scroller_place(&pane->scroller, pane->order_count, pane->position, lines);
    measure(pane, grid->width);

    struct column_place *places = pane->drawn;
    const struct column_wish wish = {
        .width = grid->width,
        .need = {pane->need[0], pane->need[1]},
        .sorted = pane->sorted,
        .choice = pane->choice.count > 0 ? pane->choice : column_choose_all(pane->live),
    };
    int shown = column_layout(places, &wish);
    pane->drawn_count = shown;
    grid_fill(grid, top, 0, grid->width, STYLE_HEADING, ' ');
    for (int i = 0; i < shown; i++)
        draw_heading(pane, grid, top, &places[i]);
    for (uint32_t line = 0; line < lines; line++) {
        uint32_t at = pane->scroller.first + line;
        if (at >= pane->order_count)
            return;
        int on = top + 1 + (int)line;
        const struct flow_row *row = row_at(pane, at);
        const struct column_flow flow = look_at(pane, row);
        for (int i = 0; i < shown; i++) {
            if (row->group)
                draw_group(pane, grid, on, row, &places[i]);
            else
                draw_cell(pane, grid, on, &flow, &places[i]);
        }
        if (focused && at == pane->position)
            grid_select_row(grid, on);
    }
}

bool flow_pane_heading_at(const struct flow_pane *pane, int column, enum column *found)
{
    for (int i = 0; i < pane->drawn_count; i++) {
        const struct column_place *place = &pane->drawn[i];
        if (column < place->left || column >= place->left + place->width)
            continue;
        *found = place->column;
        return true;
    }
    return false;
}

void flow_pane_click(struct flow_pane *pane, int line)
{
    if (line > 0)
        flow_pane_move(pane, (int64_t)pane->scroller.first + line - 1 - pane->position);
}
