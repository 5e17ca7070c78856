/* Quotas and credentials of clients: which records a call becomes, and which user is told what. What they then mean for
 * the image: cluster/image_access_test.c. */
#include "deciding.h"
#include "replica/access.h"

static struct deciding deciding;

static int begin(void **state)
{
    (void)state;
    deciding_init(&deciding);
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static void alter_access(struct access_change *access)
{
    struct controller_call call = { .kind = CONTROLLER_ALTER_ACCESS, .access = access };
    decide_all(&deciding, &call);
}

/* ---- quotas ---- */

static void alter_quota(struct quota_alter *alter, uint32_t expected)
{
    struct access_change access = { .quotas = alter, .quota_count = 1 };
    alter_access(&access);
    assert_int_equal(deciding.list.count, expected);
    take_all(&deciding);
}

static void only_values_that_change_are_written(void **state)
{
    (void)state;
    struct quota_change changes[] = { { TEXT("producer_byte_rate"), 1024, false },
                                      { TEXT("request_percentage"), 0, true } };
    struct quota_alter alter = { .changes = changes, .change_count = 2 };
    alter.entity.takes_part[QUOTA_USER] = true;
    alter.entity.names[QUOTA_USER] = TEXT("ann");

    alter_quota(&alter, 1); /* what is not set can't be removed */
    alter_quota(&alter, 0);
    changes[0].value = 1024.5;
    alter_quota(&alter, 1);
    changes[0].remove = true;
    alter_quota(&alter, 1);
    alter_quota(&alter, 0);
    assert_null(image_quota(&deciding.controller.ahead, &alter.entity));
}

static void a_record_names_whoever_takes_part(void **state)
{
    (void)state;
    struct quota_change change = { TEXT("consumer_byte_rate"), 77, false };
    struct quota_alter alter = { .changes = &change, .change_count = 1 };
    struct access_change access = { .quotas = &alter, .quota_count = 1 };
    alter.entity.takes_part[QUOTA_USER] = alter.entity.takes_part[QUOTA_CLIENT_ID] = true;
    alter.entity.names[QUOTA_USER] = TEXT("ann"); /* and whatever client has none of its own */

    alter_access(&access);
    assert_int_equal(deciding.list.count, 1);
    const struct client_quota_record *record = &deciding.list.items[0].client_quota;
    assert_int_equal(record->entity.count, 2);
    assert_text(record->entity.items[0].entity_type, "client-id");
    assert_null(record->entity.items[0].entity_name.data);
    assert_text(record->entity.items[1].entity_type, "user");
    assert_text(record->entity.items[1].entity_name, "ann");
    assert_text(record->key, "consumer_byte_rate");
    assert_true(record->value == 77);
    assert_false(record->remove);

    alter.refused = true; /* by whoever asks */
    alter_access(&access);
    assert_int_equal(deciding.list.count, 0);
}

static void what_does_not_fit_is_refused_as_a_whole(void **state)
{
    (void)state;
    enum { CHANGES = 10001 };
    static struct quota_change changes[CHANGES];
    static char keys[CHANGES][8];
    struct quota_alter alter = { .changes = changes, .change_count = CHANGES };
    struct access_change access = { .quotas = &alter, .quota_count = 1 };

    alter.entity.takes_part[QUOTA_IP] = true;
    for (int i = 0; i < CHANGES; i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), "%d", i);
        changes[i] = (struct quota_change){ text_of(keys[i]), 1, false };
    }
    alter_access(&access);
    assert_true(deciding.list.full);
    alter.change_count--;
    alter_access(&access);
    assert_false(deciding.list.full);
    assert_int_equal(deciding.list.count, 10000);
}

/* No step of the controller's shard takes long, however many there are. */
static void many_are_decided_in_portions(void **state)
{
    (void)state;
    enum { MANY = 1600 };
    static struct quota_alter quotas[MANY];
    static struct credential_alter credentials[MANY];
    static char names[MANY][8];
    struct quota_change change = { TEXT("consumer_byte_rate"), 77, false };
    struct access_change access = { quotas, MANY, credentials, MANY };

    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%u", i);
        quotas[i] = (struct quota_alter){ .changes = &change, .change_count = 1 };
        quotas[i].entity.takes_part[QUOTA_USER] = true;
        quotas[i].entity.names[QUOTA_USER] = text_of(names[i]);
        credentials[i] = (struct credential_alter){ .first = i };
        credentials[i].credential.user = text_of(names[i]);
        credentials[i].credential.mechanism = SCRAM_SHA_256;
    }
    credentials[MANY - 1].first = 0;
    alter_access(&access);
    assert_int_equal(deciding.list.count, 2 * MANY - 2); /* of the first user nothing is written */
    assert_int_equal(credentials[0].outcome, CREDENTIAL_TWICE);
    assert_true(deciding.portions >= 3 * MANY / 500);
}

/* ---- credentials ---- */

enum { CREDENTIALS_MAX = 8 };

static struct credential_alter alters[CREDENTIALS_MAX];

static struct credential_alter *alter_of(uint32_t at, const char *user, int8_t mechanism, bool remove)
{
    struct credential_alter *alter = &alters[at];
    *alter = (struct credential_alter){ .remove = remove, .first = at, .outcome = CREDENTIAL_TWICE, .chosen = 99 };
    alter->credential.user = text_of(user);
    alter->credential.mechanism = mechanism;
    alter->credential.iterations = remove ? 0 : 4096 + (int32_t)at;
    for (uint32_t i = at; i-- > 0;) {
        if (text_equal(alters[i].credential.user, alter->credential.user)) alter->first = i;
    }
    return alter;
}

static void decide_credentials(uint32_t count)
{
    struct access_change access = { .credentials = alters, .credential_count = count };
    alter_access(&access);
}

static void a_credential_is_set_and_deleted(void **state)
{
    (void)state;
    alter_of(0, "ann", SCRAM_SHA_256, false)->credential.salt = (struct bytes){ (const uint8_t *)"salt", 4 };
    decide_credentials(1);
    assert_int_equal(deciding.list.count, 1);
    const struct user_scram_credential_record *record = &deciding.list.items[0].user_scram_credential;
    assert_int_equal(deciding.list.items[0].type, RECORD_USER_SCRAM_CREDENTIAL);
    assert_text(record->name, "ann");
    assert_int_equal(record->mechanism, SCRAM_SHA_256);
    assert_int_equal(record->iterations, 4096);
    assert_int_equal(record->salt.size, 4);
    take_all(&deciding);

    alter_of(0, "ann", SCRAM_SHA_512, true); /* the other mechanism is not there */
    decide_credentials(1);
    assert_int_equal(alters[0].outcome, CREDENTIAL_MISSING);
    assert_int_equal(deciding.list.count, 0);
    alter_of(0, "ann", SCRAM_SHA_256, true);
    decide_credentials(1);
    assert_int_equal(alters[0].outcome, CREDENTIAL_FINE);
    assert_int_equal(deciding.list.items[0].type, RECORD_REMOVE_USER_SCRAM_CREDENTIAL);
    take_all(&deciding);
    assert_null(image_credential(&deciding.controller.ahead, TEXT("ann"), SCRAM_SHA_256));
}

static void a_user_is_altered_once_in_a_call_and_others_are_not_held_up(void **state)
{
    (void)state;
    alter_of(0, "ann", SCRAM_SHA_256, false);
    alter_of(1, "bob", SCRAM_SHA_256, false);
    alter_of(2, "ann", SCRAM_SHA_512, false);
    decide_credentials(3);
    assert_int_equal(alters[0].outcome, CREDENTIAL_TWICE);
    assert_int_equal(alters[1].outcome, CREDENTIAL_FINE);
    assert_int_equal(deciding.list.count, 1);
    assert_text(deciding.list.items[0].user_scram_credential.name, "bob");
    assert_int_equal(deciding.list.items[0].user_scram_credential.iterations, 4097);
}

/* The first fault of a user is told, whatever comes behind it; behind one that is fine, the fault is to come twice. */
static void the_first_fault_of_a_user_is_told(void **state)
{
    (void)state;
    alter_of(0, "ann", 9, false)->fault = CREDENTIAL_UNKNOWN_MECHANISM;
    alter_of(1, "ann", SCRAM_SHA_256, false)->fault = CREDENTIAL_FEW_ITERATIONS;
    alter_of(2, "bob", SCRAM_SHA_256, true); /* not there */
    alter_of(3, "bob", SCRAM_SHA_256, false);
    alter_of(4, "cid", SCRAM_SHA_256, false);
    alter_of(5, "cid", SCRAM_SHA_256, false)->fault = CREDENTIAL_NO_PASSWORD;
    decide_credentials(6);
    assert_int_equal(alters[0].outcome, CREDENTIAL_UNKNOWN_MECHANISM);
    assert_int_equal(alters[2].outcome, CREDENTIAL_MISSING);
    assert_int_equal(alters[4].outcome, CREDENTIAL_TWICE);
    assert_int_equal(deciding.list.count, 0);
}

static void a_call_that_is_decided_again_is_decided_alike(void **state)
{
    (void)state;
    alter_of(0, "ann", SCRAM_SHA_256, false);
    decide_credentials(1);
    decide_credentials(1);
    assert_int_equal(alters[0].outcome, CREDENTIAL_FINE);
    assert_int_equal(deciding.list.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(only_values_that_change_are_written),
        TEST(a_record_names_whoever_takes_part),
        TEST(what_does_not_fit_is_refused_as_a_whole),
        TEST(many_are_decided_in_portions),
        TEST(a_credential_is_set_and_deleted),
        TEST(a_user_is_altered_once_in_a_call_and_others_are_not_held_up),
        TEST(the_first_fault_of_a_user_is_told),
        TEST(a_call_that_is_decided_again_is_decided_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
