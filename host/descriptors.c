/*
 * Theory: /proc/PID/fd of all processes is read file by file, and what a walk has open is kept between
 * its steps: /proc, and the directory of the process at hand. Both are read in the order of their
 * numbers, so a process or file that ends meanwhile is left out, and one that begins is found when
 * its number is yet to come. An open directory stays that process's, whoever gets its pid later.
 */
#include "host/descriptors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/process.h"

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

static void close_folder(struct descriptors_walk *walk)
{
    if (walk->is_open)
        (void)close(walk->folder);
    walk->is_open = false;
}

/* NULL: that was the last, or the process is gone. */
static const struct dirent64 *next_file(struct descriptors_walk *walk)
{
    if (walk->at == walk->len) {
        ssize_t len = getdents64(walk->folder, walk->buffer, sizeof walk->buffer);
        if (len <= 0)
            return NULL;
        walk->at = 0;
        walk->len = (size_t)len;
    }
    const struct dirent64 *file = (const void *)(walk->buffer + walk->at);
    walk->at += file->d_reclen;
    return file;
}

/* Reads one file of the process at hand; after the last one there is none at hand. True: it is a socket. */
static bool step_file(struct descriptors_walk *walk, struct descriptor *row)
{
    const struct dirent64 *file = next_file(walk);
    if (!file) {
        close_folder(walk);
        return false;
    }
    uint32_t inode = read_inode(walk->folder, file->d_name);
    *row = (struct descriptor){walk->pid, (int32_t)strtol(file->d_name, NULL, 10), inode};
    return inode != 0;
}

/* 0: no more. */
static pid_t next_pid(struct descriptors_walk *walk)
{
    if (walk->pids)
        return walk->next < walk->pid_count ? walk->pids[walk->next++] : 0;
    return process_next(walk->proc);
}

/* Takes the next process in hand, if it may be looked into. False: there is none. */
static bool step_process(struct descriptors_walk *walk)
{
    char path[64];
    walk->pid = next_pid(walk);
    if (walk->pid == 0)
        return false;
    (void)snprintf(path, sizeof path, "%d/fd", (int)walk->pid);
    walk->folder = openat(dirfd(walk->proc), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    walk->is_open = walk->folder >= 0;
    walk->at = walk->len = 0;
    walk->hidden += !walk->is_open && errno == EACCES;
    return true;
}

int descriptors_begin(struct descriptors_walk *walk, const pid_t *pids, size_t count,
                      struct err *err)
{
    *walk = (struct descriptors_walk){.pids = pids, .pid_count = count, .proc = opendir("/proc")};
    if (walk->proc)
        return 0;
    return err_set(err, errno, "/proc cannot be read, so processes have no names: %s",
                   strerror(errno));
}

bool descriptors_step(struct descriptors_walk *walk, int64_t deadline_ns, struct descriptor *rows,
                      size_t room, size_t *count)
{
    assert(walk->proc && room > 0);
    *count = 0;
    do {
        if (walk->is_open)
            *count += step_file(walk, &rows[*count]);
        else if (!step_process(walk))
            return true;
    } while (*count < room && clock_thread_ns() < deadline_ns);
    return false;
}

void descriptors_end(struct descriptors_walk *walk)
{
    close_folder(walk);
    if (walk->proc)
        (void)closedir(walk->proc);
    *walk = (struct descriptors_walk){.pids = NULL};
}

bool descriptors_hold(pid_t pid, int fd, uint32_t inode)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    return read_inode(AT_FDCWD, path) == inode;
}
