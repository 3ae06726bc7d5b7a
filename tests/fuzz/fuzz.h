/*
 * Purpose: what a fuzz target is: a function that takes any bytes and aborts when something that must
 *          hold does not.
 * Used by: tests/fuzz/fuzz_*.c (have it), tests/fuzz/rounds.c and libFuzzer (call it).
 */
#ifndef LOFLOW_TESTS_FUZZ_FUZZ_H
#define LOFLOW_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* In builds with NDEBUG, too. */
#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
