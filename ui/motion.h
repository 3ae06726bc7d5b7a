/*
 * Purpose: which keys move, and how far: the same in every list and on every page of text.
 * Owns:    nothing.
 * Used by: ui/page_view, ui/place_flows, ui/events_page, ui/ports_page, ui/case_page, ui/flow_page,
 *          ui/stream_page.
 */
#ifndef LOFLOW_UI_MOTION_H
#define LOFLOW_UI_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/keymap.h"

/* Beyond the end of whatever there is. */
#define MOTION_FAR (INT64_C(1) << 40)

/* Lines that an action moves where `height` are in sight, negative upwards, MOTION_FAR to an end. False: it
 * does not move. */
bool motion_of(enum key_action action, int height, int64_t *lines);

#endif
