/* tests/unit/net/conn/admission_test.c   Counting connections of a node, by address and altogether. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "conn/admission.h"

static struct in6_addr address_of(uint32_t n)
{
    struct in6_addr address = { 0 };
    memcpy(&address.s6_addr[12], &n, sizeof(n));
    return address;
}

static void the_node_takes_as_many_as_it_may(void **state)
{
    (void)state;
    struct heap heap;
    struct admission admission;
    uint32_t cell;
    struct in6_addr address = address_of(1);

    heap_init(&heap);
    admission_init(&admission, 2, UINT32_MAX, 1, &heap);
    assert_int_equal(admission_enter(&admission, &address, &cell), ADMITTED);
    assert_int_equal(admission_enter(&admission, &address, &cell), ADMITTED);
    assert_int_equal(admission_enter(&admission, &address, &cell), REFUSED_NODE_FULL);
    admission_leave(&admission, (uint32_t)ADMISSION_UNCOUNTED);
    assert_int_equal(admission_enter(&admission, &address, &cell), ADMITTED);
    heap_end(&heap);
}

static void each_address_has_its_own_count(void **state)
{
    (void)state;
    enum { ADDRESSES = 2000, EACH = 3 };
    static uint32_t cells[ADDRESSES][EACH];
    struct heap heap;
    struct admission admission;
    uint32_t cell;

    heap_init(&heap);
    admission_init(&admission, ADDRESSES * (EACH + 1), EACH, 99, &heap);
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        struct in6_addr address = address_of(i);
        for (int j = 0; j < EACH; j++) {
            assert_int_equal(admission_enter(&admission, &address, &cells[i][j]), ADMITTED);
        }
        assert_int_equal(admission_enter(&admission, &address, &cell), REFUSED_ADDRESS_FULL);
    }
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        for (int j = 0; j < EACH; j++) admission_leave(&admission, cells[i][j]);
    }
    assert_int_equal(atomic_load(&admission.connections), 0);
    for (uint32_t i = 0; i < admission.cell_count; i++) {
        assert_int_equal(atomic_load(&admission.cells[i]) & 0xffffff, 0);
    }
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_takes_as_many_as_it_may),
        cmocka_unit_test(each_address_has_its_own_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
