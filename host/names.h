/*
 * Purpose: names for the ends of live connections: which process each of them belongs to.
 * Owns:    a netlink socket, NAMES_MAX ends that were asked for, and what is known of each.
 * Bounds:  NAMES_ASK questions at a time; names_client and names_server cost one exact lookup or
 *          one dump of listeners, 3 to 30 us;
 *          names_step goes on until its deadline with a look into the processes named last, and, when
 *          that is not enough, a walk over /proc, and one read of a directory longer: a millisecond.
 *          It rests for NAMES_REST times as long as they took, 1 % of a core, beyond NAMES_BURST_NS
 *          that are for who comes right after another.
 * Fails:   names_open with -errno and a sentence. An end whose socket is gone stays unknown, but for
 *          whom the kernel told of (names_spare, names_process): it is not guessed.
 * Used by: app/session (asks), report (tells).
 */
#ifndef LOFLOW_HOST_NAMES_H
#define LOFLOW_HOST_NAMES_H

#include "base/clock.h"
#include "host/owners.h"
#include "host/process.h"
#include "host/sockets.h"

#define NAMES_MAX  65536u
#define NAMES_REST 100

#define NAMES_BURST_NS (100 * CLOCK_NS_PER_MS)

/* Questions between two names_step: more connections a moment go unnamed. */
#define NAMES_ASK 512

struct names;

int names_open(struct names **names, struct err *err);

/* Asks the kernel for nothing: only names_process gives tickets. */
int names_open_told(struct names **names, struct err *err);
void names_close(struct names *names);

/* From now on the helper looks into processes; it is borrowed. */
void names_use(struct names *names, struct helper *helper);

/* The process at end 0 or 1 of an established connection. Returns a ticket, 0 when the kernel does
 * not know that socket. */
uint32_t names_client(struct names *names, const struct tuple *tuple, unsigned end);

/* The process that listens on that end. Returns a ticket, 0 when nobody listens there
 * or the end is another machine's. */
uint32_t names_server(struct names *names, const struct tuple *tuple, unsigned end);

/* A process that is known already. Returns a ticket. */
uint32_t names_process(struct names *names, const struct host_process *process);

/* Who is told for the ticket of a socket when nobody is found to hold it: its holder may have ended since. */
void names_spare(struct names *names, uint32_t ticket, const struct host_process *process);

/* Goes on finding the processes of tickets that were given, until the deadline. Both times are of
 * clock_monotonic_ns, now_ns is its present one. */
void names_step(struct names *names, int64_t now_ns, int64_t deadline_ns);

/* Finds them all before it returns, for when nobody reads packets any more: up to a second. */
void names_resolve(struct names *names, int64_t now_ns);

/* NULL: not known yet, or no more. Valid until the next names_step. */
const struct owner *names_owner(const struct names *names, uint32_t ticket);

/* While this holds, a process that names_owner told once stays the ticket's, and what it told of it. */
bool names_remembers(const struct names *names, uint32_t ticket);

#endif
