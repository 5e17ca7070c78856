/* tests/unit/net/api/topics_named_test.c   Topics that are named in several rows, in one, in none. */
#include "one_desk.h"

#include "api/topics_named.h"
#include "base/codec.h"

struct topic {
    int name;
    ARRAY_OF(int64_t) partitions;
};

static struct {
    ARRAY_OF(struct topic) topics;
} answer;
static struct topics_named named;

static void count_rows(const uint64_t *hashes, const int32_t *partitions, uint32_t count)
{
    named = TOPICS_NAMED(&answer.topics, struct topic);
    assert_true(topics_named_begin(&named, &desk.messages, count));
    for (uint32_t i = 0; i < count; i++) {
        struct topic *row = topics_named_count(&named, hashes[i], partitions[i]);
        assert_int_equal(row != NULL, partitions[i] > 0);
        if (row) row->name = (int)hashes[i];
    }
    assert_true(topics_named_furnish(&named, &desk.messages));
}

static void one_that_is_named_in_several_rows_is_told_in_one(void **state)
{
    (void)state;
    static const uint64_t hashes[] = { 5, 7, 6, 7, 5, 8 };
    static const int32_t partitions[] = { 0, 2, 1, 3, 1, 0 };
    static const int names[] = { 7, 6, 5 };

    count_rows(hashes, partitions, array_count(hashes));
    assert_int_equal(answer.topics.count, array_count(names));
    assert_int_equal(named.partition_count, 7);
    for (uint32_t i = 0; i < array_count(names); i++) assert_int_equal(answer.topics.items[i].name, names[i]);

    for (uint32_t i = 0; i < array_count(hashes); i++) { /* Each has room for all of its own. */
        for (int32_t j = 0; j < partitions[i]; j++) {
            struct topic *row = topics_named_row(&named, hashes[i]);
            row->partitions.items[row->partitions.count++] = (int64_t)hashes[i];
        }
    }
    static const int32_t told[] = { 5, 1, 1 };
    for (uint32_t i = 0; i < array_count(names); i++) {
        const struct topic *row = &answer.topics.items[i];
        assert_int_equal(row->partitions.count, told[i]);
        for (int32_t j = 0; j < told[i]; j++) assert_int_equal(row->partitions.items[j], names[i]);
    }
}

static void the_only_one_needs_no_hash(void **state)
{
    (void)state;
    static const uint64_t hash = 0;
    static const int32_t partitions = 3;

    count_rows(&hash, &partitions, 1);
    assert_int_equal(answer.topics.count, 1);
    const struct topic *row = topics_named_row(&named, 0);
    assert_ptr_equal(row, answer.topics.items);
    assert_int_equal(row->partitions.count, 0);
    count_rows(NULL, NULL, 0);
    assert_int_equal(answer.topics.count, 0);
}

static void memory_ends(void **state)
{
    (void)state;
    struct arena none;

    arena_init(&none, NULL, NULL, 0, 0);
    named = TOPICS_NAMED(&answer.topics, struct topic);
    assert_false(topics_named_begin(&named, &none, 1));
    assert_false(topics_named_begin(&named, &none, 2));
    assert_true(topics_named_begin(&named, &desk.messages, 1));
    assert_non_null(topics_named_count(&named, 1, 1));
    assert_false(topics_named_furnish(&named, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_named_in_several_rows_is_told_in_one),
        cmocka_unit_test(the_only_one_needs_no_hash),
        cmocka_unit_test(memory_ends),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
