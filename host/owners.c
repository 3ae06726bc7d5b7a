/*
 * Theory: /proc/PID/fd of all processes is read file by file, and what a walk has open is kept between
 * its steps: /proc, and the directory of the process at hand. Both are read in the order of their
 * numbers, so a process or file that ends meanwhile is left out, and one that begins is found when
 * its number is yet to come. An open directory stays that process's, whoever gets its pid later.
 */
#include "host/owners.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

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
        int fd = owner->fd;
        *owner = *before;
        owner->inode = inode;
        owner->fd = fd;
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

/* The socket that a descriptor's link names; 0 for anything else. */
static uint32_t read_inode(int dir, const char *path)
{
    static const char prefix[] = "socket:[";
    char link[64], *end = NULL;
    ssize_t len = readlinkat(dir, path, link, sizeof link - 1);
    if (len <= 0)
        return 0;
    link[len] = '\0';
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return 0;
    uint32_t inode = (uint32_t)strtoul(link + sizeof prefix - 1, &end, 10);
    return *end == ']' ? inode : 0;
}

static void close_files(struct owners_files *files)
{
    if (files->is_open)
        (void)close(files->fd);
    files->is_open = false;
}

/* NULL: that was the last, or the process is gone. */
static const struct dirent64 *next_file(struct owners_files *files)
{
    if (files->at == files->len) {
        ssize_t len = getdents64(files->fd, files->buffer, sizeof files->buffer);
        if (len <= 0)
            return NULL;
        files->at = 0;
        files->len = (size_t)len;
    }
    const struct dirent64 *file = (const void *)(files->buffer + files->at);
    files->at += file->d_reclen;
    return file;
}

/* Reads one file of the process at hand; after the last one there is none at hand. */
static void step_file(struct owners_walk *walk)
{
    struct owners *owners = &walk->owners;
    const struct owners_query *query = &walk->query;
    const struct dirent64 *file = next_file(&walk->files);
    if (!file) {
        close_files(&walk->files);
        return;
    }
    uint32_t inode = read_inode(walk->files.fd, file->d_name);
    if (inode == 0 || !bsearch(&inode, query->inodes, query->count, sizeof inode, compare_inodes) ||
        owners->count == owners->room || is_known(owners, inode, walk->pid))
        return;
    struct owner *owner = &owners->found[owners->count++];
    int fd = (int)strtol(file->d_name, NULL, 10);
    *owner = (struct owner){.inode = inode, .pid = walk->pid, .fd = fd};
    describe(owner, owners->count > 1 ? owner - 1 : NULL);
}

/* 0: no more. */
static pid_t next_pid(struct owners_walk *walk)
{
    const struct owners_query *query = &walk->query;
    if (query->pids)
        return walk->next < query->pid_count ? query->pids[walk->next++] : 0;
    return process_next(walk->proc);
}

/* Takes the next process in hand, if it may be looked into. False: there is none. */
static bool step_process(struct owners_walk *walk)
{
    char path[64];
    walk->pid = next_pid(walk);
    if (walk->pid == 0)
        return false;
    (void)snprintf(path, sizeof path, "%d/fd", (int)walk->pid);
    struct owners_files *files = &walk->files;
    files->fd = openat(dirfd(walk->proc), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    files->is_open = files->fd >= 0;
    files->at = files->len = 0;
    walk->owners.hidden += !files->is_open && errno == EACCES;
    return true;
}

int owners_walk_begin(struct owners_walk *walk, const struct owners_query *query, struct err *err)
{
    size_t room = OWNERS_LEAST + query->count * 2;
    room = room < OWNERS_MAX ? room : OWNERS_MAX;
    *walk = (struct owners_walk){.query = *query, .owners = {.room = room}};
    walk->owners.found = calloc(room, sizeof(struct owner));
    if (!walk->owners.found)
        return err_set(err, ENOMEM, "no memory to look for processes; close other programs");
    walk->proc = opendir("/proc");
    if (walk->proc)
        return 0;
    int failed = err_set(err, errno, "/proc cannot be read, so processes have no names: %s",
                         strerror(errno));
    owners_free(&walk->owners);
    return failed;
}

bool owners_walk_step(struct owners_walk *walk, int64_t deadline_ns)
{
    assert(walk->proc);
    do {
        if (walk->files.is_open)
            step_file(walk);
        else if (!step_process(walk))
            return true;
    } while (clock_thread_ns() < deadline_ns);
    return false;
}

void owners_walk_end(struct owners_walk *walk, struct owners *owners)
{
    close_files(&walk->files);
    if (walk->proc)
        (void)closedir(walk->proc);
    if (owners) {
        *owners = walk->owners;
        qsort(owners->found, owners->count, sizeof *owners->found, compare_owners);
    } else {
        owners_free(&walk->owners);
    }
    *walk = (struct owners_walk){0};
}

int owners_find(struct owners *owners, const struct owners_query *query, int64_t deadline_ns,
                struct err *err)
{
    struct owners_walk walk;
    *owners = (struct owners){0};
    int failed = owners_walk_begin(&walk, query, err);
    if (failed)
        return failed;
    (void)owners_walk_step(&walk, deadline_ns);
    owners_walk_end(&walk, owners);
    return 0;
}

bool owners_hold(pid_t pid, int fd, uint32_t inode)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    return read_inode(AT_FDCWD, path) == inode;
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
