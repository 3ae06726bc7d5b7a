#include "ui/title.h"

#include <string.h>

#define PIECE_MAX         256
#define SENTENCE_MAX      2048
#define SENTENCE_LINES    3
#define COLUMNS_FOR_NAMES 3 /* a name takes at most one column of so many */

/* The pieces of the line, one after the other; one that does not fit is left out whole, since half
 * a number is a wrong number. */
struct title {
    struct grid *grid;
    int column;
};

static void add_piece(struct title *title, enum style style, const char *piece)
{
    int gap = title->column > 0 ? 2 : 0;
    struct grid *grid = title->grid;
    if (piece[0] == '\0' || title->column + gap + (int)strlen(piece) > grid->width)
        return;
    title->column += gap;
    title->column += grid_text(grid, 0, title->column, grid->width - title->column, style, piece);
}

/* Texts from outside are cut to fit: half a name is better than none. */
static void add_name(struct title *title, const char *before, const char *name, int room)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add(&text, "%s", before);
    text_add_untrusted(&text, name, strlen(name));
    int gap = title->column > 0 ? 2 : 0;
    struct grid *grid = title->grid;
    if (room > grid->width - title->column - gap)
        room = grid->width - title->column - gap;
    if (name[0] == '\0' || room <= (int)strlen(before))
        return;
    title->column += gap;
    title->column += grid_text(grid, 0, title->column, room, STYLE_TITLE, piece);
}

static void add_number(struct title *title, enum style style, const char *before, uint64_t number,
                       const char *after)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add(&text, "%s", before);
    text_add_grouped(&text, number);
    text_add(&text, "%s", after);
    add_piece(title, style, piece);
}

static void add_drops(struct title *title, const struct screen_status *status)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add(&text, "dropped ");
    text_add_grouped(&text, status->dropped_by_kernel + status->dropped_by_interface);
    if (status->dropped_by_interface > 0) {
        text_add(&text, " (");
        text_add_grouped(&text, status->dropped_by_interface);
        text_add(&text, " by interface)");
    }
    add_piece(title, STYLE_WARNING, piece);
}

static void add_progress(struct title *title, const struct screen_status *status)
{
    char piece[PIECE_MAX] = "reading";
    struct text text = text_begin(piece, sizeof piece);
    if (status->live)
        text_add(&text, "%s", status->ended ? "ended" : "live");
    else if (status->ended)
        text_add(&text, "end of file");
    else if (status->transport && status->transport->is_known_whole)
        text_add(&text, "replay");
    else if (status->percent >= 0)
        text_add(&text, "%d%%", status->percent);
    else
        text_add(&text, "reading");
    add_piece(title, STYLE_TITLE, piece);
}

static void add_flows(struct title *title, const struct tracker_stats *flows)
{
    char piece[PIECE_MAX];
    struct text text = text_begin(piece, sizeof piece);
    text_add_grouped(&text, flows->flows);
    text_add(&text, flows->flows == 1 ? " flow (" : " flows (");
    text_add_grouped(&text, flows->open);
    text_add(&text, " open)");
    add_piece(title, STYLE_TITLE, piece);
}

static bool is_missing(const struct screen_status *status, const char *word)
{
    for (uint32_t at = 0; at < status->missing_count; at++) {
        if (strcmp(status->missing[at].word, word) == 0)
            return true;
    }
    return false;
}

/* Without the tracer many causes stay unknown; the others that are missing matter less often. The key
 * is that of help, which says what to do about it. */
static void add_untraced(struct title *title, const struct screen_status *status)
{
    int before = title->column;
    if (is_missing(status, "tracer"))
        add_piece(title, STYLE_WARNING, "no kernel events: h");
    else if (is_missing(status, "events"))
        add_piece(title, STYLE_WARNING, "lost kernel events: h");
    else
        return;
    if (title->column == before)
        add_piece(title, STYLE_WARNING, "untraced");
}

/* The end of a path says more than its beginning. */
static const char *last_of_path(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash && slash[1] != '\0' ? slash + 1 : name;
}

static int draw_sentence(struct grid *grid, int top, const char *sentence)
{
    char buffer[SENTENCE_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    text_add_untrusted(&text, sentence, strlen(sentence));
    const char *at = buffer;
    int lines = 0;
    while (*at != '\0' && lines < SENTENCE_LINES) {
        char line[GRID_LINE_MAX];
        at = grid_break(at, grid->width, line);
        (void)grid_text(grid, top + lines, 0, grid->width, STYLE_WARNING, line);
        lines++;
    }
    return lines;
}

int title_draw(struct grid *grid, const struct screen_status *status,
               const struct tracker_stats *flows, bool paused)
{
    struct title title = {.grid = grid};
    uint64_t dropped = status->dropped_by_kernel + status->dropped_by_interface;
    grid_fill(grid, 0, 0, grid->width, STYLE_TITLE, ' ');
    add_piece(&title, STYLE_TITLE, "loflow");
    add_name(&title, "", status->live ? status->name : last_of_path(status->name),
             grid->width / COLUMNS_FOR_NAMES);
    add_progress(&title, status);
    if (paused)
        add_piece(&title, STYLE_WARNING, "PAUSED");
    if (dropped > 0)
        add_drops(&title, status);
    if (flows->evicted > 0)
        add_number(&title, STYLE_WARNING, "evicted ", flows->evicted, "");
    add_number(&title, STYLE_TITLE, "", status->packets,
               status->packets == 1 ? " packet" : " packets");
    add_flows(&title, flows);
    if (status->undecoded > 0)
        add_number(&title, STYLE_WARNING, "undecoded ", status->undecoded, "");
    add_untraced(&title, status);
    if (dropped == 0 && status->live)
        add_piece(&title, STYLE_TITLE, "dropped 0");
    add_name(&title, "filter: ", status->filter, grid->width);
    return status->trouble ? 1 + draw_sentence(grid, 1, status->trouble) : 1;
}
