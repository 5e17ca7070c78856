/* tests/unit/engine/base/ring_test.c   Rings at full, at empty, and across the wrap of their counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ring.h"

static void items_leave_in_the_order_they_came(void **state)
{
    (void)state;
    struct ring ring;
    uint32_t memory[4];
    ring_init(&ring, memory, sizeof(uint32_t), 4);
    ring.first = ring.limit = UINT32_MAX - 5; /* so that the counters wrap on the way */
    uint32_t in = 0, out = 0;

    assert_true(ring_empty(&ring));
    assert_null(ring_first(&ring));
    for (int round = 0; round < 20; round++) {
        for (uint32_t *place; (place = ring_put(&ring)) != NULL;) *place = in++;
        assert_true(ring_full(&ring));
        assert_int_equal(ring_count(&ring), 4);
        for (uint32_t i = 0; i < 4; i++) assert_int_equal(*(uint32_t *)ring_at(&ring, i), out + i);
        for (int i = 0; i < 1 + round % 4; i++) {
            assert_int_equal(*(uint32_t *)ring_first(&ring), out++);
            ring_drop_first(&ring);
        }
    }
    while (!ring_empty(&ring)) {
        assert_int_equal(*(uint32_t *)ring_first(&ring), out++);
        ring_drop_first(&ring);
    }
    assert_int_equal(in, out);
}

static void a_ring_of_one(void **state)
{
    (void)state;
    struct ring ring;
    uint8_t memory[1];
    ring_init(&ring, memory, 1, 1);
    assert_non_null(ring_put(&ring));
    assert_null(ring_put(&ring));
    ring_drop_first(&ring);
    assert_true(ring_empty(&ring));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_leave_in_the_order_they_came),
        cmocka_unit_test(a_ring_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
