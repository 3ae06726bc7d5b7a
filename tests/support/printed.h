/*
 * Purpose: an `out` that prints into memory, and what it has printed.
 * Owns:    the descriptor, from printed_open to printed_close.
 * Used by: tests/unit/test_base_out.c, test_report.c, test_report_junit.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_PRINTED_H
#define LOFLOW_TESTS_SUPPORT_PRINTED_H

#include "tests/support/rows.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/out.h"

static inline void printed_open(struct out *out)
{
    int fd = memfd_create("printed", MFD_CLOEXEC);
    assert_true(fd >= 0);
    out_open(out, fd, NULL);
}

/* A string; the caller frees it. `len` counts what may lie behind a NUL. */
static inline char *printed_close(struct out *out, size_t *len)
{
    assert_int_equal(out_flush(out), 0);
    off_t size = lseek(out->fd, 0, SEEK_END);
    assert_true(size >= 0);
    char *bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(pread(out->fd, bytes, (size_t)size, 0), size);
    bytes[size] = '\0';
    *len = (size_t)size;
    (void)close(out->fd);
    return bytes;
}

#endif
