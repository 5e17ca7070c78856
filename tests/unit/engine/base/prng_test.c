/* tests/unit/engine/base/prng_test.c   The generator is the published one, and bounded draws are even. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"

static void the_state_comes_from_splitmix_and_the_numbers_from_xoshiro(void **state)
{
    (void)state;
    struct prng prng;
    prng_seed(&prng, 0); /* splitmix64's first outputs for 0, as published */
    assert_true(prng.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(prng.state[1] == UINT64_C(0x6e789e6aa1b965f4));

    prng = (struct prng){ { 1, 2, 3, 4 } }; /* xoshiro256**'s first outputs for 1 2 3 4, as published */
    assert_true(prng_u64(&prng) == 11520);
    assert_true(prng_u64(&prng) == 0);
    assert_true(prng_u64(&prng) == 1509978240);
    assert_true(prng_u64(&prng) == UINT64_C(1215971899390074240));
}

static void draws_below_a_limit_stay_below_and_reach_all(void **state)
{
    (void)state;
    struct prng prng;
    unsigned seen[7] = { 0 };
    prng_seed(&prng, 42);

    for (int i = 0; i < 7000; i++) seen[prng_below(&prng, array_count(seen))]++;
    for (size_t i = 0; i < array_count(seen); i++) assert_in_range(seen[i], 800, 1200);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(prng_below(&prng, 1), 0);
        assert_true(prng_below(&prng, UINT64_MAX) < UINT64_MAX);
    }
}

static void filling_is_repeatable_for_every_size(void **state)
{
    (void)state;
    struct prng a, b;
    uint8_t first[41], second[41];

    for (size_t size = 0; size < sizeof(first); size++) {
        prng_seed(&a, size);
        prng_seed(&b, size);
        memset(first, 0, sizeof(first));
        memset(second, 0, sizeof(second));
        prng_fill(&a, first, size);
        prng_fill(&b, second, size);
        assert_memory_equal(first, second, sizeof(first));
        assert_int_equal(first[size], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_comes_from_splitmix_and_the_numbers_from_xoshiro),
        cmocka_unit_test(draws_below_a_limit_stay_below_and_reach_all),
        cmocka_unit_test(filling_is_repeatable_for_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
