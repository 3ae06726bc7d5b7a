/*
 * loflow with code that runs inside of its sandbox: tries what attempt.def lists, and tells on the descriptor LOFLOW_PROBE what
 * came of it, a line "MODE<tab>NAME<tab>ERRNO" each, ERRNO 0 for what was done. With LOFLOW_PROBE_BARE it tries outside of the
 * sandbox what harms nobody there, and ends. LOFLOW_PROBE_OUTSIDE is a folder that nobody named to loflow, with files of the test;
 * LOFLOW_PROBE_SOCKET a TCP socket that is bound.
 */
#include "app/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef TIOCLINUX
#define TIOCLINUX 0x541c
#endif

enum flags {
    BARE = 1,
    HELPER_MAY = 2,
    NEEDS_PACKETS = 4,
    NOT_SANITIZED = 8,
    TRACE_MAY = 16,
    ASKED_MAY = 32,
    SAVES_MAY = 64,
    HELPER_ONLY = 128
};

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* Of linux/sched.h. */
struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static int told = -1, a_socket = -1, a_unix_socket = -1;
static pid_t parent;
static void *page;
static char program[] = "true";
static char *const arguments[] = {program, NULL};
static const struct sockaddr_in somewhere = {.sin_family = AF_INET, .sin_port = 9};
static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
/* Of an abstract socket. */
static const struct sockaddr_un short_name = {.sun_family = AF_UNIX, .sun_path = "\0loflow"};
/* BPF_MAP_TYPE_ARRAY, of one number. */
static const uint32_t bpf_map[18] = {2, 4, 4, 1};

static const char *outside(const char *name)
{
    static char path[2][4096];
    static unsigned at;
    char *written = path[++at % 2];
    (void)snprintf(written, sizeof path[0], "%s/%s", getenv("LOFLOW_PROBE_OUTSIDE"), name);
    return written;
}

static const char *of_parent(const char *name)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)parent, name);
    return path;
}

/* Whoever is made ends at once. */
static long new_process(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags | SIGCHLD, 0, &(int){0}, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid;
}

static long mapped(int protection)
{
    void *at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? -1 : 0;
}

static int packet_socket(void)
{
    for (int fd = 3; fd < 256; fd++) {
        int domain = 0;
        socklen_t size = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_PACKET)
            return fd;
    }
    return -1;
}

/* One that loflow or the helper works with: its channel is one. */
static int open_socket(void)
{
    struct stat status;
    for (int fd = 3; fd < 256; fd++) {
        if (fd != a_socket && fd != a_unix_socket && fstat(fd, &status) == 0 &&
            S_ISSOCK(status.st_mode))
            return fd;
    }
    return -1;
}

static void tell(const char *mode, const char *name, long result)
{
    char line[256];
    int error = result < 0 ? errno : 0;
    int len = snprintf(line, sizeof line, "%s\t%s\t%d\n", mode, name, error);
    if (write(told, line, (size_t)len) != len)
        abort();
}

static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? (int)strtol(text, NULL, 10) : -1;
}

/* What a helper is there for is in its name. */
static unsigned work_of(const char *mode)
{
    return HELPER_MAY | (strstr(mode, " asked") ? ASKED_MAY : 0u) |
           (strstr(mode, " saves") ? SAVES_MAY : 0u) | (strstr(mode, " traces") ? TRACE_MAY : 0u);
}

static bool is_tried(const char *mode, unsigned flags)
{
    bool is_helper = strncmp(mode, "helper", 6) == 0;
    if (strcmp(mode, "bare") == 0)
        return flags & BARE;
    if (flags & HELPER_ONLY && !is_helper)
        return false;
    if (flags & NEEDS_PACKETS && (is_helper || packet_socket() < 0))
        return false;
    return !(is_helper && flags & work_of(mode)) && !(IS_SANITIZED && flags & NOT_SANITIZED);
}

/* What one attempt does to the process must not be there at the next one. */
static bool is_apart(const char *mode)
{
    if (strcmp(mode, "bare") != 0)
        return true;
    pid_t pid = fork();
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    return pid == 0;
}

static void prepare(void)
{
    told = number_of("LOFLOW_PROBE");
    a_socket = number_of("LOFLOW_PROBE_SOCKET");
    if (told >= 0)
        a_unix_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    parent = number_of("LOFLOW_PROBE_PARENT");
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void probe_inside(const char *mode)
{
    if (told < 0)
        return;
#define ATTEMPT(name, flags, expression)                                                           \
    if (is_tried(mode, flags) && is_apart(mode)) {                                                 \
        errno = 0;                                                                                 \
        tell(mode, name, (long)(expression));                                                      \
        if (strcmp(mode, "bare") == 0)                                                             \
            _exit(0);                                                                              \
    }
#include "tests/sandbox/attempt.def"
#undef ATTEMPT
    tell(mode, "all was tried", 0);
}

int probe_descriptor(void)
{
    return told;
}

__attribute__((constructor)) static void begin(void)
{
    prepare();
    if (!getenv("LOFLOW_PROBE_BARE"))
        return;
    probe_inside("bare");
    _exit(0);
}
