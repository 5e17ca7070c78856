/* tests/unit/net/api/describe_scram_credentials_test.c   Who has credentials, asked by name and altogether. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/describe_scram_credentials.h"

static struct desk desk;
static struct describe_scram_credentials_answer answer;

static void add(struct record_list *list, const char *user, int8_t mechanism, int32_t iterations)
{
    struct user_scram_credential_record *record =
        &record_list_add(list, RECORD_USER_SCRAM_CREDENTIAL)->user_scram_credential;
    record->name = text_of(user);
    record->mechanism = mechanism;
    record->salt = record->stored_key = record->server_key = (struct bytes){ (const uint8_t *)"x", 1 };
    record->iterations = iterations;
}

static int begin(void **state)
{
    (void)state;
    struct record_list list;

    desk_begin(&desk);
    record_list_init(&list, &desk.messages);
    add(&list, "zoe", 1, 4096);
    add(&list, "ann", 2, 8192);
    add(&list, "ann", 1, 5000);
    desk_apply(&desk, &list);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct describe_scram_credentials_result *ask(struct describe_scram_credentials_user *users, int32_t count)
{
    struct describe_scram_credentials_ask asked = { { users, count } };
    desk_ask(&desk, API_DESCRIBE_USER_SCRAM_CREDENTIALS, 0, &asked, &answer);
    assert_int_equal(answer.error, ERROR_NONE);
    return answer.results.items;
}

static void nobody_in_particular_is_everybody(void **state)
{
    (void)state;
    for (int32_t count = -1; count <= 0; count++) {
        const struct describe_scram_credentials_result *rows = ask(NULL, count);
        assert_int_equal(answer.results.count, 2);
        assert_true(text_equal(rows[0].user, TEXT("ann")) && text_equal(rows[1].user, TEXT("zoe")));
        assert_int_equal(rows[0].credentials.count, 2);
        assert_int_equal(rows[0].credentials.items[0].iterations, 5000);
        assert_int_equal(rows[0].credentials.items[1].mechanism, 2);
        assert_int_equal(rows[1].credentials.count, 1);
    }
}

static void users_by_name_are_found_missed_or_named_twice(void **state)
{
    (void)state;
    struct describe_scram_credentials_user users[] = {
        { TEXT("zoe") }, { TEXT("bob") }, { TEXT("ann") }, { TEXT("zoe") }, { TEXT("zoe") }
    };
    const struct describe_scram_credentials_result *rows = ask(users, 5);
    assert_int_equal(answer.results.count, 3);
    assert_int_equal(rows[0].error, ERROR_DUPLICATE_RESOURCE);
    assert_int_equal(rows[0].credentials.count, 0);
    assert_true(text_equal(rows[0].error_message,
                           TEXT("Cannot describe SCRAM credentials for the same user twice in a single request: zoe")));
    assert_int_equal(rows[1].error, ERROR_RESOURCE_NOT_FOUND);
    assert_true(
        text_equal(rows[1].error_message, TEXT("Attempt to describe a user credential that does not exist: bob")));
    assert_int_equal(rows[2].error, ERROR_NONE);
    assert_int_equal(rows[2].credentials.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_in_particular_is_everybody),
        cmocka_unit_test(users_by_name_are_found_missed_or_named_twice),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
