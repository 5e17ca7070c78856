/* tests/unit/replication/cluster/image_grants_test.c   Access rules and delegation tokens of the image: kept in the
 * order in which they came, replaced under their ids, and gone without a trace. */
#include "told.h"

#include "cluster/grants.h"

static struct cluster cluster;

static int begin(void **state)
{
    (void)state;
    cluster_init(&cluster, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    cluster_end(&cluster);
    return 0;
}

static struct any_record rule_record(uint8_t id, const char *resource, const char *principal)
{
    struct any_record record = plain_record(RECORD_ACCESS_CONTROL_ENTRY);
    record.access_control_entry = (struct access_control_entry_record){ .id = id_of(id),
                                                                        .resource_type = 2,
                                                                        .resource_name = text_of(resource),
                                                                        .pattern_type = 3,
                                                                        .principal = text_of(principal),
                                                                        .host = TEXT("*"),
                                                                        .operation = 4,
                                                                        .permission_type = 3 };
    return record;
}

static struct any_record rule_removal(uint8_t id)
{
    struct any_record record = plain_record(RECORD_REMOVE_ACCESS_CONTROL_ENTRY);
    record.remove_access_control_entry.id = id_of(id);
    return record;
}

static struct text renewers[] = { TEXT("User:r1"), TEXT("User:r2") };

static struct any_record token_record(const char *id, int32_t renewer_count)
{
    struct any_record record = plain_record(RECORD_DELEGATION_TOKEN);
    record.delegation_token = (struct delegation_token_record){ .owner = TEXT("User:alice"),
                                                                .requester = TEXT("User:bob"),
                                                                .issue_timestamp_ms = 1,
                                                                .max_timestamp_ms = 2,
                                                                .expiration_timestamp_ms = 3,
                                                                .token_id = text_of(id) };
    record.delegation_token.renewers.items = renewers;
    record.delegation_token.renewers.count = renewer_count;
    return record;
}

static struct any_record token_removal(const char *id)
{
    struct any_record record = plain_record(RECORD_REMOVE_DELEGATION_TOKEN);
    record.remove_delegation_token.token_id = text_of(id);
    return record;
}

/* ---- rules ---- */

static void a_rule_is_kept_as_it_was_told(void **state)
{
    (void)state;
    char resource[] = "orders"; /* The record's memory goes; the image has its own. */
    take(&cluster, rule_record(1, resource, "User:alice"));
    memset(resource, 'x', sizeof(resource) - 1);

    const struct image_rule *rule = image_rule(&cluster.image, id_of(1));
    assert_non_null(rule);
    assert_true(text_equal(rule->resource, TEXT("orders")));
    assert_true(text_equal(rule->principal, TEXT("User:alice")));
    assert_true(text_equal(rule->host, TEXT("*")));
    assert_int_equal(rule->resource_type, 2);
    assert_int_equal(rule->pattern_type, 3);
    assert_int_equal(rule->operation, 4);
    assert_int_equal(rule->permission_type, 3);
    assert_null(image_rule(&cluster.image, id_of(2)));
}

static void rules_are_walked_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    uint32_t cursor = 0;

    for (int i = 0; i < COUNT; i++) take(&cluster, rule_record((uint8_t)(COUNT - i), "t", "User:a"));
    take(&cluster, rule_removal(COUNT - 1)); /* the second */
    for (int i = 0; i < COUNT; i++) {
        if (i == 1) continue;
        const struct image_rule *rule = image_next_rule(&cluster.image, &cursor);
        assert_non_null(rule);
        assert_int_equal(rule->id.byte[15], COUNT - i);
    }
    assert_null(image_next_rule(&cluster.image, &cursor));
}

static void a_rule_under_the_same_id_replaces_the_first(void **state)
{
    (void)state;
    uint32_t cursor = 0;

    take(&cluster, rule_record(1, "a", "User:a"));
    uint64_t first = image_hash(&cluster.image);
    take(&cluster, rule_record(1, "b", "User:a"));
    assert_true(image_hash(&cluster.image) != first);
    assert_true(text_equal(image_rule(&cluster.image, id_of(1))->resource, TEXT("b")));
    assert_non_null(image_next_rule(&cluster.image, &cursor));
    assert_null(image_next_rule(&cluster.image, &cursor));
    take(&cluster, rule_record(1, "a", "User:a"));
    assert_true(image_hash(&cluster.image) == first);
}

/* Every member counts: two nodes that differ in one have different images. */
static void a_rule_differs_by_each_of_its_members(void **state)
{
    (void)state;
    uint64_t seen[8];
    struct any_record record = rule_record(1, "a", "User:a");

    for (int member = 0; member < 8; member++) {
        struct any_record changed = record;
        struct access_control_entry_record *rule = &changed.access_control_entry;
        if (member == 1) rule->resource_name = TEXT("b");
        if (member == 2) rule->principal = TEXT("User:b");
        if (member == 3) rule->host = TEXT("h");
        if (member == 4) rule->resource_type = 3;
        if (member == 5) rule->pattern_type = 4;
        if (member == 6) rule->operation = 5;
        if (member == 7) rule->permission_type = 2;
        take(&cluster, changed);
        seen[member] = image_hash(&cluster.image);
        for (int other = 0; other < member; other++) assert_true(seen[other] != seen[member]);
    }
}

static void a_removal_leaves_nothing_and_one_of_nothing_is_damage(void **state)
{
    (void)state;
    uint64_t empty = image_hash(&cluster.image);
    size_t pieces = cluster.heap.live_count;

    take(&cluster, rule_record(1, "a", "User:a"));
    take(&cluster, rule_removal(1));
    assert_null(image_rule(&cluster.image, id_of(1)));
    assert_true(image_hash(&cluster.image) == empty);
    assert_in_range(cluster.heap.live_count, pieces, pieces + 2); /* a map keeps its room */
    refuse(&cluster, rule_removal(1));
}

/* ---- tokens ---- */

static void a_token_is_kept_with_its_renewers(void **state)
{
    (void)state;
    take(&cluster, token_record("first", 2));
    take(&cluster, token_record("second", 0));

    const struct image_token *token = image_token(&cluster.image, TEXT("first"));
    assert_non_null(token);
    assert_true(text_equal(token->owner, TEXT("User:alice")));
    assert_true(text_equal(token->requester, TEXT("User:bob")));
    assert_int_equal(token->renewer_count, 2);
    assert_true(text_equal(token->renewers[0], TEXT("User:r1")));
    assert_true(text_equal(token->renewers[1], TEXT("User:r2")));
    assert_int_equal(token->issue_ms, 1);
    assert_int_equal(token->max_ms, 2);
    assert_int_equal(token->expiration_ms, 3);
    assert_int_equal(image_token(&cluster.image, TEXT("second"))->renewer_count, 0);
    assert_null(image_token(&cluster.image, TEXT("third")));

    uint32_t cursor = 0;
    assert_true(text_equal(image_next_token(&cluster.image, &cursor)->id, TEXT("first")));
    assert_true(text_equal(image_next_token(&cluster.image, &cursor)->id, TEXT("second")));
    assert_null(image_next_token(&cluster.image, &cursor));
}

static void a_renewal_replaces_the_token(void **state)
{
    (void)state;
    struct any_record renewed = token_record("first", 1);

    take(&cluster, token_record("first", 2));
    uint64_t before = image_hash(&cluster.image);
    renewed.delegation_token.expiration_timestamp_ms = 30;
    take(&cluster, renewed);
    assert_int_equal(image_token(&cluster.image, TEXT("first"))->expiration_ms, 30);
    assert_int_equal(image_token(&cluster.image, TEXT("first"))->renewer_count, 1);
    assert_true(image_hash(&cluster.image) != before);
}

/* It may have expired on the way: Kafka forgets one that it does not know, too. */
static void a_token_that_nobody_knows_may_be_removed(void **state)
{
    (void)state;
    uint64_t empty = image_hash(&cluster.image);

    take(&cluster, token_removal("first"));
    take(&cluster, token_record("first", 2));
    take(&cluster, token_removal("first"));
    take(&cluster, token_removal("first"));
    assert_null(image_token(&cluster.image, TEXT("first")));
    assert_true(image_hash(&cluster.image) == empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rule_is_kept_as_it_was_told, begin, end),
        cmocka_unit_test_setup_teardown(rules_are_walked_in_the_order_in_which_they_came, begin, end),
        cmocka_unit_test_setup_teardown(a_rule_under_the_same_id_replaces_the_first, begin, end),
        cmocka_unit_test_setup_teardown(a_rule_differs_by_each_of_its_members, begin, end),
        cmocka_unit_test_setup_teardown(a_removal_leaves_nothing_and_one_of_nothing_is_damage, begin, end),
        cmocka_unit_test_setup_teardown(a_token_is_kept_with_its_renewers, begin, end),
        cmocka_unit_test_setup_teardown(a_renewal_replaces_the_token, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_nobody_knows_may_be_removed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
