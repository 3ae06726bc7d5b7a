/*
 * Purpose: what each way to run loflow needs once it has begun, and with it the sandbox.
 * Owns:    nothing.
 * Fails:   with -SANDBOX_MISSING and a sentence when --sandbox=strict cannot be held; else never.
 * Used by: app/session, app/run_command, app/why_command, app/ports_command, app/main (--version -v).
 */
#ifndef LOFLOW_APP_CONFINE_H
#define LOFLOW_APP_CONFINE_H

#include "app/options.h"
#include "host/host.h"

struct session;

/* The capture is open, and nothing else. */
int confine_file(struct session *session, struct err *err);

/* Before something is begun that cannot be undone: would strict hold? */
int confine_check(enum sandbox_wish wish, struct err *err);

/* Everything is open; the command of `loflow run`, if there is one, has begun. Starts the helper. */
int confine_live(struct session *session, struct err *err);

/* A question about this machine, `why` or `ports`; `host` may be NULL. Starts the helper, which is the caller's (NULL:
 * there is none). */
int confine_question(const char *mode, enum sandbox_wish wish, struct host *host,
                     struct helper **helper, struct err *err);

/* As confine_file does it, to see which layers hold. */
int confine_to_tell(struct err *err);

#endif
