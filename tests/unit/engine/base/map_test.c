/* tests/unit/engine/base/map_test.c   The map against an array that can't be wrong, also when all hashes collide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/prng.h"

struct number {
    uint64_t key;
    bool present;
};

static bool number_has(const void *value, const void *key)
{
    return ((const struct number *)value)->key == *(const uint64_t *)key;
}

static uint64_t bad_hash(uint64_t n)
{
    return n & 1;
}

static void random_steps_agree_with_an_array(uint64_t (*hash)(uint64_t), int step_count)
{
    enum { NUMBERS = 300 };
    static struct number numbers[NUMBERS];
    struct heap heap;
    struct map map;
    struct prng prng;
    uint32_t count = 0;

    heap_init(&heap);
    map_init(&map, &heap, number_has);
    prng_seed(&prng, 9);
    for (size_t i = 0; i < NUMBERS; i++) numbers[i] = (struct number){ i * 1000, false };

    for (int step = 0; step < step_count; step++) {
        struct number *number = &numbers[prng_below(&prng, NUMBERS)];
        void *found = map_find(&map, hash(number->key), &number->key);
        assert_ptr_equal(found, number->present ? number : NULL);
        if (number->present) {
            assert_ptr_equal(map_remove(&map, hash(number->key), &number->key), number);
            count--;
        } else {
            assert_null(map_remove(&map, hash(number->key), &number->key));
            map_add(&map, hash(number->key), &number->key, number);
            count++;
        }
        number->present = !number->present;
        assert_int_equal(map.count, count);
    }

    struct number *next;
    for (uint32_t cursor = 0; (next = map_next(&map, &cursor)) != NULL;) {
        assert_int_equal(map_behind(&map, hash(next->key), &next->key), cursor);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        if (!numbers[i].present) assert_int_equal(map_behind(&map, hash(numbers[i].key), &numbers[i].key), 0);
    }

    uint32_t seen = 0;
    map_each(&map, struct number, number)
    {
        assert_true(number->present);
        seen++;
    }
    assert_int_equal(seen, count);
    assert_true(map.entry_max <= 1024);
    map_end(&map);
    assert_int_equal(heap.live_count, 0);
}

static void good_hashes(void **state)
{
    (void)state;
    random_steps_agree_with_an_array(hash_u64, 20000);
}

static void colliding_hashes(void **state)
{
    (void)state;
    random_steps_agree_with_an_array(bad_hash, 3000);
}

static void the_order_is_that_of_insertion_through_growth_and_removal(void **state)
{
    (void)state;
    static struct number numbers[100];
    struct heap heap;
    struct map map;
    heap_init(&heap);
    map_init(&map, &heap, number_has);

    for (uint64_t i = 0; i < 100; i++) {
        numbers[i].key = (i * 37) % 100;
        map_add(&map, hash_u64(numbers[i].key), &numbers[i].key, &numbers[i]);
    }
    map_each(&map, struct number, number)
    {
        if ((number - numbers) % 3 == 0) map_remove(&map, hash_u64(number->key), &number->key);
    }
    map_add(&map, hash_u64(numbers[0].key), &numbers[0].key, &numbers[0]);

    struct number *last = NULL;
    uint32_t seen = 0;
    map_each(&map, struct number, number)
    {
        if (number == &numbers[0]) {
            assert_int_equal(seen, map.count - 1);
        } else {
            assert_true(number > last);
        }
        last = number;
        seen++;
    }
    assert_int_equal(seen, 67);
    map_end(&map);
    heap_end(&heap);
}

static void an_empty_map_finds_nothing(void **state)
{
    (void)state;
    struct heap heap;
    struct map map;
    uint64_t key = 1;
    heap_init(&heap);
    map_init(&map, &heap, number_has);
    assert_null(map_find(&map, 1, &key));
    assert_null(map_remove(&map, 1, &key));
    map_each(&map, struct number, number) assert_null(number);
    assert_int_equal(heap.take_count, 0);
    map_end(&map);
    heap_end(&heap);
}

static void partitions_of_one_topic_hash_apart(void **state)
{
    (void)state;
    struct uuid id = UUID_METADATA_TOPIC;
    assert_false(hash_partition(id, 0) == hash_partition(id, 1));
    assert_false(hash_partition(id, 0) == hash_partition(UUID_NONE, 0));
    assert_true(hash_partition(id, 5) == hash_partition(id, 5));
    assert_false(hash_join(1, 2) == hash_join(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_hashes),
        cmocka_unit_test(colliding_hashes),
        cmocka_unit_test(the_order_is_that_of_insertion_through_growth_and_removal),
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(partitions_of_one_topic_hash_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
