/*
 * Purpose: what the mouse did, from the terminal's reports (xterm's SGR form, 1006).
 * Owns:    the report being read; a plain value.
 * Bounds:  constant time a character; a report is MOUSE_REPORT_MAX characters at most.
 * Fails:   never; what is no report, and buttons that do nothing here, are left out.
 * Used by: ui/term.
 */
#ifndef LOFLOW_UI_MOUSE_H
#define LOFLOW_UI_MOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "ui/grid.h"
#include "ui/keycode.h"

/* A report is MOUSE_BEGIN, "button;column;row", and 'M', or 'm' when the button is released. */
#define MOUSE_BEGIN      "\033[<"
#define MOUSE_REPORT_MAX 20

#define MOUSE_DOUBLE_NS (400 * CLOCK_NS_PER_MS)

struct mouse {
    bool reading;
    bool held; /* the first button is down */
    uint8_t len;
    char report[MOUSE_REPORT_MAX];
    bool clicked; /* the next press may be the second of two */
    struct screen_mouse last;
    int64_t last_ns;
};

enum mouse_answer {
    MOUSE_MORE,    /* the report goes on */
    MOUSE_EVENT,   /* something happened */
    MOUSE_NOTHING, /* the report is over, and nothing happened */
};

/* MOUSE_BEGIN was read. */
void mouse_begin(struct mouse *mouse);

/* The next character of a report. */
enum mouse_answer mouse_take(struct mouse *mouse, uint32_t character, int64_t now_ns,
                             struct screen_mouse *event);

#endif
