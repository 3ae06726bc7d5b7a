/*
 * Purpose: tables of facts as cmocka tests: each row becomes a named test.
 * Owns:    nothing; rows are borrowed until rows_run returns.
 * Bounds:  ROWS_MAX rows a program.
 * Used by: tests/unit.
 *
 * The first member of a row is its name, `const char *name`; a test finds its row in *state.
 */
#ifndef LOFLOW_TESTS_SUPPORT_ROWS_H
#define LOFLOW_TESTS_SUPPORT_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROWS_MAX 640

struct row_set {
    struct CMUnitTest tests[ROWS_MAX];
    size_t count;
};

static inline void rows_add(struct row_set *set, const void *rows, size_t row_size, size_t count,
                            CMUnitTestFunction test)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * row_size;
        const char *const *name = (const void *)row;
        assert_true(set->count < ROWS_MAX);
        set->tests[set->count++] = (struct CMUnitTest){
            .name = *name,
            .test_func = test,
            .initial_state = (void *)(uintptr_t)row,
        };
    }
}

/* For every row of an array. */
#define ROWS_ADD(set, rows, test)                                                                  \
    rows_add(set, rows, sizeof(rows)[0], sizeof(rows) / sizeof(rows)[0], test)

/* A test that is no row. */
#define ROWS_ADD_ONE(set, test) rows_add(set, &(const char *){#test}, sizeof(char *), 1, test)

/* Returns what main returns. */
static inline int rows_run(struct row_set *set, const char *group)
{
    return _cmocka_run_group_tests(group, set->tests, set->count, NULL, NULL);
}

#endif
