/* Snapshots as files: names, what is whole, Kafka's own bytes through the image and back. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster/image_write.h"
#include "io/files.h"
#include "replica/metadata_batch.h"
#include "replica/snapshot_file.h"

static void names_are_kafkas(void **state)
{
    char name[SNAPSHOT_NAME_SIZE];
    struct snapshot_id id;
    (void)state;
    id = (struct snapshot_id){ .end = 225, .epoch = 1 };
    snapshot_name(&id, "", name);
    assert_string_equal(name, "00000000000000000225-0000000001.checkpoint");
    assert_true(snapshot_name_parse(text_of(name), &id));
    assert_int_equal(id.end, 225);
    assert_int_equal(id.epoch, 1);
    assert_false(snapshot_name_parse(TEXT("bootstrap.checkpoint"), &id));
    assert_int_equal(id.end, 225); /* What is no name changes nothing. */
    assert_false(id.hidden);
    id = (struct snapshot_id){ .end = INT64_MAX, .epoch = INT32_MAX, .hidden = true };
    snapshot_name(&id, ".part", name);
    assert_true(snapshot_name_leftover(text_of(name)));
    snapshot_name(&id, "", name);
    assert_string_equal(name, "09223372036854775807-2147483647.checkpoint.sluice");
    assert_true(snapshot_name_parse(text_of(name), &id));
    assert_true(id.hidden && id.end == INT64_MAX);
    assert_true(snapshot_name_leftover(TEXT("00000000000000000225-0000000001-123.checkpoint.part")));
    assert_true(snapshot_name_leftover(TEXT("00000000000000000225-0000000001.checkpoint.deleted")));
    assert_false(snapshot_name_leftover(TEXT("00000000000000000225-0000000001.checkpoint")));
}

static void whole_is_what_has_every_byte(void **state)
{
    struct bench bench;
    int64_t timestamp_ms;
    int32_t epoch;
    (void)state;
    bench_init(&bench);
    struct bytes kafkas = bench_snapshot(&bench, KAFKA_SNAPSHOT, &epoch);
    assert_int_equal(snapshot_check(kafkas, &timestamp_ms, &bench.scratch), STATUS_OK);
    assert_true(timestamp_ms > 0);
    for (size_t size = 0; size < kafkas.size; size++) {
        assert_int_not_equal(snapshot_check((struct bytes){ kafkas.data, size }, &timestamp_ms, &bench.scratch),
                             STATUS_OK);
    }
    uint8_t *copy = arena_take(&bench.arena, kafkas.size + 100);
    memcpy(copy, kafkas.data, kafkas.size);
    memcpy(copy + kafkas.size, kafkas.data, 83);
    assert_int_not_equal(snapshot_check((struct bytes){ copy, kafkas.size + 83 }, &timestamp_ms, &bench.scratch),
                         STATUS_OK); /* something behind the footer */
    for (size_t i = 83 + 17; i < kafkas.size - 75;
         i += 7) { /* the batch of records, behind its base offset and epoch */
        copy[i] ^= 1;
        assert_int_not_equal(snapshot_check((struct bytes){ copy, kafkas.size }, &timestamp_ms, &bench.scratch),
                             STATUS_OK);
        copy[i] ^= 1;
    }
    bench_end(&bench);
}

/* ---- Kafka's own, told again ---- */

struct value_list {
    struct bytes values[200];
    uint32_t count;
};

static void values_of(struct bytes file, struct value_list *list)
{
    for (size_t at = 0; at < file.size;) {
        struct batch batch;
        struct record_walk walk;
        struct record record;
        enum status status;
        assert_int_equal(batch_read(file.data + at, file.size - at, &batch), STATUS_OK);
        at += batch.size;
        if (batch.attributes & BATCH_CONTROL) continue;
        record_walk_begin(&walk, &batch,
                          (struct bytes){ batch.data + BATCH_HEADER_SIZE, batch.size - BATCH_HEADER_SIZE });
        while (record_walk_next(&walk, &record, &status)) list->values[list->count++] = record.value;
    }
}

static int by_bytes(const void *one, const void *other)
{
    const struct bytes *a = one, *b = other;
    int order = memcmp(a->data, b->data, min_of(a->size, b->size));
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static struct bytes file_of(struct bench *bench, const struct image *image, int64_t timestamp_ms,
                            struct snapshot_draft *draft)
{
    struct any_control controls[IMAGE_HEAD_MAX];
    struct any_record record;
    struct image_walk walk;
    struct record_list list;

    snapshot_draft_begin(draft, &bench->heap, image->epoch);
    uint32_t count = image_head(image, timestamp_ms, controls, &bench->arena);
    snapshot_draft_add(draft, control_batch_make(&bench->heap, controls, count, 5));
    record_list_init(&list, &bench->arena);
    image_walk_begin(&walk, image);
    while (image_walk_next(&walk, &record, &bench->arena)) *record_list_add(&list, record.type) = record;
    snapshot_draft_add(draft, record_batch_make(&bench->heap, &list, 5));
    snapshot_draft_finish(draft, 5);

    char path[] = "/tmp/sluice-snapshot-XXXXXX", name[SNAPSHOT_NAME_SIZE];
    const uint8_t *data;
    size_t size;
    int directory;
    assert_non_null(mkdtemp(path));
    struct snapshot_id id = { .end = image->offset, .epoch = image->epoch, .hidden = true };
    snapshot_name(&id, "", name);
    assert_int_equal(files_open_directory(files_kernel(), FILES_HERE, path, &directory), STATUS_OK);
    assert_int_equal(snapshot_draft_write(draft, files_kernel(), directory, name), STATUS_OK);
    assert_int_equal(files_load(files_kernel(), directory, name, 1 << 20, &bench->arena, &data, &size), STATUS_OK);
    assert_int_equal(size, draft->size);
    assert_int_equal(snapshots_show(files_kernel(), directory, &bench->heap), STATUS_OK);
    id.hidden = false;
    snapshot_name(&id, "", name);
    assert_int_equal(files_remove(files_kernel(), directory, name), STATUS_OK); /* and no .part beside it: */
    files_close(files_kernel(), directory);
    assert_int_equal(files_remove_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
    snapshot_draft_end(draft);
    return (struct bytes){ data, size };
}

/* Kafka keeps its maps in an order of its own, and the features of a node too; but for these, byte for byte. */
static void kafkas_snapshot_goes_through_the_image_unchanged(void **state)
{
    static struct value_list theirs, ours;
    struct snapshot_draft draft;
    struct bench bench;
    int64_t timestamp_ms;
    int32_t epoch;
    (void)state;
    bench_init(&bench);
    struct bytes kafkas = bench_snapshot(&bench, KAFKA_SNAPSHOT, &epoch);
    assert_int_equal(snapshot_check(kafkas, &timestamp_ms, &bench.scratch), STATUS_OK);
    assert_int_equal(metadata_apply_snapshot(&bench.image, kafkas, KAFKA_SNAPSHOT, epoch, &bench.scratch), STATUS_OK);
    struct bytes file = file_of(&bench, &bench.image, timestamp_ms, &draft);
    int64_t again_ms;
    assert_int_equal(snapshot_check(file, &again_ms, &bench.scratch), STATUS_OK);
    assert_int_equal(again_ms, timestamp_ms);

    theirs.count = ours.count = 0;
    values_of(kafkas, &theirs);
    values_of(file, &ours);
    assert_int_equal(ours.count, theirs.count);
    qsort(theirs.values, theirs.count, sizeof(theirs.values[0]), by_bytes);
    qsort(ours.values, ours.count, sizeof(ours.values[0]), by_bytes);
    for (uint32_t i = 0; i < ours.count; i++) {
        assert_int_equal(ours.values[i].size, theirs.values[i].size);
        assert_memory_equal(ours.values[i].data, theirs.values[i].data, ours.values[i].size);
    }

    struct image copy;
    image_init(&copy, &bench.heap, 1);
    assert_int_equal(metadata_apply_snapshot(&copy, file, KAFKA_SNAPSHOT, epoch, &bench.scratch), STATUS_OK);
    assert_int_equal(image_hash(&copy), image_hash(&bench.image));
    image_end(&copy);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kafkas),
        cmocka_unit_test(whole_is_what_has_every_byte),
        cmocka_unit_test(kafkas_snapshot_goes_through_the_image_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
