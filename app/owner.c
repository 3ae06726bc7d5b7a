#include "app/owner.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static uint32_t sudo_id(const char *variable)
{
    const char *text = geteuid() == 0 ? getenv(variable) : NULL;
    char *end = NULL;
    errno = 0;
    unsigned long id = text ? strtoul(text, &end, 10) : 0;
    bool good = text && !errno && end != text && *end == '\0' && id < UINT32_MAX;
    return good ? (uint32_t)id : UINT32_MAX;
}

uid_t owner_user(void)
{
    return sudo_id("SUDO_UID");
}

gid_t owner_group(void)
{
    return sudo_id("SUDO_GID");
}
