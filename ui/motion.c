#include "ui/motion.h"

bool motion_of(enum key_action action, int height, int64_t *lines)
{
    /* One line stays in sight. */
    int64_t page = height > 1 ? height - 1 : 1;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        *lines = action == ACTION_UP ? -1 : 1;
        return true;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        *lines = action == ACTION_PAGE_UP ? -page : page;
        return true;
    case ACTION_TOP:
    case ACTION_BOTTOM:
        *lines = action == ACTION_TOP ? -MOTION_FAR : MOTION_FAR;
        return true;
    default:
        return false;
    }
}
