/* tests/unit/engine/base/crc32c_test.c   All ways of taking a sum give the same sum, on both sides of the border
 * between the instruction and isa-l. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/prng.h"

enum { SIZE = 20000 };

/* One bit at a time, from the definition. */
static uint32_t crc_slow(const uint8_t *data, size_t size)
{
    uint32_t sum = ~0u;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
    }
    return ~sum;
}

static uint8_t *random_bytes(void)
{
    struct prng prng;
    uint8_t *data = malloc(SIZE);
    assert_non_null(data);
    prng_seed(&prng, 3);
    prng_fill(&prng, data, SIZE);
    return data;
}

static void the_known_sum_of_rfc_3720(void **state)
{
    (void)state;
    uint8_t zeros[32] = { 0 };
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa);
    assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void every_size_around_the_border_agrees_with_the_definition(void **state)
{
    (void)state;
    uint8_t *data = random_bytes();
    for (size_t size = 0; size < 1100; size++) {
        assert_int_equal(crc32c(0, data + size % 9, size), crc_slow(data + size % 9, size));
    }
    assert_int_equal(crc32c(0, data, SIZE), crc_slow(data, SIZE));
    free(data);
}

static void a_sum_can_be_continued_and_joined_at_any_place(void **state)
{
    (void)state;
    uint8_t *data = random_bytes();
    uint32_t whole = crc32c(0, data, SIZE);

    for (size_t cut = 0; cut <= SIZE; cut = cut < 20 ? cut + 1 : cut * 3 / 2) {
        uint32_t first = crc32c(0, data, cut), second = crc32c(0, data + cut, SIZE - cut);
        assert_int_equal(crc32c(first, data + cut, SIZE - cut), whole);
        assert_int_equal(crc32c_join(first, second, SIZE - cut), whole);
    }
    assert_int_equal(crc32c_join(whole, 0, 0), whole);
    free(data);
}

static void copying_copies_and_sums(void **state)
{
    (void)state;
    uint8_t *data = random_bytes(), *copy = malloc(SIZE);
    static const size_t sizes[] = { 0, 1, 7, 8, 511, 512, 513, 4095, 4096, 4097, 8192, SIZE - 1, SIZE };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(copy, 0, SIZE);
        assert_int_equal(crc32c_copy(0, copy, data, sizes[i]), crc32c(0, data, sizes[i]));
        assert_memory_equal(copy, data, sizes[i]);
        if (sizes[i] < SIZE) assert_int_equal(copy[sizes[i]], 0);
    }
    assert_int_equal(crc32c_copy(crc32c(0, data, 100), copy, data + 100, 900), crc32c(0, data, 1000));
    free(data);
    free(copy);
}

static void joining_across_gigabytes_of_zeros_costs_nothing(void **state)
{
    (void)state;
    /* The sum of A and n zero bytes, n = 2^40: reached in two halves or in one step. */
    uint32_t a = crc32c(0, "a", 1);
    uint32_t halves = crc32c_join(crc32c_join(a, 0, (size_t)1 << 39), 0, (size_t)1 << 39);
    assert_int_equal(halves, crc32c_join(a, 0, (size_t)1 << 40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_sum_of_rfc_3720),
        cmocka_unit_test(every_size_around_the_border_agrees_with_the_definition),
        cmocka_unit_test(a_sum_can_be_continued_and_joined_at_any_place),
        cmocka_unit_test(copying_copies_and_sums),
        cmocka_unit_test(joining_across_gigabytes_of_zeros_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
