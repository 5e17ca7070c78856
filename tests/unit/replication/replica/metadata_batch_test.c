/* Records into batches and back into an image; Kafka's own bytes; and what must stop the apply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cluster/features.h"
#include "kafka_bytes.h"
#include "replica/metadata_batch.h"

struct bench {
    struct heap heap;
    struct arena arena, scratch;
    struct image image;
    uint8_t log[8192];
    size_t size;
    int64_t offset;
};

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){ .size = 0 };
    heap_init(&bench->heap);
    arena_init(&bench->arena, &bench->heap, NULL, 0, SIZE_MAX);
    arena_init(&bench->scratch, &bench->heap, NULL, 0, SIZE_MAX);
    image_init(&bench->image, &bench->heap, 1);
}

static void bench_end(struct bench *bench)
{
    image_end(&bench->image);
    arena_reset(&bench->arena);
    arena_reset(&bench->scratch);
    assert_int_equal(bench->heap.live_count, 0);
}

static void add(struct bench *bench, struct bytes batch, int32_t epoch)
{
    struct batch header;
    memcpy(bench->log + bench->size, batch.data, batch.size);
    assert_int_equal(batch_read(bench->log + bench->size, batch.size, &header), STATUS_OK);
    batch_stamp(bench->log + bench->size, bench->offset, epoch);
    bench->size += batch.size;
    bench->offset += header.last_delta + 1;
    heap_give(&bench->heap, (void *)batch.data);
}

static void add_topic(struct bench *bench, const char *name, uint8_t id, int32_t epoch)
{
    struct record_list list;
    record_list_init(&list, &bench->arena);
    struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
    topic->name = text_of(name);
    topic->topic_id = (struct uuid){ { id } };
    add(bench, record_batch_make(&bench->heap, &list, 1000), epoch);
}

static void add_leader(struct bench *bench, int32_t leader, int32_t epoch)
{
    struct any_control control;
    control_clear(&control, CONTROL_LEADER_CHANGE);
    control.leader_change.leader_id = leader;
    add(bench, control_batch_make(&bench->heap, &control, 1, 1000), epoch);
}

static enum status apply(struct bench *bench)
{
    return metadata_apply(&bench->image, (struct bytes){ bench->log, bench->size }, &bench->scratch);
}

static void batches_move_the_image_along(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_leader(&bench, 1, 4);
    add_topic(&bench, "a", 1, 4);
    assert_int_equal(apply(&bench), STATUS_OK);
    assert_int_equal(bench.image.offset, 2);
    assert_int_equal(bench.image.epoch, 4);
    assert_int_equal(bench.image.controller, 1);
    add_leader(&bench, 2, 5);
    add_topic(&bench, "b", 2, 5);
    assert_int_equal(apply(&bench), STATUS_OK); /* what was applied before is passed over */
    assert_int_equal(bench.image.offset, 4);
    assert_int_equal(bench.image.controller, 2);
    assert_int_equal(bench.image.topic_count, 2);
    bench_end(&bench);
}

static void a_gap_a_contradiction_or_half_a_batch_stop_it(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_topic(&bench, "a", 1, 1);
    bench.offset++;
    add_topic(&bench, "b", 2, 1);
    assert_int_equal(apply(&bench), STATUS_DAMAGED);
    assert_int_equal(bench.image.offset, 1);
    bench.size = 0;
    bench.offset = 1;
    add_topic(&bench, "a", 3, 1);
    assert_int_equal(apply(&bench), STATUS_DAMAGED);
    bench.size = 0;
    bench.offset = 1;
    add_topic(&bench, "c", 3, 1);
    bench.size--;
    assert_int_equal(apply(&bench), STATUS_TRUNCATED);
    bench_end(&bench);
}

static void a_record_without_a_value_and_an_offset_beyond_all_stop_it(void **state)
{
    (void)state;
    struct bench bench;
    uint8_t memory[128];
    struct batch_builder builder;
    bench_init(&bench);
    batch_begin(&builder, memory, sizeof(memory), 0, 1);
    batch_add(&builder, BYTES_NULL, BYTES_NULL, 1);
    struct bytes batch = batch_end(&builder);
    assert_int_equal(metadata_apply(&bench.image, batch, &bench.scratch), STATUS_BAD_RECORD);
    batch_stamp(memory, INT64_MAX, 1);
    assert_int_equal(metadata_apply(&bench.image, batch, &bench.scratch), STATUS_DAMAGED);
    batch_stamp(memory, -1, 1);
    assert_int_equal(metadata_apply(&bench.image, batch, &bench.scratch), STATUS_DAMAGED);
    bench_end(&bench);
}

static void an_unknown_record_stops_it(void **state)
{
    (void)state;
    static const uint8_t value[] = { 1, 99, 0, 0 };
    struct bench bench;
    uint8_t memory[128];
    struct batch_builder builder;
    bench_init(&bench);
    batch_begin(&builder, memory, sizeof(memory), 0, 1);
    batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof(value) }, 1);
    struct bytes batch = batch_end(&builder);
    assert_int_equal(metadata_apply(&bench.image, batch, &bench.scratch), STATUS_UNSUPPORTED);
    bench_end(&bench);
}

static void kafkas_snapshot_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct bench bench;
    struct bytes file = { kafka_bootstrap, sizeof(kafka_bootstrap) };
    bench_init(&bench);
    assert_int_equal(metadata_apply_snapshot(&bench.image, file, 77, 3, &bench.scratch), STATUS_OK);
    assert_int_equal(image_feature(&bench.image, FEATURE_METADATA), 30);
    assert_int_equal(bench.image.offset, 77);
    assert_int_equal(bench.image.epoch, 3);
    bench_end(&bench);

    bench_init(&bench);
    file.size -= 75; /* without its footer */
    assert_int_equal(metadata_apply_snapshot(&bench.image, file, 77, 3, &bench.scratch), STATUS_TRUNCATED);
    bench_end(&bench);
}

/* What we write differs from Kafka's in nothing but the times, and so in nothing when the times are the same. */
static void our_batches_are_kafkas_byte_for_byte(void **state)
{
    (void)state;
    struct bench bench;
    struct any_control control;
    struct record_list list;
    bench_init(&bench);
    control_clear(&control, CONTROL_SNAPSHOT_HEADER);
    add(&bench, control_batch_make(&bench.heap, &control, 1, load_i64(kafka_bootstrap + 27)), 0);
    record_list_init(&list, &bench.arena);
    struct feature_level_record *feature = &record_list_add(&list, RECORD_FEATURE_LEVEL)->feature_level;
    feature->name = FEATURE_METADATA;
    feature->level = 30;
    add(&bench, record_batch_make(&bench.heap, &list, load_i64(kafka_bootstrap + bench.size + 27)), 0);
    control_clear(&control, CONTROL_SNAPSHOT_FOOTER);
    add(&bench, control_batch_make(&bench.heap, &control, 1, load_i64(kafka_bootstrap + bench.size + 27)), 0);
    assert_int_equal(bench.size, sizeof(kafka_bootstrap));
    assert_memory_equal(bench.log, kafka_bootstrap, bench.size);
    bench_end(&bench);
}

static void a_list_holds_so_many_records_and_no_more(void **state)
{
    (void)state;
    struct bench bench;
    struct record_list list;
    bench_init(&bench);
    record_list_init(&list, &bench.arena);
    for (int i = 0; i < RECORD_LIST_MAX; i++) (void)record_list_add(&list, RECORD_NO_OP);
    assert_false(list.full);
    (void)record_list_add(&list, RECORD_NO_OP);
    assert_true(list.full);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_move_the_image_along),
        cmocka_unit_test(a_gap_a_contradiction_or_half_a_batch_stop_it),
        cmocka_unit_test(a_record_without_a_value_and_an_offset_beyond_all_stop_it),
        cmocka_unit_test(an_unknown_record_stops_it),
        cmocka_unit_test(kafkas_snapshot_is_read_whole_or_not_at_all),
        cmocka_unit_test(our_batches_are_kafkas_byte_for_byte),
        cmocka_unit_test(a_list_holds_so_many_records_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
