/*
 * Purpose: signals as a descriptor and a few flags, so that the loop learns of them by polling and
 *          a write that nobody reads is still interrupted.
 * Owns:    the handlers and one eventfd, for the life of the process.
 * Fails:   signals_open with -errno and a sentence.
 * Used by: app/main.c and app/run.c (open), app/loop.c (asks).
 *
 * The first signal that asks to stop ends the run in good order; the second one kills, for whoever
 * waits on a reader that is stuck.
 */
#ifndef LOFLOW_APP_SIGNALS_H
#define LOFLOW_APP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

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

/* A handler for SIGTSTP, for who has a terminal to give back before it stops; and whether it was called. */
void signals_note_suspend(int number);
bool signals_take_suspend(void);

/* Instead of signals_open, for a run that must outlive the signals its command dies of. Those that ask to
 * stop, and SIGQUIT, SIGUSR1 and SIGUSR2, are kept for signals_take_sent; ended children wake, too. */
int signals_open_outliving(struct err *err);

/* The next signal that a process sent, and which; what the terminal sent is left out, as everybody in the
 * process group has got that. False: there is none. */
bool signals_take_sent(int *number, pid_t *sender);

/* From now on the signals that ask to stop kill again. */
void signals_stop_outliving(void);

#endif
