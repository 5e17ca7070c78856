/* A checkpoint slot as bytes: what goes in comes out, however many logs there are; senseless records are refused. */
#include "loose.h"

#include "base/crc32c.h"
#include "log/checkpoint.h"

enum { HEADER = 4096, RECORD_AT = HEADER, RECORD_SIZE = 68 };

static struct checkpoint_header header_of(uint32_t shard)
{
    return (struct checkpoint_header){
        .directory = { { 9, 8, 7 } },
        .incarnation = UINT64_MAX - 1,
        .sequence = 77,
        .cut = UINT64_MAX / 3,
        .resume = { .sequence = 1 + (uint64_t)INT64_MAX,
                    .number = WAL_NUMBER_NONE,
                    .previous_crc = 5,
                    .position = 4096 },
        .shard = shard,
    };
}

static struct log log_numbered(struct loose *loose, int32_t partition, struct text topic)
{
    struct log log = loose_log(loose);
    log.key = (struct log_key){ .topic = { { 3, (uint8_t)(partition >> 8) } }, .partition = partition };
    log.topic = topic;
    log.incarnation = (uint64_t)partition << 40;
    log.start = partition;
    log.committed.at = 2 * (int64_t)partition;
    log.end = 3 * (int64_t)partition;
    log.leader_epoch = -1 - partition;
    return log;
}

static void what_goes_in_comes_out(void **test)
{
    static const char name[] = "name-of-249-bytes-at-most";
    struct loose *loose = *test;
    struct checkpoint_image image = { .size = 0 };
    struct checkpoint_header header = header_of(4), found;
    struct checkpoint_record record;

    for (int32_t count = 0; count <= 20000; count = count * 7 + 1) {
        checkpoint_image_begin(&image, &loose->shard.heap);
        for (int32_t i = 0; i < count; i++) { /* Names of all lengths: the padding too. */
            struct log log = log_numbered(loose, i, (struct text){ name, 1 + (size_t)i % (sizeof name - 1) });
            checkpoint_add(&image, &log);
        }
        size_t size = checkpoint_image_seal(&image, &header);
        assert_int_equal(size % HEADER, 0);
        assert_int_equal((uintptr_t)image.data % HEADER, 0);
        struct bytes file = { image.data, size };
        assert_int_equal(checkpoint_read(file, &found), STATUS_OK);
        assert_int_equal(found.log_count, count);
        assert_int_equal(found.shard, 4);
        assert_true(uuid_equal(found.directory, header.directory));
        assert_true(found.incarnation == header.incarnation && found.sequence == 77 && found.cut == header.cut);
        assert_memory_equal(&found.resume, &header.resume, sizeof found.resume);

        size_t at = 0;
        for (int32_t i = 0; i < count; i++) {
            assert_true(checkpoint_next(file, &found, &at, &record));
            struct log log = log_numbered(loose, i, (struct text){ name, 1 + (size_t)i % (sizeof name - 1) });
            assert_true(uuid_equal(record.key.topic, log.key.topic) && record.key.partition == i);
            assert_true(text_equal(record.topic, log.topic));
            assert_true(record.incarnation == log.incarnation && record.leader_epoch == log.leader_epoch);
            assert_true(record.start == i && record.committed == INT64_C(2) * i && record.end == INT64_C(3) * i);
            assert_int_equal(record.state.size, log_state_size(&log));
        }
        assert_false(checkpoint_next(file, &found, &at, &record));
        checkpoint_image_rest(&image);
        assert_int_equal(loose->shard.heap.live_count, size <= 1 << 20); /* A large one goes back at once. */
    }
    checkpoint_image_end(&image);
}

static void a_lowered_start_changes_that_record_alone(void **test)
{
    struct loose *loose = *test;
    struct checkpoint_image image = { .size = 0 };
    struct checkpoint_header header = header_of(0), found;
    struct checkpoint_record record;

    checkpoint_image_begin(&image, &loose->shard.heap);
    for (int32_t i = 0; i < 300; i++) {
        struct log log = log_numbered(loose, i, TEXT("t"));
        checkpoint_add(&image, &log);
    }
    struct log lowered = log_numbered(loose, 200, TEXT("t"));
    lowered.start = 3;
    checkpoint_amend(&image, &lowered);
    size_t size = checkpoint_image_seal(&image, &header), at = 0;
    struct bytes file = { image.data, size };
    assert_int_equal(checkpoint_read(file, &found), STATUS_OK);
    for (int32_t i = 0; checkpoint_next(file, &found, &at, &record); i++)
        assert_int_equal(record.start, i == 200 ? 3 : i);
    checkpoint_image_end(&image);
}

static void sums(uint8_t *data)
{
    store_u32(data + 68, crc32c(0, data + HEADER, (size_t)load_u64(data + 56)));
    store_u32(data + 96, crc32c(0, data, 96));
}

/* Sums prove what was written, not that it makes sense: it is looked at before anybody walks over it. */
static void records_that_do_not_fit_are_refused(void **test)
{
    static const struct {
        size_t at;
        uint32_t value;
        enum status wanted;
    } rows[] = {
        { RECORD_AT + 60, 1, STATUS_OK },               /* as it was: a name of one byte */
        { RECORD_AT, 0, STATUS_CORRUPT },               /* a record that never ends, */
        { RECORD_AT, RECORD_SIZE - 1, STATUS_CORRUPT }, /* smaller than its head, */
        { RECORD_AT, 5000, STATUS_CORRUPT },            /* larger than the slot; */
        { RECORD_AT + 60, 60, STATUS_CORRUPT },         /* a name, */
        { RECORD_AT + 60, UINT32_MAX, STATUS_CORRUPT },
        { RECORD_AT + 64, UINT32_MAX, STATUS_CORRUPT }, /* a state beyond it */
        { 8, CHECKPOINT_VERSION + 1, STATUS_MISMATCH },
        { 60, 8000, STATUS_TRUNCATED }, /* more records than the file has */
        { 0, 0, STATUS_NOT_FOUND },
    };
    struct loose *loose = *test;
    struct checkpoint_image image = { .size = 0 };
    struct checkpoint_header header = header_of(0), found;

    for (size_t i = 0; i < array_count(rows); i++) {
        checkpoint_image_begin(&image, &loose->shard.heap);
        struct log log = log_numbered(loose, 1, TEXT("t"));
        checkpoint_add(&image, &log);
        size_t size = checkpoint_image_seal(&image, &header);
        store_u32(image.data + rows[i].at, rows[i].value);
        if (rows[i].at == 60) {
            store_u32(image.data + 96, crc32c(0, image.data, 96));
        } else {
            sums(image.data);
        }
        assert_int_equal(checkpoint_read((struct bytes){ image.data, size }, &found), rows[i].wanted);
    }
    assert_int_equal(checkpoint_read((struct bytes){ image.data, HEADER - 1 }, &found), STATUS_NOT_FOUND);
    checkpoint_image_end(&image);
}

static void files_are_named_by_shard_and_slot(void **test)
{
    (void)test;
    char name[64];
    checkpoint_file_name(UINT32_MAX, 1, name);
    assert_string_equal(name, "sluice-checkpoint-4294967295-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_log(what_goes_in_comes_out),
        with_log(a_lowered_start_changes_that_record_alone),
        with_log(records_that_do_not_fit_are_refused),
        with_log(files_are_named_by_shard_and_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
