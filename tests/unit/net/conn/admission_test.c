/* tests/unit/net/conn/admission_test.c   Counting connections of a node, by address and altogether. */
#include <arpa/inet.h>
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

static uint32_t admitted(struct admission *admission, const char *text)
{
    struct in6_addr address;
    uint32_t count = 0, cell = 0;

    assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
    while (count < 10 && admission_enter(admission, &address, &cell) == ADMITTED) count++;
    return count;
}

static void single_addresses_may_have_another_limit(void **state)
{
    (void)state;
    struct heap heap;
    struct admission admission;
    const char *why = NULL;

    heap_init(&heap);
    admission_init(&admission, 1000, 2, 1, &heap);
    assert_true(admission_override(&admission, TEXT("127.0.0.1:5, fe80::1:7,10.0.0.9: 0"), &why));
    assert_int_equal(admitted(&admission, "::ffff:127.0.0.1"), 5);
    assert_int_equal(admitted(&admission, "fe80::1"), 7);
    assert_int_equal(admitted(&admission, "::ffff:10.0.0.9"), 0);
    assert_int_equal(admitted(&admission, "::ffff:10.0.0.8"), 2);

    assert_true(admission_override(&admission, TEXT("10.0.0.9:1"), &why));
    assert_int_equal(admitted(&admission, "::ffff:10.0.0.9"), 1);
    assert_int_equal(admitted(&admission, "::ffff:127.0.0.1"), 0); /* Who is there stays, nobody comes. */
    assert_true(admission_override(&admission, TEXT(""), &why));
    assert_int_equal(admitted(&admission, "::ffff:10.0.0.9"), 1);
    heap_end(&heap);
}

/* Ten seconds' worth may come at once, the rest at the rate; who waited has his time back. */
static void who_comes_too_fast_is_told_to_wait(void **state)
{
    (void)state;
    static const int64_t second_ns = 1000000000;
    struct heap heap;
    struct admission admission;
    int64_t now_ns = 77 * second_ns;

    heap_init(&heap);
    admission_init(&admission, 1000, 2, 1, &heap);
    for (int i = 0; i < 1000; i++) assert_int_equal(admission_pace(&admission, now_ns), 0); /* no limit */
    admission_change_rate(&admission, 5);
    for (int i = 0; i < 50; i++) assert_int_equal(admission_pace(&admission, now_ns), 0);
    assert_int_equal(admission_pace(&admission, now_ns), second_ns / 5);
    assert_int_equal(admission_pace(&admission, now_ns), second_ns / 5 * 2);
    now_ns += second_ns;
    for (int i = 0; i < 3; i++) assert_int_equal(admission_pace(&admission, now_ns), 0);
    assert_int_equal(admission_pace(&admission, now_ns), second_ns / 5);
    now_ns += 60 * second_ns;
    for (int i = 0; i < 50; i++) assert_int_equal(admission_pace(&admission, now_ns), 0);
    assert_true(admission_pace(&admission, now_ns) > 0);
    admission_change_rate(&admission, 0);
    assert_int_equal(admission_pace(&admission, now_ns), 0);
    heap_end(&heap);
}

static void what_is_no_override_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = { "127.0.0.1",
                                         "127.0.0.1:",
                                         "127.0.0.1:-1",
                                         ":5",
                                         "localhost:5",
                                         "1.2.3:5",
                                         "127.0.0.1:5,x",
                                         "127.0.0.1:5x",
                                         "1111:2222:3333:4444:5555:6666:7777:8888:9:9" };
    struct heap heap;
    struct admission admission;
    const char *why = NULL;

    heap_init(&heap);
    admission_init(&admission, 1000, 2, 1, &heap);
    assert_true(admission_override(&admission, TEXT("127.0.0.1:3"), &why));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_false(admission_override(&admission, text_of(wrong[i]), &why));
        assert_non_null(strstr(why, "max.connections.per.ip.overrides"));
    }
    assert_int_equal(admitted(&admission, "::ffff:127.0.0.1"), 3);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_takes_as_many_as_it_may),        cmocka_unit_test(each_address_has_its_own_count),
        cmocka_unit_test(single_addresses_may_have_another_limit), cmocka_unit_test(who_comes_too_fast_is_told_to_wait),
        cmocka_unit_test(what_is_no_override_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
