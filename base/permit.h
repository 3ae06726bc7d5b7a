/*
 * Purpose: how a user who is not root permits this program what it needs, in a line to copy.
 * Fails:   never; where the program lies is left to the shell when nobody says it.
 * Source:  capabilities(7): a file that has more of them than the bounding set cannot be executed.
 * Used by: capture, host (sentences about what may not be done).
 */
#ifndef LOFLOW_BASE_PERMIT_H
#define LOFLOW_BASE_PERMIT_H

#include <stdbool.h>

#include "base/text.h"

/* "sudo setcap cap_net_raw,...=eip /usr/local/bin/loflow": all that it has a use for, and may be given
 * here. */
void text_add_permit(struct text *text);

/* May anybody here be given kernel events? A container may be without. */
bool permit_has_kernel_events(void);

#endif
