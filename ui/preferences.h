/*
 * Purpose: what the user may set, and the configuration file, which is a list of commands that do so.
 * Owns:    its values; plain.
 * Borrows: the text of the file during preferences_read.
 * Bounds:  PREFERENCES_LINE_MAX bytes a line.
 * Fails:   preferences_read tells each line that is wrong in one sentence and takes the others.
 * Used by: ui/screen, app.
 */
#ifndef LOFLOW_UI_PREFERENCES_H
#define LOFLOW_UI_PREFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "ui/column.h"
#include "ui/command.h"
#include "ui/keymap.h"
#include "ui/theme.h"

#define PREFERENCES_LINE_MAX 512

/* Flows that are over stay for the eye. */
#define CLOSED_AGE_NS (30 * CLOCK_NS_PER_S)

struct preferences {
    struct keymap keymap;
    enum theme theme;
    bool theme_chosen; /* else it is a guess */
    bool mouse;
    bool utf8;
    enum column sorted;
    bool reversed;
    struct column_choice columns; /* none: all */
    enum grouping grouping;
    int64_t closed_age_ns; /* how long flows that are over stay; 0: for ever */
};

/* As without a configuration. */
void preferences_begin(struct preferences *preferences);

/* Does the command set something? Then it is set. */
bool preferences_apply(struct preferences *preferences, const struct command *command);

/* "config:3: theme wants ...": untrusted. */
typedef void preferences_tell(void *context, const char *sentence);

/* Takes the text of a configuration: a command a line; '#' begins a comment line. Returns how many
 * lines are wrong. */
unsigned preferences_read(struct preferences *preferences, const char *text, size_t len,
                          preferences_tell *tell, void *context);

#endif
