#include "host/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/helper.h"
#include "host/process.h"

#define NAMED "/run/netns"

struct netns {
    int own;
    uint32_t inode;
    bool may_enter;
    struct helper *helper; /* NULL: none */
};

static uint32_t inode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint32_t)status.st_ino : 0;
}

int netns_open(struct netns **netns, struct err *err)
{
    struct netns *opened = calloc(1, sizeof *opened);
    *netns = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for network namespaces; close other programs");
    opened->own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    opened->inode = inode_of("/proc/thread-self/ns/net");
    /* Entering the one we are in changes nothing and asks for the same privilege. */
    opened->may_enter = opened->own >= 0 && setns(opened->own, CLONE_NEWNET) == 0;
    return 0;
}

void netns_close(struct netns *netns)
{
    if (!netns)
        return;
    if (netns->own >= 0)
        (void)close(netns->own);
    free(netns);
}

uint32_t netns_own(const struct netns *netns)
{
    return netns->inode;
}

int netns_descriptor(const struct netns *netns)
{
    return netns->own;
}

bool netns_may_enter(const struct netns *netns)
{
    return netns->may_enter;
}

static void path_of(pid_t pid, char path[64])
{
    (void)snprintf(path, 64, "/proc/%d/ns/net", (int)pid);
}

uint32_t netns_of(pid_t pid)
{
    char path[64];
    path_of(pid, path);
    return inode_of(path);
}

void netns_use(struct netns *netns, struct helper *helper)
{
    netns->helper = helper;
}

struct helper *netns_helper(const struct netns *netns)
{
    return netns->helper;
}

/* Calls `take` with each process and its namespace until it says that it had enough. */
struct taker {
    void *context;
    bool (*take)(void *context, pid_t pid, uint32_t inode);
};

static void each_here(const struct taker *taker)
{
    DIR *processes = opendir("/proc");
    pid_t pid = processes ? process_next(processes) : 0;
    while (pid != 0 && taker->take(taker->context, pid, netns_of(pid)))
        pid = process_next(processes);
    if (processes)
        (void)closedir(processes);
}

/* Those behind that pid. */
static void each_there(struct helper *helper, pid_t from, const struct taker *taker)
{
    struct helper_request request = {.kind = HELPER_NAMESPACES, .pid = from};
    for (;;) {
        const struct helper_answer *answer = helper_ask(helper, &request, NULL);
        if (!answer || answer->result < 0 || answer->count == 0)
            return;
        for (uint32_t at = 0; at < answer->count; at++) {
            const struct descriptor *row = &answer->rows[at];
            if (row->pid <= request.pid || !taker->take(taker->context, row->pid, row->inode))
                return;
            request.pid = row->pid;
        }
    }
}

static void each_process(const struct netns *netns, const struct taker *taker)
{
    if (helper_is_there(netns->helper))
        each_there(netns->helper, 0, taker);
    else
        each_here(taker);
}

/* The processes of one namespace. */
struct members {
    uint32_t inode;
    pid_t *pids;
    size_t count, room;
};

static bool take_member(void *context, pid_t pid, uint32_t inode)
{
    struct members *members = context;
    if (inode == members->inode && members->count < members->room)
        members->pids[members->count++] = pid;
    return members->count < members->room;
}

size_t netns_processes(const struct netns *netns, uint32_t inode, pid_t *pids, size_t room)
{
    struct members members = {inode, pids, 0, room};
    each_process(netns, &(struct taker){&members, take_member});
    return members.count;
}

/* The entry of a namespace among those found, a new one when it is another; NULL without room. */
static struct netns_place *place_of(struct netns_place *places, size_t *count, size_t room,
                                    uint32_t inode)
{
    for (size_t at = 0; at < *count; at++) {
        if (places[at].inode == inode)
            return &places[at];
    }
    if (*count == room)
        return NULL;
    places[*count] = (struct netns_place){.inode = inode};
    return &places[(*count)++];
}

/* The namespaces that processes are in. */
struct places {
    uint32_t own;
    struct netns_place *places;
    size_t count, room;
};

static bool take_place(void *context, pid_t pid, uint32_t inode)
{
    struct places *places = context;
    struct netns_place *place = inode == 0 || inode == places->own
                                    ? NULL
                                    : place_of(places->places, &places->count, places->room, inode);
    if (place && place->pid == 0)
        place->pid = pid;
    return true;
}

/* Named ones are mounted on files; what else lies there has the number of another file system. */
static bool is_namespace(int folder, const char *name, uint32_t *inode)
{
    struct stat status, reference;
    if (fstatat(folder, name, &status, 0) || stat("/proc/self/ns/net", &reference) ||
        status.st_dev != reference.st_dev)
        return false;
    *inode = (uint32_t)status.st_ino;
    return true;
}

static size_t add_names(const struct netns *netns, struct netns_place *places, size_t count,
                        size_t room)
{
    DIR *folder = opendir(NAMED);
    if (!folder)
        return count;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        uint32_t inode = 0;
        if (entry->d_name[0] == '.' || strlen(entry->d_name) > NETNS_NAME ||
            !is_namespace(dirfd(folder), entry->d_name, &inode) || inode == netns->inode)
            continue;
        struct netns_place *place = place_of(places, &count, room, inode);
        if (place && place->name[0] == '\0')
            memcpy(place->name, entry->d_name, strlen(entry->d_name) + 1);
    }
    (void)closedir(folder);
    return count;
}

size_t netns_list(const struct netns *netns, struct netns_place *places, size_t room)
{
    struct places found = {netns->inode, places, 0, room};
    each_process(netns, &(struct taker){&found, take_place});
    return add_names(netns, places, found.count, room);
}

/* Its place among all is not asked for: only who it is. */
struct wanted {
    pid_t pid;
    uint32_t inode;
};

static bool take_wanted(void *context, pid_t pid, uint32_t inode)
{
    struct wanted *wanted = context;
    if (pid == wanted->pid)
        wanted->inode = inode;
    return pid < wanted->pid;
}

bool netns_place_of(const struct netns *netns, pid_t pid, struct netns_place *place)
{
    struct wanted wanted = {.pid = pid};
    *place = (struct netns_place){.inode = netns->inode, .pid = pid};
    if (pid == 0)
        return true;
    if (helper_is_there(netns->helper))
        each_there(netns->helper, pid - 1, &(struct taker){&wanted, take_wanted});
    else
        wanted.inode = netns_of(pid);
    place->inode = wanted.inode;
    return place->inode != 0;
}

static int open_place(const struct netns_place *place)
{
    char path[sizeof NAMED + 1 + NETNS_NAME + 64];
    if (place->pid != 0)
        path_of(place->pid, path);
    else
        (void)snprintf(path, sizeof path, NAMED "/%s", place->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0)
        return -errno;
    /* The process may have ended, and its number or its name mean another one now. */
    if (fstat(fd, &status) == 0 && (uint32_t)status.st_ino == place->inode)
        return fd;
    (void)close(fd);
    return -ESRCH;
}

int netns_run(struct netns *netns, const struct netns_place *place, int (*run)(void *context),
              void *context)
{
    int fd = netns->own < 0 || helper_is_there(netns->helper) ? -EACCES : open_place(place);
    if (fd < 0)
        return fd;
    int result = setns(fd, CLONE_NEWNET) ? -errno : 0;
    (void)close(fd);
    if (result)
        return result;
    result = run(context);
    if (setns(netns->own, CLONE_NEWNET))
        abort(); /* see Fails */
    return result;
}
