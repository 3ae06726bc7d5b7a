/*
 * Linked into loflow in place of what it calls (ld --wrap): fails one of the calls. tests/run/faults says which.
 *
 * A call is named by its site: the way of calls that led to it, as a number that is the same in each run.
 * LOFLOW_SITES names a file that gets a line for each call, "SITE NAME". LOFLOW_FAULT is "SITE N": the Nth call
 * at that site fails; "SITE N+": all from the Nth on. LOFLOW_FAULT_ERRNO is the error instead of the usual one.
 */
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#ifdef LOFLOW_HAS_CAPNG
#include <cap-ng.h>
#endif
#ifdef LOFLOW_HAS_SECCOMP
#include <seccomp.h>
#endif

/* ld wants to see what it puts in place of others. */
#pragma GCC visibility push(default)

#define DEPTH     12
#define LINE_SIZE 128

#define CALL(type, name, parameters, arguments, failed, code) type __real_##name parameters;
#include "call.def"
#undef CALL
int __real_open(const char *path, int flags, ...);
int __real_openat(int at, const char *path, int flags, ...);
int __real_close(int fd);
int __real_fclose(FILE *file);
int __real_fcntl(int fd, int what, ...);
int __real_ioctl(int fd, unsigned long what, ...);
int __real_prctl(int what, ...);
long __real_syscall(long number, ...);

/* Of the program, so that it does not matter where it was loaded. */
extern const char __executable_start[], etext[];

static struct {
    bool is_read;
    uint64_t site; /* 0: none fails */
    unsigned first;
    bool all_after;
    int code; /* 0: the usual one */
    int sites_fd;
} plan = {.sites_fd = -1};
static atomic_uint met;

static void read_plan(void)
{
    const char *fault = getenv("LOFLOW_FAULT");
    const char *code = getenv("LOFLOW_FAULT_ERRNO");
    const char *sites = getenv("LOFLOW_SITES");
    char *end = NULL;
    plan.is_read = true;
    plan.code = code ? atoi(code) : 0;
    if (sites)
        plan.sites_fd = __real_open(sites, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (!fault)
        return;
    plan.site = strtoull(fault, &end, 16);
    plan.first = (unsigned)strtoul(end, &end, 10);
    plan.all_after = *end == '+';
}

/* What gcov writes at the end, by the same calls, is not loflow's: see tests/support/counted.c. */
__attribute__((destructor)) void faults_end(void);
void faults_end(void)
{
    plan.is_read = true;
    plan.site = 0;
    plan.sites_fd = -1;
}

static uint64_t site_here(void)
{
    void *frames[DEPTH];
    int count = backtrace(frames, DEPTH);
    uint64_t site = UINT64_C(14695981039346656037);
    for (int at = 2; at < count; at++) {
        uintptr_t place = (uintptr_t)frames[at] - (uintptr_t)__executable_start;
        if ((const char *)frames[at] < __executable_start || (const char *)frames[at] >= etext)
            continue;
        site = (site ^ place) * UINT64_C(1099511628211);
    }
    return site;
}

static bool is_to_fail(const char *name, int usual)
{
    static _Thread_local bool is_asking; /* backtrace allocates */
    if (is_asking)
        return false;
    is_asking = true;
    if (!plan.is_read)
        read_plan();
    uint64_t site = plan.site || plan.sites_fd >= 0 ? site_here() : 0;
    if (plan.sites_fd >= 0) {
        char line[LINE_SIZE];
        int len = snprintf(line, sizeof line, "%llx %s\n", (unsigned long long)site, name);
        (void)!__real_write(plan.sites_fd, line, (size_t)len);
    }
    is_asking = false;
    if (!plan.site || site != plan.site)
        return false;
    unsigned number = atomic_fetch_add(&met, 1) + 1;
    if (number != plan.first && !(plan.all_after && number > plan.first))
        return false;
    errno = plan.code ? plan.code : usual;
    return true;
}

/* stdio remembers that a file could not be written; glibc's bit for it. */
static size_t fail_fwrite(FILE *file)
{
    file->_flags |= 0x20;
    return 0;
}

#define CALL(type, name, parameters, arguments, failed, code)                                      \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return is_to_fail(#name, code) ? (failed) : __real_##name arguments;                       \
    }
#include "call.def"
#undef CALL

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return is_to_fail("open", EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return is_to_fail("openat", EMFILE) ? -1 : __real_openat(at, path, flags, mode);
}

/* A descriptor is gone, whatever close says. */
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool fails = is_to_fail("close", EIO);
    int code = errno;
    int result = __real_close(fd);
    if (fails)
        errno = code;
    return fails ? -1 : result;
}

int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
    bool fails = is_to_fail("fclose", ENOSPC);
    int code = errno;
    int result = __real_fclose(file);
    if (fails)
        errno = code;
    return fails ? EOF : result;
}

int __wrap_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...)
{
    va_list rest;
    va_start(rest, what);
    long with = what == F_GETFD || what == F_GETFL ? 0 : va_arg(rest, long);
    va_end(rest);
    return is_to_fail("fcntl", EINVAL) ? -1 : __real_fcntl(fd, what, with);
}

int __wrap_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...)
{
    va_list rest;
    va_start(rest, what);
    void *with = va_arg(rest, void *);
    va_end(rest);
    return is_to_fail("ioctl", ENOTTY) ? -1 : __real_ioctl(fd, what, with);
}

int __wrap_prctl(int what, ...);
int __wrap_prctl(int what, ...)
{
    unsigned long with[4];
    va_list rest;
    va_start(rest, what);
    for (unsigned at = 0; at < 4; at++)
        with[at] = va_arg(rest, unsigned long);
    va_end(rest);
    return is_to_fail("prctl", EINVAL) ? -1
                                       : __real_prctl(what, with[0], with[1], with[2], with[3]);
}

/* Of Landlock, and of descriptors of processes. */
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    long with[4];
    va_list rest;
    va_start(rest, number);
    for (unsigned at = 0; at < 4; at++)
        with[at] = va_arg(rest, long);
    va_end(rest);
    return is_to_fail("syscall", ENOSYS)
               ? -1
               : __real_syscall(number, with[0], with[1], with[2], with[3]);
}
