#include "ui/mouse.h"

#include <stdlib.h>

/* The first number of a report. */
enum {
    BUTTON = 0x03, /* which one; 3: none is down */
    FIRST_BUTTON = 0,
    MOTION = 0x20,
    WHEEL = 0x40, /* then BUTTON 0 is up and 1 is down; 2 and 3 are sideways */
    OTHER = 0x80, /* buttons 8 to 11 */
};

#define NUMBERS_A_REPORT 3

void mouse_begin(struct mouse *mouse)
{
    mouse->reading = true;
    mouse->len = 0;
}

static bool parse(const char *report, long numbers[NUMBERS_A_REPORT])
{
    for (int at = 0; at < NUMBERS_A_REPORT; at++) {
        char *end = NULL;
        numbers[at] = strtol(report, &end, 10);
        char wanted = at + 1 < NUMBERS_A_REPORT ? ';' : '\0';
        if (end == report || *end != wanted)
            return false;
        report = end + 1;
    }
    return numbers[1] >= 1 && numbers[1] <= GRID_WIDTH_MAX && numbers[2] >= 1 &&
           numbers[2] <= GRID_HEIGHT_MAX;
}

static bool press(struct mouse *mouse, int64_t now_ns, struct screen_mouse *event)
{
    const struct screen_mouse *last = &mouse->last;
    bool near = abs(last->column - event->column) <= 1 && last->row == event->row;
    bool twice = mouse->clicked && near && now_ns - mouse->last_ns <= MOUSE_DOUBLE_NS;
    event->kind = twice ? MOUSE_DOUBLE : MOUSE_PRESS;
    mouse->clicked = !twice;
    mouse->held = true;
    mouse->last = *event;
    mouse->last_ns = now_ns;
    return true;
}

static bool interpret(struct mouse *mouse, long button, bool released, int64_t now_ns,
                      struct screen_mouse *event)
{
    if (button & OTHER || (button & WHEEL && button & 2))
        return false;
    if (button & WHEEL) {
        event->kind = button & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
        return true;
    }
    if ((button & BUTTON) != FIRST_BUTTON)
        return false;
    if (!released && !(button & MOTION))
        return press(mouse, now_ns, event);
    bool was_held = mouse->held;
    event->kind = released ? MOUSE_RELEASE : MOUSE_DRAG;
    if (!released && was_held)
        mouse->clicked = false;
    mouse->held = was_held && !released;
    return was_held;
}

enum mouse_answer mouse_take(struct mouse *mouse, uint32_t character, int64_t now_ns,
                             struct screen_mouse *event)
{
    bool inside = (character >= '0' && character <= '9') || character == ';';
    if (inside && mouse->len + 1 < MOUSE_REPORT_MAX) {
        mouse->report[mouse->len++] = (char)character;
        return MOUSE_MORE;
    }
    long numbers[NUMBERS_A_REPORT];
    mouse->reading = false;
    mouse->report[mouse->len] = '\0';
    if ((character != 'M' && character != 'm') || !parse(mouse->report, numbers))
        return MOUSE_NOTHING;
    event->column = (int)numbers[1] - 1;
    event->row = (int)numbers[2] - 1;
    return interpret(mouse, numbers[0], character == 'm', now_ns, event) ? MOUSE_EVENT
                                                                         : MOUSE_NOTHING;
}
