/*
 * Purpose: does what the screen wants done and cannot do itself: copies, files, the pace of a replay.
 * Fails:   by a sentence on the screen.
 * Used by: app/loop.
 */
#ifndef LOFLOW_APP_WISH_H
#define LOFLOW_APP_WISH_H

#include "app/session.h"

/* Grants what was wished with the latest key, if anything. */
void wish_grant(struct session *session);

/* A step of what takes longer. True: it is over, and there is something to see. */
bool wish_go_on(struct session *session);

/* All of that, before the screen goes. */
void wish_finish(struct session *session);

#endif
