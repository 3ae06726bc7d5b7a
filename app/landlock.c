#include "app/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the latest kernels have it: a header may be older than the kernel. */
struct ruleset {
    uint64_t files, network, scoped;
};

#define FILES_FIRST  ((UINT64_C(1) << 13) - 1) /* what the first version knows */
#define REFER        (UINT64_C(1) << 13)       /* since the second */
#define TRUNCATE     (UINT64_C(1) << 14)       /* since the third */
#define IOCTL_DEVICE (UINT64_C(1) << 15)       /* since the fifth */
#define NETWORK_TCP  UINT64_C(3)               /* bind and connect, since the fourth */
#define SCOPED       UINT64_C(3) /* abstract sockets and signals of others, since the sixth */

#define OF_A_FILE                                                                                  \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     TRUNCATE | IOCTL_DEVICE)

static struct ruleset ruleset_of(long version)
{
    struct ruleset ruleset = {.files = FILES_FIRST};
    if (version >= 2)
        ruleset.files |= REFER;
    if (version >= 3)
        ruleset.files |= TRUNCATE;
    if (version >= 4)
        ruleset.network = NETWORK_TCP;
    if (version >= 5)
        ruleset.files |= IOCTL_DEVICE;
    if (version >= 6)
        ruleset.scoped = SCOPED;
    return ruleset;
}

/* A kernel takes no more than it knows. */
static size_t size_of(long version)
{
    if (version >= 6)
        return sizeof(struct ruleset);
    return version >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, network);
}

static uint64_t rights_of(unsigned access)
{
    uint64_t rights = 0;
    if (access & REACH_READ)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    if (access & REACH_MAKE)
        rights |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | TRUNCATE;
    if (access & REACH_FOLDERS)
        rights |= LANDLOCK_ACCESS_FS_MAKE_DIR;
    if (access & REACH_TERMINAL)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | IOCTL_DEVICE;
    return rights;
}

static int add(int ruleset, uint64_t known, const struct reach *reach)
{
    struct stat status;
    int fd = open(reach->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return 0;
    uint64_t rights = rights_of(reach->access) & known;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        rights &= OF_A_FILE;
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = fd};
    long failed = rights == 0 ? 0
                              : syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                                        &beneath, 0);
    int error = failed ? -errno : 0;
    (void)close(fd);
    return error;
}

static int restrict_to(long version, const struct reach *reaches, size_t count)
{
    const struct ruleset ruleset = ruleset_of(version);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size_of(version), 0);
    int failed = fd < 0 ? -errno : 0;
    for (size_t at = 0; !failed && at < count; at++)
        failed = add(fd, ruleset.files, &reaches[at]);
    if (!failed && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        failed = -errno;
    if (fd >= 0)
        (void)close(fd);
    return failed;
}

void landlock_restrict(const struct reach *reaches, size_t count, struct sandbox_layer *layer)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) {
        (void)sandbox_layer_set(
            layer, false,
            errno == EOPNOTSUPP
                ? "Landlock is switched off; the kernel's lsm= parameter turns it on"
                : "this kernel has no Landlock (Linux 5.13), or a container hides it");
        return;
    }
    int failed = restrict_to(version, reaches, count);
    if (failed)
        (void)sandbox_layer_set(layer, false, "Landlock: %s", strerror(-failed));
    else
        (void)sandbox_layer_set(
            layer, true, "Landlock, version %ld: only what was named at the start can be opened",
            version);
}
