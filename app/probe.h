/*
 * Purpose: a place for code that runs inside of the sandbox, right when it is up: a test puts there what tries to get out.
 * Used by: app/sandbox; tests/run/sandbox by a program that has its own.
 */
#ifndef LOFLOW_APP_PROBE_H
#define LOFLOW_APP_PROBE_H

/* Does nothing in loflow. `mode` is that of struct sandbox_plan. */
void probe_inside(const char *mode);

/* A descriptor that a helper keeps open for it; -1: none. */
int probe_descriptor(void);

#endif
