/*
 * Purpose: `loflow run [OPTIONS] [--expect EXPR]... -- CMD [ARGS...]`.
 * Fails:   -EINVAL for a wrong use, else -errno; with a sentence.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_RUN_COMMAND_H
#define LOFLOW_APP_RUN_COMMAND_H

#include "base/err.h"

/* `words` are those behind "run", up to a NULL. `*status` is what loflow shall exit with, be there an
 * error to tell or not; it stays as it is when only the error says that. */
int run_command(char **words, int *status, struct err *err);

#endif
