/* tests/unit/net/api/desk_records.h   What producers and consumers do at the desk, and the logs behind it. */
#ifndef TESTS_UNIT_NET_API_DESK_RECORDS_H
#define TESTS_UNIT_NET_API_DESK_RECORDS_H

#include "desk_ask.h"

#include "messages/fetch.h"
#include "messages/produce.h"

static inline struct log *desk_log(struct desk *desk, struct uuid topic, int32_t index)
{
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        struct partition *partition = replicas_find(desk->node.shards[i]->replicas, topic, index);
        if (partition) return partition->log;
    }
    fail();
    return NULL;
}

/* A batch of records that hold their number and `size` bytes in all; in the arena of messages. */
static inline struct bytes desk_batch(struct desk *desk, uint32_t count, size_t size)
{
    struct batch_builder builder;
    size_t room = 256 + count * (size + 64);
    uint8_t *memory = arena_take(&desk->messages, room), *value = arena_take(&desk->messages, size);

    batch_begin(&builder, memory, room, 0, shard_wall_ms(desk->node.shards[0]));
    for (uint32_t i = 0; i < count; i++) {
        memset(value, (int)i, size);
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, size }, shard_wall_ms(desk->node.shards[0]));
    }
    return batch_end(&builder);
}

struct desk_produce {
    struct produce_partition_ask partition;
    struct produce_topic_ask topic;
    struct produce_ask ask;
};

static inline void desk_produce_fill(struct desk_produce *produce, const char *topic, int32_t index, int16_t acks,
                                     struct bytes batch)
{
    *produce = (struct desk_produce){ 0 };
    produce->partition = (struct produce_partition_ask){ index, { batch.data, (int32_t)batch.size, NULL } };
    produce->topic.name = text_of(topic);
    produce->topic.partitions.items = &produce->partition;
    produce->topic.partitions.count = 1;
    produce->ask.transactional_id = TEXT_NULL;
    produce->ask.acks = acks;
    produce->ask.timeout_ms = 10000;
    produce->ask.topics.items = &produce->topic;
    produce->ask.topics.count = 1;
}

static inline void desk_produce_send(struct desk *desk, const char *topic, int32_t index, int16_t acks,
                                     struct bytes batch)
{
    struct desk_produce produce;
    desk_produce_fill(&produce, topic, index, acks, batch);
    desk_send(desk, API_PRODUCE, 11, &produce.ask);
}

/* The one row of the answer to the request `correlation`. */
static inline struct produce_partition_answer desk_produced_of(struct desk *desk, int32_t correlation)
{
    struct produce_answer answer;
    desk_answer_of(desk, correlation, API_PRODUCE, 11, &answer);
    assert_int_equal(answer.topics.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    return answer.topics.items[0].partitions.items[0];
}

static inline struct produce_partition_answer desk_produce(struct desk *desk, const char *topic, int32_t index,
                                                           int16_t acks, struct bytes batch)
{
    desk_produce_send(desk, topic, index, acks, batch);
    return desk_produced_of(desk, desk->correlation);
}

/* Stores `batches` batches of one record of `size` bytes. */
static inline void desk_store(struct desk *desk, const char *topic, int32_t index, int batches, size_t size)
{
    for (int i = 0; i < batches; i++) {
        arena_reset(&desk->messages);
        struct produce_partition_answer row = desk_produce(desk, topic, index, 1, desk_batch(desk, 1, size));
        assert_int_equal(row.error, ERROR_NONE);
    }
}

enum { DESK_PARTITIONS_MAX = 200 };

/* A fetch of partitions 0 .. count - 1 of one topic, from offset 0. */
struct desk_fetch {
    struct fetch_partition_ask partitions[DESK_PARTITIONS_MAX];
    struct fetch_topic_ask topic;
    struct fetch_ask ask;
};

static inline void desk_fetch_fill(struct desk_fetch *fetch, struct uuid topic, const char *name, int32_t count)
{
    *fetch = (struct desk_fetch){ 0 };
    message_clear(&fetch_ask_schema, &fetch->ask);
    for (int32_t i = 0; i < count; i++) {
        fetch->partitions[i] = (struct fetch_partition_ask){ .index = i,
                                                             .current_leader_epoch = -1,
                                                             .last_fetched_epoch = -1,
                                                             .log_start_offset = -1,
                                                             .max_bytes = 1 << 20,
                                                             .high_watermark = INT64_MAX };
    }
    fetch->topic.topic_id = topic;
    fetch->topic.name = text_of(name);
    fetch->topic.partitions.items = fetch->partitions;
    fetch->topic.partitions.count = count;
    fetch->ask.topics.items = &fetch->topic;
    fetch->ask.topics.count = 1;
    fetch->ask.replica_id = -1;
    fetch->ask.max_bytes = 50 << 20;
    fetch->ask.min_bytes = 1;
    fetch->ask.session_epoch = -1;
}

/* The batches of a row: how many, and that they are whole and follow each other from `offset` on. */
static inline int desk_batches(const struct fetch_partition_answer *row, int64_t *offset)
{
    struct batch batch;
    int count = 0;

    for (int32_t at = 0; at < row->records.size; at += (int32_t)batch.size, count++) {
        assert_int_equal(batch_read(row->records.data + at, (size_t)(row->records.size - at), &batch), STATUS_OK);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
        assert_int_equal(batch.base_offset, *offset);
        *offset = batch_limit(&batch);
    }
    return count;
}

#endif
