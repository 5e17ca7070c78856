/* tests/unit/engine/base/bytes_test.c   Numbers and varints at every border where their length changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/check.h"

static void numbers_are_big_endian(void **state)
{
    (void)state;
    uint8_t at[9] = { 0 };

    store_u16(at + 1, 0x0102); /* unaligned on purpose */
    assert_memory_equal(at + 1, "\x01\x02", 2);
    assert_int_equal(load_u16(at + 1), 0x0102);
    store_u32(at + 1, 0x01020304);
    assert_memory_equal(at + 1, "\x01\x02\x03\x04", 4);
    assert_int_equal(load_u32(at + 1), 0x01020304);
    store_u64(at + 1, 0x0102030405060708);
    assert_memory_equal(at + 1, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_int_equal(load_u64(at + 1), 0x0102030405060708);

    store_i16(at, -2);
    assert_int_equal(load_i16(at), -2);
    store_i32(at, INT32_MIN);
    assert_int_equal(load_i32(at), INT32_MIN);
    store_i64(at, INT64_MIN);
    assert_true(load_i64(at) == INT64_MIN);
}

static void unsigned_varints_change_length_at_each_seven_bits(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        size_t size;
    } rows[] = {
        { 0, 1 },       { 127, 1 },     { 128, 2 },       { 16383, 2 },     { 16384, 3 },
        { 2097151, 3 }, { 2097152, 4 }, { 268435455, 4 }, { 268435456, 5 }, { UINT32_MAX, 5 },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        uint8_t at[5];
        uint32_t n = 1;
        assert_int_equal(varint_size_u32(rows[i].n), rows[i].size);
        assert_int_equal(varint_write_u32(at, rows[i].n), rows[i].size);
        assert_int_equal(varint_read_u32(at, at + rows[i].size, &n), rows[i].size);
        assert_int_equal(n, rows[i].n);
        for (size_t cut = 0; cut < rows[i].size; cut++) assert_int_equal(varint_read_u32(at, at + cut, &n), 0);
    }
}

static void zigzag_keeps_small_negatives_short(void **state)
{
    (void)state;
    static const int64_t numbers[] = {
        0,    -1,        1,         -64,       63,        64,    -65,       8191,
        8192, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, -8193, 1LL << 34, -(1LL << 34)
    };
    uint8_t at[10];

    for (size_t i = 0; i < array_count(numbers); i++) {
        int64_t wide = 7;
        size_t size = varint_write_i64(at, numbers[i]);
        assert_int_equal(size, varint_size_i64(numbers[i]));
        assert_int_equal(varint_read_i64(at, at + size, &wide), size);
        assert_true(wide == numbers[i]);
        assert_int_equal(varint_read_i64(at, at + size - 1, &wide), 0);

        if (numbers[i] < INT32_MIN || numbers[i] > INT32_MAX) continue;
        int32_t narrow = 7;
        assert_int_equal(varint_write_i32(at, (int32_t)numbers[i]), size);
        assert_int_equal(varint_size_i32((int32_t)numbers[i]), size);
        assert_int_equal(varint_read_i32(at, at + size, &narrow), size);
        assert_int_equal(narrow, numbers[i]);
    }
    assert_int_equal(varint_size_i32(-64), 1);
    assert_int_equal(varint_size_i32(64), 2);
    assert_int_equal(varint_size_i64(INT64_MIN), 10);
}

static void bits_that_the_type_cannot_hold_are_refused(void **state)
{
    (void)state;
    uint32_t n32 = 0;
    int64_t n64 = 0;
    static const uint8_t most[] = { 0xff, 0xff, 0xff, 0xff, 0x0f };
    static const uint8_t over[] = { 0xff, 0xff, 0xff, 0xff, 0x1f };
    static const uint8_t endless[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 };
    static const uint8_t over64[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };

    assert_int_equal(varint_read_u32(most, most + 5, &n32), 5);
    assert_int_equal(n32, UINT32_MAX);
    assert_int_equal(varint_read_u32(over, over + 5, &n32), 0);
    assert_int_equal(varint_read_u32(endless, endless + sizeof(endless), &n32), 0);
    assert_int_equal(varint_read_i64(over64, over64 + sizeof(over64), &n64), 0);
    assert_int_equal(varint_read_i64(endless, endless + sizeof(endless), &n64), 0);
}

static void longer_forms_than_needed_are_read(void **state)
{
    (void)state;
    static const uint8_t one[] = { 0x81, 0x80, 0x00 };
    uint32_t n = 0;

    assert_int_equal(varint_read_u32(one, one + 3, &n), 3);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(unsigned_varints_change_length_at_each_seven_bits),
        cmocka_unit_test(zigzag_keeps_small_negatives_short),
        cmocka_unit_test(bits_that_the_type_cannot_hold_are_refused),
        cmocka_unit_test(longer_forms_than_needed_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
