/* tests/unit/net/api/alter_scram_credentials_test.c   Setting and deleting credentials: what the controller is asked
 * (keys, never a password), what is said of each user, and many of them in portions. */
#include "decisions.h"
#include "one_desk.h"

#include "api/scram.h"
#include "messages/alter_scram_credentials.h"
#include "replica/access.h"

enum { USERS_MAX = 500, PORTION = 100 };

static struct alter_scram_credentials_deletion deletions[2];
static struct alter_scram_credentials_upsertion upsertions[USERS_MAX];
static struct alter_scram_credentials_answer answer;

static void upsertion(int32_t at, const char *user, int8_t mechanism, int32_t iterations, const char *salted)
{
    upsertions[at] = (struct alter_scram_credentials_upsertion){
        .name = text_of(user),
        .mechanism = mechanism,
        .iterations = iterations,
        .salt = { (const uint8_t *)"salt", 4 },
        .salted_password = { (const uint8_t *)salted, strlen(salted) },
    };
}

static struct access_change *ask(int32_t deleted, int32_t set)
{
    struct alter_scram_credentials_ask asked = { { deletions, deleted }, { upsertions, set } };
    return desk_asks(&desk, API_ALTER_USER_SCRAM_CREDENTIALS, 0, &asked, CONTROLLER_ALTER_ACCESS)->access;
}

static void told(enum status status)
{
    desk_decides(status);
    desk_told(&desk, API_ALTER_USER_SCRAM_CREDENTIALS, 0, &answer);
}

static bool is(struct bytes bytes, const void *expected, size_t size)
{
    return bytes.size == size && memcmp(bytes.data, expected, size) == 0;
}

static void what_goes_further_are_keys(void **state)
{
    (void)state;
    struct scram_keys keys;
    deletions[0] = (struct alter_scram_credentials_deletion){ TEXT("bob"), SCRAM_SHA_512 };
    upsertion(0, "ann", SCRAM_SHA_256, 4096, "salted");
    const struct access_change *access = ask(1, 1);
    assert_int_equal(access->credential_count, 2);
    assert_int_equal(access->quota_count, 0);
    assert_true(access->credentials[0].remove);
    assert_int_equal(access->credentials[0].credential.mechanism, SCRAM_SHA_512);

    const struct image_credential *ann = &access->credentials[1].credential;
    assert_true(scram_keys_make(SCRAM_SHA_256, upsertions[0].salted_password, &keys));
    assert_true(is(ann->stored_key, keys.stored, keys.size));
    assert_true(is(ann->server_key, keys.server, keys.size));
    assert_true(is(ann->salt, "salt", 4));
    assert_int_equal(ann->iterations, 4096);
    assert_false(access->credentials[1].remove);
    told(STATUS_OK);
    assert_int_equal(answer.results.count, 2);
    assert_true(text_equal(answer.results.items[0].user, TEXT("bob")));
    assert_true(text_equal(answer.results.items[1].user, TEXT("ann")));
    assert_int_equal(answer.results.items[0].error, ERROR_NONE);
    assert_null(answer.results.items[0].error_message.data);
}

static void each_fault_is_known_before_the_controller(void **state)
{
    (void)state;
    static const enum credential_fault expected[] = { CREDENTIAL_NAMELESS,
                                                      CREDENTIAL_UNKNOWN_MECHANISM,
                                                      CREDENTIAL_NAMELESS,
                                                      CREDENTIAL_UNKNOWN_MECHANISM,
                                                      CREDENTIAL_FEW_ITERATIONS,
                                                      CREDENTIAL_MANY_ITERATIONS,
                                                      CREDENTIAL_NO_PASSWORD,
                                                      CREDENTIAL_FINE,
                                                      CREDENTIAL_FINE };
    deletions[0] = (struct alter_scram_credentials_deletion){ TEXT(""), SCRAM_SHA_512 };
    deletions[1] = (struct alter_scram_credentials_deletion){ TEXT("a"), 3 };
    upsertion(0, "", SCRAM_SHA_256, 4096, "salted");
    upsertion(1, "b", 0, 4096, "salted");
    upsertion(2, "c", SCRAM_SHA_256, 4095, "salted");
    upsertion(3, "d", SCRAM_SHA_256, 16385, "salted");
    upsertion(4, "e", SCRAM_SHA_256, 4096, "");
    upsertion(5, "f", SCRAM_SHA_256, 4096, "salted");
    upsertion(6, "g", SCRAM_SHA_512, 16384, "salted");
    const struct access_change *access = ask(2, 7);
    for (size_t i = 0; i < array_count(expected); i++) {
        assert_int_equal(access->credentials[i].fault, expected[i]);
        bool fine = expected[i] == CREDENTIAL_FINE;
        assert_int_equal(access->credentials[i].credential.stored_key.size > 0, fine);
    }
    told(STATUS_OK);
    assert_int_equal(answer.results.count, 8); /* of the nameless there is one */
}

static void a_user_is_told_once_what_the_controller_says(void **state)
{
    (void)state;
    static const struct {
        enum credential_fault outcome;
        int16_t error;
        const char *words;
    } rows[] = {
        { CREDENTIAL_NAMELESS, ERROR_UNACCEPTABLE_CREDENTIAL, "Username must not be empty" },
        { CREDENTIAL_UNKNOWN_MECHANISM, ERROR_UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism" },
        { CREDENTIAL_FEW_ITERATIONS, ERROR_UNACCEPTABLE_CREDENTIAL, "Too few iterations" },
        { CREDENTIAL_MANY_ITERATIONS, ERROR_UNACCEPTABLE_CREDENTIAL, "Too many iterations" },
        { CREDENTIAL_NO_PASSWORD, ERROR_UNACCEPTABLE_CREDENTIAL, "Salted password must not be empty" },
        { CREDENTIAL_TWICE, ERROR_DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request" },
        { CREDENTIAL_MISSING, ERROR_RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist" },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        deletions[0] = (struct alter_scram_credentials_deletion){ TEXT("ann"), SCRAM_SHA_256 };
        upsertion(0, "bob", SCRAM_SHA_256, 4096, "salted");
        upsertion(1, "ann", SCRAM_SHA_512, 4096, "salted");
        struct access_change *access = ask(1, 2);
        assert_int_equal(access->credentials[0].first, 0);
        assert_int_equal(access->credentials[1].first, 1);
        assert_int_equal(access->credentials[2].first, 0);
        access->credentials[0].outcome = rows[i].outcome;
        told(STATUS_OK);
        assert_int_equal(answer.results.count, 2);
        assert_int_equal(answer.results.items[0].error, rows[i].error);
        assert_true(text_equal(answer.results.items[0].error_message, text_of(rows[i].words)));
        assert_int_equal(answer.results.items[1].error, ERROR_NONE);
    }
}

static void what_the_controller_refuses_is_refused_to_all(void **state)
{
    (void)state;
    upsertion(0, "ann", SCRAM_SHA_256, 4096, "salted");
    upsertion(1, "bob", SCRAM_SHA_256, 1, "salted");
    (void)ask(0, 2);
    told(STATUS_POLICY);
    assert_int_equal(answer.results.count, 2);
    assert_int_equal(answer.results.items[0].error, ERROR_POLICY_VIOLATION);
    assert_int_equal(answer.results.items[1].error, ERROR_POLICY_VIOLATION);
}

/* No shard is held for as long as their keys take: a turn of the desk is a step of every shard. */
static void many_are_taken_in_portions(void **state)
{
    (void)state;
    uint32_t turns[2] = { 0 };

    for (int32_t i = 0; i < USERS_MAX; i++) {
        upsertion(i, text_format(&desk.messages, "user%d", i).data, SCRAM_SHA_256, 4096, "salted");
    }
    for (int pass = 0; pass < 2; pass++) {
        struct alter_scram_credentials_ask asked = { { NULL, 0 }, { upsertions, pass == 0 ? 1 : USERS_MAX } };
        uint32_t before = decision_count;
        desk_send(&desk, API_ALTER_USER_SCRAM_CREDENTIALS, 0, &asked);
        for (; decision_count == before && turns[pass] < DESK_TURNS; turns[pass]++) desk_turn(&desk);
        assert_int_equal(decision_count, before + 1);
        if (pass == 0) told(STATUS_OK);
    }
    assert_true(turns[1] >= turns[0] + USERS_MAX / PORTION - 1);
    const struct access_change *access = decisions[0]->access;
    assert_int_equal(access->credential_count, USERS_MAX);
    for (uint32_t i = 0; i < USERS_MAX; i++) assert_int_equal(access->credentials[i].first, i);
    told(STATUS_OK);
    assert_int_equal(answer.results.count, USERS_MAX);
    for (int32_t i = 0; i < USERS_MAX; i++) assert_true(text_equal(answer.results.items[i].user, upsertions[i].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_further_are_keys),
        cmocka_unit_test(each_fault_is_known_before_the_controller),
        cmocka_unit_test(a_user_is_told_once_what_the_controller_says),
        cmocka_unit_test(what_the_controller_refuses_is_refused_to_all),
        cmocka_unit_test(many_are_taken_in_portions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
