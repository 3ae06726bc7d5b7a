/*
 * Purpose: gives the terminal back when a signal kills the program: a bug, or Ctrl-\\; or a library ends it.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_CRASH_H
#define LOFLOW_APP_CRASH_H

/* From now on a fatal signal restores the terminal before it kills, and so does exit(3). */
void crash_prepare(void);

#endif
