/*
 * Purpose: a file from its beginning once more: all that its packets made is made anew.
 * Fails:   -errno and a sentence; then everything is as it was.
 * Used by: app/replay.c.
 */
#ifndef LOFLOW_APP_REWIND_H
#define LOFLOW_APP_REWIND_H

#include "app/session.h"

int rewind_session(struct session *session, struct err *err);

#endif
