/* tests/sim/model.c   The model's side of the record batch (61 bytes of header, then records; all of it written here,
 * on purpose, a second time) and its lists of batches.
 *
 *     0 base offset i64   8 length i32   12 leader epoch i32   16 magic i8   17 crc u32 (of all from 21)   21
 *         attributes i16
 *     23 last delta i32   27 base time i64   35 max time i64   43 producer i64   51 epoch i16   53 sequence i32   57
 *         count i32 */
#include "sim/model.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/crc32c.h"

static size_t put_varint(uint8_t *to, int64_t n)
{
    uint64_t zigzag = ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
    size_t size = 0;

    for (; zigzag >= 0x80; zigzag >>= 7) to[size++] = (uint8_t)(zigzag | 0x80);
    to[size++] = (uint8_t)zigzag;
    return size;
}

struct model_log *model_log_make(struct model *model, const char *name, int32_t partition, uint32_t producer_count)
{
    struct heap *heap = &model->world->heap;
    struct model_log *log = heap_take(heap, sizeof *log);

    for (int i = 0; i < 16; i++) log->key.topic.byte[i] = (uint8_t)(prng_u64(&model->world->prng) | 2);
    log->key.partition = partition;
    snprintf(log->name, sizeof log->name, "%s", name);
    log->exists = true;
    log->truncated = -1;
    log->leader_epoch = (int32_t)prng_below(&model->world->prng, 3);
    log->producer_count = producer_count;
    log->producers = heap_take(heap, producer_count * sizeof *log->producers);
    for (uint32_t i = 0; i < producer_count; i++) log->producers[i].id = 1000 + model->next_producer_id++;
    log->next = model->logs;
    model->logs = log;
    model->log_count++;
    return log;
}

struct model_log *model_find(const struct model *model, struct log_key key)
{
    for (struct model_log *log = model->logs; log; log = log->next)
        if (uuid_equal(log->key.topic, key.topic) && log->key.partition == key.partition) return log;
    return NULL;
}

uint8_t *model_batch_build(struct model *model, const struct model_log *log, int producer, int32_t sequence,
                           uint32_t records, uint32_t value_size, uint32_t *size)
{
    uint8_t *data = heap_take(&model->world->heap, 61 + records * (size_t)(value_size + 48));
    int64_t now_ms = sim_wall_ms(model->world);
    uint8_t *at = data + 61;

    for (uint32_t i = 0; i < records; i++) {
        uint8_t head[48];
        size_t n = 0;
        head[n++] = 0;                         /* attributes */
        n += put_varint(head + n, (int64_t)i); /* timestamp delta */
        n += put_varint(head + n, (int64_t)i); /* offset delta */
        n += put_varint(head + n, 8);          /* key */
        store_u64(head + n, ++model->values);
        n += 8;
        n += put_varint(head + n, (int64_t)value_size);
        at += put_varint(at, (int64_t)(n + value_size + 1));
        memcpy(at, head, n);
        at += n;
        memset(at, (int)(model->values * 31), value_size);
        at += value_size;
        *at++ = 0; /* headers */
    }
    *size = (uint32_t)(at - data);
    store_i32(data + 8, (int32_t)*size - 12);
    store_i32(data + 12, -1);
    data[16] = 2;
    store_i32(data + 23, (int32_t)records - 1);
    store_i64(data + 27, now_ms);
    store_i64(data + 35, now_ms + (int64_t)records - 1);
    store_i64(data + 43, producer < 0 ? -1 : log->producers[producer].id);
    int16_t epoch = -1;
    if (producer >= 0) epoch = log->producers[producer].epoch;
    store_i16(data + 51, epoch);
    store_i32(data + 53, producer < 0 ? -1 : sequence);
    store_i32(data + 57, (int32_t)records);
    store_u32(data + 17, crc32c(0, data + 21, *size - 21));
    return data;
}

void model_appended(struct model *model, struct model_log *log, uint8_t *data, uint32_t size, int producer,
                    int32_t sequence, int64_t first, int64_t limit)
{
    if (first != log->end || limit != first + load_i32(data + 57)) {
        sim_fail(model->world, "%s-%d: appended at %ld to %ld, the end was %ld", log->name, log->key.partition, first,
                 limit, log->end);
    }
    if (log->count == log->room) {
        log->room = log->room ? log->room * 2 : 16;
        log->batches = heap_resize(&model->world->heap, log->batches, log->room * sizeof *log->batches);
    }
    store_i64(data, first);
    store_i32(data + 12, log->leader_epoch);
    log->batches[log->count++] = (struct model_batch){
        .first = first,
        .limit = limit,
        .data = data,
        .size = size,
        .max_timestamp_ms = load_i64(data + 35),
        .epoch = log->leader_epoch,
        .producer = (int16_t)producer,
        .sequence = sequence,
    };
    log->end = limit;
    sim_told(model->world, log->name, "append: partition %lu offsets %lu to %lu size %lu", (uint64_t)log->key.partition,
             (uint64_t)first, (uint64_t)limit, size);
}

void model_promise(struct model_log *log, int64_t limit)
{
    if (log->promised < limit) log->promised = limit;
}

void model_cut(struct model *model, struct model_log *log, int64_t end)
{
    while (log->count && log->batches[log->count - 1].limit > end) {
        heap_give(&model->world->heap, log->batches[--log->count].data);
    }
    log->end = end;
    log->promised = min_of(log->promised, end);
    log->settled = min_of(log->settled, end);
}

uint32_t model_locate(const struct model_log *log, int64_t offset)
{
    uint32_t low = 0, high = log->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (log->batches[middle].limit <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void model_recovered(struct model *model, struct model_log *log, int64_t start, int64_t end, bool relaxed)
{
    struct sim_world *world = model->world;
    const char *name = log->name;
    int partition = log->key.partition;

    sim_told(world, name, "found: start %lu end %lu, promised %lu of %lu", (uint64_t)start, (uint64_t)end,
             (uint64_t)log->promised, (uint64_t)log->end);
    if (end < log->promised && !relaxed) {
        sim_fail(world, "acked-durable: %s-%d: promised below %ld, found below %ld", name, partition, log->promised,
                 end);
    }
    if (end > log->end)
        sim_fail(world, "%s-%d: found an end of %ld, never got past %ld", name, partition, end, log->end);
    uint32_t place = model_locate(log, end);
    if (place < log->count && log->batches[place].first < end) {
        sim_fail(world, "%s-%d: the end %ld lies inside a batch", name, partition, end);
    }
    if (start < log->start_promised && !relaxed) {
        sim_fail(world, "%s-%d: deleted below %ld, found from %ld on", name, partition, log->start_promised, start);
    }
    if (start > log->start && !log->retained) {
        sim_fail(world, "%s-%d: starts at %ld, nobody asked for more than %ld", name, partition, start, log->start);
    }
    model_cut(model, log, end);
    log->promised = log->settled = end;
    log->start = log->start_promised = start;
    log->truncated = -1;
    model_producers_rewind(log);
}

void model_producers_rewind(struct model_log *log)
{
    for (uint32_t i = 0; i < log->producer_count; i++) log->producers[i].next_sequence = 0;
    for (uint32_t i = 0; i < log->count; i++) {
        struct model_batch *batch = &log->batches[i];
        if (batch->producer < 0) continue;
        log->producers[batch->producer].next_sequence = batch->sequence + (int32_t)(batch->limit - batch->first);
    }
}

int64_t model_read(struct model *model, const struct model_log *log, int64_t offset, const uint8_t *data, size_t size)
{
    uint32_t place = model_locate(log, offset);

    for (size_t at = 0; at < size;) {
        if (place == log->count) {
            sim_fail(model->world, "%s-%d: read %zu bytes past the end", log->name, log->key.partition, size - at);
        }
        struct model_batch *batch = &log->batches[place++];
        if (batch->size > size - at || memcmp(batch->data, data + at, batch->size) != 0) {
            sim_fail(model->world, "bytes-equal: %s-%d: the batch at offset %ld reads otherwise (%zu of %u bytes)",
                     log->name, log->key.partition, batch->first, size - at, batch->size);
        }
        at += batch->size;
        offset = batch->limit;
    }
    return offset;
}
