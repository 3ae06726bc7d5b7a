/*
 * Purpose: a directory of a test's own, with files in it.
 * Owns:    the directory, from scratch_begin to scratch_end, which removes it with all it holds.
 * Used by: tests/unit/test_capture_*.c, tests/unit/test_writer*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_SCRATCH_H
#define LOFLOW_TESTS_SUPPORT_SCRATCH_H

#include "tests/support/rows.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char dir[64];
    char path[PATH_MAX]; /* of the last scratch_path */
};

static inline void scratch_begin(struct scratch *scratch)
{
    (void)strcpy(scratch->dir, "/tmp/loflow-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->dir));
}

static inline int scratch_remove_one(const char *path, const struct stat *status, int type,
                                     struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void scratch_end(struct scratch *scratch)
{
    assert_int_equal(nftw(scratch->dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Valid until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    assert_true(snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->dir, name) <
                (int)sizeof scratch->path);
    return scratch->path;
}

static inline const char *scratch_write(struct scratch *scratch, const char *name,
                                        const void *bytes, size_t len)
{
    const char *path = scratch_path(scratch, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(close(fd), 0);
    return path;
}

/* -1 when there is no such file. */
static inline long scratch_size(struct scratch *scratch, const char *name)
{
    struct stat status;
    return lstat(scratch_path(scratch, name), &status) == 0 ? (long)status.st_size : -1;
}

#endif
