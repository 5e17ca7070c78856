/* What the controller decides about clients' quotas and credentials: what is written, what every shard then knows, and
 * that it is there after a restart. */
#include "records.h"

#include "replica/access.h"

static struct bench bench;

static int begin(void **state)
{
    (void)state;
    bench_init(&bench);
    bench_start(&bench);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_stop(&bench);
    bench_end(&bench);
    return 0;
}

static void access_run(struct errand *errand)
{
    struct access_change *access = errand->call.access;
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){
        .kind = CONTROLLER_ALTER_ACCESS, .arena = &errand->arena, .access = access, .done = call_done
    };
    controller_begin(errand->shard, &errand->call);
}

static void access_do(struct access_change *access)
{
    struct errand errand = { .call = { .access = access } };
    errand_do(&bench, 1, &errand, access_run);
    assert_int_equal(errand.call.status, STATUS_OK);
    errand_do(&bench, 1, &errand, arena_run);
}

static const struct image *image_of(uint32_t shard)
{
    return &bench.node->shards[shard]->replicas->image;
}

/* Only looked at while nothing changes it. */
static double quota_now(uint32_t shard, const char *user, const char *key)
{
    struct quota_entity entity = { 0 };
    entity.takes_part[QUOTA_USER] = true;
    entity.names[QUOTA_USER] = text_of(user);
    const struct quota_value *value = image_quota_value(image_quota(image_of(shard), &entity), text_of(key));
    return value ? value->value : -1;
}

static void quota_do(const char *user, struct quota_change *changes, uint32_t count, bool refused)
{
    struct quota_alter alter = { .changes = changes, .change_count = count, .refused = refused };
    struct access_change access = { .quotas = &alter, .quota_count = 1 };
    alter.entity.takes_part[QUOTA_USER] = true;
    alter.entity.names[QUOTA_USER] = text_of(user);
    access_do(&access);
}

static void quotas_reach_every_shard_and_stay(void **state)
{
    (void)state;
    struct quota_change set[] = { { TEXT("producer_byte_rate"), 1000, false },
                                  { TEXT("consumer_byte_rate"), 2000, false } };
    struct quota_change swap[] = { { TEXT("producer_byte_rate"), 0, true },
                                   { TEXT("request_percentage"), 12.5, false },
                                   { TEXT("no_such"), 0, true } };
    quota_do("alice", set, 2, false);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(quota_now(i, "alice", "producer_byte_rate") == 1000);
        assert_true(quota_now(i, "alice", "consumer_byte_rate") == 2000);
    }
    quota_do("alice", swap, 3, false);
    bench_stop(&bench);
    bench_start(&bench);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(quota_now(i, "alice", "producer_byte_rate") == -1);
        assert_true(quota_now(i, "alice", "consumer_byte_rate") == 2000);
        assert_true(quota_now(i, "alice", "request_percentage") == 12.5);
    }
    all_shards_agree(&bench);
}

static void what_changes_nothing_is_not_written(void **state)
{
    (void)state;
    struct quota_change set[] = { { TEXT("producer_byte_rate"), 5, false } };
    struct quota_change gone[] = { { TEXT("producer_byte_rate"), 0, true } };
    quota_do("bob", set, 1, false);
    int64_t offset = image_of(0)->offset;
    quota_do("bob", set, 1, false);
    quota_do("nobody", gone, 1, false);
    quota_do("refused", set, 1, true);
    assert_int_equal(image_of(0)->offset, offset);
    assert_true(quota_now(0, "refused", "producer_byte_rate") == -1);
    quota_do("bob", gone, 1, false);
    assert_int_equal(image_of(0)->offset, offset + 1);
    assert_true(quota_now(0, "bob", "producer_byte_rate") == -1);
}

#define SET(name, kind)                  \
    {                                    \
        .credential = {                  \
            TEXT(name),                  \
            kind,                        \
            4096,                        \
            { (const uint8_t *)"s", 1 }, \
            { (const uint8_t *)"k", 1 }, \
            { (const uint8_t *)"v", 1 }  \
        }                                \
    }
#define GONE(name, kind)                                                          \
    {                                                                             \
        .credential = { .user = TEXT(name), .mechanism = (kind) }, .remove = true \
    }

static void credentials_do(struct credential_alter *alters, uint32_t count)
{
    struct access_change access = { .credentials = alters, .credential_count = count };
    for (uint32_t i = 0; i < count; i++) {
        alters[i].first = i;
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(alters[j].credential.user, alters[i].credential.user)) alters[i].first = alters[j].first;
        }
    }
    access_do(&access);
}

static bool known(const char *user, int8_t mechanism)
{
    return image_credential(image_of(0), text_of(user), mechanism) &&
           image_credential(image_of(1), text_of(user), mechanism);
}

static void a_user_is_altered_once_in_a_call(void **state)
{
    (void)state;
    struct credential_alter first[] = { SET("u", SCRAM_SHA_256), SET("w", SCRAM_SHA_512) };
    credentials_do(first, 2);
    assert_int_equal(first[0].outcome, CREDENTIAL_FINE);
    assert_true(known("u", SCRAM_SHA_256) && known("w", SCRAM_SHA_512));

    struct credential_alter rows[] = { GONE("u", SCRAM_SHA_256), GONE("none", SCRAM_SHA_256), GONE("w", SCRAM_SHA_256),
                                       SET("u", SCRAM_SHA_512),  SET("none", SCRAM_SHA_256),  SET("new", SCRAM_SHA_256),
                                       SET("bad", SCRAM_SHA_256) };
    rows[6].fault = CREDENTIAL_FEW_ITERATIONS;
    credentials_do(rows, 7);
    assert_int_equal(rows[0].outcome, CREDENTIAL_TWICE);
    assert_int_equal(rows[1].outcome, CREDENTIAL_MISSING);
    assert_int_equal(rows[2].outcome, CREDENTIAL_MISSING);
    assert_int_equal(rows[5].outcome, CREDENTIAL_FINE);
    assert_int_equal(rows[6].outcome, CREDENTIAL_FEW_ITERATIONS);
    assert_true(known("u", SCRAM_SHA_256) && known("w", SCRAM_SHA_512) && known("new", SCRAM_SHA_256));
    assert_false(known("u", SCRAM_SHA_512) || known("none", SCRAM_SHA_256) || known("bad", SCRAM_SHA_256));
}

static void credentials_are_deleted_and_stay_so(void **state)
{
    (void)state;
    struct credential_alter set[] = { SET("gone", SCRAM_SHA_256), SET("kept", SCRAM_SHA_256) };
    struct credential_alter delete[] = { GONE("gone", SCRAM_SHA_256) };
    credentials_do(set, 2);
    credentials_do(delete, 1);
    assert_int_equal(delete[0].outcome, CREDENTIAL_FINE);
    bench_stop(&bench);
    bench_start(&bench);
    assert_false(known("gone", SCRAM_SHA_256));
    assert_true(known("kept", SCRAM_SHA_256));
    all_shards_agree(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_reach_every_shard_and_stay),
        cmocka_unit_test(what_changes_nothing_is_not_written),
        cmocka_unit_test(a_user_is_altered_once_in_a_call),
        cmocka_unit_test(credentials_are_deleted_and_stay_so),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
