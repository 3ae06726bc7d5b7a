/*
 * Purpose: `loflow why [[HOST:]PORT]`: what the host knows of that endpoint, at once; then what the run
 *          is that watches it.
 * Owns:    options->filter.
 * Fails:   -EINVAL for a wrong use, else -errno; with a sentence.
 * Used by: app/main.c.
 */
#ifndef LOFLOW_APP_WHY_COMMAND_H
#define LOFLOW_APP_WHY_COMMAND_H

#include "app/options.h"
#include "base/tuple.h"

/* `words` are those behind "why", up to a NULL. Prints the first answer, and says in `options` what is
 * to be watched: COMMAND_NOTHING when that is all. */
int why_command(struct options *options, char **words, struct err *err);

/* Exposed for tests: "3000", "127.0.0.1:3000", "[::1]:3000", "localhost:3000". Writes the addresses that
 * are meant, end 1 of tuples, at most two. Returns how many, or -EINVAL. */
#define WHY_TARGETS_MAX 2
int why_targets(const char *word, struct tuple targets[WHY_TARGETS_MAX], struct err *err);

#endif
