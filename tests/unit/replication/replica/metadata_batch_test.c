/* Records into batches and back into an image; Kafka's own bytes; and what must stop the apply. */
#include "bench.h"

#include "cluster/access.h"
#include "cluster/features.h"
#include "replica/metadata_batch.h"

/* A log in the making, and the image that it moves along. */
struct written {
    struct bench bench;
    uint8_t bytes[8192];
    size_t size;
    int64_t offset;
};

static void written_init(struct written *log)
{
    log->size = 0;
    log->offset = 0;
    bench_init(&log->bench);
}

static void add(struct written *log, struct bytes batch, int32_t epoch)
{
    struct batch header;
    memcpy(log->bytes + log->size, batch.data, batch.size);
    assert_int_equal(batch_read(log->bytes + log->size, batch.size, &header), STATUS_OK);
    batch_stamp(log->bytes + log->size, log->offset, epoch);
    log->size += batch.size;
    log->offset += header.last_delta + 1;
    heap_give(&log->bench.heap, (void *)batch.data);
}

static void add_topic(struct written *log, const char *name, uint8_t id, int32_t epoch)
{
    struct record_list list;
    record_list_init(&list, &log->bench.arena);
    struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
    topic->name = text_of(name);
    topic->topic_id = (struct uuid){ { id } };
    add(log, record_batch_make(&log->bench.heap, &list, 1000), epoch);
}

static void add_leader(struct written *log, int32_t leader, int32_t epoch)
{
    struct any_control control;
    control_clear(&control, CONTROL_LEADER_CHANGE);
    control.leader_change.leader_id = leader;
    add(log, control_batch_make(&log->bench.heap, &control, 1, 1000), epoch);
}

static enum status apply(struct written *log)
{
    return metadata_apply(&log->bench.image, (struct bytes){ log->bytes, log->size }, &log->bench.scratch);
}

static void batches_move_the_image_along(void **state)
{
    (void)state;
    struct written log;
    written_init(&log);
    add_leader(&log, 1, 4);
    add_topic(&log, "a", 1, 4);
    assert_int_equal(apply(&log), STATUS_OK);
    assert_int_equal(log.bench.image.offset, 2);
    assert_int_equal(log.bench.image.epoch, 4);
    assert_int_equal(log.bench.image.controller, 1);
    add_leader(&log, 2, 5);
    add_topic(&log, "b", 2, 5);
    assert_int_equal(apply(&log), STATUS_OK); /* what was applied before is passed over */
    assert_int_equal(log.bench.image.offset, 4);
    assert_int_equal(log.bench.image.controller, 2);
    assert_int_equal(log.bench.image.topic_count, 2);
    bench_end(&log.bench);
}

static void a_gap_a_contradiction_or_half_a_batch_stop_it(void **state)
{
    (void)state;
    struct written log;
    written_init(&log);
    add_topic(&log, "a", 1, 1);
    log.offset++;
    add_topic(&log, "b", 2, 1);
    assert_int_equal(apply(&log), STATUS_DAMAGED);
    assert_int_equal(log.bench.image.offset, 1);
    log.size = 0;
    log.offset = 1;
    add_topic(&log, "a", 3, 1);
    assert_int_equal(apply(&log), STATUS_DAMAGED);
    log.size = 0;
    log.offset = 1;
    add_topic(&log, "c", 3, 1);
    log.size--;
    assert_int_equal(apply(&log), STATUS_TRUNCATED);
    bench_end(&log.bench);
}

static void a_record_without_a_value_and_an_offset_beyond_all_stop_it(void **state)
{
    (void)state;
    struct written log;
    uint8_t memory[128];
    struct batch_builder builder;
    written_init(&log);
    batch_begin(&builder, memory, sizeof(memory), 0, 1);
    batch_add(&builder, BYTES_NULL, BYTES_NULL, 1);
    struct bytes batch = batch_end(&builder);
    assert_int_equal(metadata_apply(&log.bench.image, batch, &log.bench.scratch), STATUS_BAD_RECORD);
    batch_stamp(memory, INT64_MAX, 1);
    assert_int_equal(metadata_apply(&log.bench.image, batch, &log.bench.scratch), STATUS_DAMAGED);
    batch_stamp(memory, -1, 1);
    assert_int_equal(metadata_apply(&log.bench.image, batch, &log.bench.scratch), STATUS_DAMAGED);
    bench_end(&log.bench);
}

static void an_unknown_record_stops_it(void **state)
{
    (void)state;
    static const uint8_t value[] = { 1, 99, 0, 0 };
    struct written log;
    uint8_t memory[128];
    struct batch_builder builder;
    written_init(&log);
    batch_begin(&builder, memory, sizeof(memory), 0, 1);
    batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof(value) }, 1);
    struct bytes batch = batch_end(&builder);
    assert_int_equal(metadata_apply(&log.bench.image, batch, &log.bench.scratch), STATUS_UNSUPPORTED);
    bench_end(&log.bench);
}

static void fill_partitions(struct record_list *list, struct bench *bench, int32_t count)
{
    static int32_t node = 1;
    struct topic_record *topic = &record_list_add(list, RECORD_TOPIC)->topic;
    topic->name = TEXT("wide");
    topic->topic_id = (struct uuid){ { 7 } };
    record_list_reserve(list, (uint32_t)count);
    for (int32_t i = 0; i < count; i++) {
        struct partition_record *record = &record_list_add(list, RECORD_PARTITION)->partition;
        struct uuid *directory = arena_take(&bench->arena, sizeof(*directory));
        directory->byte[0] = (uint8_t)(i % 3); /* of all partitions not the same */
        record->topic_id = (struct uuid){ { 7 } };
        record->index = i;
        record->replicas.items = record->isr.items = &node;
        record->replicas.count = record->isr.count = record->directories.count = 1;
        record->directories.items = directory;
    }
}

static void what_is_read_in_portions_is_seen_at_once(void **state)
{
    (void)state;
    for (uint32_t portion = 1; portion < 14; portion++) {
        struct written log, other;
        struct record_list list;
        struct metadata_reading reading;
        bool through = false;
        uint32_t looks = 0;

        written_init(&log);
        written_init(&other);
        add_leader(&log, 1, 4);
        record_list_init(&list, &log.bench.arena);
        fill_partitions(&list, &log.bench, 10);
        add(&log, record_batch_make(&log.bench.heap, &list, 1000), 4);
        add_topic(&log, "b", 2, 5);

        metadata_reading_begin(&reading, (struct bytes){ log.bytes, log.size }, &other.bench.scratch);
        while (!through) {
            assert_int_equal(metadata_reading_go(&reading, &other.bench.image, portion, &through), STATUS_OK);
            assert_int_equal(other.bench.image.partition_count, other.bench.image.topic_count > 0 ? 10 : 0);
            looks++;
        }
        assert_true(looks >= 3 + 11 / portion);
        assert_int_equal(apply(&log), STATUS_OK);
        assert_int_equal(other.bench.image.offset, log.bench.image.offset);
        assert_int_equal(image_hash(&other.bench.image), image_hash(&log.bench.image));
        bench_end(&other.bench);
        bench_end(&log.bench);
    }
}

/* What says something of one client each is no whole that could be torn; but the image says where it stands only when
 * it has all. */
static void records_about_clients_are_taken_in_by_portions(void **state)
{
    (void)state;
    enum { CLIENTS = 64, PORTION = 32 };
    struct written log, other;
    struct record_list list;
    struct metadata_reading reading;
    bool through = false;
    uint32_t steps = 0;

    written_init(&log);
    written_init(&other);
    record_list_init(&list, &log.bench.arena);
    for (int i = 0; i < CLIENTS; i++) {
        struct client_quota_record *record = &record_list_add(&list, RECORD_CLIENT_QUOTA)->client_quota;
        record->entity.items = arena_take(&log.bench.arena, sizeof(*record->entity.items));
        record->entity.items[record->entity.count++] =
            (struct client_quota_entity){ TEXT("user"), text_format(&log.bench.arena, "%d", i) };
        record->key = TEXT("rate");
        record->value = i;
    }
    add(&log, record_batch_make(&log.bench.heap, &list, 1000), 4);
    metadata_reading_begin(&reading, (struct bytes){ log.bytes, log.size }, &other.bench.scratch);
    for (; !through; steps++) {
        uint32_t cursor = 0, count = 0;
        assert_int_equal(metadata_reading_go(&reading, &other.bench.image, PORTION, &through), STATUS_OK);
        while (image_next_quota(&other.bench.image, &cursor)) count++;
        assert_int_equal(other.bench.image.offset, through ? CLIENTS : 0);
        if (through) assert_int_equal(count, CLIENTS);
    }
    assert_true(steps > 2 * CLIENTS / PORTION); /* reading them takes two, and they weigh more than others */
    assert_int_equal(apply(&log), STATUS_OK);
    assert_int_equal(image_hash(&other.bench.image), image_hash(&log.bench.image));
    bench_end(&other.bench);
    bench_end(&log.bench);
}

static void say_config(struct record_list *list, const char *topic, const char *name)
{
    struct config_record *record = &record_list_add(list, RECORD_CONFIG)->config;
    record->resource_type = RESOURCE_TOPIC;
    record->resource_name = text_of(topic);
    record->name = text_of(name);
    record->value = TEXT("1");
}

static void say_partition(struct record_list *list, uint8_t topic, int32_t index)
{
    static int32_t node = 1;
    static struct uuid directory;
    struct partition_record *record = &record_list_add(list, RECORD_PARTITION)->partition;
    record->topic_id = (struct uuid){ { topic } };
    record->index = index;
    record->replicas.items = record->isr.items = &node;
    record->replicas.count = record->isr.count = record->directories.count = 1;
    record->directories.items = &directory;
}

/* Of a topic everything, or nothing. */
static void see_whole_topics(const struct image *image)
{
    list_each(&image->topics, node)
    {
        const struct image_topic *topic = container_of(node, struct image_topic, node);
        assert_int_equal(topic->config_count, 2);
        assert_int_equal(topic->partition_count, 2);
        assert_int_equal(topic->partitions[1].replica_count, 1);
    }
}

static void topics_of_a_batch_are_taken_in_one_after_the_other_each_whole(void **state)
{
    (void)state;
    enum { TOPICS = 9, PORTION = 7, RECORDS = 5 };
    static const char *const names[TOPICS] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };
    struct written log, other;
    struct record_list list;
    struct metadata_reading reading;
    bool through = false;
    uint32_t seen = 0, looks = 0;

    written_init(&log);
    written_init(&other);
    record_list_init(&list, &log.bench.arena);
    for (uint8_t i = 0; i < TOPICS; i++) {
        struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
        topic->name = text_of(names[i]);
        topic->topic_id = (struct uuid){ { (uint8_t)(1 + i) } };
        say_config(&list, names[i], "retention.ms");
        say_config(&list, names[i], "segment.ms");
        for (int32_t j = 0; j < 2; j++) say_partition(&list, (uint8_t)(1 + i), j);
    }
    add(&log, record_batch_make(&log.bench.heap, &list, 1000), 4);
    metadata_reading_begin(&reading, (struct bytes){ log.bytes, log.size }, &other.bench.scratch);
    while (!through) {
        assert_int_equal(metadata_reading_go(&reading, &other.bench.image, PORTION, &through), STATUS_OK);
        see_whole_topics(&other.bench.image);
        assert_int_equal(other.bench.image.offset, through ? TOPICS * RECORDS : 0);
        looks += other.bench.image.topic_count > seen;
        seen = other.bench.image.topic_count;
    }
    assert_int_equal(looks, (TOPICS + 1) / 2); /* two in a portion */
    assert_int_equal(apply(&log), STATUS_OK);
    assert_int_equal(image_hash(&other.bench.image), image_hash(&log.bench.image));
    bench_end(&other.bench);
    bench_end(&log.bench);
}

/* A feature is not about a topic: who knows what it means for them. */
static void topics_beside_anything_else_are_taken_in_at_once(void **state)
{
    (void)state;
    struct written log;
    struct record_list list;
    struct metadata_reading reading;
    bool through = false;

    written_init(&log);
    record_list_init(&list, &log.bench.arena);
    struct feature_level_record *feature = &record_list_add(&list, RECORD_FEATURE_LEVEL)->feature_level;
    feature->name = FEATURE_METADATA;
    feature->level = 30;
    for (uint8_t i = 1; i < 9; i++) {
        struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
        topic->name = (struct text){ &"abcdefghi"[i], 1 };
        topic->topic_id = (struct uuid){ { i } };
    }
    add(&log, record_batch_make(&log.bench.heap, &list, 1000), 4);
    metadata_reading_begin(&reading, (struct bytes){ log.bytes, log.size }, &log.bench.scratch);
    while (!through) {
        assert_int_equal(metadata_reading_go(&reading, &log.bench.image, 2, &through), STATUS_OK);
        assert_int_equal(log.bench.image.topic_count, through ? 8 : 0);
    }
    bench_end(&log.bench);
}

/* What is moved in an array of all topics costs more the more there are. */
static void a_topic_weighs_more_among_many(void **state)
{
    (void)state;
    struct image few = { .topic_count = 1 }, many = { .topic_count = 100000 };
    struct any_record topic, partition;

    record_clear(&topic, RECORD_TOPIC);
    record_clear(&partition, RECORD_PARTITION);
    assert_int_equal(record_weight(&few, &topic, 0), 1);
    assert_in_range(record_weight(&many, &topic, 0), 40, 60);
    assert_int_equal(record_weight(&many, &partition, 100), 1);
    assert_in_range(record_weight(&many, &partition, 32768), 200, 300);
}

static void damage_is_found_in_portions_too(void **state)
{
    (void)state;
    struct written log;
    struct metadata_reading reading;
    bool through;

    written_init(&log);
    add_topic(&log, "a", 1, 1);
    log.offset++;
    add_topic(&log, "b", 2, 1);
    metadata_reading_begin(&reading, (struct bytes){ log.bytes, log.size }, &log.bench.scratch);
    assert_int_equal(metadata_reading_go(&reading, &log.bench.image, 8, &through), STATUS_OK);
    assert_false(through);
    assert_int_equal(metadata_reading_go(&reading, &log.bench.image, 8, &through), STATUS_DAMAGED);
    assert_int_equal(log.bench.image.offset, 1);
    bench_end(&log.bench);
}

static void a_batch_made_in_portions_has_the_same_bytes(void **state)
{
    (void)state;
    struct bench bench;
    struct record_list list;
    struct batch_making making;

    bench_init(&bench);
    record_list_init(&list, &bench.arena);
    fill_partitions(&list, &bench, 10);
    struct bytes whole = record_batch_make(&bench.heap, &list, 1000);
    for (uint32_t portion = 1; portion < 14; portion++) {
        batch_making_begin(&making, &bench.heap, &list, 1000);
        while (!batch_making_go(&making, portion)) continue;
        assert_int_equal(making.batch.size, whole.size);
        assert_memory_equal(making.batch.data, whole.data, whole.size);
        batch_making_drop(&making);

        batch_making_begin(&making, &bench.heap, &list, 1000);
        for (int i = 0; i < 12; i++) (void)batch_making_go(&making, 1);
        batch_making_drop(&making); /* half made */
    }
    heap_give(&bench.heap, (void *)whole.data);
    bench_end(&bench);
}

static void kafkas_snapshot_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct written log;
    int32_t epoch;
    written_init(&log);
    struct bytes file = bench_snapshot(&log.bench, KAFKA_BOOTSTRAP, &epoch);
    assert_int_equal(metadata_apply_snapshot(&log.bench.image, file, 77, 3, &log.bench.scratch), STATUS_OK);
    assert_int_equal(image_feature(&log.bench.image, FEATURE_METADATA), 30);
    assert_int_equal(log.bench.image.offset, 77);
    assert_int_equal(log.bench.image.epoch, 3);
    bench_end(&log.bench);

    written_init(&log);
    file = bench_snapshot(&log.bench, KAFKA_BOOTSTRAP, &epoch);
    file.size -= 75; /* without its footer */
    assert_int_equal(metadata_apply_snapshot(&log.bench.image, file, 77, 3, &log.bench.scratch), STATUS_TRUNCATED);
    bench_end(&log.bench);
}

/* What we write differs from Kafka's in nothing but the times, and so in nothing when the times are the same. */
static void our_batches_are_kafkas_byte_for_byte(void **state)
{
    (void)state;
    struct written log;
    struct any_control control;
    struct record_list list;
    int32_t epoch;
    written_init(&log);
    struct bytes kafkas = bench_snapshot(&log.bench, KAFKA_BOOTSTRAP, &epoch);
    control_clear(&control, CONTROL_SNAPSHOT_HEADER);
    add(&log, control_batch_make(&log.bench.heap, &control, 1, load_i64(kafkas.data + 27)), 0);
    record_list_init(&list, &log.bench.arena);
    struct feature_level_record *feature = &record_list_add(&list, RECORD_FEATURE_LEVEL)->feature_level;
    feature->name = FEATURE_METADATA;
    feature->level = 30;
    add(&log, record_batch_make(&log.bench.heap, &list, load_i64(kafkas.data + log.size + 27)), 0);
    control_clear(&control, CONTROL_SNAPSHOT_FOOTER);
    add(&log, control_batch_make(&log.bench.heap, &control, 1, load_i64(kafkas.data + log.size + 27)), 0);
    assert_int_equal(log.size, kafkas.size);
    assert_memory_equal(log.bytes, kafkas.data, log.size);
    bench_end(&log.bench);
}

static void a_list_holds_so_many_records_and_no_more(void **state)
{
    (void)state;
    struct written log;
    struct record_list list;
    written_init(&log);
    record_list_init(&list, &log.bench.arena);
    for (int i = 0; i < RECORD_LIST_MAX; i++) (void)record_list_add(&list, RECORD_NO_OP);
    assert_false(list.full);
    (void)record_list_add(&list, RECORD_NO_OP);
    assert_true(list.full);
    bench_end(&log.bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_move_the_image_along),
        cmocka_unit_test(a_gap_a_contradiction_or_half_a_batch_stop_it),
        cmocka_unit_test(a_record_without_a_value_and_an_offset_beyond_all_stop_it),
        cmocka_unit_test(an_unknown_record_stops_it),
        cmocka_unit_test(what_is_read_in_portions_is_seen_at_once),
        cmocka_unit_test(records_about_clients_are_taken_in_by_portions),
        cmocka_unit_test(topics_of_a_batch_are_taken_in_one_after_the_other_each_whole),
        cmocka_unit_test(topics_beside_anything_else_are_taken_in_at_once),
        cmocka_unit_test(a_topic_weighs_more_among_many),
        cmocka_unit_test(damage_is_found_in_portions_too),
        cmocka_unit_test(a_batch_made_in_portions_has_the_same_bytes),
        cmocka_unit_test(kafkas_snapshot_is_read_whole_or_not_at_all),
        cmocka_unit_test(our_batches_are_kafkas_byte_for_byte),
        cmocka_unit_test(a_list_holds_so_many_records_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
