/* tests/unit/engine/base/list_test.c   Lists of none, one and several nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int name;
    struct list_node node;
};

static int name_of(struct list_node *node)
{
    return node ? container_of(node, struct item, node)->name : -1;
}

static void nodes_come_in_the_order_they_were_given(void **state)
{
    (void)state;
    struct list list;
    struct item items[4] = { { .name = 0 }, { .name = 1 }, { .name = 2 }, { .name = 3 } };
    list_init(&list);
    assert_true(list_empty(&list));
    assert_null(list_first(&list));
    assert_null(list_take_first(&list));

    for (int i = 0; i < 4; i++) list_node_init(&items[i].node);
    list_append(&list, &items[1].node);
    list_append(&list, &items[3].node);
    list_prepend(&list, &items[0].node);
    list_insert_before(&items[3].node, &items[2].node);
    int next = 0;
    list_each(&list, node) assert_int_equal(name_of(node), next++);
    assert_int_equal(next, 4);
    assert_int_equal(name_of(list_first(&list)), 0);
    assert_int_equal(name_of(list_last(&list)), 3);

    next = 0;
    list_each(&list, node)
    {
        list_remove(node);
        assert_false(list_linked(node));
        next++;
    }
    assert_int_equal(next, 4);
    assert_true(list_empty(&list));
}

static void removal_is_idempotent(void **state)
{
    (void)state;
    struct list list;
    struct item item;
    list_init(&list);
    list_node_init(&item.node);
    list_remove(&item.node);
    list_append(&list, &item.node);
    assert_true(list_linked(&item.node));
    list_remove(&item.node);
    list_remove(&item.node);
    assert_true(list_empty(&list));
}

static void joining_empties_the_second_list(void **state)
{
    (void)state;
    struct list a, b;
    struct item items[3] = { { .name = 0 }, { .name = 1 }, { .name = 2 } };
    list_init(&a);
    list_init(&b);
    list_join(&a, &b);
    assert_true(list_empty(&a));

    for (int i = 0; i < 3; i++) {
        list_node_init(&items[i].node);
        list_append(i == 0 ? &a : &b, &items[i].node);
    }
    list_join(&a, &b);
    assert_true(list_empty(&b));
    for (int i = 0; i < 3; i++) assert_int_equal(name_of(list_take_first(&a)), i);
    assert_true(list_empty(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_come_in_the_order_they_were_given),
        cmocka_unit_test(removal_is_idempotent),
        cmocka_unit_test(joining_empties_the_second_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
