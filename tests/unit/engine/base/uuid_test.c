/* tests/unit/engine/base/uuid_test.c   Kafka's text form of ids, against ids that Kafka printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/uuid.h"

static void the_reserved_ids_print_as_kafka_prints_them(void **state)
{
    (void)state;
    char text[UUID_TEXT_SIZE + 1];
    uuid_print(UUID_NONE, text);
    assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAA");
    uuid_print(UUID_METADATA_TOPIC, text);
    assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAQ");
    assert_true(uuid_none(UUID_NONE));
    assert_false(uuid_none(UUID_METADATA_TOPIC));
}

static void text_and_bytes_are_the_same_id(void **state)
{
    (void)state;
    struct uuid id;
    char text[UUID_TEXT_SIZE + 1];
    static const uint8_t bytes[16] = { 0xe4, 0xbe, 0xa0, 0xde, 0x74, 0xa1, 0x4f, 0xeb,
                                       0x5a, 0xfa, 0x82, 0xd6, 0x5f, 0xfc, 0xfa, 0xac };

    assert_true(uuid_parse(TEXT("5L6g3nShT-ta-oLWX_z6rA"), &id));
    assert_memory_equal(id.byte, bytes, 16);
    uuid_print(id, text);
    assert_string_equal(text, "5L6g3nShT-ta-oLWX_z6rA");
    assert_true(uuid_parse(TEXT("5L6g3nShT-eMCtK--X86sw"), &id));
    uuid_print(id, text);
    assert_string_equal(text, "5L6g3nShT-eMCtK--X86sw");
}

static void spare_bits_are_ignored_and_other_texts_refused(void **state)
{
    (void)state;
    struct uuid id = UUID_NONE, same;
    assert_true(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2Qk"), &id));
    assert_true(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2Qg"), &same));
    assert_true(uuid_equal(id, same));
    assert_memory_equal(id.byte, "2E78EA57052D436B", 16);

    assert_false(uuid_parse(TEXT(""), &id));
    assert_false(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2Q"), &id));
    assert_false(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2QkA"), &id));
    assert_false(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2Q+"), &id));
    assert_false(uuid_parse(TEXT("MkU3OEVBNTcwNTJENDM2Q="), &id));
    assert_true(uuid_equal(id, same));
}

static void drawn_ids_are_version_4_and_never_begin_with_a_dash(void **state)
{
    (void)state;
    struct prng prng;
    prng_seed(&prng, 1);

    for (int i = 0; i < 2000; i++) {
        char text[UUID_TEXT_SIZE + 1];
        struct uuid again, id = uuid_draw(&prng);
        uuid_print(id, text);
        assert_int_not_equal(text[0], '-');
        assert_int_equal(id.byte[6] >> 4, 4);
        assert_int_equal(id.byte[8] >> 6, 2);
        assert_true(uuid_parse(text_of(text), &again));
        assert_true(uuid_equal(id, again));
        assert_true(uuid_hash(id) == uuid_hash(again));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reserved_ids_print_as_kafka_prints_them),
        cmocka_unit_test(text_and_bytes_are_the_same_id),
        cmocka_unit_test(spare_bits_are_ignored_and_other_texts_refused),
        cmocka_unit_test(drawn_ids_are_version_4_and_never_begin_with_a_dash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
