/* A shard follows the metadata: partitions come, change and go as batches say, a large one in portions, in order; and
 * what does not fit the image is refused. On a small node of one data shard; the replication shard rests. */
#include "../../engine/log/node_end.h"
#include "cluster/record.h"
#include "replica/metadata_batch.h"
#include "replica/replicas.h"

static struct node node;
static struct settings settings;
static struct replicas *replicas;
static struct arena arena;
static struct record_list list;
static uint32_t configured_count;

static const struct log_found *nothing_found(void *context, struct log_key key)
{
    (void)context, (void)key;
    return NULL;
}

static void configured(struct replicas *at, const struct broker_values *values)
{
    (void)at, (void)values;
    configured_count++;
}

static int begin(void **state)
{
    (void)state;
    const char *why = NULL;
    node_init(&node, 2);
    node_start(&node);
    arena_init(&arena, &node.heap, NULL, 0, SIZE_MAX);
    assert_int_equal(settings_clear(&broker_table, &settings.values, &arena), STATUS_OK);
    settings.origins = arena_take(&arena, broker_table.row_count * sizeof(struct property *));
    assert_int_equal(replicas_make(node.shards[0], node.stores[0], &settings, 1, &replicas), STATUS_OK);
    assert_int_equal(replicas_open(replicas, nothing_found, NULL, &arena, &why), STATUS_OK);
    replicas->configured = configured;
    node_begin(&node);
    record_list_init(&list, &arena);
    configured_count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    node_settle(&node);
    replicas_end(replicas);
    arena_reset(&arena);
    node_crash(&node);
    node_remove(&node);
    return 0;
}

/* ---- what the metadata says ---- */

static struct uuid id_of(uint8_t number)
{
    return (struct uuid){ { 9, number } };
}

static void say_topic(uint8_t number, const char *name)
{
    struct topic_record *record = &record_list_add(&list, RECORD_TOPIC)->topic;
    record->topic_id = id_of(number);
    record->name = text_of(name);
}

static void say_partitions(uint8_t number, int32_t first, int32_t limit)
{
    static int32_t self = 1;
    static struct uuid home = { { 8 } };
    for (int32_t i = first; i < limit; i++) {
        struct partition_record *record = &record_list_add(&list, RECORD_PARTITION)->partition;
        record->topic_id = id_of(number);
        record->index = i;
        record->leader = 1;
        record->replicas.items = record->isr.items = &self;
        record->directories.items = &home;
        record->replicas.count = record->isr.count = record->directories.count = 1;
    }
}

static void say_removed(uint8_t number)
{
    record_list_add(&list, RECORD_REMOVE_TOPIC)->remove_topic.topic_id = id_of(number);
}

static void say_leader(uint8_t number, int32_t index, int32_t leader)
{
    struct partition_change_record *record = &record_list_add(&list, RECORD_PARTITION_CHANGE)->partition_change;
    record->topic_id = id_of(number);
    record->index = index;
    record->leader = leader;
}

static void say_config(int8_t type, const char *resource, const char *name, const char *value)
{
    struct config_record *record = &record_list_add(&list, RECORD_CONFIG)->config;
    record->resource_type = type;
    record->resource_name = text_of(resource);
    record->name = text_of(name);
    record->value = text_of(value);
}

/* What was said as one batch at an offset; in memory from the shard's heap. */
static struct bytes said_at(int64_t offset)
{
    struct bytes batch = record_batch_make(&node.shards[0]->heap, &list, 1000);
    batch_stamp((uint8_t *)batch.data, offset, 1);
    record_list_init(&list, &arena);
    return batch;
}

static void forget(struct bytes batch)
{
    heap_give(&node.shards[0]->heap, (void *)batch.data);
}

static enum status apply_at(int64_t offset)
{
    struct bytes batch = said_at(offset);
    enum status status = replicas_apply(replicas, batch);
    forget(batch);
    return status;
}

static void apply(void)
{
    int64_t offset = replicas->image.offset;
    uint32_t count = list.count;
    assert_int_equal(apply_at(offset), STATUS_OK);
    assert_int_equal(replicas->image.offset, offset + count);
    assert_int_equal(replicas->applied.at, offset + count);
}

static const struct log_settings *settings_of(uint8_t number)
{
    return replicas_find(replicas, id_of(number), 0)->log->settings;
}

/* ---- tests ---- */

static void partitions_come_and_go_with_their_topic(void **state)
{
    (void)state;
    say_topic(1, "one");
    say_partitions(1, 0, 3);
    apply();
    for (int32_t i = 0; i < 3; i++) {
        struct partition *partition = replicas_find(replicas, id_of(1), i);
        assert_non_null(partition);
        assert_true(partition->leading);
        assert_int_equal(partition->key.partition, i);
    }
    assert_null(replicas_find(replicas, id_of(1), 3));
    assert_null(replicas_find(replicas, id_of(2), 0));

    say_removed(1);
    say_topic(2, "one"); /* made again in the same breath */
    say_partitions(2, 0, 1);
    apply();
    assert_null(replicas_find(replicas, id_of(1), 0));
    assert_non_null(replicas_find(replicas, id_of(2), 0));
}

static void leadership_and_its_epoch_are_as_the_metadata_says(void **state)
{
    (void)state;
    say_topic(1, "one");
    say_partitions(1, 0, 2);
    apply();
    const struct partition *partition = replicas_find(replicas, id_of(1), 1);
    int32_t epoch = partition->leader_epoch;

    say_leader(1, 1, -1);
    apply();
    assert_false(partition->leading);
    assert_int_equal(partition->leader_epoch, epoch + 1);
    assert_true(replicas_find(replicas, id_of(1), 0)->leading);
    say_leader(1, 1, 1);
    apply();
    assert_true(partition->leading);
    assert_int_equal(partition->leader_epoch, epoch + 2);
}

static void a_log_has_its_topics_configs_and_behind_them_the_brokers(void **state)
{
    (void)state;
    say_topic(1, "one");
    say_topic(2, "two");
    say_topic(3, "own");
    for (uint8_t i = 1; i <= 3; i++) say_partitions(i, 0, 1);
    say_config(RESOURCE_TOPIC, "own", "retention.ms", "5");
    apply();
    assert_ptr_equal(settings_of(1), settings_of(2)); /* what thousands of topics have is there once */
    assert_int_equal(settings_of(3)->retention_ms, 5);
    assert_int_equal(settings_of(1)->retention_ms, 604800000);
    assert_int_equal(configured_count, 0);

    say_config(RESOURCE_BROKER, "", "log.segment.bytes", "2097152");
    say_config(RESOURCE_BROKER, "", "log.retention.ms", "7");
    apply();
    assert_int_equal(configured_count, 1);
    assert_int_equal(settings_of(1)->retention_ms, 7);
    assert_int_equal(settings_of(3)->retention_ms, 5);
    assert_int_equal(settings_of(3)->segment_bytes, 2097152);

    say_config(RESOURCE_TOPIC, "two", "cleanup.policy", "compact");
    say_config(RESOURCE_TOPIC, "two", "compression.type", "zstd");
    apply();
    say_config(RESOURCE_TOPIC, "own", "internal.segment.bytes", "-5");
    apply();
    assert_int_equal(settings_of(3)->segment_bytes, 0);
    assert_true(settings_of(2)->compact && !settings_of(2)->delete_old && settings_of(2)->codec_set);
    assert_false(settings_of(1)->compact || settings_of(1)->codec_set);
}

static void what_does_not_follow_the_image_is_refused(void **state)
{
    (void)state;
    say_topic(1, "one");
    assert_int_equal(apply_at(5), STATUS_DAMAGED); /* a gap */
    assert_int_equal(replicas->image.offset, 0);
    say_removed(7); /* a topic that never was */
    assert_int_equal(apply_at(0), STATUS_DAMAGED);
    assert_int_equal(replicas->applied.at, 0);
}

/* ---- portions ---- */

enum { BATCHES = 3, MANY = 1000 };

struct large {
    struct replicas_batch batch;
    uint32_t number;
};

static uint32_t done_count;

static void large_done(struct replicas_batch *batch)
{
    assert_int_equal(batch->status, STATUS_OK);
    assert_int_equal(container_of(batch, struct large, batch)->number, done_count++); /* in order */
}

static void a_large_batch_is_applied_in_portions_and_the_next_waits(void **state)
{
    (void)state;
    struct large large[BATCHES];
    int64_t offset = 0;
    uint32_t turns = 0;

    done_count = 0;
    for (uint32_t i = 0; i < BATCHES; i++) {
        if (i == 0) say_topic(1, "many");
        if (i == 0) say_partitions(1, 0, MANY);
        if (i == 1) say_removed(1);
        if (i == 2) say_topic(2, "many");
        if (i == 2) say_partitions(2, 0, 1);
        uint32_t count = list.count;
        large[i] = (struct large){ .number = i, .batch = { .batches = said_at(offset), .done = large_done } };
        offset += count;
        replicas_begin(replicas, &large[i].batch);
    }
    assert_int_equal(done_count, 0);
    assert_null(replicas_find(replicas, id_of(1), MANY - 1)); /* not yet */
    assert_int_equal(replicas->applied.at, 0);
    for (; done_count < BATCHES; turns++) node_turn(&node);
    assert_true(turns > 2);
    assert_int_equal(replicas->applied.at, offset);
    assert_null(replicas_find(replicas, id_of(1), 0));
    assert_null(replicas_find(replicas, id_of(1), MANY - 1));
    assert_non_null(replicas_find(replicas, id_of(2), 0));
    for (uint32_t i = 0; i < BATCHES; i++) forget(large[i].batch.batches);
}

/* The record is small, what it means is not: closed portion by portion, found by nobody from the first. */
static void a_removed_topic_is_not_found_while_its_partitions_close(void **state)
{
    (void)state;
    done_count = 0;
    say_topic(1, "many");
    say_partitions(1, 0, MANY);
    apply();
    say_removed(1);
    struct large removal = { .batch = { .batches = said_at(replicas->image.offset), .done = large_done } };
    replicas_begin(replicas, &removal.batch);
    assert_int_equal(done_count, 0);
    for (int32_t i = 0; i < MANY; i++) assert_null(replicas_find(replicas, id_of(1), i));
    while (done_count == 0) node_turn(&node);
    forget(removal.batch.batches);
}

static void a_small_batch_is_done_at_once(void **state)
{
    (void)state;
    done_count = 0;
    say_topic(1, "one");
    say_partitions(1, 0, 2);
    struct large small = { .batch = { .batches = said_at(0), .done = large_done } };
    replicas_begin(replicas, &small.batch);
    assert_int_equal(done_count, 1);
    assert_non_null(replicas_find(replicas, id_of(1), 1));
    forget(small.batch.batches);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(partitions_come_and_go_with_their_topic),
        TEST(leadership_and_its_epoch_are_as_the_metadata_says),
        TEST(a_log_has_its_topics_configs_and_behind_them_the_brokers),
        TEST(what_does_not_follow_the_image_is_refused),
        TEST(a_large_batch_is_applied_in_portions_and_the_next_waits),
        TEST(a_removed_topic_is_not_found_while_its_partitions_close),
        TEST(a_small_batch_is_done_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
