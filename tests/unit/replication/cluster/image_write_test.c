/* An image forgets nothing: what a record said is told again byte for byte, and an image made from another's records is
 * equal to it, whatever the history was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/prng.h"
#include "cluster/image_write.h"

enum { HISTORIES = 60, STEPS = 400, WRITTEN_MAX = 4 << 20 };

struct bench {
    struct heap heap;
    struct arena arena;
    struct prng prng;
    struct image image;
};

static void bench_init(struct bench *bench, uint64_t seed)
{
    heap_init(&bench->heap);
    arena_init(&bench->arena, &bench->heap, NULL, 0, SIZE_MAX);
    prng_seed(&bench->prng, seed);
    image_init(&bench->image, &bench->heap, 1);
}

static void bench_end(struct bench *bench)
{
    image_end(&bench->image);
    arena_reset(&bench->arena);
    assert_int_equal(bench->heap.live_count, 0);
}

/* ---- an image as bytes ---- */

static struct bytes record_bytes(struct bench *bench, const struct any_record *record)
{
    size_t size = record_size(record);
    uint8_t *data = arena_take(&bench->arena, size + 1);
    struct writer writer = { .start = data, .at = data, .limit = data + size };
    record_write(record, &writer);
    assert_false(writer.overrun);
    return (struct bytes){ data, size };
}

static struct bytes image_bytes(struct bench *bench, const struct image *image)
{
    uint8_t *data = arena_take(&bench->arena, WRITTEN_MAX);
    struct any_record record;
    struct image_walk walk;
    size_t size = 0;

    image_walk_begin(&walk, image);
    while (image_walk_next(&walk, &record, &bench->arena)) {
        struct bytes one = record_bytes(bench, &record);
        assert_true(size + one.size <= WRITTEN_MAX);
        memcpy(data + size, one.data, one.size);
        size += one.size;
    }
    return (struct bytes){ data, size };
}

/* Through bytes, as a snapshot does it. */
static void image_copy(struct bench *bench, struct image *copy)
{
    struct any_control head[IMAGE_HEAD_MAX];
    struct any_record record, read;
    struct image_walk walk;

    image_init(copy, &bench->heap, 1);
    uint32_t count = image_head(&bench->image, 1, head, &bench->arena);
    for (uint32_t i = 0; i < count; i++) image_hear(copy, &head[i]);
    image_walk_begin(&walk, &bench->image);
    while (image_walk_next(&walk, &record, &bench->arena)) {
        assert_int_equal(record_read(record_bytes(bench, &record), &read, &bench->arena), STATUS_OK);
        assert_int_equal(image_apply(copy, &read), STATUS_OK);
    }
    image_advance(copy, bench->image.offset, bench->image.epoch);
    image_lead(copy, bench->image.controller);
}

static void check_copy(struct bench *bench, uint64_t seed)
{
    struct image copy;
    image_copy(bench, &copy);
    struct bytes first = image_bytes(bench, &bench->image), second = image_bytes(bench, &copy);
    if (image_hash(&bench->image) != image_hash(&copy)) fail_msg("seed %llu: other images", (unsigned long long)seed);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    image_end(&copy);
}

/* ---- random records ---- */

static uint64_t draw(struct bench *bench, uint64_t limit)
{
    return prng_below(&bench->prng, limit);
}

static struct text draw_text(struct bench *bench, const char *what, uint64_t limit)
{
    return text_format(&bench->arena, "%s%llu", what, (unsigned long long)draw(bench, limit));
}

static struct uuid draw_id(struct bench *bench, uint64_t limit)
{
    return (struct uuid){ { [0] = 7, [15] = (uint8_t)draw(bench, limit) } };
}

static int32_t *draw_ids(struct bench *bench, int32_t *count)
{
    int32_t *ids = arena_take(&bench->arena, 4 * sizeof(*ids));
    *count = (int32_t)draw(bench, 4);
    for (int32_t i = 0; i < *count; i++) ids[i] = (int32_t)draw(bench, 5);
    return ids;
}

static struct uuid *draw_directories(struct bench *bench, int32_t count)
{
    struct uuid *ids = arena_take(&bench->arena, ((size_t)count + 1) * sizeof(*ids));
    for (int32_t i = 0; i < count; i++) ids[i] = draw_id(bench, 200);
    return ids;
}

static struct record_endpoint *draw_endpoints(struct bench *bench, int32_t *count)
{
    struct record_endpoint *endpoints = arena_take(&bench->arena, 4 * sizeof(*endpoints));
    *count = (int32_t)draw(bench, 3);
    for (int32_t i = 0; i < *count; i++) {
        endpoints[i] = (struct record_endpoint){ draw_text(bench, "L", 9), draw_text(bench, "host", 99),
                                                 (uint16_t)draw(bench, 65536), (int16_t)draw(bench, 4) };
    }
    return endpoints;
}

static struct record_feature *draw_features(struct bench *bench, int32_t *count)
{
    struct record_feature *features = arena_take(&bench->arena, 4 * sizeof(*features));
    *count = (int32_t)draw(bench, 4);
    for (int32_t i = 0; i < *count; i++) {
        features[i] = (struct record_feature){ draw_text(bench, "feature", 9), (int16_t)draw(bench, 3),
                                               (int16_t)draw(bench, 30) };
    }
    return features;
}

static struct text *draw_texts(struct bench *bench, int32_t *count)
{
    struct text *texts = arena_take(&bench->arena, 4 * sizeof(*texts));
    *count = (int32_t)draw(bench, 4);
    for (int32_t i = 0; i < *count; i++) texts[i] = draw_text(bench, "User:r", 99);
    return texts;
}

static void fill_broker(struct bench *bench, struct register_broker_record *to)
{
    to->broker_id = (int32_t)draw(bench, 4);
    to->migrating_zk_broker = draw(bench, 2);
    to->incarnation_id = draw_id(bench, 200);
    to->broker_epoch = (int64_t)draw(bench, 3);
    to->endpoints.items = draw_endpoints(bench, &to->endpoints.count);
    to->features.items = draw_features(bench, &to->features.count);
    if (draw(bench, 2)) to->rack = draw_text(bench, "rack", 9);
    to->fenced = draw(bench, 2);
    to->in_controlled_shutdown = draw(bench, 2);
    to->log_dirs.count = (int32_t)draw(bench, 3);
    to->log_dirs.items = draw_directories(bench, to->log_dirs.count);
    if (draw(bench, 2)) {
        to->cordoned_log_dirs.count = (int32_t)draw(bench, 3);
        to->cordoned_log_dirs.items = draw_directories(bench, to->cordoned_log_dirs.count);
    }
}

static void fill_broker_change(struct bench *bench, struct broker_change_record *to)
{
    to->broker_id = (int32_t)draw(bench, 4);
    to->broker_epoch = (int64_t)draw(bench, 3);
    to->fenced = (int8_t)((int)draw(bench, 3) - 1);
    to->in_controlled_shutdown = (int8_t)draw(bench, 2);
    to->log_dirs.count = (int32_t)draw(bench, 3);
    to->log_dirs.items = draw_directories(bench, to->log_dirs.count);
    if (draw(bench, 2)) {
        to->cordoned_log_dirs.count = (int32_t)draw(bench, 3);
        to->cordoned_log_dirs.items = draw_directories(bench, to->cordoned_log_dirs.count);
    }
}

static void fill_partition(struct bench *bench, struct partition_record *to)
{
    to->index = (int32_t)draw(bench, 6);
    to->topic_id = draw_id(bench, 8);
    to->replicas.items = draw_ids(bench, &to->replicas.count);
    to->isr.items = draw_ids(bench, &to->isr.count);
    to->removing_replicas.items = draw_ids(bench, &to->removing_replicas.count);
    to->adding_replicas.items = draw_ids(bench, &to->adding_replicas.count);
    to->leader = (int32_t)draw(bench, 4) - 1;
    to->leader_recovery_state = (int8_t)draw(bench, 2);
    to->leader_epoch = (int32_t)draw(bench, 9);
    to->partition_epoch = (int32_t)draw(bench, 9);
    to->directories.items = draw_directories(bench, to->replicas.count);
    to->directories.count = to->replicas.count;
    if (draw(bench, 3) == 0) {
        to->eligible_leader_replicas.items = draw_ids(bench, &to->eligible_leader_replicas.count);
        to->last_known_elr.items = draw_ids(bench, &to->last_known_elr.count);
    }
}

static void fill_partition_change(struct bench *bench, struct partition_change_record *to)
{
    to->index = (int32_t)draw(bench, 6);
    to->topic_id = draw_id(bench, 8);
    if (draw(bench, 2)) to->isr.items = draw_ids(bench, &to->isr.count);
    if (draw(bench, 2)) to->leader = (int32_t)draw(bench, 4) - 1;
    if (draw(bench, 2)) to->replicas.items = draw_ids(bench, &to->replicas.count);
    if (draw(bench, 2)) to->removing_replicas.items = draw_ids(bench, &to->removing_replicas.count);
    if (draw(bench, 2)) to->adding_replicas.items = draw_ids(bench, &to->adding_replicas.count);
    if (draw(bench, 2)) to->leader_recovery_state = (int8_t)draw(bench, 2);
    if (to->replicas.items && draw(bench, 2)) {
        to->directories.count = to->replicas.count;
        to->directories.items = draw_directories(bench, to->replicas.count);
    }
    if (draw(bench, 3) == 0) to->eligible_leader_replicas.items = draw_ids(bench, &to->eligible_leader_replicas.count);
    if (draw(bench, 3) == 0) to->last_known_elr.items = draw_ids(bench, &to->last_known_elr.count);
}

static void fill_config(struct bench *bench, struct config_record *to)
{
    static const int8_t types[] = { RESOURCE_TOPIC, RESOURCE_BROKER, RESOURCE_METRICS, RESOURCE_GROUP };
    to->resource_type = types[draw(bench, 4)];
    to->resource_name = to->resource_type == RESOURCE_TOPIC ? draw_text(bench, "topic", 8) : draw_text(bench, "", 4);
    to->name = draw_text(bench, "config.", 4);
    if (draw(bench, 3)) to->value = draw_text(bench, "value", 1000);
}

static void fill_quota(struct bench *bench, struct client_quota_record *to)
{
    static const char *const kinds[] = { "client-id", "user", "ip" };
    struct client_quota_entity *entity = arena_take(&bench->arena, 2 * sizeof(*entity));
    uint64_t kind = draw(bench, 3);
    entity[0].entity_type = text_of(kinds[kind]);
    entity[0].entity_name = draw(bench, 3) ? draw_text(bench, "n", 4) : TEXT_NULL;
    to->entity.items = entity;
    to->entity.count = 1;
    if (kind == 0 && draw(bench, 2)) {
        entity[1] = (struct client_quota_entity){ TEXT("user"), draw_text(bench, "u", 4) };
        to->entity.count = 2;
    }
    to->key = draw_text(bench, "rate", 3);
    to->value = (double)draw(bench, 1000) / 8;
    to->remove = draw(bench, 3) == 0;
}

static void fill_rule(struct bench *bench, struct access_control_entry_record *to)
{
    to->id = draw_id(bench, 20);
    to->resource_type = (int8_t)draw(bench, 8);
    to->resource_name = draw_text(bench, "resource", 9);
    to->pattern_type = (int8_t)(3 + draw(bench, 2));
    to->principal = draw_text(bench, "User:", 9);
    to->host = draw_text(bench, "10.0.0.", 9);
    to->operation = (int8_t)draw(bench, 16);
    to->permission_type = (int8_t)(2 + draw(bench, 2));
}

static void fill_credential(struct bench *bench, struct user_scram_credential_record *to)
{
    uint8_t *bytes = arena_take(&bench->arena, 64);
    prng_fill(&bench->prng, bytes, 64);
    to->name = draw_text(bench, "user", 6);
    to->mechanism = (int8_t)(1 + draw(bench, 2));
    to->salt = (struct bytes){ bytes, 8 + draw(bench, 8) };
    to->stored_key = (struct bytes){ bytes + 16, 20 };
    to->server_key = (struct bytes){ bytes + 40, 24 };
    to->iterations = 4096 + (int32_t)draw(bench, 99);
}

static void fill_token(struct bench *bench, struct delegation_token_record *to)
{
    to->owner = draw_text(bench, "User:o", 9);
    to->requester = draw_text(bench, "User:q", 9);
    to->renewers.items = draw_texts(bench, &to->renewers.count);
    to->issue_timestamp_ms = (int64_t)draw(bench, 1 << 30);
    to->max_timestamp_ms = (int64_t)draw(bench, 1 << 30);
    to->expiration_timestamp_ms = (int64_t)draw(bench, 1 << 30);
    to->token_id = draw_text(bench, "token", 9);
}

static void fill_controller(struct bench *bench, struct register_controller_record *to)
{
    to->controller_id = (int32_t)draw(bench, 4);
    to->incarnation_id = draw_id(bench, 200);
    to->zk_migration_ready = draw(bench, 2);
    to->endpoints.items = draw_endpoints(bench, &to->endpoints.count);
    to->features.items = draw_features(bench, &to->features.count);
}

static void fill(struct bench *bench, enum record_type type, struct any_record *record)
{
    record_clear(record, type);
    switch (type) {
    case RECORD_REGISTER_BROKER: fill_broker(bench, &record->register_broker); break;
    case RECORD_BROKER_CHANGE: fill_broker_change(bench, &record->broker_change); break;
    case RECORD_UNREGISTER_BROKER:
        record->unregister_broker.broker_id = (int32_t)draw(bench, 4);
        record->unregister_broker.broker_epoch = (int64_t)draw(bench, 3);
        break;
    case RECORD_TOPIC: {
        uint64_t number = draw(bench, 8);
        record->topic.name = text_format(&bench->arena, "topic%llu", (unsigned long long)number);
        record->topic.topic_id = (struct uuid){ { [0] = 7, [15] = (uint8_t)number } };
        break;
    }
    case RECORD_REMOVE_TOPIC: record->remove_topic.topic_id = draw_id(bench, 8); break;
    case RECORD_PARTITION: fill_partition(bench, &record->partition); break;
    case RECORD_PARTITION_CHANGE: fill_partition_change(bench, &record->partition_change); break;
    case RECORD_CLEAR_ELR:
        if (draw(bench, 4)) record->clear_elr.name = draw_text(bench, "topic", 8);
        break;
    case RECORD_CONFIG: fill_config(bench, &record->config); break;
    case RECORD_FEATURE_LEVEL:
        record->feature_level.name = draw(bench, 3) ? draw_text(bench, "z.version", 4) : TEXT("metadata.version");
        record->feature_level.level = (int16_t)draw(bench, 4);
        break;
    case RECORD_CLIENT_QUOTA: fill_quota(bench, &record->client_quota); break;
    case RECORD_PRODUCER_IDS: record->producer_ids.next_producer_id = (int64_t)draw(bench, 100000); break;
    case RECORD_ACCESS_CONTROL_ENTRY: fill_rule(bench, &record->access_control_entry); break;
    case RECORD_REMOVE_ACCESS_CONTROL_ENTRY: record->remove_access_control_entry.id = draw_id(bench, 20); break;
    case RECORD_USER_SCRAM_CREDENTIAL: fill_credential(bench, &record->user_scram_credential); break;
    case RECORD_REMOVE_USER_SCRAM_CREDENTIAL:
        record->remove_user_scram_credential.name = draw_text(bench, "user", 6);
        record->remove_user_scram_credential.mechanism = (int8_t)(1 + draw(bench, 2));
        break;
    case RECORD_DELEGATION_TOKEN: fill_token(bench, &record->delegation_token); break;
    case RECORD_REMOVE_DELEGATION_TOKEN: record->remove_delegation_token.token_id = draw_text(bench, "token", 9); break;
    case RECORD_REGISTER_CONTROLLER: fill_controller(bench, &record->register_controller); break;
    default: break;
    }
}

/* ---- the tests ---- */

/* What one record says, told again. A partition needs its topic, whose record comes first. */
static void what_a_record_says_is_told_again_byte_for_byte(void **state)
{
    static const enum record_type types[] = {
        RECORD_REGISTER_BROKER,
        RECORD_TOPIC,
        RECORD_PARTITION,
        RECORD_CONFIG,
        RECORD_ACCESS_CONTROL_ENTRY,
        RECORD_USER_SCRAM_CREDENTIAL,
        RECORD_DELEGATION_TOKEN,
        RECORD_CLIENT_QUOTA,
        RECORD_REGISTER_CONTROLLER,
        RECORD_FEATURE_LEVEL,
    };
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct bench bench;
        struct any_record record, topic;
        size_t before = 0;
        bench_init(&bench, seed);
        fill(&bench, types[seed % array_count(types)], &record);
        if (record.type == RECORD_CONFIG) record.config.resource_type = RESOURCE_BROKER;
        if (record.type == RECORD_CONFIG && !record.config.value.data) record.config.value = TEXT("v");
        if (record.type == RECORD_CLIENT_QUOTA) record.client_quota.remove = false;
        if (record.type == RECORD_FEATURE_LEVEL) record.feature_level.level++;
        if (record.type == RECORD_PARTITION) {
            if (record.partition.eligible_leader_replicas.count == 0) {
                record.partition.eligible_leader_replicas.items = NULL; /* none and null are one */
                record.partition.eligible_leader_replicas.count = -1;
            }
            if (record.partition.last_known_elr.count == 0) {
                record.partition.last_known_elr.items = NULL;
                record.partition.last_known_elr.count = -1;
            }
            record_clear(&topic, RECORD_TOPIC);
            topic.topic.name = TEXT("topic");
            topic.topic.topic_id = record.partition.topic_id;
            assert_int_equal(image_apply(&bench.image, &topic), STATUS_OK);
            before = record_size(&topic);
        }
        assert_int_equal(image_apply(&bench.image, &record), STATUS_OK);
        struct bytes told = image_bytes(&bench, &bench.image), said = record_bytes(&bench, &record);
        assert_int_equal(told.size - before, said.size);
        assert_memory_equal(told.data + before, said.data, said.size);
        bench_end(&bench);
    }
}

static void play_history(struct bench *bench)
{
    bool open = false;
    for (int step = 0; step < STEPS; step++) {
        const struct record_row *row = &record_rows[draw(bench, record_row_count)];
        struct any_record record;
        fill(bench, row->type, &record);
        if (row->type == RECORD_BEGIN_TRANSACTION) {
            if (open) continue;
            open = true;
        } else if (row->type == RECORD_END_TRANSACTION || row->type == RECORD_ABORT_TRANSACTION) {
            if (!open) continue;
            open = false;
        } else if (open) {
            record_clear(&record, RECORD_NO_OP); /* nothing that may contradict */
        }
        enum status status = image_apply(&bench->image, &record);
        assert_true(status == STATUS_OK || status == STATUS_DAMAGED);
    }
    if (!open) return;
    struct any_record record;
    assert_false(image_settled(&bench->image));
    record_clear(&record, RECORD_END_TRANSACTION);
    assert_int_equal(image_apply(&bench->image, &record), STATUS_OK);
}

static void an_image_told_from_anothers_records_is_equal_to_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < HISTORIES; seed++) {
        struct bench bench;
        bench_init(&bench, seed);
        play_history(&bench);
        assert_true(image_settled(&bench.image));
        image_advance(&bench.image, STEPS, 3);
        image_lead(&bench.image, 1);
        check_copy(&bench, seed);
        bench_end(&bench);
    }
}

static void a_dynamic_quorum_is_told_in_the_head(void **state)
{
    struct voter_record_endpoint endpoint = { TEXT("CONTROLLER"), TEXT("localhost"), 9093 };
    struct voter_record voters[2] = { { .voter_id = 1, .directory_id = { { 1 } } },
                                      { .voter_id = 2, .directory_id = { { 2 } } } };
    struct any_control head[IMAGE_HEAD_MAX], control;
    struct bench bench;
    (void)state;
    bench_init(&bench, 1);
    assert_int_equal(image_head(&bench.image, 77, head, &bench.arena), 1);
    assert_int_equal(head[0].snapshot_header.last_contained_log_timestamp_ms, 77);
    check_copy(&bench, 0);

    control_clear(&control, CONTROL_KRAFT_VERSION);
    control.kraft_version.kraft_version = 1;
    image_hear(&bench.image, &control);
    voters[0].endpoints.items = &endpoint;
    voters[0].endpoints.count = 1;
    voters[1].kraft_versions.max_supported_version = 1;
    control_clear(&control, CONTROL_VOTERS);
    control.voters.voters.items = voters;
    control.voters.voters.count = 2;
    image_hear(&bench.image, &control);
    assert_int_equal(image_head(&bench.image, 77, head, &bench.arena), 3);
    assert_int_equal(head[2].voters.voters.items[1].kraft_versions.max_supported_version, 1);
    assert_true(text_equal(head[2].voters.voters.items[0].endpoints.items[0].host, TEXT("localhost")));
    check_copy(&bench, 1);

    control.voters.voters.count = 1; /* a voter leaves */
    uint64_t before = image_hash(&bench.image);
    image_hear(&bench.image, &control);
    assert_int_not_equal(image_hash(&bench.image), before);
    check_copy(&bench, 2);
    bench_end(&bench);
}

static void snapshots_have_kafkas_order(void **state)
{
    /* The reverse of it, as far as records allow. */
    static const enum record_type types[] = { RECORD_DELEGATION_TOKEN,
                                              RECORD_USER_SCRAM_CREDENTIAL,
                                              RECORD_ACCESS_CONTROL_ENTRY,
                                              RECORD_PRODUCER_IDS,
                                              RECORD_CLIENT_QUOTA,
                                              RECORD_CONFIG,
                                              RECORD_TOPIC,
                                              RECORD_REGISTER_CONTROLLER,
                                              RECORD_REGISTER_BROKER,
                                              RECORD_FEATURE_LEVEL };
    uint32_t count = array_count(types);
    struct any_record record;
    struct image_walk walk;
    struct bench bench;
    (void)state;
    bench_init(&bench, 5);
    for (uint32_t i = 0; i < count; i++) {
        fill(&bench, types[i], &record);
        if (types[i] == RECORD_CONFIG) record.config.resource_type = RESOURCE_BROKER;
        if (types[i] == RECORD_CONFIG) record.config.value = TEXT("v");
        if (types[i] == RECORD_CLIENT_QUOTA) record.client_quota.remove = false;
        if (types[i] == RECORD_FEATURE_LEVEL) {
            record.feature_level.name = TEXT("a.version"); /* by name before metadata.version, which comes first */
            record.feature_level.level = 1;
        }
        assert_int_equal(image_apply(&bench.image, &record), STATUS_OK);
    }
    record.feature_level.name = TEXT("metadata.version");
    assert_int_equal(image_apply(&bench.image, &record), STATUS_OK);

    image_walk_begin(&walk, &bench.image);
    assert_true(image_walk_next(&walk, &record, &bench.arena));
    assert_true(text_equal(record.feature_level.name, TEXT("metadata.version")));
    for (uint32_t i = count; i-- > 0;) {
        assert_true(image_walk_next(&walk, &record, &bench.arena));
        assert_int_equal(record.type, types[i]);
    }
    assert_false(image_walk_next(&walk, &record, &bench.arena));
    assert_false(image_walk_next(&walk, &record, &bench.arena));
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_record_says_is_told_again_byte_for_byte),
        cmocka_unit_test(an_image_told_from_anothers_records_is_equal_to_it),
        cmocka_unit_test(a_dynamic_quorum_is_told_in_the_head),
        cmocka_unit_test(snapshots_have_kafkas_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
