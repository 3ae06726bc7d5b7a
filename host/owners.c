#include "host/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One walk. */
struct walk {
    struct owners *owners;
    const uint32_t *inodes;
    size_t count;
    int proc; /* descriptor of /proc */
};

static int compare_inodes(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static int compare_owners(const void *a, const void *b)
{
    const struct owner *one = a, *other = b;
    int order = compare_inodes(&one->inode, &other->inode);
    return order ? order : (one->pid > other->pid) - (one->pid < other->pid);
}

/* `before` is the owner that was found before, NULL for none: a process is read once. */
static void describe(struct owner *owner, const struct owner *before)
{
    struct process_stat stat;
    if (before && before->pid == owner->pid) {
        uint32_t inode = owner->inode;
        *owner = *before;
        owner->inode = inode;
        return;
    }
    process_read_comm(owner->pid, owner->comm);
    process_read_command(owner->pid, owner->command);
    owner->start = process_read_stat(owner->pid, &stat) ? stat.start : 0;
}

/* One process may hold a socket by several descriptors: it counts once. */
static bool is_known(const struct owners *owners, uint32_t inode, pid_t pid)
{
    for (size_t at = owners->count; at > 0 && owners->found[at - 1].pid == pid; at--) {
        if (owners->found[at - 1].inode == inode)
            return true;
    }
    return false;
}

static void take_link(const struct walk *walk, pid_t pid, const char *link)
{
    struct owners *owners = walk->owners;
    static const char prefix[] = "socket:[";
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return;
    char *end = NULL;
    uint32_t inode = (uint32_t)strtoul(link + sizeof prefix - 1, &end, 10);
    if (*end != ']' ||
        !bsearch(&inode, walk->inodes, walk->count, sizeof *walk->inodes, compare_inodes) ||
        owners->count == owners->room || is_known(owners, inode, pid))
        return;
    struct owner *owner = &owners->found[owners->count++];
    *owner = (struct owner){.inode = inode, .pid = pid};
    describe(owner, owners->count > 1 ? owner - 1 : NULL);
}

static void look_into(const struct walk *walk, pid_t pid)
{
    char path[64], link[64];
    (void)snprintf(path, sizeof path, "%d/fd", (int)pid);
    int fd = openat(walk->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *files = fd < 0 ? NULL : fdopendir(fd);
    if (!files) {
        walk->owners->hidden += errno == EACCES;
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    for (struct dirent *file = readdir(files); file; file = readdir(files)) {
        ssize_t len = readlinkat(fd, file->d_name, link, sizeof link - 1);
        if (len <= 0)
            continue;
        link[len] = '\0';
        take_link(walk, pid, link);
    }
    (void)closedir(files);
}

static void look_into_all(const struct walk *walk, DIR *processes)
{
    for (struct dirent *entry = readdir(processes); entry; entry = readdir(processes)) {
        char *end = NULL;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid > 0 && *end == '\0')
            look_into(walk, (pid_t)pid);
    }
}

/* `pids` NULL: all of them. */
static int find(struct owners *owners, struct walk *walk, const pid_t *pids, size_t pid_count,
                struct err *err)
{
    size_t room = OWNERS_LEAST + walk->count * 2;
    *owners = (struct owners){.room = room < OWNERS_MAX ? room : OWNERS_MAX};
    owners->found = calloc(owners->room, sizeof(struct owner));
    if (!owners->found)
        return err_set(err, ENOMEM, "no memory to look for processes; close other programs");
    DIR *processes = opendir("/proc");
    if (!processes) {
        int failed = err_set(err, errno, "/proc cannot be read, so processes have no names: %s",
                             strerror(errno));
        owners_free(owners);
        return failed;
    }
    walk->owners = owners;
    walk->proc = dirfd(processes);
    if (!pids)
        look_into_all(walk, processes);
    for (size_t at = 0; pids && at < pid_count; at++)
        look_into(walk, pids[at]);
    (void)closedir(processes);
    qsort(owners->found, owners->count, sizeof *owners->found, compare_owners);
    return 0;
}

int owners_find(struct owners *owners, const uint32_t *inodes, size_t count, struct err *err)
{
    struct walk walk = {.inodes = inodes, .count = count};
    return find(owners, &walk, NULL, 0, err);
}

int owners_find_in(struct owners *owners, const uint32_t *inodes, size_t count, const pid_t *pids,
                   size_t pid_count, struct err *err)
{
    struct walk walk = {.inodes = inodes, .count = count};
    return find(owners, &walk, pids, pid_count, err);
}

void owners_free(struct owners *owners)
{
    free(owners->found);
    *owners = (struct owners){0};
}

const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count)
{
    size_t low = 0, high = owners->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (owners->found[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    size_t last = low;
    while (last < owners->count && owners->found[last].inode == inode)
        last++;
    *count = last - low;
    return last > low ? &owners->found[low] : NULL;
}
