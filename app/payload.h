/*
 * Purpose: how much of each packet's payload has to be taken, which is what the most curious of those that read
 *          it want; the rest is left out, by the kernel or of what is read of a file.
 * Owns:    nothing.
 * Bounds:  a system call when that has changed.
 * Used by: app/session.
 */
#ifndef LOFLOW_APP_PAYLOAD_H
#define LOFLOW_APP_PAYLOAD_H

struct session;

void payload_follow(struct session *session);

#endif
