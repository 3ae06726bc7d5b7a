/*
 * Loaded before all other libraries (LD_PRELOAD): fails one of the allocations that libraries make for themselves:
 * libpcap, ncurses, libmnl, libseccomp, libbpf, zlib, zstd, the C library. tests/run/faults says which.
 *
 * A place is named as in faults.c by the way of calls to it; addresses are the same in each run without
 * randomisation (setarch -R). LOFLOW_MEMORY_SITES names a file that gets a line for each place, "SITE LIBRARY:FUNCTION",
 * which is the function that the program called.
 * LOFLOW_MEMORY_FAULT is "SITE N" or "SITE N+", as LOFLOW_FAULT.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED   __attribute__((visibility("default")))
#define EARLY_SIZE 65536u
#define DEPTH      10     /* of the number */
#define DEPTH_MOST 40     /* to the program */
#define PLACES_MAX 16384u /* a power of two */

/* What looking for the functions behind these takes itself. */
static struct {
    _Alignas(16) char bytes[EARLY_SIZE];
    atomic_size_t used;
} early;

static struct {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *old, size_t size);
    void (*free)(void *block);
} next;

static struct {
    atomic_bool is_ready;
    uint64_t site;
    unsigned first;
    bool all_after;
    int sites_fd;
    uint64_t told[PLACES_MAX];
} plan = {.sites_fd = -1};

static atomic_uint met;
static _Thread_local bool is_inside __attribute__((tls_model("initial-exec")));

static void *take_early(size_t size)
{
    size_t at = atomic_fetch_add(&early.used, (size + 15) & ~(size_t)15);
    return at + size <= EARLY_SIZE ? early.bytes + at : NULL;
}

static bool is_early(const void *block)
{
    const char *at = block;
    return at >= early.bytes && at < early.bytes + EARLY_SIZE;
}

static void find_next(void)
{
    if (next.free || is_inside)
        return;
    is_inside = true;
    void *(*found)(size_t) = NULL;
    *(void **)&found = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
    next.malloc = found;
    *(void **)&next.free = dlsym(RTLD_NEXT, "free");
    is_inside = false;
}

__attribute__((constructor)) static void begin(void)
{
    void *frames[2];
    const char *sites = getenv("LOFLOW_MEMORY_SITES");
    const char *fault = getenv("LOFLOW_MEMORY_FAULT");
    char *end = NULL;
    (void)backtrace(frames, 2); /* it allocates the first time */
    if (sites)
        plan.sites_fd = open(sites, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fault) {
        plan.site = strtoull(fault, &end, 16);
        plan.first = (unsigned)strtoul(end, &end, 10);
        plan.all_after = *end == '+';
    }
    plan.is_ready = true;
}

/* The library that asks; NULL: the program, or what stands between a program and its errors. */
static const char *library_at(const void *caller)
{
    static const char *const others[] = {"asan", "ubsan", "ld-linux", "libgcc", "loflow"};
    Dl_info info;
    if (!dladdr(caller, &info) || !info.dli_fname)
        return NULL;
    const char *slash = strrchr(info.dli_fname, '/');
    const char *name = slash ? slash + 1 : info.dli_fname;
    for (size_t at = 0; at < sizeof others / sizeof others[0]; at++) {
        if (strstr(name, others[at]))
            return NULL;
    }
    return name;
}

static uint64_t site_here(void)
{
    void *frames[DEPTH];
    int count = backtrace(frames, DEPTH);
    uint64_t site = UINT64_C(14695981039346656037);
    for (int at = 2; at < count; at++)
        site = (site ^ (uintptr_t)frames[at]) * UINT64_C(1099511628211);
    return site | 1;
}

/* What the program called: the outermost function that is not of the program. */
static const char *called_here(void)
{
    void *frames[DEPTH_MOST];
    int count = backtrace(frames, DEPTH_MOST);
    const char *called = "?";
    for (int at = 2; at < count; at++) {
        Dl_info info;
        if (!dladdr(frames[at], &info) || !info.dli_fname)
            continue;
        const char *slash = strrchr(info.dli_fname, '/');
        if (slash && strcmp(slash, "/loflow_faults") == 0)
            return called;
        called = info.dli_sname ? info.dli_sname : "?";
    }
    return called;
}

static void tell(uint64_t site, const char *library)
{
    for (uint64_t at = site >> 20;; at++) {
        uint64_t *told = &plan.told[at % PLACES_MAX];
        if (*told == site)
            return;
        if (*told != 0)
            continue;
        *told = site;
        break;
    }
    char line[160];
    int len = snprintf(line, sizeof line, "%llx %s:%s\n", (unsigned long long)site, library,
                       called_here());
    (void)!write(plan.sites_fd, line, (size_t)len);
}

static bool is_to_fail(const void *caller)
{
    if (!plan.is_ready || is_inside || (!plan.site && plan.sites_fd < 0))
        return false;
    is_inside = true;
    const char *library = library_at(caller);
    uint64_t site = library ? site_here() : 0;
    if (library && plan.sites_fd >= 0)
        tell(site, library);
    is_inside = false;
    if (!library || site != plan.site)
        return false;
    unsigned number = atomic_fetch_add(&met, 1) + 1;
    bool fails = number == plan.first || (plan.all_after && number > plan.first);
    if (fails)
        errno = ENOMEM;
    return fails;
}

/* The loader's own, which the leak sanitizer takes for ours. */
EXPORTED const char *__lsan_default_suppressions(void);
EXPORTED const char *__lsan_default_suppressions(void)
{
    return "leak:ld-linux";
}

EXPORTED void *malloc(size_t size)
{
    find_next();
    if (!next.malloc)
        return take_early(size);
    return is_to_fail(__builtin_return_address(0)) ? NULL : next.malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size)
{
    find_next();
    if (!next.calloc || !next.free)
        return take_early(count * size);
    return is_to_fail(__builtin_return_address(0)) ? NULL : next.calloc(count, size);
}

EXPORTED void *realloc(void *old, size_t size)
{
    find_next();
    if (is_early(old)) {
        void *moved = next.malloc(size);
        if (moved) {
            size_t there = (size_t)(early.bytes + EARLY_SIZE - (const char *)old);
            memcpy(moved, old, size < there ? size : there);
        }
        return moved;
    }
    return is_to_fail(__builtin_return_address(0)) ? NULL : next.realloc(old, size);
}

EXPORTED void free(void *block)
{
    find_next();
    if (!is_early(block) && next.free)
        next.free(block);
}
