#include "ui/page.h"

#include <string.h>

#define UNTRUSTED_MAX 2048
#define CLOCK_LEN     12 /* 12:34:56.789 */

/* The next line's row; -1 when it is out of sight. */
static int next_row(struct page *page)
{
    int line = page->line++ - page->first;
    return line >= 0 && line < page->height ? page->top + line : -1;
}

void page_heading(struct page *page, enum style style, const char *heading)
{
    if (page->line > 0)
        page->line++;
    int row = next_row(page);
    grid_fill(page->grid, row, page->left, page->width, style, ' ');
    (void)grid_text(page->grid, row, page->left, page->width, style, heading);
}

void page_line(struct page *page, const struct page_line *line)
{
    int room = page->width - line->indent;
    const char *name = line->name;
    const char *words = line->words;
    while (*words != '\0') {
        char part[GRID_LINE_MAX];
        int row = next_row(page);
        words = grid_break(words, room > 1 ? room : 1, part);
        (void)grid_text(page->grid, row, page->left, line->indent - 1, line->name_style, name);
        (void)grid_text(page->grid, row, page->left + line->indent, room, line->style, part);
        name = "";
    }
}

void page_line_untrusted(struct page *page, const struct page_line *line)
{
    char safe[UNTRUSTED_MAX];
    struct text text = text_begin(safe, sizeof safe);
    text_add_untrusted(&text, line->words, strlen(line->words));
    struct page_line escaped = *line;
    escaped.words = safe;
    page_line(page, &escaped);
}

void page_clock(struct page *page, const char *name, int64_t time_ns, bool local)
{
    char words[UNTRUSTED_MAX];
    struct text text = text_begin(words, sizeof words);
    text_add_clock(&text, time_ns, local);
    words[CLOCK_LEN] = '\0';
    page_entry(page, name, words);
}

void page_styled(struct page *page, const char *name, enum style style, const char *words)
{
    page_line(page, &(struct page_line){.name = name,
                                        .words = words,
                                        .name_style = STYLE_KEY,
                                        .style = style,
                                        .indent = PAGE_NAME_ROOM});
}

void page_entry(struct page *page, const char *name, const char *words)
{
    page_styled(page, name, STYLE_NORMAL, words);
}
