/*
 * Purpose: what each way to run loflow needs once it has begun, and with it the sandbox.
 * Owns:    nothing.
 * Fails:   with -SANDBOX_MISSING and a sentence when --sandbox=strict cannot be held; else never.
 * Used by: app/session, app/main (--version -v), app/save (where files can be saved).
 */
#ifndef LOFLOW_APP_CONFINE_H
#define LOFLOW_APP_CONFINE_H

#include "app/options.h"

/* The capture is open, and nothing else. */
int confine_file(const struct options *options, struct err *err);

/* As confine_file does it, to see which layers hold. */
int confine_to_tell(struct err *err);

/* Where files can be saved from the screen: "/home/me/work and /tmp"; "": anywhere. */
const char *confine_places(void);

#endif
