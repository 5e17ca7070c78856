/* tests/unit/net/api/scram_test.c   Both mechanisms against keys that Python's hashlib made of the password "pencil"
 * (the first with the salt of RFC 7677's example). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/scram.h"
#include "base/check.h"

static const struct {
    enum scram_mechanism mechanism;
    size_t size;
    const char *salted, *stored, *server;
} rows[] = {
    { SCRAM_SHA_256, 32,
      "\xc4\xa4\x95\x10\x32\x3a\xb4\xf9\x52\xca\xc1\xfa\x99\x44\x19\x39"
      "\xe7\x8e\xa7\x4d\x6b\xe8\x1d\xdf\x70\x96\xe8\x75\x13\xdc\x61\x5d",
      "\x58\x6e\x5d\xf2\x83\xe6\xdc\xeb\x5c\x3e\x79\x1d\x8b\x85\x28\xec"
      "\x19\x1e\x66\x40\x45\xce\x97\x17\x92\xe2\xe6\xb5\xbb\x13\xe2\xa6",
      "\xc1\xf3\xcb\xc1\xc1\x3a\x9d\x35\xa1\x4c\x09\x90\xee\xd9\x76\x29"
      "\xea\x22\x58\x63\xe5\x66\xa4\x31\x4a\xb9\x9f\x3f\x00\xe5\xd9\xd5" },
    { SCRAM_SHA_512, 64,
      "\x2c\xfe\x3a\x1c\x15\x16\x62\xb1\xea\x49\xd1\x3f\x59\x56\x74\xa1"
      "\xc6\x66\xad\xd7\x0d\xf1\x5d\x3d\x02\x25\x4e\x99\x05\x99\x38\x78"
      "\x26\x1d\xa7\x40\x7f\xd1\x1c\x2f\xee\x4b\x0a\x30\xdf\x51\x54\xb1"
      "\xa7\x52\xf8\x6a\x13\x38\x0d\xdd\x4b\xdd\x9a\x7c\x95\x8e\xc7\x69",
      "\xff\x41\xe8\x6c\x08\xf2\xe5\x25\xa8\x72\x85\xed\xa3\xd6\x34\xd6"
      "\x69\xba\xe8\xab\x6c\x2e\x5b\x3e\x09\xad\x00\x14\xa6\x91\xfa\xb9"
      "\xeb\x26\x55\x70\x62\xff\x97\x8e\xe0\x11\xd9\xb2\x3e\x6b\x87\x43"
      "\x7d\xf3\x66\xcf\x7c\xd4\xc8\x74\x7d\xf9\x27\x7d\x06\x7f\xd3\x30",
      "\xa2\x08\x70\x89\x49\x73\xd9\xc7\x60\xb2\x40\xb7\xa9\x50\x60\xf1"
      "\xe6\x35\x12\xb5\xf2\x1b\x81\xf1\x5e\xcf\xe9\x96\xc1\x63\xb6\x48"
      "\xd1\xaf\x41\x32\xea\xa2\xe6\x3b\x3e\x89\xb4\x6b\xb1\x59\x2b\xee"
      "\xe5\xf5\x36\xc2\xe1\x00\x59\x54\x52\x1c\xf3\x72\x78\x19\x96\x29" },
};

static void keys_are_those_that_others_make(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_count(rows); i++) {
        struct scram_keys keys;
        struct bytes salted = { (const uint8_t *)rows[i].salted, rows[i].size };
        assert_true(scram_keys_make(rows[i].mechanism, salted, &keys));
        assert_int_equal(keys.size, rows[i].size);
        assert_memory_equal(keys.stored, rows[i].stored, keys.size);
        assert_memory_equal(keys.server, rows[i].server, keys.size);
    }
}

static void a_password_may_be_short_but_not_empty(void **state)
{
    (void)state;
    struct scram_keys keys;
    assert_true(scram_keys_make(SCRAM_SHA_256, (struct bytes){ (const uint8_t *)"p", 1 }, &keys));
    assert_int_equal(keys.size, 32);
    assert_false(scram_keys_make(SCRAM_SHA_256, (struct bytes){ (const uint8_t *)"", 0 }, &keys));
    assert_false(scram_keys_make(SCRAM_SHA_512, BYTES_NULL, &keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_that_others_make),
        cmocka_unit_test(a_password_may_be_short_but_not_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
