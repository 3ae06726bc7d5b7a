#include "ui/scroller.h"

#include <assert.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void scroller_place(struct scroller *scroller, uint32_t count, uint32_t position, uint32_t height)
{
    assert(position < count || position == 0);
    uint32_t first = scroller->first;
    if (first > 0)
        first = position - least(position, scroller->line);
    if (position >= first + height)
        first = height > 0 ? position - height + 1 : position;
    first = least(first, position);
    if (count <= height)
        first = 0;
    else if (first > count - height)
        first = count - height;
    *scroller = (struct scroller){.first = first, .line = position - first, .height = height};
}

uint32_t scroller_move(struct scroller *scroller, uint32_t count, uint32_t position, int64_t lines)
{
    if (count == 0)
        return 0;
    int64_t target = (int64_t)position + lines;
    if (target < 0)
        target = 0;
    if (target >= (int64_t)count)
        target = (int64_t)count - 1;
    int64_t line = (int64_t)scroller->line + target - (int64_t)position;
    if (line < 0)
        line = 0;
    if (scroller->height > 0 && line >= (int64_t)scroller->height)
        line = (int64_t)scroller->height - 1;
    scroller->line = (uint32_t)line;
    return (uint32_t)target;
}
