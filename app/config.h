/*
 * Purpose: the user's configuration, found and read: of the user behind sudo, too, with that user's
 *          rights.
 * Owns:    nothing; the preferences are the caller's.
 * Bounds:  CONFIG_SIZE_MAX bytes.
 * Fails:   a file that is not there is none, unless it was named; one that cannot be read, and every line
 *          that is wrong, is told, and the rest holds.
 * Used by: app/view.c, app/main.c.
 */
#ifndef LOFLOW_APP_CONFIG_H
#define LOFLOW_APP_CONFIG_H

#include "app/options.h"
#include "ui/preferences.h"

#define CONFIG_SIZE_MAX 65536
#define CONFIG_PATH_MAX 4096

/* "" when there is no home to have one in. */
void config_path(const struct options *options, char path[CONFIG_PATH_MAX]);

/* From now on it is there, whoever this process becomes. */
void config_note_path(const struct options *options);

/* Settings from the file, then from options. Returns how many things were wrong. */
unsigned config_load(struct preferences *preferences, const struct options *options,
                     preferences_tell *tell, void *context);

/* For --check-config: tells all that is wrong on standard output. True: nothing is. */
bool config_check(const struct options *options);

#endif
