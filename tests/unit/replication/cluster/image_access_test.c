/* Quotas and credentials in the image: set, changed, taken away, found and walked in one order; and what a quota may
 * be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/arena.h"
#include "cluster/access.h"
#include "cluster/record.h"

static struct heap heap;
static struct image image;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    image_init(&image, &heap, 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    image_end(&image);
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

static enum status quota_apply(const char *client, const char *user, const char *key, double value, bool remove)
{
    struct client_quota_entity parts[2];
    struct any_record record;
    record_clear(&record, RECORD_CLIENT_QUOTA);
    record.client_quota.entity.items = parts;
    struct quota_entity entity = entity_of(client, user);
    for (int i = 1; i >= 0; i--) {
        if (!entity.takes_part[i]) continue;
        parts[record.client_quota.entity.count++] =
            (struct client_quota_entity){ quota_kind_name((enum quota_kind)i), entity.names[i] };
    }
    record.client_quota.key = text_of(key);
    record.client_quota.value = value;
    record.client_quota.remove = remove;
    return image_apply(&image, &record);
}

static double value_of(const char *client, const char *user, const char *key)
{
    struct quota_entity entity = entity_of(client, user);
    const struct quota_value *value = image_quota_value(image_quota(&image, &entity), text_of(key));
    return value ? value->value : -1;
}

static void quotas_are_set_changed_and_taken_away(void **state)
{
    (void)state;
    uint64_t empty = image_hash(&image);
    assert_int_equal(quota_apply(NULL, "alice", "producer_byte_rate", 10, false), STATUS_OK);
    assert_int_equal(quota_apply(NULL, "alice", "consumer_byte_rate", 20, false), STATUS_OK);
    assert_int_equal(quota_apply("app", "alice", "consumer_byte_rate", 30, false), STATUS_OK);
    assert_int_equal(quota_apply(NULL, "", "consumer_byte_rate", 40, false), STATUS_OK);
    assert_true(value_of(NULL, "alice", "producer_byte_rate") == 10);
    assert_true(value_of(NULL, "alice", "consumer_byte_rate") == 20);
    assert_true(value_of("app", "alice", "consumer_byte_rate") == 30);
    assert_true(value_of(NULL, "", "consumer_byte_rate") == 40);
    assert_true(value_of("app", NULL, "consumer_byte_rate") == -1);

    uint64_t before = image_hash(&image);
    assert_int_equal(quota_apply(NULL, "alice", "producer_byte_rate", 11, false), STATUS_OK);
    assert_true(value_of(NULL, "alice", "producer_byte_rate") == 11);
    assert_true(image_hash(&image) != before);
    assert_int_equal(quota_apply(NULL, "alice", "producer_byte_rate", 10, false), STATUS_OK);
    assert_true(image_hash(&image) == before);

    assert_int_equal(quota_apply(NULL, "alice", "producer_byte_rate", 0, true), STATUS_OK);
    assert_int_equal(quota_apply(NULL, "alice", "producer_byte_rate", 0, true), STATUS_OK);
    assert_int_equal(quota_apply(NULL, "nobody", "producer_byte_rate", 0, true), STATUS_OK);
    assert_true(value_of(NULL, "alice", "consumer_byte_rate") == 20);
    assert_int_equal(quota_apply(NULL, "alice", "consumer_byte_rate", 0, true), STATUS_OK);
    struct quota_entity alice = entity_of(NULL, "alice");
    assert_null(image_quota(&image, &alice));
    assert_int_equal(quota_apply("app", "alice", "consumer_byte_rate", 0, true), STATUS_OK);
    assert_int_equal(quota_apply(NULL, "", "consumer_byte_rate", 0, true), STATUS_OK);
    assert_true(image_hash(&image) == empty);
}

static void quotas_are_walked_in_one_order(void **state)
{
    (void)state;
    static const struct {
        const char *client, *user;
    } order[] = { { NULL, "" }, { NULL, "a" }, { NULL, "b" }, { "", NULL }, { "", "" }, { "x", NULL }, { "x", "a" } };
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < array_count(order); i++) {
            uint32_t at = pass ? i : (uint32_t)array_count(order) - 1 - i;
            assert_int_equal(quota_apply(order[at].client, order[at].user, "request_percentage", at, false), STATUS_OK);
        }
        uint32_t cursor = 0;
        for (uint32_t i = 0; i < array_count(order); i++) {
            const struct image_quota *quota = image_next_quota(&image, &cursor);
            struct quota_entity expected = entity_of(order[i].client, order[i].user);
            assert_true(quota && quota_entity_equal(&quota->entity, &expected));
        }
        assert_null(image_next_quota(&image, &cursor));
        for (uint32_t i = 0; i < array_count(order); i++) {
            assert_int_equal(quota_apply(order[i].client, order[i].user, "request_percentage", 0, true), STATUS_OK);
        }
    }
}

static void an_unknown_kind_of_entity_stops_the_image(void **state)
{
    (void)state;
    struct client_quota_entity part = { TEXT("color"), TEXT("red") };
    struct any_record record;
    record_clear(&record, RECORD_CLIENT_QUOTA);
    record.client_quota.entity.items = &part;
    record.client_quota.entity.count = 1;
    assert_int_equal(image_apply(&image, &record), STATUS_UNSUPPORTED);
}

static enum status credential_apply(const char *user, int8_t mechanism, int32_t iterations)
{
    struct any_record record;
    record_clear(&record, RECORD_USER_SCRAM_CREDENTIAL);
    record.user_scram_credential = (struct user_scram_credential_record){
        .name = text_of(user),
        .mechanism = mechanism,
        .salt = { (const uint8_t *)"salt", 4 },
        .stored_key = { (const uint8_t *)"stored", 6 },
        .server_key = { (const uint8_t *)"server!", 7 },
        .iterations = iterations,
    };
    return image_apply(&image, &record);
}

static enum status credential_forget(const char *user, int8_t mechanism)
{
    struct any_record record;
    record_clear(&record, RECORD_REMOVE_USER_SCRAM_CREDENTIAL);
    record.remove_user_scram_credential.name = text_of(user);
    record.remove_user_scram_credential.mechanism = mechanism;
    return image_apply(&image, &record);
}

static void credentials_are_set_replaced_and_removed(void **state)
{
    (void)state;
    uint64_t empty = image_hash(&image);
    assert_int_equal(credential_apply("bob", SCRAM_SHA_512, 8192), STATUS_OK);
    assert_int_equal(credential_apply("bob", SCRAM_SHA_256, 4096), STATUS_OK);
    assert_int_equal(credential_apply("ann", SCRAM_SHA_256, 4097), STATUS_OK);
    assert_int_equal(credential_apply("bob", SCRAM_SHA_256, 5000), STATUS_OK);

    const struct image_credential *bob = image_credential(&image, TEXT("bob"), SCRAM_SHA_256);
    assert_int_equal(bob->iterations, 5000);
    assert_memory_equal(bob->salt.data, "salt", 4);
    assert_memory_equal(bob->stored_key.data, "stored", 6);
    assert_memory_equal(bob->server_key.data, "server!", 7);

    static const struct {
        const char *user;
        int8_t mechanism;
    } order[] = { { "ann", 1 }, { "bob", 1 }, { "bob", 2 } };
    uint32_t cursor = 0;
    for (uint32_t i = 0; i < array_count(order); i++) {
        const struct image_credential *credential = image_next_credential(&image, &cursor);
        assert_true(text_equal(credential->user, text_of(order[i].user)));
        assert_int_equal(credential->mechanism, order[i].mechanism);
    }
    assert_null(image_next_credential(&image, &cursor));

    assert_int_equal(credential_forget("ann", SCRAM_SHA_512), STATUS_OK);
    assert_int_equal(credential_forget("nobody", SCRAM_SHA_512), STATUS_OK);
    assert_non_null(image_credential(&image, TEXT("ann"), SCRAM_SHA_256));
    assert_null(image_credential(&image, TEXT("ann"), SCRAM_SHA_512));
    for (uint32_t i = 0; i < array_count(order); i++) {
        assert_int_equal(credential_forget(order[i].user, order[i].mechanism), STATUS_OK);
    }
    assert_true(image_hash(&image) == empty);
}

/* Also when the one that was looked at last is gone meanwhile. */
static void a_walk_in_portions_finds_its_place_again(void **state)
{
    (void)state;
    static const char *const users[] = { "a", "b", "c" };
    for (uint32_t i = 0; i < array_count(users); i++) {
        assert_int_equal(quota_apply(NULL, users[i], "request_percentage", i, false), STATUS_OK);
        assert_int_equal(credential_apply(users[i], SCRAM_SHA_256, 4096), STATUS_OK);
        assert_int_equal(credential_apply(users[i], SCRAM_SHA_512, 4096), STATUS_OK);
    }
    struct quota_entity b = entity_of(NULL, "b");
    for (int pass = 0; pass < 2; pass++) {
        uint32_t cursor = image_quotas_behind(&image, &b);
        struct text user = image_next_quota(&image, &cursor)->entity.names[QUOTA_USER];
        assert_true(text_equal(user, TEXT("c")));
        assert_null(image_next_quota(&image, &cursor));
        cursor = image_credentials_behind(&image, TEXT("b"));
        assert_true(text_equal(image_next_credential(&image, &cursor)->user, TEXT("c")));
        assert_int_equal(image_next_credential(&image, &cursor)->mechanism, SCRAM_SHA_512);
        assert_null(image_next_credential(&image, &cursor));
        assert_int_equal(quota_apply(NULL, "b", "request_percentage", 0, true), STATUS_OK);
        assert_int_equal(credential_forget("b", SCRAM_SHA_256), STATUS_OK);
        assert_int_equal(credential_forget("b", SCRAM_SHA_512), STATUS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_are_set_changed_and_taken_away),
        cmocka_unit_test(quotas_are_walked_in_one_order),
        cmocka_unit_test(an_unknown_kind_of_entity_stops_the_image),
        cmocka_unit_test(credentials_are_set_replaced_and_removed),
        cmocka_unit_test(a_walk_in_portions_finds_its_place_again),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
