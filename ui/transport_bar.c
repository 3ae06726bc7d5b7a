#include "ui/transport_bar.h"

#include <string.h>

#include "base/clock.h"

#define PIECE_MAX     128
#define LEVELS        8
#define TIMELINE_MIN  12 /* columns, below which there is none beside words */
#define WAIT_SHOWN_NS (2 * CLOCK_NS_PER_S)
#define CLOCK_SECONDS 8 /* columns of 12:34:56 */
#define WIDE          60

/* The pieces of the line, one after the other; one that does not fit is left out. */
struct line {
    struct grid *grid;
    int row, column, end;
};

static void add(struct line *line, enum style style, const char *piece)
{
    int gap = line->column > 0 ? 2 : 0;
    if (piece[0] == '\0' || line->column + gap + grid_columns(piece) > line->end)
        return;
    line->column += gap;
    line->column +=
        grid_text(line->grid, line->row, line->column, line->end - line->column, style, piece);
}

static void write_speed(struct text *text, double speed)
{
    if (speed <= 0)
        text_add_string(text, "max");
    else
        text_add(text, "%gx", speed);
}

/* "> 10x", "|| paused" */
static void add_mode(const struct transport *transport, struct line *line,
                     const struct transport_state *state)
{
    static const struct {
        const char *sign, *ascii, *word;
    } modes[] = {
        [TRANSPORT_PAUSED] = {"‖", "||", "paused"},
        [TRANSPORT_PLAYING] = {"►", ">", ""},
        [TRANSPORT_SEEKING] = {"»", ">>", "seeking"},
        [TRANSPORT_ENDED] = {"■", "#", "end"},
    };
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add_string(&text, transport->utf8 ? modes[state->mode].sign : modes[state->mode].ascii);
    text_add_string(&text, " ");
    text_add_string(&text, modes[state->mode].word);
    if (state->mode == TRANSPORT_PLAYING)
        write_speed(&text, state->speed);
    else if (state->mode == TRANSPORT_SEEKING)
        text_add(&text, " %d%%", (int)(state->goal * 100));
    add(line, state->mode == TRANSPORT_PAUSED ? STYLE_WARNING : STYLE_TITLE, piece);
    text = text_begin(piece, sizeof piece);
    if (state->mode == TRANSPORT_PAUSED && state->speed > 0 && line->grid->width >= WIDE)
        write_speed(&text, state->speed);
    add(line, STYLE_NORMAL, piece);
}

static void add_clock(const struct transport *transport, struct line *line,
                      const struct transport_state *state)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add_clock(&text, state->time_ns, transport->local_time);
    if (line->grid->width < WIDE)
        piece[CLOCK_SECONDS] = '\0';
    add(line, STYLE_NORMAL, piece);
}

/* "+1m30s of 5m00s" */
static void add_place(struct line *line, const struct transport_state *state)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    if (state->place_ns > 0) {
        text_add_string(&text, "+");
        text_add_span(&text, state->place_ns);
    } else {
        text_add_string(&text, "0s");
    }
    text_add_string(&text, line->grid->width < WIDE ? "/" : " of ");
    text_add_span(&text, state->end_ns);
    if (!state->is_known_whole)
        text_add_string(&text, "...");
    add(line, STYLE_NORMAL, piece);
}

static int percent_of(const struct transport_state *state)
{
    if (!state->is_known_whole)
        return state->read_percent;
    if (state->packets >= state->known || state->end_ns <= 0)
        return state->packets >= state->known ? 100 : 0;
    int percent = (int)((double)state->place_ns * 100 / (double)state->end_ns + 0.5);
    return percent < 100 ? percent : 99;
}

static void add_numbers(struct line *line, const struct transport_state *state)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    if (percent_of(state) >= 0)
        text_add(&text, "%d%%", percent_of(state));
    add(line, STYLE_NORMAL, piece);

    text = text_begin(piece, sizeof piece);
    if (state->mode == TRANSPORT_PLAYING && state->wait_ns >= WAIT_SHOWN_NS) {
        text_add_string(&text, "silent, next packet in ");
        text_add_span(&text, state->wait_ns);
    }
    add(line, STYLE_DIM, piece);

    text = text_begin(piece, sizeof piece);
    text_add_string(&text, "packet ");
    text_add_grouped(&text, state->packets);
    if (state->packets < state->known) {
        text_add_string(&text, " of ");
        text_add_grouped(&text, state->known);
    }
    add(line, STYLE_NORMAL, piece);
}

/* So that few packets beside very many are still seen to be more than none. */
static int level_of(uint64_t packets, uint64_t most)
{
    int level = packets > 0;
    while (level > 0 && level < LEVELS &&
           (double)packets * (LEVELS * LEVELS) > (double)most * (level * level))
        level++;
    return level;
}

static int64_t place_of(const struct transport_state *state, int column, int columns)
{
    return (int64_t)((double)(state->end_ns + 1) * column / columns);
}

/* The column that the playhead is in. */
static int head_of(const struct transport_state *state, int columns)
{
    int head = (int)((double)state->place_ns / (double)(state->end_ns + 1) * columns);
    return head < columns ? head : columns - 1;
}

static struct density_part part_of(const struct transport_state *state, int column, int columns)
{
    return density_between(state->density, place_of(state, column, columns),
                           place_of(state, column + 1, columns));
}

/* Columns for what was read so far; the rest is what was not. */
static int known_columns(const struct transport_state *state, int width)
{
    if (state->is_known_whole || state->read_percent < 0)
        return width;
    int columns = width * state->read_percent / 100;
    return columns > 0 ? columns : 1;
}

static void draw_timeline(const struct transport *transport, struct grid *grid,
                          const struct transport_state *state)
{
    static const char *const blocks[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
    int columns = known_columns(state, transport->width);
    int head = head_of(state, columns);
    uint64_t most = 0;
    for (int column = 0; column < columns; column++) {
        struct density_part part = part_of(state, column, columns);
        most = part.packets > most ? part.packets : most;
    }
    for (int column = 0; column < columns; column++) {
        struct density_part part = part_of(state, column, columns);
        int level = level_of(part.packets, most);
        bool is_ahead = state->packets < state->known && column > head;
        enum style style = is_ahead ? STYLE_DIM : STYLE_GOOD;
        if (part.packets == 0)
            style = STYLE_DIM;
        if (part.failures > 0)
            style = STYLE_FAILURE;
        if (column == head)
            style = STYLE_SELECTED;
        (void)grid_text(grid, transport->row, transport->left + column, 1, style,
                        transport->utf8 ? blocks[level] : ascii[level]);
    }
}

/* "go to 1m30", in the place of the words. */
static void add_typed(const struct transport *transport, struct line *line)
{
    add(line, STYLE_TITLE, "go to");
    line->column++;
    line->column += line_edit_draw(&transport->typed, line->grid, line->row, line->column,
                                   line->end - line->column);
    add(line, STYLE_DIM, "50%, 1m30s, +5s, -2s, 12:34:56, #1000, begin, end");
}

/* One line has both words and timeline. */
static int draw_short(struct transport *transport, struct grid *grid, int bottom,
                      const struct transport_state *state)
{
    struct line line = {grid, bottom - 1, 0, grid->width};
    if (transport->typing) {
        add_typed(transport, &line);
        return 1;
    }
    add_mode(transport, &line, state);
    add_clock(transport, &line, state);
    transport->row = line.row;
    transport->left = line.column + 1;
    if (grid->width - transport->left >= TIMELINE_MIN)
        transport->width = grid->width - transport->left;
    return 1;
}

static void add_words(const struct transport *transport, struct line *line,
                      const struct transport_state *state)
{
    add_mode(transport, line, state);
    add_clock(transport, line, state);
    add_place(line, state);
    add_numbers(line, state);
    if (state->one_way)
        add(line, STYLE_DIM, "a pipe cannot go back");
}

static int draw_tall(struct transport *transport, struct grid *grid, int bottom,
                     const struct transport_state *state)
{
    struct line line = {grid, bottom - 2, 0, grid->width};
    if (transport->typing)
        add_typed(transport, &line);
    else
        add_words(transport, &line, state);
    transport->row = bottom - 1;
    transport->left = 0;
    transport->width = grid->width;
    return 2;
}

int transport_draw(struct transport *transport, struct grid *grid, int bottom,
                   const struct transport_state *state)
{
    transport->width = 0;
    transport->is_shown = true;
    bool is_tall = grid->height >= TRANSPORT_TALL;
    if (bottom < (is_tall ? 4 : 3))
        return 0;
    int lines = is_tall ? draw_tall(transport, grid, bottom, state)
                        : draw_short(transport, grid, bottom, state);
    if (transport->width > 0)
        draw_timeline(transport, grid, state);
    return lines;
}

double transport_hit(const struct transport *transport, int row, int column)
{
    column -= transport->left;
    if (transport->width < 2 || row != transport->row || column < 0 || column >= transport->width)
        return -1;
    return (double)column / (transport->width - 1);
}
