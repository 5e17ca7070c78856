/* tests/sim/ledger.c   Its own reading of record batches, its own arithmetic; see model.c for the header's table. */
#include "sim/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"

enum { HEADER = 61, ATTRIBUTES = 21 };

struct ledger_log *ledger_log(struct ledger *ledger, uint64_t topic, int32_t family, int32_t partition)
{
    for (struct ledger_log *log = ledger->logs; log; log = log->next)
        if (log->number == topic && log->partition == partition) return log;

    struct ledger_log *log = heap_take(&ledger->world->heap, sizeof *log);
    log->number = topic;
    log->family = family;
    log->partition = partition;
    log->next = ledger->logs;
    ledger->logs = log;
    return log;
}

static size_t put_varint(uint8_t *to, uint64_t n)
{
    size_t size = 0;

    for (n *= 2; n >= 0x80; n >>= 7) to[size++] = (uint8_t)(n | 0x80); /* zigzag of what is never negative */
    to[size++] = (uint8_t)n;
    return size;
}

static uint64_t get_varint(const uint8_t **at)
{
    uint64_t n = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return n / 2;
    }
}

uint8_t *ledger_batch_make(struct ledger *ledger, struct ledger_log *log, int64_t producer_id, int16_t epoch,
                           int32_t producer, int32_t sequence, uint32_t records, uint32_t value_size, uint32_t *size,
                           uint64_t *value)
{
    struct heap *heap = &ledger->world->heap;
    uint8_t *data = heap_take(heap, HEADER + records * (size_t)(value_size + 40)), *at = data + HEADER;
    int64_t now_ms = sim_wall_ms(ledger->world);

    *value = ledger->values + 1;
    for (uint32_t i = 0; i < records; i++) {
        uint8_t head[40] = { 0 };
        size_t n = 1;
        n += put_varint(head + n, i);
        n += put_varint(head + n, i);
        n += put_varint(head + n, 8);
        store_u64(head + n, ++ledger->values);
        n += 8;
        n += put_varint(head + n, value_size);
        at += put_varint(at, n + value_size + 1);
        memcpy(at, head, n);
        at += n;
        memset(at, (int)(ledger->values * 37), value_size);
        at += value_size;
        *at++ = 0;
    }
    *size = (uint32_t)(at - data);
    store_i32(data + 8, (int32_t)*size - 12);
    store_i32(data + 12, -1);
    data[16] = 2;
    store_i32(data + 23, (int32_t)records - 1);
    store_i64(data + 27, now_ms);
    store_i64(data + 35, now_ms + records - 1);
    store_i64(data + 43, producer_id);
    store_i16(data + 51, epoch);
    store_i32(data + 53, producer_id < 0 ? -1 : sequence);
    store_i32(data + 57, (int32_t)records);
    uint32_t sum = crc32c(0, data + ATTRIBUTES, *size - ATTRIBUTES);
    store_u32(data + 17, sum);

    if (log->count == log->room) {
        log->room = log->room ? log->room * 2 : 16;
        log->batches = heap_resize(heap, log->batches, log->room * sizeof *log->batches);
    }
    log->batches[log->count++] = (struct ledger_batch){ *value, *size, sum, records, -1, -1, producer, sequence };
    return data;
}

static struct ledger_batch *batch_find(struct ledger_log *log, uint64_t value)
{
    uint32_t low = 0, high = log->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (log->batches[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < log->count && log->batches[low].value == value ? &log->batches[low] : NULL;
}

void ledger_told(struct ledger *ledger, struct ledger_log *log, uint64_t value, int64_t offset)
{
    struct ledger_batch *batch = batch_find(log, value);
    invariant(batch);

    if (offset < 0) return; /* A duplicate whose place is forgotten. */
    if (batch->told >= 0 && batch->told != offset) {
        sim_fail(ledger->world, "topic %lu-%d: a batch was told to be at %ld and at %ld", log->number, log->partition,
                 batch->told, offset);
    }
    if (batch->read >= 0 && batch->read != offset && !ledger->relaxed) {
        sim_fail(ledger->world, "topic %lu-%d: a batch was read at %ld and told to be at %ld", log->number,
                 log->partition, batch->read, offset);
    }
    batch->told = offset;
}

/* Produce names a topic by its name: what was sent to one that was deleted meanwhile may stand in its successor. */
static struct ledger_batch *batch_find_relative(struct ledger *ledger, struct ledger_log *log, uint64_t value,
                                                int64_t base)
{
    for (struct ledger_log *other = ledger->logs; other; other = other->next) {
        if (other->family != log->family || other->partition != log->partition || other == log) continue;
        struct ledger_batch *batch = batch_find(other, value);
        if (batch && batch->told < 0 && (batch->read < 0 || batch->read == base)) return batch;
    }
    return NULL;
}

static void batch_check(struct ledger *ledger, struct ledger_log *log, int64_t base, const uint8_t *data, uint32_t size)
{
    struct sim_world *world = ledger->world;
    const uint8_t *at = data + HEADER;

    if (data[16] != 2 || load_u32(data + 17) != crc32c(0, data + ATTRIBUTES, size - ATTRIBUTES)) {
        sim_fail(world, "topic %lu-%d: the batch at %ld is damaged", log->number, log->partition, base);
    }
    (void)get_varint(&at); /* length */
    at++;
    (void)get_varint(&at); /* time */
    (void)get_varint(&at); /* offset */
    (void)get_varint(&at); /* the key's size */
    struct ledger_batch *batch = batch_find(log, load_u64(at));
    if (!batch) batch = batch_find_relative(ledger, log, load_u64(at), base);
    for (struct ledger_log *other = ledger->logs; !batch && other; other = other->next) {
        struct ledger_batch *found = batch_find(other, load_u64(at));
        if (!found || ledger->relaxed) continue;
        sim_fail(world, "topic %lu-%d: the batch at %ld belongs to topic %lu-%d (told %ld, read %ld)", log->number,
                 log->partition, base, other->number, other->partition, found->told, found->read);
    }
    if (!batch && ledger->relaxed) return; /* The topic that it was sent to may be back. */
    if (!batch || batch->size != size || batch->sum != load_u32(data + 17)) {
        sim_fail(world, "bytes-equal: topic %lu-%d: nobody sent the batch at %ld there", log->number, log->partition,
                 base);
    }
    if (batch->read >= 0 && batch->read != base && !ledger->relaxed) {
        sim_fail(world, "exactly-once: topic %lu-%d: one batch at %ld and at %ld", log->number, log->partition,
                 batch->read, base);
    }
    if (batch->told >= 0 && batch->told != base && !ledger->relaxed) {
        sim_fail(world, "topic %lu-%d: a batch told to be at %ld was read at %ld", log->number, log->partition,
                 batch->told, base);
    }
    batch->read = base;
}

int64_t ledger_read(struct ledger *ledger, struct ledger_log *log, int64_t offset, const uint8_t *data, size_t size)
{
    for (size_t at = 0; size - at >= HEADER;) {
        uint32_t whole = load_u32(data + at + 8) + 12;
        if (whole < HEADER || whole > size - at) break; /* Cut by the limit of bytes. */
        int64_t base = load_i64(data + at), limit = base + load_i32(data + at + 23) + 1;
        bool first = at == 0;
        if (limit <= offset || (!first && base != offset) || (first && base > offset)) {
            sim_fail(ledger->world, "topic %lu-%d: asked for %ld, got a batch of %ld to %ld", log->number,
                     log->partition, offset, base, limit);
        }
        batch_check(ledger, log, base, data + at, whole);
        offset = limit;
        at += whole;
    }
    return offset;
}

static int by_offset(const void *a, const void *b)
{
    const struct ledger_batch *first = *(struct ledger_batch *const *)a, *second = *(struct ledger_batch *const *)b;

    return first->read < second->read ? -1 : first->read > second->read;
}

void ledger_check(struct ledger *ledger, struct ledger_log *log, int64_t start, int64_t end)
{
    struct sim_world *world = ledger->world;
    struct ledger_batch **order = heap_take(&world->heap, (log->count + 1) * sizeof(void *));
    uint32_t count = 0;

    for (uint32_t i = 0; i < log->count; i++) {
        struct ledger_batch *batch = &log->batches[i];
        if (batch->told >= start && batch->read < 0 && !ledger->relaxed) {
            sim_fail(world, "acked-durable: topic %lu-%d: the batch told to be at %ld is not there (log %ld to %ld)",
                     log->number, log->partition, batch->told, start, end);
        }
        if (batch->read >= 0) order[count++] = batch;
    }
    qsort(order, count, sizeof(void *), by_offset);
    for (uint32_t i = 1; i < count; i++) {
        if (order[i]->read < order[i - 1]->read + order[i - 1]->records && !ledger->relaxed) {
            sim_fail(world, "topic %lu-%d: two batches at %ld", log->number, log->partition, order[i]->read);
        }
        for (uint32_t k = i; k-- > 0;) { /* The batch of this producer before it. */
            if (order[k]->producer != order[i]->producer || order[i]->producer < 0) continue;
            if (order[i]->sequence <= order[k]->sequence && !ledger->relaxed) {
                sim_fail(world, "order: topic %lu-%d: sequence %d stands behind %d", log->number, log->partition,
                         order[i]->sequence, order[k]->sequence);
            }
            break;
        }
    }
    heap_give(&world->heap, order);
}
