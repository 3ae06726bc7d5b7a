/*
 * Purpose: a page of headings and wrapped lines that is longer than the screen: help, details.
 * Owns:    nothing; a plain value.
 * Bounds:  draws what is in sight, counts the rest.
 * Used by: the pages of text.
 */
#ifndef LOFLOW_UI_PAGE_H
#define LOFLOW_UI_PAGE_H

#include "ui/grid.h"

#define PAGE_NAME_ROOM 14 /* "syn_received", "Down j" */

struct page {
    struct grid *grid;
    int top, height;
    int left, width; /* of the column */
    int first;       /* line in sight */
    int line;        /* that comes next */
};

/* A name and, `indent` columns from the left, words; both without control characters. */
struct page_line {
    const char *name, *words;
    enum style name_style, style;
    int indent;
};

/* After an empty line, but for the first. */
void page_heading(struct page *page, enum style style, const char *heading);
void page_line(struct page *page, const struct page_line *line);

/* The same with words of others, which are escaped here, once. */
void page_line_untrusted(struct page *page, const struct page_line *line);

/* The usual one: a name in the style of keys, words beside it. */
void page_entry(struct page *page, const char *name, const char *words);
void page_styled(struct page *page, const char *name, enum style style, const char *words);

/* 12:34:56.789 */
void page_clock(struct page *page, const char *name, int64_t time_ns, bool local);

#endif
