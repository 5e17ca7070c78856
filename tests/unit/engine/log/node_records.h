/* tests/unit/engine/log/node_records.h   The logs of a small node: opening one, appending records that carry their own
 * offset, and reading them all back with that in mind. */
#ifndef TESTS_UNIT_ENGINE_LOG_NODE_RECORDS_H
#define TESTS_UNIT_ENGINE_LOG_NODE_RECORDS_H

#include "node.h"

static inline struct log *node_log(struct node *node, uint32_t shard, const char *topic, int32_t partition)
{
    struct log_key key = { .partition = partition };
    struct log *log;
    const struct log_found *found = NULL;

    snprintf((char *)key.topic.byte, 16, "%s", topic);
    for (uint32_t i = 0; i < node->directory->found_count; i++) {
        const struct log_found *one = &node->directory->found[i];
        if (uuid_equal(one->key.topic, key.topic) && one->key.partition == partition) found = one;
    }
    assert_int_equal(log_open(node->stores[shard], found, key, text_of(topic), &node_log_settings, &log), STATUS_OK);
    return log;
}

/* A batch of `count` records with values of `size` bytes that begin with `number`. */
static inline struct bytes node_batch(uint8_t *memory, size_t room, uint32_t count, size_t size, uint64_t number)
{
    static uint8_t value[1 << 20];
    struct batch_builder builder;

    assert_true(size <= sizeof value);
    batch_begin(&builder, memory, room, 0, 1700000000000);
    for (uint32_t i = 0; i < count; i++) {
        memset(value, (int)(number & 0xff), size);
        if (size >= 8) store_u64(value, number + i);
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, size }, 1700000000000);
    }
    return batch_end(&builder);
}

static inline enum status node_append(struct log *log, uint32_t count, size_t size, uint64_t number)
{
    static uint8_t memory[4 << 20];
    struct log_append append = { .batches = node_batch(memory, sizeof memory, count, size, number),
                                 .origin = APPEND_CLIENT,
                                 .leader_epoch = 3 };
    return log_append(log, &append);
}

struct node_reading {
    struct log_read read;
    bool done;
};

static inline void node_read_done(struct ready *ready)
{
    container_of(ready, struct node_reading, read.ready)->done = true;
}

/* Reads everything from `offset` to the end, checking offsets, CRCs and that each record's value begins with the number
 * of its offset; returns the offset behind the last batch. */
static inline int64_t node_read_all(struct node *node, struct log *log, int64_t offset)
{
    while (offset < log->end) {
        struct extent extents[16];
        struct node_reading reading = { .read = { .log = log,
                                                  .offset = offset,
                                                  .limit = log->end,
                                                  .size_max = 1 << 20,
                                                  .first_whole = true,
                                                  .extents = extents,
                                                  .extent_max = 16 } };
        ready_init(&reading.read.ready, node_read_done);
        if (!log_read_begin(&reading.read)) {
            while (!reading.done) node_turn(node);
        }
        const struct log_read read = reading.read;
        assert_int_equal(read.status, STATUS_OK);
        assert_true(read.extent_count > 0);
        static uint8_t joined[16 << 20];
        size_t size = 0;
        for (uint32_t i = 0; i < read.extent_count; i++) { /* A batch may lie across two extents. */
            assert_true(size + extents[i].size <= sizeof joined);
            memcpy(joined + size, extents[i].data, extents[i].size);
            size += extents[i].size;
            block_unpin(extents[i].block);
        }
        assert_int_equal(size, read.size);
        struct batch batch;
        for (size_t at = 0; at < size; at += batch.size) {
            assert_int_equal(batch_read(joined + at, size - at, &batch), STATUS_OK);
            assert_int_equal(batch_check_crc(&batch), STATUS_OK);
            assert_true(batch.base_offset == offset || (at == 0 && batch.base_offset <= offset));
            offset = batch_limit(&batch);
        }
    }
    return offset;
}

/* Deletes the log, and waits until it is gone. */
struct node_gone {
    struct ready ready;
    bool done;
};

static inline void node_gone_run(struct ready *ready)
{
    container_of(ready, struct node_gone, ready)->done = true;
}

static inline void node_delete(struct node *node, struct log *log)
{
    struct node_gone gone = { .done = false };

    ready_init(&gone.ready, node_gone_run);
    log_delete(log, &gone.ready);
    while (!gone.done) node_turn(node);
}

#endif
