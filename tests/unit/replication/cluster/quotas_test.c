/* Quotas: whom they are for and what they may be, as Kafka's controller says it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/heap.h"
#include "cluster/access.h"

static struct heap heap;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
    return 0;
}

/* `client` and `user`: NULL when it takes no part, "" for the default. */
static struct quota_entity entity_of(const char *client, const char *user)
{
    const char *names[] = { client, user };
    struct quota_entity entity = { 0 };
    for (int i = 0; i < 2; i++) {
        entity.takes_part[i] = names[i] != NULL;
        if (names[i] && names[i][0]) entity.names[i] = text_of(names[i]);
    }
    return entity;
}

static void values_are_checked_as_kafka_does(void **state)
{
    (void)state;
    struct quota_entity user = entity_of(NULL, "a"), address = { 0 };
    address.takes_part[QUOTA_IP] = true;
    const struct {
        const struct quota_entity *entity;
        const char *key;
        double value;
        const char *why;
    } rows[] = {
        { &user, "producer_byte_rate", 1, NULL },
        { &user, "producer_byte_rate", 1.0000001, NULL },
        { &user, "producer_byte_rate", 1.5, "producer_byte_rate cannot be a fractional value." },
        { &user, "producer_byte_rate", 0, "Quota producer_byte_rate must be greater than 0" },
        { &user, "producer_byte_rate", -1, "Quota producer_byte_rate must be greater than 0" },
        { &user, "producer_byte_rate", 0x1p63, NULL },
        { &user, "producer_byte_rate", 0x1p64, "Proposed value for producer_byte_rate is too large for a LONG." },
        { &user, "consumer_byte_rate", (double)NAN, NULL },
        { &user, "request_percentage", 0.25, NULL },
        { &user, "request_percentage", (double)INFINITY, NULL },
        { &user, "connection_creation_rate", 1, "Invalid configuration key connection_creation_rate" },
        { &user, "no_such", 1, "Invalid configuration key no_such" },
        { &address, "connection_creation_rate", 2147483647, NULL },
        { &address, "connection_creation_rate", 2147483648.0,
          "Proposed value for connection_creation_rate is too large for an INT." },
        { &address, "producer_byte_rate", 1, "Invalid configuration key producer_byte_rate" },
    };
    struct arena arena;
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    for (uint32_t i = 0; i < array_count(rows); i++) {
        struct text why = TEXT_NULL;
        enum status status = quota_value_check(rows[i].entity, text_of(rows[i].key), rows[i].value, &arena, &why);
        assert_int_equal(status, rows[i].why ? STATUS_INVALID_REQUEST : STATUS_OK);
        assert_true(!rows[i].why || text_equal(why, text_of(rows[i].why)));
    }
    arena_reset(&arena);
}

static void entities_are_checked_as_kafka_does(void **state)
{
    (void)state;
    struct quota_entity nobody = { 0 }, both = entity_of(NULL, "a"), empty = entity_of("x", "a");
    struct arena arena;
    struct text why;
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    assert_int_equal(quota_entity_check(&both, &arena, &why), STATUS_OK);
    both.takes_part[QUOTA_IP] = true;
    empty.names[QUOTA_USER] = TEXT("");
    assert_int_equal(quota_entity_check(&nobody, &arena, &why), STATUS_INVALID_REQUEST);
    assert_true(text_equal(why, TEXT("Invalid empty client quota entity")));
    assert_int_equal(quota_entity_check(&both, &arena, &why), STATUS_INVALID_REQUEST);
    assert_true(text_equal(why, TEXT("Invalid quota entity combination, IP entity shouldnot be combined with User or "
                                     "ClientId")));
    assert_int_equal(quota_entity_check(&empty, &arena, &why), STATUS_INVALID_REQUEST);
    assert_true(text_equal(why, TEXT("Empty user not supported")));
    arena_reset(&arena);
    assert_int_equal(quota_kind_of(TEXT("ip")), QUOTA_IP);
    assert_int_equal(quota_kind_of(TEXT("color")), QUOTA_KINDS);
}

static void kinds_are_known_by_their_names(void **state)
{
    (void)state;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++)
        assert_int_equal(quota_kind_of(quota_kind_name(kind)), kind);
    assert_int_equal(quota_kind_of(TEXT("client-i")), QUOTA_KINDS);
    assert_int_equal(quota_kind_of(TEXT("")), QUOTA_KINDS);
}

static void each_quota_is_for_addresses_or_for_clients(void **state)
{
    (void)state;
    assert_true(quota_key_has(TEXT("consumer_byte_rate"), false));
    assert_false(quota_key_has(TEXT("consumer_byte_rate"), true));
    assert_true(quota_key_has(TEXT("connection_creation_rate"), true));
    assert_false(quota_key_has(TEXT("connection_creation_rate"), false));
    assert_false(quota_key_has(TEXT("consumer_byte_rat"), false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_quota_is_for_addresses_or_for_clients),
        cmocka_unit_test(values_are_checked_as_kafka_does),
        cmocka_unit_test(entities_are_checked_as_kafka_does),
        cmocka_unit_test(kinds_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
