#include "host/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* A start is told in clock ticks, and the two clocks of the machine are read one after the other. */
#define START_SLACK_NS (20 * CLOCK_NS_PER_MS)

/* Reads a small file of a process; returns its length, 0 when there is nothing. */
static size_t read_small(pid_t pid, const char *name, char *buffer, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, buffer, size - 1);
    if (fd >= 0)
        (void)close(fd);
    len = len < 0 ? 0 : len;
    buffer[len] = '\0';
    return (size_t)len;
}

bool process_parse_stat(const char *text, struct process_stat *stat)
{
    const int fields_before_start = 18; /* 4 to 21 */
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == '\0' || at[3] != ' ')
        return false;
    stat->state = at[2];
    stat->parent = (pid_t)strtol(at + 4, NULL, 10);
    at += 3;
    for (int field = 0; at && field < fields_before_start; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;
    stat->start = strtoull(at + 1, NULL, 10);
    return true;
}

bool process_read_stat(pid_t pid, struct process_stat *stat)
{
    char text[1024];
    return pid > 0 && read_small(pid, "stat", text, sizeof text) > 0 &&
           process_parse_stat(text, stat);
}

void process_read_comm(pid_t pid, char comm[OWNER_COMM + 1])
{
    size_t len = read_small(pid, "comm", comm, OWNER_COMM + 1);
    if (len > 0 && comm[len - 1] == '\n')
        comm[--len] = '\0';
    if (len == 0)
        memcpy(comm, "?", sizeof "?");
}

void process_read_command(pid_t pid, char command[OWNER_COMMAND + 1])
{
    size_t len = read_small(pid, "cmdline", command, OWNER_COMMAND + 1);
    while (len > 0 && command[len - 1] == '\0')
        len--;
    for (size_t at = 0; at < len; at++) {
        if (command[at] == '\0')
            command[at] = ' ';
    }
}

/* The text behind the first line that begins with `name`, NULL without one. */
static const char *find_line(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0)
            return line + len;
    }
    return NULL;
}

uint32_t process_read_user(pid_t pid)
{
    char text[2048];
    unsigned real = 0, effective = 0;
    (void)read_small(pid, "status", text, sizeof text);
    const char *users = find_line(text, "Uid:");
    return users && sscanf(users, "%u %u", &real, &effective) == 2 ? effective : UINT32_MAX;
}

/* Docker, containerd, podman and Kubernetes name the group after the container's 64 hexadecimal
 * digits, each with other words around them. */
bool process_parse_container(const char *cgroup, char id[PROCESS_CONTAINER + 1])
{
    static const char digits[] = "0123456789abcdef";
    const size_t id_len = 64;
    id[0] = '\0';
    while (*cgroup) {
        size_t len = strspn(cgroup, digits);
        if (len == id_len) {
            memcpy(id, cgroup, PROCESS_CONTAINER);
            id[PROCESS_CONTAINER] = '\0';
            return true;
        }
        cgroup += len;
        cgroup += strcspn(cgroup, digits);
    }
    return false;
}

bool process_read_container(pid_t pid, char id[PROCESS_CONTAINER + 1])
{
    char text[2048];
    (void)read_small(pid, "cgroup", text, sizeof text);
    return process_parse_container(text, id);
}

pid_t process_next(DIR *processes)
{
    for (struct dirent *entry = readdir(processes); entry; entry = readdir(processes)) {
        char *end = NULL;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid > 0 && *end == '\0')
            return (pid_t)pid;
    }
    return 0;
}

/* Since Linux 6.2 the size of the folder is their number, which anybody may know. */
uint32_t process_count_files(pid_t pid)
{
    char path[64];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    if (stat(path, &status) == 0 && status.st_size > 0)
        return (uint32_t)status.st_size;
    DIR *files = opendir(path);
    if (!files)
        return 0;
    uint32_t count = 0;
    for (struct dirent *file = readdir(files); file; file = readdir(files))
        count += file->d_name[0] != '.';
    (void)closedir(files);
    return count;
}

uint32_t process_read_file_limit(pid_t pid)
{
    char text[2048];
    (void)read_small(pid, "limits", text, sizeof text);
    const char *limit = find_line(text, "Max open files");
    if (!limit)
        return 0;
    limit += strspn(limit, " ");
    if (strncmp(limit, "unlimited", 9) == 0)
        return UINT32_MAX;
    unsigned long long value = strtoull(limit, NULL, 10);
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

int64_t process_age_s(uint64_t start)
{
    struct timespec since_boot;
    if (clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0)
        return 0;
    int64_t age_s = since_boot.tv_sec - (int64_t)start / sysconf(_SC_CLK_TCK);
    return age_s > 0 ? age_s : 0;
}

bool process_lived_at(pid_t pid, int64_t time_ns)
{
    struct process_stat stat;
    struct timespec since_boot;
    if (!process_read_stat(pid, &stat) || clock_gettime(CLOCK_BOOTTIME, &since_boot))
        return false;
    int64_t boot_ns = clock_wall_ns() - (since_boot.tv_sec * CLOCK_NS_PER_S + since_boot.tv_nsec);
    int64_t start_ns = boot_ns + (int64_t)stat.start * (CLOCK_NS_PER_S / sysconf(_SC_CLK_TCK));
    return start_ns <= time_ns + START_SLACK_NS;
}

struct host_process process_of_call(pid_t pid, const char comm[OWNER_COMM + 1], int64_t time_ns)
{
    struct host_process process = {.pid = pid, .how = HOST_BY_TRACER};
    memcpy(process.comm, comm, sizeof process.comm);
    if (process_lived_at(pid, time_ns))
        process_read_command(pid, process.command);
    return process;
}

/* The kernel keeps children with the thread that made them. */
static size_t children_of_thread(pid_t pid, const char *thread, pid_t *children, size_t room)
{
    char name[64], text[4096];
    (void)snprintf(name, sizeof name, "task/%.20s/children", thread);
    size_t count = 0;
    (void)read_small(pid, name, text, sizeof text);
    char *at = text, *end = NULL;
    for (long child = strtol(at, &end, 10); end != at && count < room;
         child = strtol(at, &end, 10)) {
        children[count++] = (pid_t)child;
        at = end;
    }
    return count;
}

size_t process_children(pid_t pid, pid_t *children, size_t room, bool *told)
{
    char path[64];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    *told = access(path, R_OK) == 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = *told ? opendir(path) : NULL;
    if (!threads)
        return 0;
    for (struct dirent *thread = readdir(threads); thread; thread = readdir(threads)) {
        if (thread->d_name[0] != '.')
            count += children_of_thread(pid, thread->d_name, children + count, room - count);
    }
    (void)closedir(threads);
    return count;
}

/* Unknown counts as the same. */
static bool is_same_executable(pid_t a, pid_t b)
{
    char path[64];
    struct stat one, other;
    (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)a);
    bool known = stat(path, &one) == 0;
    (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)b);
    known = known && stat(path, &other) == 0;
    return !known || (one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static bool is_same_command(pid_t a, pid_t b)
{
    char one[OWNER_COMMAND + 1], other[OWNER_COMMAND + 1];
    process_read_command(a, one);
    process_read_command(b, other);
    return strcmp(one, other) == 0;
}

bool process_is_same_program(pid_t a, pid_t b)
{
    struct process_stat one, other;
    char names[2][OWNER_COMM + 1];
    if (a == b || !process_read_stat(a, &one) || !process_read_stat(b, &other))
        return true;
    process_read_comm(a, names[0]);
    process_read_comm(b, names[1]);
    if (strcmp(names[0], names[1]) != 0 || !is_same_executable(a, b))
        return false;
    if (one.parent == b || other.parent == a)
        return true;
    /* Two servers of one shell are siblings as well: workers are told by their master, which is of
     * their program, or by a command that is the same. */
    return one.parent == other.parent &&
           (is_same_executable(one.parent, a) || is_same_command(a, b));
}
