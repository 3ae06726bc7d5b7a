/*
 * Purpose: the user behind sudo, who shall own what is written.
 * Bounds:  constant time.
 * Fails:   never; (uid_t)-1 where there is nobody else.
 * Used by: app/session.c, app/streams.c, app/config.c.
 */
#ifndef LOFLOW_APP_OWNER_H
#define LOFLOW_APP_OWNER_H

#include <sys/types.h>

uid_t owner_user(void);
gid_t owner_group(void);

#endif
