/*
 * Purpose: compares a grid with tests/golden/ui/NAME.txt; LOFLOW_UPDATE_GOLDEN=1 writes it anew.
 * Used by: tests/unit/test_ui_*.c.
 */
#ifndef LOFLOW_TEST_UI_GOLD_H
#define LOFLOW_TEST_UI_GOLD_H

#include "tests/support/rows.h"

#include "test_ui_world.h"

static inline void gold_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline char *gold_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is missing; LOFLOW_UPDATE_GOLDEN=1 writes it", path);
    size_t size = 1 << 20;
    char *text = calloc(1, size);
    assert_non_null(text);
    assert_true(fread(text, 1, size - 1, file) < size - 1);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The first line that differs says more than the whole picture. */
static inline void gold_compare(const char *seen, const char *wanted)
{
    for (int line = 1; *seen != '\0' || *wanted != '\0'; line++) {
        size_t seen_len = strcspn(seen, "\n");
        size_t wanted_len = strcspn(wanted, "\n");
        if (seen_len != wanted_len || memcmp(seen, wanted, seen_len) != 0)
            fail_msg("line %d is\n%.*s\ninstead of\n%.*s", line, (int)seen_len, seen,
                     (int)wanted_len, wanted);
        seen += seen_len + (seen[seen_len] != '\0');
        wanted += wanted_len + (wanted[wanted_len] != '\0');
    }
}

static inline void gold_check(const struct grid *grid, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/golden/ui/%s.txt", LOFLOW_SOURCE_DIR, name);
    char *seen = grid_dump(grid);
    if (getenv("LOFLOW_UPDATE_GOLDEN"))
        gold_write(path, seen);
    char *wanted = gold_read(path);
    gold_compare(seen, wanted);
    free(wanted);
    free(seen);
}

#endif
