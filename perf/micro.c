/* perf/micro.c   One prepared input per piece; every repetition works on the same bytes, hot in cache, so the figures
 * are what the code costs and not what memory does. */
#include "micro.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "base/heap.h"
#include "log/batch.h"
#include "messages/fetch.h"
#include "messages/metadata.h"
#include "messages/produce.h"
#include "micro_log.h"

enum { SCRATCH_SIZE = 64 << 20, RECORD_SIZE = 1024, FETCHED_SIZE = 16 << 20, FETCHED_BATCH_SIZE = 64 << 10 };

struct micro {
    struct heap heap;
    struct arena arena; /* what a request's decoding takes; reset each time */
    struct arena inputs;
    size_t size;
    uint8_t *from, *to; /* `size` bytes and a copy's place */
    uint8_t *frame;
    size_t frame_size;
    struct metadata_answer metadata;
    struct batch batch;
    struct micro_log *log;
};

struct micro *micro_begin(size_t size)
{
    struct micro *micro = calloc(1, sizeof(*micro));

    invariant(micro != NULL);
    heap_init(&micro->heap);
    arena_init(&micro->arena, &micro->heap, NULL, 0, SCRATCH_SIZE);
    arena_init(&micro->inputs, &micro->heap, NULL, 0, SCRATCH_SIZE);
    micro->size = size;
    micro->from = heap_take(&micro->heap, size);
    micro->to = heap_take(&micro->heap, size);
    memset(micro->from, 7, size);
    return micro;
}

void micro_end(struct micro *micro)
{
    if (micro->log) micro_log_end(micro->log);
    heap_end(&micro->heap);
    free(micro);
}

uint32_t micro_crc(struct micro *micro)
{
    return crc32c(0, micro->from, micro->size);
}

uint32_t micro_crc_copy(struct micro *micro)
{
    return crc32c_copy(0, micro->to, micro->from, micro->size);
}

static void frame_write(struct micro *micro, const struct schema *schema, int16_t version, const void *message)
{
    struct writer writer = { 0 };

    micro->frame_size = message_size(schema, version, true, message);
    micro->frame = heap_take(&micro->heap, micro->frame_size);
    writer.start = writer.at = micro->frame;
    writer.limit = micro->frame + micro->frame_size;
    message_write(schema, version, true, message, &writer);
    invariant(!writer.overrun);
}

static uint32_t frame_read(struct micro *micro, const struct schema *schema, int16_t version, void *into)
{
    const uint8_t *at = micro->frame;
    enum status status =
        message_read(schema, version, true, &at, micro->frame + micro->frame_size, into, &micro->arena);

    invariant(status == STATUS_OK);
    arena_reset(&micro->arena);
    return (uint32_t)(at - micro->frame);
}

uint32_t micro_read_produce(struct micro *micro)
{
    struct produce_ask ask;

    if (!micro->frame) {
        struct produce_partition_ask partition = { .records = { micro->from, (int32_t)micro->size, NULL } };
        struct produce_topic_ask topic = { .name = TEXT("orders"), .partitions = { &partition, 1 } };
        struct produce_ask message = { .acks = -1, .timeout_ms = 30000, .topics = { &topic, 1 } };
        frame_write(micro, &produce_ask_schema, 9, &message);
    }
    return frame_read(micro, &produce_ask_schema, 9, &ask);
}

uint32_t micro_read_fetch(struct micro *micro)
{
    struct fetch_ask ask;

    if (!micro->frame) {
        int32_t count = (int32_t)micro->size;
        struct fetch_partition_ask *partitions = arena_take(&micro->inputs, micro->size * sizeof(*partitions));
        for (int32_t i = 0; i < count; i++) {
            partitions[i] = (struct fetch_partition_ask){ .index = i, .max_bytes = 1 << 20 };
        }
        struct fetch_topic_ask topic = { .name = TEXT("orders"), .partitions = { partitions, count } };
        struct fetch_ask message = {
            .replica_id = -1, .max_wait_ms = 500, .rack_id = TEXT(""), .topics = { &topic, 1 }
        };
        frame_write(micro, &fetch_ask_schema, 12, &message);
    }
    return frame_read(micro, &fetch_ask_schema, 12, &ask);
}

static void metadata_prepare(struct micro *micro)
{
    static int32_t one = 1;
    static struct metadata_broker broker = { 1, { "127.0.0.1", 9 }, 9092, { NULL, 0 } };
    int32_t count = (int32_t)micro->size;
    struct metadata_partition_answer *partitions = arena_take(&micro->inputs, micro->size * sizeof(*partitions));
    struct metadata_topic_answer *topic = arena_take(&micro->inputs, sizeof(*topic));

    for (int32_t i = 0; i < count; i++) {
        partitions[i].index = i;
        partitions[i].leader_id = 1;
        partitions[i].replicas.items = &one;
        partitions[i].replicas.count = 1;
        partitions[i].isr.items = &one;
        partitions[i].isr.count = 1;
    }
    topic->name = TEXT("orders");
    topic->partitions.items = partitions;
    topic->partitions.count = count;
    message_clear(&metadata_answer_schema, &micro->metadata);
    micro->metadata.brokers.items = &broker;
    micro->metadata.brokers.count = 1;
    micro->metadata.topics.items = topic;
    micro->metadata.topics.count = 1;
    frame_write(micro, &metadata_answer_schema, 12, &micro->metadata);
}

uint32_t micro_write_metadata(struct micro *micro)
{
    if (!micro->frame) metadata_prepare(micro);
    struct writer writer = { .start = micro->frame, .at = micro->frame, .limit = micro->frame + micro->frame_size };

    message_write(&metadata_answer_schema, 12, true, &micro->metadata, &writer);
    return (uint32_t)(writer.at - writer.start);
}

static void batch_prepare(struct micro *micro, size_t size)
{
    uint8_t *memory = heap_take(&micro->heap, size + 4096);
    struct batch_builder builder;

    batch_begin(&builder, memory, size + 4096, 0, 1700000000000);
    while (builder.size + RECORD_SIZE < size + 1024) {
        static const uint8_t value[RECORD_SIZE - 8];
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof(value) }, 1700000000000);
    }
    struct bytes batch = batch_end(&builder);
    enum status status = batch_read(batch.data, batch.size, &micro->batch);
    invariant(status == STATUS_OK);
}

uint32_t micro_judge_batch(struct micro *micro)
{
    struct batch_rules rules = { .timestamp_min_ms = INT64_MIN, .timestamp_max_ms = INT64_MAX };
    struct batch_verdict verdict;

    if (!micro->batch.data) batch_prepare(micro, micro->size);
    enum status status = batch_judge(&micro->batch, &rules, &verdict);
    invariant(status == STATUS_OK);
    return (uint32_t)verdict.max_timestamp_ms;
}

static struct bytes micro_batch(const struct micro *micro)
{
    return (struct bytes){ micro->batch.data, micro->batch.size };
}

uint32_t micro_append(struct micro *micro)
{
    if (!micro->log) {
        batch_prepare(micro, micro->size);
        micro->log = micro_log_begin();
    }
    micro_log_append(micro->log, micro_batch(micro));
    return 0;
}

uint32_t micro_fetch(struct micro *micro)
{
    if (!micro->log) {
        batch_prepare(micro, FETCHED_BATCH_SIZE);
        micro->log = micro_log_begin();
        for (size_t size = 0; size < FETCHED_SIZE; size += FETCHED_BATCH_SIZE) {
            micro_log_append(micro->log, micro_batch(micro));
        }
        micro_log_settle(micro->log);
    }
    return micro_log_fetch(micro->log, (uint32_t)micro->size);
}
