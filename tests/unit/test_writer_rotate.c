/* The names and the moments of rotation, as tcpdump(8) has them. */
#include "tests/support/rows.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "capture/rotate.h"

#define BEGIN 1700000000 /* 2023-11-14 22:13:20 UTC */

/* What is asked of the rotation, step by step, and the name of the file then open. A step is 's'
 * for a file beyond the size limit, '.' for a file just as large as it, 't' for a second passing.
 */
struct rotation_row {
    const char *name;
    struct rotation options;
    const char *steps;
    const char *names; /* of the first file and after each step that changes it, by blanks */
    enum rotation_step last;
};

#define C .size_limit = 1000000
#define G .period_s = 2
#define W .file_count =

static const struct rotation_row rows[] = {
    {"no rotation", {.pattern = "f"}, "sstt", "f", ROTATION_KEEP},
    {"-C: no number, then 1", {.pattern = "f", C}, "sss", "f f1 f2 f3", ROTATION_NEXT},
    {"-C: not at the limit itself", {.pattern = "f", C}, "..s.", "f f1", ROTATION_KEEP},
    {"-C -W 1: one file again and again", {.pattern = "f", C, W 1}, "ss", "f f f", ROTATION_NEXT},
    {"-C -W 3: a ring", {.pattern = "f", C, W 3}, "ssss", "f0 f1 f2 f0 f1", ROTATION_NEXT},
    {"-C -W 10: one digit", {.pattern = "f", C, W 10}, "s", "f0 f1", ROTATION_NEXT},
    {"-C -W 11: two digits",
     {.pattern = "f", C, W 11},
     "sssssssssss",
     "f00 f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f00",
     ROTATION_NEXT},
    {"-C: a percent sign means nothing", {.pattern = "f%S", C}, "s", "f%S f%S1", ROTATION_NEXT},
    {"-G", {.pattern = "f%H%M%S", G}, "ttttt", "f221320 f221322 f221324", ROTATION_KEEP},
    {"-G: without a format the file is overwritten",
     {.pattern = "f", G},
     "tt",
     "f f",
     ROTATION_NEXT},
    {"-G -W 2: over after two", {.pattern = "f%S", G, W 2}, "tttt", "f20 f22", ROTATION_OVER},
    {"-G -C: numbers within a period",
     {.pattern = "f%S", G, C},
     "sstts",
     "f20 f201 f202 f22 f221",
     ROTATION_NEXT},
    {"-G -C -W 2: numbers in a ring, never over",
     {.pattern = "f%S", G, C, W 2},
     "ssttttttt",
     "f200 f201 f200 f220 f240 f260",
     ROTATION_KEEP},
    {"-W alone does nothing", {.pattern = "f", W 3}, "st", "f", ROTATION_KEEP},
};

static void add_name(char *names, size_t size, const struct rotation *rotation)
{
    char name[64];
    struct err err = {0};
    assert_int_equal(rotation_name(rotation, name, sizeof name, &err), 0);
    if (names[0] != '\0')
        strncat(names, " ", size - strlen(names) - 1);
    strncat(names, name, size - strlen(names) - 1);
}

static void check_rotation(void **state)
{
    const struct rotation_row *row = *state;
    struct rotation rotation = row->options;
    time_t now = BEGIN;
    rotation_begin(&rotation, now);
    char names[256] = "";
    add_name(names, sizeof names, &rotation);
    enum rotation_step step = ROTATION_KEEP;
    for (const char *at = row->steps; *at; at++) {
        if (*at == 't')
            step = rotation_check_time(&rotation, ++now);
        else
            step = rotation_check_size(&rotation, *at == 's' ? 1000001 : 1000000);
        if (step == ROTATION_NEXT)
            add_name(names, sizeof names, &rotation);
    }
    assert_string_equal(names, row->names);
    assert_int_equal(step, row->last);
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    struct err err = {0};
    char name[8];
    struct rotation rotation = {.pattern = "1234567"};
    rotation_begin(&rotation, BEGIN);
    assert_int_equal(rotation_name(&rotation, name, sizeof name, &err), 0);
    assert_string_equal(name, "1234567");
    rotation.number = 1;
    assert_int_equal(rotation_name(&rotation, name, sizeof name, &err), -ENAMETOOLONG);
    rotation.number = 0;
    rotation.pattern = "12345678";
    assert_int_equal(rotation_name(&rotation, name, sizeof name, &err), -ENAMETOOLONG);
    rotation.pattern = "";
    assert_int_equal(rotation_name(&rotation, name, sizeof name, &err), -EINVAL);
    rotation.pattern = "%Y%Y%Y";
    rotation.period_s = 1;
    assert_int_equal(rotation_name(&rotation, name, sizeof name, &err), -EINVAL);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_rotation);
    ROWS_ADD_ONE(&set, the_longest_name_fits);
    return rows_run(&set, "writer_rotate");
}
