/* tests/unit/net/api/alter_client_quotas_test.c   Changing the quotas of clients: what is refused before the controller
 * is asked, what it is asked, one row per entity; and many entities in portions. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/alter_client_quotas.h"
#include "replica/access.h"

enum { ENTRIES_MAX = 1000, PORTION = 250 };

static struct alter_client_quotas_entity_ask entities[ENTRIES_MAX];
static struct alter_client_quotas_operation operations[ENTRIES_MAX];
static struct alter_client_quotas_entry_ask entries[ENTRIES_MAX];
static struct alter_client_quotas_answer answer;

static void entry(int32_t at, const char *kind, const char *name, const char *key, double value)
{
    entities[at] = (struct alter_client_quotas_entity_ask){ text_of(kind), name ? text_of(name) : TEXT_NULL };
    operations[at] = (struct alter_client_quotas_operation){ text_of(key), value, false };
    entries[at] = (struct alter_client_quotas_entry_ask){ { &entities[at], 1 }, { &operations[at], 1 } };
}

static const struct access_change *ask(int32_t count)
{
    struct alter_client_quotas_ask asked = { { entries, count }, false };
    return desk_asks(&desk, API_ALTER_CLIENT_QUOTAS, 1, &asked, CONTROLLER_ALTER_ACCESS)->access;
}

static void told(enum status status)
{
    desk_decides(status);
    desk_told(&desk, API_ALTER_CLIENT_QUOTAS, 1, &answer);
}

static void assert_row(int32_t at, int16_t error, const char *words)
{
    assert_in_range(at, 0, answer.entries.count - 1);
    assert_int_equal(answer.entries.items[at].error, error);
    if (words) assert_true(text_equal(answer.entries.items[at].error_message, text_of(words)));
    if (!words) assert_null(answer.entries.items[at].error_message.data);
}

static void what_is_fine_is_the_controllers_to_decide(void **state)
{
    (void)state;
    entry(0, "user", "ann", "producer_byte_rate", 1024);
    entry(1, "ip", NULL, "connection_creation_rate", 5);
    const struct access_change *access = ask(2);
    assert_int_equal(access->quota_count, 2);
    assert_int_equal(access->credential_count, 0);
    assert_true(access->quotas[0].entity.takes_part[QUOTA_USER]);
    assert_true(text_equal(access->quotas[0].entity.names[QUOTA_USER], TEXT("ann")));
    assert_false(access->quotas[0].refused);
    assert_int_equal(access->quotas[0].change_count, 1);
    assert_true(access->quotas[0].changes[0].value == 1024);
    assert_true(access->quotas[1].entity.takes_part[QUOTA_IP]);
    assert_null(access->quotas[1].entity.names[QUOTA_IP].data);

    told(STATUS_OK);
    assert_int_equal(answer.entries.count, 2);
    assert_row(0, ERROR_NONE, NULL);
    assert_true(text_equal(answer.entries.items[0].entity.items[0].type, TEXT("user")));
    assert_true(text_equal(answer.entries.items[0].entity.items[0].name, TEXT("ann")));
    assert_null(answer.entries.items[1].entity.items[0].name.data);
}

static void what_the_controller_refuses_is_refused_in_every_row_that_was_fine(void **state)
{
    (void)state;
    entry(0, "user", "ann", "producer_byte_rate", 1024);
    entry(1, "user", "bob", "no_such", 1);
    (void)ask(2);
    told(STATUS_POLICY);
    assert_int_equal(answer.entries.items[0].error, ERROR_POLICY_VIOLATION);
    assert_row(1, ERROR_INVALID_REQUEST, "Invalid configuration key no_such");
}

static void each_fault_has_kafkas_words(void **state)
{
    (void)state;
    entry(0, "color", "red", "producer_byte_rate", 1);
    entry(1, "user", "", "producer_byte_rate", 1);
    entry(2, "ip", "300.1.2.3", "connection_creation_rate", 1);
    entry(3, "user", "ann", "producer_byte_rate", 0);
    entry(4, "user", "bob", "producer_byte_rate", 1);
    const struct access_change *access = ask(5);
    for (uint32_t i = 0; i < 4; i++) assert_true(access->quotas[i].refused);
    assert_false(access->quotas[4].refused);
    told(STATUS_OK);
    assert_int_equal(answer.entries.count, 5);
    assert_row(0, ERROR_INVALID_REQUEST, "Unhandled client quota entity type: color");
    assert_true(text_equal(answer.entries.items[0].entity.items[0].type, TEXT("color")));
    assert_row(1, ERROR_INVALID_REQUEST, "Empty user not supported");
    assert_row(2, ERROR_INVALID_REQUEST, "300.1.2.3 is not a valid IP or resolvable host.");
    assert_row(3, ERROR_INVALID_REQUEST, "Quota producer_byte_rate must be greater than 0");
    assert_row(4, ERROR_NONE, NULL);
}

/* The first is done all the same, as Kafka does it; a second time of a kind that there is not is nobody's second. */
static void an_entity_that_comes_twice_is_one_row(void **state)
{
    (void)state;
    entry(0, "user", "ann", "producer_byte_rate", 1);
    entry(1, "color", "red", "producer_byte_rate", 1);
    entry(2, "user", "ann", "producer_byte_rate", 2);
    entry(3, "color", "red", "producer_byte_rate", 1);
    const struct access_change *access = ask(4);
    assert_false(access->quotas[0].refused);
    assert_true(access->quotas[2].refused);
    told(STATUS_OK);
    assert_int_equal(answer.entries.count, 3);
    assert_row(0, ERROR_INVALID_REQUEST, "Ignoring duplicate entity ClientQuotaEntity(entries={user=ann})");
    assert_row(1, ERROR_INVALID_REQUEST, "Unhandled client quota entity type: color");
    assert_row(2, ERROR_INVALID_REQUEST, "Unhandled client quota entity type: color");
}

static void a_key_that_comes_twice_is_refused(void **state)
{
    (void)state;
    entry(0, "user", "ann", "producer_byte_rate", 1);
    operations[1] = operations[0];
    entries[0].operations.count = 2;
    assert_true(ask(1)->quotas[0].refused);
    told(STATUS_OK);
    assert_row(0, ERROR_INVALID_REQUEST, "Ignoring duplicate entity ClientQuotaEntity(entries={user=ann})");
}

static void what_is_only_validated_reaches_no_controller(void **state)
{
    (void)state;
    struct alter_client_quotas_ask asked = { { entries, 2 }, true };
    uint32_t before = decision_count;

    entry(0, "user", "ann", "producer_byte_rate", 1);
    entry(1, "user", "bob", "producer_byte_rate", -1);
    for (int16_t version = 0; version <= 1; version++) {
        desk_ask(&desk, API_ALTER_CLIENT_QUOTAS, version, &asked, &answer);
        assert_row(0, ERROR_NONE, NULL);
        assert_row(1, ERROR_INVALID_REQUEST, "Quota producer_byte_rate must be greater than 0");
    }
    assert_int_equal(decision_count, before);
}

/* No shard is held for as long as a thousand take: a turn of the desk is a step of every shard. */
static void many_are_taken_and_told_in_portions(void **state)
{
    (void)state;
    enum { FEW = 1 };
    uint32_t turns[2] = { 0 };

    for (int32_t i = 0; i < ENTRIES_MAX; i++) {
        entry(i, "user", text_format(&desk.messages, "user%d", i % (ENTRIES_MAX - 1)).data, "producer_byte_rate", 1);
    }
    for (int pass = 0; pass < 2; pass++) {
        struct alter_client_quotas_ask asked = { { entries, pass == 0 ? FEW : ENTRIES_MAX }, false };
        uint32_t before = decision_count;
        desk_send(&desk, API_ALTER_CLIENT_QUOTAS, 1, &asked);
        for (; decision_count == before && turns[pass] < DESK_TURNS; turns[pass]++) desk_turn(&desk);
        assert_int_equal(decision_count, before + 1);
        if (pass == 0) told(STATUS_OK);
    }
    assert_true(turns[1] >= turns[0] + ENTRIES_MAX / PORTION - 1);
    assert_int_equal(decisions[0]->access->quota_count, ENTRIES_MAX);
    told(STATUS_OK);
    assert_int_equal(answer.entries.count, ENTRIES_MAX - 1);
    assert_int_equal(answer.entries.items[0].error, ERROR_INVALID_REQUEST); /* the last is about it too */
    for (int32_t i = 1; i < ENTRIES_MAX - 1; i++) {
        assert_row(i, ERROR_NONE, NULL);
        assert_true(text_equal(answer.entries.items[i].entity.items[0].name, entities[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_fine_is_the_controllers_to_decide),
        cmocka_unit_test(what_the_controller_refuses_is_refused_in_every_row_that_was_fine),
        cmocka_unit_test(each_fault_has_kafkas_words),
        cmocka_unit_test(an_entity_that_comes_twice_is_one_row),
        cmocka_unit_test(a_key_that_comes_twice_is_refused),
        cmocka_unit_test(what_is_only_validated_reaches_no_controller),
        cmocka_unit_test(many_are_taken_and_told_in_portions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
