#include "ui/page_view.h"

#include "ui/motion.h"

static int64_t within(int64_t number, int64_t most)
{
    if (number > most)
        number = most;
    return number > 0 ? number : 0;
}

bool page_view_act(struct page_view *view, enum key_action action)
{
    int64_t lines = 0;
    if (!motion_of(action, view->height, &lines))
        return false;
    view->first = (int)within(view->first + lines, view->lines);
    return true;
}

void page_view_fit(struct page_view *view, int lines, int height)
{
    view->lines = lines;
    view->height = height > 0 ? height : 0;
    view->first = (int)within(view->first, (int64_t)lines - view->height);
}

struct extent page_view_extent(const struct page_view *view)
{
    return (struct extent){.first = (uint64_t)view->first,
                           .shown = (uint64_t)view->height,
                           .count = (uint64_t)view->lines};
}
