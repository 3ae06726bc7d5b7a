/*
 * Purpose: processes that talk over loopback for sessions: servers, clients, with names and command lines as a
 *          session wants them. Each is this program run again, told what to do line by line.
 * Owns:    the processes, from peer_start to peer_stop.
 * Bounds:  PEER_SLOTS sockets a process.
 * Fails:   with false and a sentence.
 * Used by: tests/screen/act.
 *
 * What a peer is told; each is answered when it is done, with "ok", a number, or "no: why":
 *     listen SLOT PORT SIZE MS   answers each request with SIZE bytes after MS; PORT 0: any that is free
 *     mute SLOT PORT             listens, and accepts nobody
 *     break SLOT PORT            accepts, and resets at the first request
 *     hold SLOT PORT             has the port, and does not listen
 *     open SLOT PORT FROM        connects, from the port FROM unless that is 0
 *     ask SLOT BYTES             sends so many and waits for the first byte of the answer
 *     chat SLOT BYTES TIMES MS   asks so often, with a pause after each
 *     say SLOT TEXT              sends that
 *     close SLOT, reset SLOT
 *     refused PORT               connects, which must be refused
 *     busy PORT BYTES            asks over new connections, in the background, until told otherwise
 */
#ifndef LOFLOW_TESTS_SCREEN_PEER_H
#define LOFLOW_TESTS_SCREEN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PEER_LINE  8192
#define PEER_SLOTS 64

struct peer {
    pid_t process;
    int control;
};

/* In main, before anything else: this process may be a peer, and then does not return. */
void peer_main(void);

/* `name` is what the kernel calls the process; argv[0] to argv[count - 1] its command line. */
bool peer_start(struct peer *peer, const char *name, const char *const *argv);

/* Sends a line and waits for the answer. */
bool peer_tell(const struct peer *peer, const char *line, char answer[PEER_LINE]);

void peer_stop(struct peer *peer);

#endif
