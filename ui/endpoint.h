/*
 * Purpose: one end of a connection in as many columns as there are: process and port, or address and
 *          port.
 * Owns:    nothing.
 * Borrows: tuple and owner during each call.
 * Bounds:  ENDPOINT_TEXT_MAX bytes, ENDPOINT_NAME_MAX columns of a name.
 * Used by: ui/column, ui/events_pane, ui/details.
 *
 * "node(4242):41234": the address of a named end is left out when it is 127.0.0.1 or ::1. Without room
 * the pid goes first, then the end of the name, then the name; then the address loses its middle.
 * The port stays.
 */
#ifndef LOFLOW_UI_ENDPOINT_H
#define LOFLOW_UI_ENDPOINT_H

#include <stdbool.h>

#include "base/text.h"
#include "base/tuple.h"
#include "host/owners.h"

#define ENDPOINT_TEXT_MAX 192
#define ENDPOINT_NAME_MAX 16

struct endpoint {
    const struct tuple *tuple;
    const struct owner *owner; /* NULL: its process is not known */
    unsigned end;              /* of the tuple */
};

/* Columns that the whole endpoint takes. */
int endpoint_columns(const struct endpoint *endpoint);

/* Writes it into at most `room` columns; what is cut shows an ellipsis. */
void endpoint_write(struct text *text, const struct endpoint *endpoint, int room, bool utf8);

/* "node(4242)", escaped. */
void text_add_owner(struct text *text, const struct owner *owner);

#endif
