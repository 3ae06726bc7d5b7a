/*
 * Purpose: how much of each packet's payload a live capture has to take, which is what the most curious of
 *          those that read it want; the kernel leaves out the rest.
 * Owns:    nothing.
 * Bounds:  a system call when that has changed.
 * Used by: app/session.
 */
#ifndef LOFLOW_APP_PAYLOAD_H
#define LOFLOW_APP_PAYLOAD_H

struct session;

void payload_follow(struct session *session);

#endif
