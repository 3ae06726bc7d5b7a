/*
 * Purpose: `loflow ports [PORT]`: who listens where.
 * Fails:   -EINVAL for a wrong use, else -errno; with a sentence.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_PORTS_COMMAND_H
#define LOFLOW_APP_PORTS_COMMAND_H

#include "base/err.h"

/* `words` are those behind "ports", up to a NULL. */
int ports_command(char **words, struct err *err);

#endif
