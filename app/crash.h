/*
 * Purpose: gives the terminal back when a signal kills the program: a bug, or Ctrl-\\.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_CRASH_H
#define LOFLOW_APP_CRASH_H

/* From now on a fatal signal restores the terminal before it kills. */
void crash_prepare(void);

#endif
