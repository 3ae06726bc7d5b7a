/*
 * Purpose: the one poll loop: signals, the 10 Hz clock, keys, packets.
 * Owns:    a timerfd, while it runs.
 * Bounds:  packets are taken for at most LOOP_BUDGET_NS before keys and clock get their turn.
 * Fails:   -errno and a sentence when the system gives no timer.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_LOOP_H
#define LOFLOW_APP_LOOP_H

#include "app/session.h"

#define LOOP_TICK_NS   (100 * CLOCK_NS_PER_MS)
#define LOOP_BUDGET_NS (20 * CLOCK_NS_PER_MS)

/* Runs until the source ends (a screen stays until the user quits), a limit is reached or a signal
 * asks to stop. */
int loop_run(struct session *session, struct err *err);

#endif
