#include "tests/support/rows.h"

#include <errno.h>
#include <string.h>

#include "base/pool.h"

struct size_row {
    const char *name;
    size_t item_size;
    uint32_t capacity;
};

static const struct size_row size_rows[] = {
    {"one item", 64, 1},
    {"smallest items", 4, 1000},
    {"items of an odd size", 13, 100},
    {"items larger than a page", 70000, 20},
};

/* Everything taken, written to the last byte, given back in another order, and taken again. */
static void check_size_row(void **state)
{
    const struct size_row *row = *state;
    struct pool pool;
    struct err err;
    assert_int_equal(pool_open(&pool, "test items", row->item_size, row->capacity, &err), 0);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < row->capacity; i++) {
            uint32_t index = pool_take(&pool);
            assert_true(index < row->capacity);
            memset(pool_at(&pool, index), (int)(index % 251), row->item_size);
        }
        assert_int_equal(pool.live, row->capacity);
        assert_int_equal(pool.high, row->capacity);
        assert_int_equal(pool_take(&pool), POOL_NONE);
        assert_int_equal(pool.denied, round + 1);
        /* No item was given out twice, and none lies over another. */
        for (uint32_t i = 0; i < row->capacity; i++) {
            const uint8_t *item = pool_at(&pool, i);
            assert_int_equal(item[0], i % 251);
            assert_int_equal(item[row->item_size - 1], i % 251);
        }
        for (uint32_t i = 0; i < row->capacity; i += 2)
            pool_give(&pool, i);
        for (uint32_t i = 1; i < row->capacity; i += 2)
            pool_give(&pool, i);
        assert_int_equal(pool.live, 0);
    }
    pool_close(&pool);
    assert_null(pool.items);
    pool_close(&pool);
}

static void test_last_given_is_first_taken(void **state)
{
    (void)state;
    struct pool pool;
    struct err err;
    assert_int_equal(pool_open(&pool, "test items", 8, 4, &err), 0);
    assert_int_equal(pool_take(&pool), 0);
    assert_int_equal(pool_take(&pool), 1);
    assert_int_equal(pool_take(&pool), 2);
    pool_give(&pool, 0);
    pool_give(&pool, 1);
    assert_int_equal(pool_take(&pool), 1);
    assert_int_equal(pool_take(&pool), 0);
    assert_int_equal(pool_take(&pool), 3);
    assert_int_equal(pool.denied, 0);
    pool_close(&pool);
}

static void test_more_than_the_machine_has_is_an_error(void **state)
{
    (void)state;
    struct pool pool;
    struct err err = {.text = ""};
    int result = pool_open(&pool, "test items", (size_t)1 << 30, POOL_NONE - 1, &err);
    assert_int_equal(result, -ENOMEM);
    assert_non_null(strstr(err.text, "test items"));
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, size_rows, check_size_row);
    ROWS_ADD_ONE(&set, test_last_given_is_first_taken);
    ROWS_ADD_ONE(&set, test_more_than_the_machine_has_is_an_error);
    return rows_run(&set, "base_pool");
}
