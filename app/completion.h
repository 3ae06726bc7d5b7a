/*
 * Purpose: what a shell needs to complete loflow's words, made from the table of options.
 * Fails:   completion_parse is false for a shell that it does not know.
 * Used by: app/main.c, app/options.c; the build installs what it writes.
 */
#ifndef LOFLOW_APP_COMPLETION_H
#define LOFLOW_APP_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH, COMPLETION_COUNT };

/* Their names as the user writes them. */
bool completion_parse(const char *name, enum completion_shell *shell);
void completion_print(FILE *stream, enum completion_shell shell);

#endif
