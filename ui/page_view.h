/*
 * Purpose: which lines of a page of text are in sight.
 * Owns:    nothing; a plain value.
 * Used by: ui/place, ui/flow_page.
 */
#ifndef LOFLOW_UI_PAGE_VIEW_H
#define LOFLOW_UI_PAGE_VIEW_H

#include "ui/extent.h"
#include "ui/keymap.h"

struct page_view {
    int first, height, lines;
};

/* False: not its key. */
bool page_view_act(struct page_view *view, enum key_action action);

/* There are so many lines, and room for `height` of them: `first` is made to fit. */
void page_view_fit(struct page_view *view, int lines, int height);

struct extent page_view_extent(const struct page_view *view);

#endif
