/*
 * Purpose: where a replay goes by what the user wants: play, pause, speed, steps, places.
 * Fails:   by a sentence on the screen.
 * Used by: app/wish.c, app/replay.c.
 */
#ifndef LOFLOW_APP_REPLAY_WISH_H
#define LOFLOW_APP_REPLAY_WISH_H

#include "app/session.h"

/* What the screen asks of a replay. */
void replay_wish(struct session *session, const struct screen_request *request);

void replay_toggle(struct session *session);
void replay_change_speed(struct session *session, int steps);
void replay_set_speed(struct session *session, double speed);
void replay_step(struct session *session, enum transport_step step);
void replay_seek(struct session *session, const struct seek *seek);
void replay_seek_text(struct session *session, const char *text);

/* Shown until the next key. */
void replay_say(struct session *session, const char *sentence);

#endif
