/* tests/unit/engine/base/pool_test.c   Full, empty, and old handles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/check.h"
#include "base/pool.h"

static void a_full_pool_says_so_and_recovers(void **state)
{
    (void)state;
    struct pool pool;
    void *memory = malloc(pool_memory_size(24, 3));
    memset(memory, 0xff, pool_memory_size(24, 3)); /* what was there before must not matter */
    pool_init(&pool, memory, 24, 3);

    uint8_t *items[3];
    for (int i = 0; i < 3; i++) {
        items[i] = pool_take(&pool);
        assert_non_null(items[i]);
        for (int j = 0; j < 24; j++) assert_int_equal(items[i][j], 0);
        memset(items[i], i + 1, 24);
    }
    assert_null(pool_take(&pool));
    assert_int_equal(pool.count, 3);
    assert_int_equal(items[0][23], 1);

    pool_give(&pool, items[1]);
    assert_int_equal(pool.count, 2);
    uint8_t *again = pool_take(&pool);
    assert_ptr_equal(again, items[1]);
    assert_int_equal(again[0], 0);
    for (int i = 0; i < 3; i++) pool_give(&pool, items[i]);
    assert_int_equal(pool.count, 0);
    assert_int_equal(pool.peak, 3);
    free(memory);
}

static void a_handle_dies_with_its_tenant(void **state)
{
    (void)state;
    struct pool pool;
    void *memory = malloc(pool_memory_size(8, 2));
    pool_init(&pool, memory, 8, 2);

    assert_null(pool_find(&pool, (struct pool_handle){ 0, 0 }));
    assert_null(pool_find(&pool, (struct pool_handle){ 0, 1 }));
    void *item = pool_take(&pool);
    struct pool_handle handle = pool_handle(&pool, item);
    assert_ptr_equal(pool_find(&pool, handle), item);
    assert_null(pool_find(&pool, (struct pool_handle){ 0, 0 }));

    pool_give(&pool, item);
    assert_null(pool_find(&pool, handle));
    assert_ptr_equal(pool_take(&pool), item);
    assert_null(pool_find(&pool, handle));
    assert_ptr_equal(pool_find(&pool, pool_handle(&pool, item)), item);
    assert_null(pool_find(&pool, (struct pool_handle){ 1, 1 }));
    assert_null(pool_find(&pool, (struct pool_handle){ UINT32_MAX, 1 }));
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_says_so_and_recovers),
        cmocka_unit_test(a_handle_dies_with_its_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
