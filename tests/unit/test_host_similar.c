#include "host/similar.h"
#include "tests/support/rows.h"

static const struct row {
    const char *name;
    uint16_t tried, other;
    uint16_t difference; /* 0: not alike */
} rows[] = {
    {"the same", 3000, 3000, 0},
    {"one above", 3000, 3001, 1},
    {"one below", 3000, 2999, 1},
    {"one apart with another number of digits", 9999, 10000, 1},
    {"the last digit", 3000, 3005, 5},
    {"the last but one", 8080, 8000, 80},
    {"the last but two", 3000, 3100, 0},
    {"the first digit", 3000, 8000, 0},
    {"two of the last digits", 3000, 3012, 0},
    {"neighbours swapped at the end", 5432, 5423, 9},
    {"neighbours swapped in the middle", 5432, 5342, 90},
    {"neighbours swapped at the begin", 5432, 4532, 900},
    {"no neighbours swapped", 5432, 2435, 0},
    {"two pairs swapped", 5432, 4523, 0},
    {"a digit too many", 3000, 30000, 0},
    {"a digit too few", 8080, 808, 0},
    {"one digit of a short one", 80, 81, 1},
    {"the first digit of a short one", 80, 90, 10},
    {"swapped, of a short one", 13, 31, 18},
    {"one of the clients' range, one apart", 32768, 32769, 1},
    {"one beside the clients' range", 32768, 32767, 1},
    {"one of the clients' range, a digit wrong", 40000, 40005, 0},
    {"a digit wrong, into the clients' range", 32760, 32769, 0},
    {"swapped, of the clients' range", 43210, 43201, 0},
    {"above the clients' range", 61000, 61005, 5},
    {"the last of all", 65535, 65534, 1},
    {"the first of all", 1, 2, 1},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    assert_int_equal(similar_difference(row->tried, row->other, 32768, 60999), row->difference);
    assert_int_equal(similar_difference(row->other, row->tried, 32768, 60999), row->difference);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    return rows_run(&set, "host_similar");
}
