/*
 * Purpose: what packets go through, opened at the beginning of a run and again when a file is rewound.
 * Owns:    nothing; what is opened is the caller's.
 * Fails:   with -errno and a sentence.
 * Used by: app/session.c, app/rewind.c.
 */
#ifndef LOFLOW_APP_OPEN_H
#define LOFLOW_APP_OPEN_H

#include "app/session.h"

bool open_wants_view(const struct options *options);

int open_source(const struct session *session, struct source **source, struct err *err);

/* The key of the flow table's hash: one for the whole run. */
int open_key(struct session *session, struct err *err);

/* They need the source, the streams and the key. */
int open_tracker(struct session *session, struct tracker **tracker, struct err *err);
int open_decoder(const struct session *session, struct decoder **decoder, struct err *err);

#endif
