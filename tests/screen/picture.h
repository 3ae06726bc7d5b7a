/*
 * Purpose: a picture of a terminal as SVG: grounds, colours, bold, faint, underline, reverse, in cells of one size.
 * Owns:    nothing.
 * Fails:   with false when the file cannot be written.
 * Used by: tests/screen/act, scripts/screenshots.
 */
#ifndef LOFLOW_TESTS_SCREEN_PICTURE_H
#define LOFLOW_TESTS_SCREEN_PICTURE_H

#include <stdbool.h>

#include "tests/support/terminal.h"

bool picture_write(const struct terminal *terminal, const char *path);

#endif
