/*
 * Purpose: what words of the command line stand for: ports and spans of seconds.
 * Fails:   with false: the word is none; the sentence is the caller's.
 * Used by: app/options, app/why_command, app/run_command, app/ports_command.
 */
#ifndef LOFLOW_APP_VALUE_H
#define LOFLOW_APP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define VALUE_WAIT_MOST_S 1e6

/* 1 to 65535. */
bool value_port(const char *word, uint16_t *port);

/* From 0 to `most`; fractions may be given. */
bool value_seconds(const char *word, double most, int64_t *span_ns);

#endif
