/*
 * Purpose: answers what host/helper.h asks of this machine, in the process that may know it.
 * Owns:    HELPER_WALKS walks over /proc, and a descriptor of the network namespace it began in.
 * Borrows: the tracer.
 * Bounds:  of the walks the one that began first gives way to a new one. A step takes at most HELPER_BUDGET_NS.
 * Fails:   with -errno in the answer; a request that makes no sense with -EINVAL.
 * Used by: app/helper_process.
 *
 * Nothing of a request is believed: numbers are checked, texts end, a namespace is who the request says it is (its inode) or it is
 * not entered.
 */
#ifndef LOFLOW_HOST_HELPER_SERVE_H
#define LOFLOW_HOST_HELPER_SERVE_H

#include "host/helper.h"
#include "host/tracer.h"

#define HELPER_WALKS 8u

struct helper_server;

/* `tracer` may be NULL. */
int helper_server_open(struct helper_server **server, struct tracer *tracer, struct err *err);
void helper_server_close(struct helper_server *server);

/* What must stay open for it: returns how many. */
#define HELPER_DESCRIPTORS (1u + TRACER_DESCRIPTORS)
unsigned helper_server_descriptors(const struct helper_server *server,
                                   int descriptors[HELPER_DESCRIPTORS]);

/* Fills the answer, all but its sequence; `*fd` is to go with it and then to be closed, -1: none. */
void helper_serve(struct helper_server *server, const struct helper_request *request,
                  struct helper_answer *answer, int *fd);

#endif
