#include "flows/table.h"
#include "tests/support/rows.h"

static bool is_found(const struct table *table, uint32_t hash, uint32_t index)
{
    uint32_t at = hash, candidate = 0;
    while (table_candidate(table, hash, &at, &candidate)) {
        if (candidate == index)
            return true;
    }
    return false;
}

/* Entries whose homes collide, or lie at the end of the table and wrap to its beginning: each may
 * leave first, and the others are still found. */
static const struct row {
    const char *name;
    uint32_t count;
    uint32_t hashes[6];
} rows[] = {
    {"one home", 4, {7, 7, 7, 7}},
    {"homes side by side", 5, {7, 8, 7, 8, 9}},
    {"the same slot, other hashes", 4, {7, 7 + 4096, 7 + 8192, 7}},
    {"around the end", 6, {4094, 4095, 4095, 4094, 0, 1}},
    {"a run with a home inside", 6, {10, 10, 12, 11, 10, 13}},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    for (uint32_t gone = 0; gone < row->count; gone++) {
        struct table table;
        struct err err;
        assert_int_equal(table_open(&table, &err), 0);
        for (uint32_t at = 0; at < row->count; at++)
            table_insert(&table, row->hashes[at], at);
        table_remove(&table, row->hashes[gone], gone);
        for (uint32_t at = 0; at < row->count; at++)
            assert_int_equal(is_found(&table, row->hashes[at], at), at != gone);
        table_close(&table);
    }
}

/* Inserts and removes at random beside a plain array that says what must be there. */
static void test_against_a_model(void **state)
{
    (void)state;
    enum { ENTRIES = 4000, STEPS = 100000 };
    static bool present[ENTRIES];
    struct table table;
    struct err err;
    uint64_t random = 88172645463325252u;
    assert_int_equal(table_open(&table, &err), 0);
    for (uint32_t step = 0; step < STEPS; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t index = (uint32_t)(random % ENTRIES);
        /* Few different hashes: long runs and many collisions. */
        uint32_t hash = index * 2654435761u & 0xffff00ff;
        assert_int_equal(is_found(&table, hash, index), present[index]);
        if (present[index]) {
            table_remove(&table, hash, index);
        } else {
            assert_true(table_reserve(&table, 1));
            table_insert(&table, hash, index);
        }
        present[index] = !present[index];
    }
    for (uint32_t index = 0; index < ENTRIES; index++)
        assert_int_equal(is_found(&table, index * 2654435761u & 0xffff00ff, index), present[index]);
    table_close(&table);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD_ONE(&set, test_against_a_model);
    return rows_run(&set, "flows_table");
}
