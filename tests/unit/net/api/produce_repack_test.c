/* tests/unit/net/api/produce_repack_test.c   Topics with a codec of their own: what comes in another one is made anew
 * off the shard, in its turn; what is behind it for the same partition waits, others don't. */
#include "desk_metadata.h"
#include "desk_records.h"
#include "one_desk.h"

#include "base/compression.h"

/* desk_batch in another codec; from an idempotent producer if `producer` >= 0. */
static struct bytes batch_in(enum compression codec, int64_t producer, int32_t sequence, uint32_t count, size_t size)
{
    struct bytes plain = desk_batch(&desk, count, size);
    struct bytes records = { plain.data + BATCH_HEADER_SIZE, plain.size - BATCH_HEADER_SIZE };
    size_t room = compression_bound(codec, records.size), packed;
    uint8_t *memory = arena_take(&desk.messages, BATCH_HEADER_SIZE + room);
    struct batch_builder builder;

    enum status status = compression_pack(codec, COMPRESSION_LEVEL_DEFAULT, records, memory + BATCH_HEADER_SIZE, room,
                                          &packed, &desk.heap);
    assert_int_equal(status, STATUS_OK);
    batch_begin(&builder, memory, BATCH_HEADER_SIZE + room, (uint16_t)codec, shard_wall_ms(desk.node.shards[0]));
    builder.size += packed;
    builder.batch.record_count = (int32_t)count;
    builder.batch.producer_id = producer;
    builder.batch.producer_epoch = producer < 0 ? -1 : 0;
    builder.batch.base_sequence = producer < 0 ? -1 : sequence;
    return batch_end(&builder);
}

/* The codec of the batch at each offset, from the log's memory. */
static void stored_codecs(const struct log *log, const int *wanted, int count)
{
    struct extent extents[64];
    struct log_read read = {
        .log = (struct log *)log, .limit = log->end, .size_max = 8 << 20, .extents = extents, .extent_max = 64
    };
    int found = 0;

    assert_true(log_read_begin(&read));
    assert_int_equal(read.status, STATUS_OK);
    for (uint32_t i = 0; i < read.extent_count; i++) {
        struct batch batch;
        for (uint32_t at = 0; at < extents[i].size; at += batch.size) {
            assert_int_equal(batch_read(extents[i].data + at, extents[i].size - at, &batch), STATUS_OK);
            assert_int_equal(batch_check_crc(&batch), STATUS_OK);
            assert_true(found < count);
            assert_int_equal(batch.attributes & BATCH_CODEC, wanted[found++]);
        }
        block_unpin(extents[i].block);
    }
    assert_int_equal(found, count);
}

static void another_codec_is_made_the_topics(void **state)
{
    (void)state;
    struct uuid topic = desk_topic_of(&desk, "zipped", 1, DESK_SELF, "compression.type", "gzip");
    struct log *log = desk_log(&desk, topic, 0);
    static const int wanted[] = { COMPRESSION_GZIP, COMPRESSION_GZIP, COMPRESSION_GZIP, COMPRESSION_GZIP,
                                  COMPRESSION_GZIP };

    for (int codec = 0; codec < COMPRESSION_COUNT; codec++) {
        struct bytes batch = batch_in((enum compression)codec, -1, -1, 4, 1000);
        struct produce_partition_answer row = desk_produce(&desk, "zipped", 0, 1, batch);
        assert_int_equal(row.error, ERROR_NONE);
        assert_int_equal(row.base_offset, 4 * codec);
    }
    stored_codecs(log, wanted, array_count(wanted));
}

/* Large and small, to be packed or not, from one producer with sequences: any overtaking would be an error. */
static void batches_keep_their_turn(void **state)
{
    (void)state;
    enum { BATCHES = 40 };
    struct uuid topic = desk_topic_of(&desk, "turns", 1, DESK_SELF, "compression.type", "zstd");
    int wanted[BATCHES];
    int32_t first = desk.correlation + 1;

    for (int i = 0; i < BATCHES; i++) {
        enum compression codec = i % 3 == 0 ? COMPRESSION_GZIP : i % 3 == 1 ? COMPRESSION_ZSTD : COMPRESSION_NONE;
        size_t size = i % 4 == 0 ? 100000 : 10;
        desk_produce_send(&desk, "turns", 0, -1, batch_in(codec, 500, i, 1, size));
        wanted[i] = COMPRESSION_ZSTD;
        arena_reset(&desk.messages);
    }
    for (int i = 0; i < BATCHES; i++) {
        struct produce_partition_answer row = desk_produced_of(&desk, first + i);
        assert_int_equal(row.error, ERROR_NONE);
        assert_int_equal(row.base_offset, i);
    }
    stored_codecs(desk_log(&desk, topic, 0), wanted, BATCHES);
}

/* The topic goes while its batches are being made anew. */
static void a_topic_may_go_meanwhile(void **state)
{
    (void)state;
    desk_topic_of(&desk, "going", 1, DESK_SELF, "compression.type", "lz4");
    int32_t first = desk.correlation + 1;
    struct image_topic *topic = image_topic_by_name(&desk.node.shards[0]->replicas->image, TEXT("going"));
    struct record_list list;

    for (int i = 0; i < 6; i++) {
        desk_produce_send(&desk, "going", 0, 1, batch_in(COMPRESSION_GZIP, -1, -1, 1, 200000));
    }
    for (int i = 0; i < 3; i++) desk_turn(&desk);
    record_list_init(&list, &desk.arena);
    record_list_add(&list, RECORD_REMOVE_TOPIC)->remove_topic.topic_id = topic->id;
    desk_apply(&desk, &list);
    for (int i = 0; i < 6; i++) {
        int16_t error = desk_produced_of(&desk, first + i).error;
        assert_true(error == ERROR_NONE || error == ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
}

static void what_is_broken_is_refused_in_its_turn(void **state)
{
    (void)state;
    desk_topic_of(&desk, "broken", 1, DESK_SELF, "compression.type", "lz4");
    struct bytes good = batch_in(COMPRESSION_GZIP, -1, -1, 2, 1000), bad = batch_in(COMPRESSION_GZIP, -1, -1, 2, 1000);
    uint8_t *bytes = (uint8_t *)bad.data;
    int32_t first = desk.correlation + 1;

    store_i64(bytes + 27, 1); /* The base timestamp: its sum is wrong. */
    desk_produce_send(&desk, "broken", 0, 1, good);
    desk_produce_send(&desk, "broken", 0, 1, bad);
    store_u32(bytes + 8, load_u32(bytes + 8) - 9); /* Cut, and its sum is right again. */
    bad.size -= 9;
    store_u32(bytes + 17, crc32c(0, bytes + BATCH_CRC_FROM, bad.size - BATCH_CRC_FROM));
    desk_produce_send(&desk, "broken", 0, 1, bad);
    desk_produce_send(&desk, "broken", 0, 1, good);

    struct produce_partition_answer row = desk_produced_of(&desk, first);
    assert_int_equal(row.error, ERROR_NONE);
    assert_int_equal(desk_produced_of(&desk, first + 1).error, ERROR_CORRUPT_MESSAGE);
    assert_int_equal(desk_produced_of(&desk, first + 2).error, ERROR_INVALID_RECORD);
    row = desk_produced_of(&desk, first + 3);
    assert_int_equal(row.error, ERROR_NONE);
    assert_int_equal(row.base_offset, 2);
}

/* A batch that would open to 40 MiB: more than a shard has for that; and one that is too large once it is plain. */
static void a_bomb_is_too_large(void **state)
{
    (void)state;
    desk_topic_of(&desk, "bombed", 1, DESK_SELF, "compression.type", "zstd");
    desk_topic_of(&desk, "plain", 1, DESK_SELF, "compression.type", "uncompressed");
    struct bytes bomb = batch_in(COMPRESSION_GZIP, -1, -1, 1, 40 << 20);
    assert_in_range(bomb.size, 1000, 100000);
    assert_int_equal(desk_produce(&desk, "bombed", 0, 1, bomb).error, ERROR_MESSAGE_TOO_LARGE);
    assert_int_equal(desk_produce(&desk, "plain", 0, 1, batch_in(COMPRESSION_GZIP, -1, -1, 1, 2 << 20)).error,
                     ERROR_MESSAGE_TOO_LARGE);
    assert_int_equal(desk_produce(&desk, "bombed", 0, 1, batch_in(COMPRESSION_GZIP, -1, -1, 1, 2 << 20)).error,
                     ERROR_NONE);
    arena_reset(&desk.messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_codec_is_made_the_topics),
        cmocka_unit_test(batches_keep_their_turn),
        cmocka_unit_test(a_topic_may_go_meanwhile),
        cmocka_unit_test(what_is_broken_is_refused_in_its_turn),
        cmocka_unit_test(a_bomb_is_too_large),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
