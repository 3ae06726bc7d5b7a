/*
 * Purpose: giving the terminal back from anywhere, a signal handler included: after a crash, and when
 *          the user stops the program; and writing to it past ncurses, the mouse's modes above all.
 * Owns:    what it needs for that, prepared while all is well; there is one terminal.
 * Bounds:  WRITES_MAX tries at a terminal that takes nothing.
 * Fails:   term_leave_prepare with -1 and errno.
 * Used by: ui/term. term_emergency_restore is in ui/term.h.
 */
#ifndef LOFLOW_UI_TERM_LEAVE_H
#define LOFLOW_UI_TERM_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

/* Begins anew for the terminal behind `fd`, in the modes that it has now. */
int term_leave_prepare(int fd);

/* One of the terminal's own strings, to be sent at the end; NULL is none. */
void term_leave_add(const char *capability);

/* From true to false there is something to give back. */
void term_leave_open(bool open);
bool term_leave_is_open(void);

/* Writes to the terminal. ncurses has nothing left to write after a refresh: between two of them the
 * line is ours. False when the terminal does not take it. */
bool term_leave_write(const char *bytes, size_t len);

void term_leave_use_mouse(bool wanted);

/* The mouse is switched off, since the shell would see it as typed text; and on again, if it was. */
void term_leave_pause(void);
void term_leave_resume(void);

#endif
