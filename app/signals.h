/*
 * Purpose: signals as a descriptor and a few flags, so that the loop learns of them by polling and
 *          a write that nobody reads is still interrupted.
 * Owns:    the handlers and one eventfd, for the life of the process.
 * Fails:   signals_open with -errno and a sentence.
 * Used by: app/main.c (opens), app/loop.c (asks).
 *
 * The first signal that asks to stop ends the run in good order; the second one kills, for whoever
 * waits on a reader that is stuck.
 */
#ifndef LOFLOW_APP_SIGNALS_H
#define LOFLOW_APP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"

int signals_open(struct err *err);

/* Readable when there is something to ask about. */
int signals_fd(void);

/* Empties the descriptor. */
void signals_clear(void);

/* Non-zero once SIGINT, SIGTERM or SIGHUP came; lives as long as the process. */
const volatile sig_atomic_t *signals_stop(void);

/* The terminal has another size, or is ours again after a stop; true once for each. */
bool signals_take_resize(void);
bool signals_take_resume(void);

#endif
