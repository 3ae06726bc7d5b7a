/*
 * Purpose: the manual page, in roff's man(7) macros, made from the tables of options, keys, commands,
 *          columns and what else has a table.
 * Used by: app/main.c; the build writes loflow.1 with it.
 */
#ifndef LOFLOW_APP_MANUAL_H
#define LOFLOW_APP_MANUAL_H

#include <stdio.h>

void manual_print(FILE *stream);

#endif
