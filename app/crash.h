/*
 * Purpose: gives the terminal back when the program dies of a bug.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_CRASH_H
#define LOFLOW_APP_CRASH_H

/* From now on a fatal signal restores the terminal before it kills. */
void crash_prepare(void);

#endif
