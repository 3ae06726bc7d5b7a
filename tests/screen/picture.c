#include "tests/screen/picture.h"

#include <stdio.h>
#include <string.h>

#define CELL_WIDTH   8.4 /* of a 14 pixel font whose characters are 0.6 of it wide */
#define CELL_HEIGHT  17
#define FONT_SIZE    14
#define BASELINE     13
#define UNDERLINE    15
#define MARGIN       14
#define FAINT_SHARE  55 /* percent of the colour that is left of it */
#define GROUND       0x15181e
#define INK          0xd5dae3
#define PALETTE_SIZE 16

/* The sixteen colours that terminals let their users choose. */
static const uint32_t palette[PALETTE_SIZE] = {
    0x2a2f3a, 0xf0717b, 0x8ccf7e, 0xe5c76b, 0x6cb0f2, 0xc58fe8, 0x5fc9c9, 0xd5dae3,
    0x6b7488, 0xff8b94, 0xa6e295, 0xf5dc8e, 0x8ec7ff, 0xd9abf5, 0x82e0e0, 0xffffff,
};

struct look {
    uint32_t ink, ground;
    bool bold, underline;
};

static uint32_t colour_of(const struct terminal *terminal, VTermColor colour, uint32_t fallback)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(&colour) || VTERM_COLOR_IS_DEFAULT_BG(&colour))
        return fallback;
    if (VTERM_COLOR_IS_INDEXED(&colour) && colour.indexed.idx < PALETTE_SIZE)
        return palette[colour.indexed.idx];
    vterm_screen_convert_color_to_rgb(terminal->screen, &colour);
    return (uint32_t)colour.rgb.red << 16 | (uint32_t)colour.rgb.green << 8 | colour.rgb.blue;
}

static uint32_t mix(uint32_t ink, uint32_t ground)
{
    uint32_t mixed = 0;
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        uint32_t a = (ink >> shift) & 0xff, b = (ground >> shift) & 0xff;
        mixed |= (a * FAINT_SHARE + b * (100 - FAINT_SHARE)) / 100 << shift;
    }
    return mixed;
}

static struct look look_of(const struct terminal *terminal, const VTermScreenCell *cell)
{
    struct look look = {
        .ink = colour_of(terminal, cell->fg, INK),
        .ground = colour_of(terminal, cell->bg, GROUND),
        .bold = cell->attrs.bold,
        .underline = cell->attrs.underline != 0,
    };
    if (cell->attrs.reverse) {
        uint32_t ink = look.ink;
        look.ink = look.ground;
        look.ground = ink;
    }
    if (cell->attrs.strike) /* faint, see tests/support/escapes.h */
        look.ink = mix(look.ink, look.ground);
    return look;
}

static bool same_look(const struct look *a, const struct look *b)
{
    return a->ink == b->ink && a->ground == b->ground && a->bold == b->bold &&
           a->underline == b->underline;
}

static void put_character(FILE *file, uint32_t code)
{
    if (code == '&')
        (void)fputs("&amp;", file);
    else if (code == '<')
        (void)fputs("&lt;", file);
    else if (code < 0x80)
        (void)fputc((int)(code ? code : ' '), file);
    else
        (void)fprintf(file, "&#%u;", code);
}

/* Is there ink in these cells? */
static bool has_text(const struct terminal *terminal, int row, int first, int end)
{
    for (int column = first; column < end; column++) {
        VTermScreenCell cell = terminal_cell(terminal, row, column);
        if (cell.chars[0] != 0 && cell.chars[0] != ' ')
            return true;
    }
    return false;
}

static void put_text(FILE *file, const struct terminal *terminal, int row, const int *ends,
                     const struct look *look)
{
    (void)fprintf(file, "<text x=\"%.1f\" y=\"%d\" fill=\"#%06x\"%s textLength=\"%.1f\">",
                  ends[0] * CELL_WIDTH, row * CELL_HEIGHT + BASELINE, look->ink,
                  look->bold ? " font-weight=\"bold\"" : "", (ends[1] - ends[0]) * CELL_WIDTH);
    for (int column = ends[0]; column < ends[1]; column++) {
        VTermScreenCell cell = terminal_cell(terminal, row, column);
        if (cell.chars[0] == UINT32_MAX)
            continue; /* the right half of a wide character */
        put_character(file, cell.chars[0]);
        for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++)
            put_character(file, cell.chars[i]);
    }
    (void)fputs("</text>\n", file);
}

/* Cells from ends[0] to ends[1], which all look alike. */
static void put_run(FILE *file, const struct terminal *terminal, int row, int ends[2],
                    const struct look *look)
{
    if (look->ground != GROUND)
        (void)fprintf(file,
                      "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#%06x\"/>\n",
                      ends[0] * CELL_WIDTH, row * CELL_HEIGHT, (ends[1] - ends[0]) * CELL_WIDTH,
                      CELL_HEIGHT, look->ground);
    if (look->underline)
        (void)fprintf(file, "<path d=\"M%.1f %d.5H%.1f\" stroke=\"#%06x\"/>\n",
                      ends[0] * CELL_WIDTH, row * CELL_HEIGHT + UNDERLINE, ends[1] * CELL_WIDTH,
                      mix(look->ink, look->ground));
    /* Blanks at both ends take no part in the length, lest it be stretched. */
    while (ends[0] < ends[1] && !has_text(terminal, row, ends[0], ends[0] + 1))
        ends[0]++;
    if (ends[0] == ends[1])
        return;
    while (!has_text(terminal, row, ends[1] - 1, ends[1]) &&
           terminal_cell(terminal, row, ends[1] - 1).chars[0] != UINT32_MAX)
        ends[1]--;
    put_text(file, terminal, row, ends, look);
}

static void put_row(FILE *file, const struct terminal *terminal, int row)
{
    int first = 0;
    while (first < terminal->width) {
        VTermScreenCell cell = terminal_cell(terminal, row, first);
        struct look look = look_of(terminal, &cell);
        int end = first + 1;
        for (; end < terminal->width; end++) {
            cell = terminal_cell(terminal, row, end);
            struct look next = look_of(terminal, &cell);
            if (cell.chars[0] != UINT32_MAX && !same_look(&look, &next))
                break;
        }
        put_run(file, terminal, row, (int[2]){first, end}, &look);
        first = end;
    }
}

bool picture_write(const struct terminal *terminal, const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    double width = terminal->width * CELL_WIDTH + 2 * MARGIN;
    int height = terminal->height * CELL_HEIGHT + 2 * MARGIN;
    (void)fprintf(file,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" "
                  "viewBox=\"0 0 %.0f %d\">\n"
                  "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#%06x\"/>\n"
                  "<g transform=\"translate(%d %d)\" font-size=\"%d\" xml:space=\"preserve\" "
                  "style=\"white-space:pre\" font-family=\"'DejaVu Sans Mono',ui-monospace,"
                  "SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace\">\n",
                  width, height, width, height, GROUND, MARGIN, MARGIN, FONT_SIZE);
    for (int row = 0; row < terminal->height; row++)
        put_row(file, terminal, row);
    (void)fputs("</g>\n</svg>\n", file);
    return fclose(file) == 0;
}
