/* client/packer.c   What stands where in a batch:
 *
 *      0 base offset (8)  8 length (4)  12 leader epoch (4)  16 magic (1)  17 CRC-32C from here on: (4)
 *     21 attributes (2)  23 last offset delta (4)  27 base timestamp (8)  35 max timestamp (8)
 *     43 producer id (8)  51 producer epoch (2)  53 base sequence (4)  57 count (4)  61 records, packed or not */
#include "client/packer.h"

#include "base/crc32c.h"
#include "log/batch.h"

enum { ROOM_FIRST = 64 << 10, RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 5, MAGIC = 2 };

void packer_init(struct packer *packer, struct heap *heap, enum compression codec, int level)
{
    *packer = (struct packer){ .heap = heap, .codec = codec, .level = level };
    packer_empty(packer);
}

void packer_end(struct packer *packer)
{
    heap_give(packer->heap, packer->data);
    heap_give(packer->heap, packer->packed);
    packer->data = packer->packed = NULL;
}

void packer_empty(struct packer *packer)
{
    packer->size = BATCH_HEADER_SIZE;
    packer->count = 0;
    packer->base_timestamp_ms = packer->max_timestamp_ms = 0;
}

/* ---- records ---- */

size_t packer_cost(const struct packer_record *record)
{
    return RECORD_OVERHEAD + record->key.size + record->value.size + record->headers.size;
}

static uint8_t *write_bytes(uint8_t *at, struct bytes bytes)
{
    if (!bytes.data) return at + varint_write_i32(at, -1);
    at += varint_write_i32(at, (int32_t)bytes.size);
    memcpy(at, bytes.data, bytes.size);
    return at + bytes.size;
}

static size_t bytes_size(struct bytes bytes)
{
    return bytes.data ? varint_size_i32((int32_t)bytes.size) + bytes.size : 1;
}

static void make_room(struct packer *packer, size_t more)
{
    size_t room = packer->room ? packer->room : ROOM_FIRST;

    if (packer->data && packer->size + more <= packer->room) return;
    while (room < packer->size + more) room *= 2;
    packer->data = heap_resize(packer->heap, packer->data, room);
    packer->room = room;
}

void packer_add(struct packer *packer, const struct packer_record *record)
{
    make_room(packer, packer_cost(record));
    if (packer->count == 0) packer->base_timestamp_ms = packer->max_timestamp_ms = record->timestamp_ms;

    int64_t delta_ms = record->timestamp_ms - packer->base_timestamp_ms;
    size_t length = 1 + varint_size_i64(delta_ms) + varint_size_i32(packer->count) + bytes_size(record->key) +
                    bytes_size(record->value) + varint_size_i32(record->header_count) + record->headers.size;
    uint8_t *at = packer->data + packer->size;

    invariant(length <= INT32_MAX);
    at += varint_write_i32(at, (int32_t)length);
    *at++ = 0; /* attributes: none are known */
    at += varint_write_i64(at, delta_ms);
    at += varint_write_i32(at, packer->count);
    at = write_bytes(at, record->key);
    at = write_bytes(at, record->value);
    at += varint_write_i32(at, record->header_count);
    if (record->headers.size > 0) memcpy(at, record->headers.data, record->headers.size);

    packer->size = (size_t)(at - packer->data) + record->headers.size;
    packer->max_timestamp_ms = max_of(packer->max_timestamp_ms, record->timestamp_ms);
    packer->count++;
}

size_t packer_header_size(struct bytes name, struct bytes value)
{
    return bytes_size(name) + bytes_size(value);
}

uint8_t *packer_header(uint8_t *at, struct bytes name, struct bytes value)
{
    return write_bytes(write_bytes(at, name), value);
}

/* ---- the batch ---- */

static enum status pack(struct packer *packer, struct bytes records, struct bytes *batch)
{
    size_t room = BATCH_HEADER_SIZE + compression_bound(packer->codec, records.size), size;

    if (room > packer->packed_room) {
        packer->packed = heap_resize(packer->heap, packer->packed, room);
        packer->packed_room = room;
    }
    enum status status = compression_pack(packer->codec, packer->level, records, packer->packed + BATCH_HEADER_SIZE,
                                          room - BATCH_HEADER_SIZE, &size, packer->heap);
    *batch = (struct bytes){ packer->packed, BATCH_HEADER_SIZE + size };
    return status;
}

static void write_header(const struct packer *packer, const struct packer_author *author, uint8_t *data, size_t size)
{
    store_u64(data, 0);
    store_u32(data + 8, (uint32_t)(size - BATCH_PREFIX_SIZE));
    store_i32(data + 12, -1);
    data[16] = MAGIC;
    store_u16(data + 21, (uint16_t)packer->codec);
    store_i32(data + 23, packer->count - 1);
    store_u64(data + 27, (uint64_t)packer->base_timestamp_ms);
    store_u64(data + 35, (uint64_t)packer->max_timestamp_ms);
    store_u64(data + 43, (uint64_t)author->id);
    store_i16(data + 51, author->epoch);
    store_i32(data + 53, author->sequence);
    store_i32(data + 57, packer->count);
    store_u32(data + 17, crc32c(0, data + BATCH_CRC_FROM, size - BATCH_CRC_FROM));
}

enum status packer_finish(struct packer *packer, const struct packer_author *author, struct bytes *batch)
{
    invariant(packer->count > 0);
    struct bytes records = { packer->data + BATCH_HEADER_SIZE, packer->size - BATCH_HEADER_SIZE };

    *batch = (struct bytes){ packer->data, packer->size };
    if (packer->codec != COMPRESSION_NONE) {
        enum status status = pack(packer, records, batch);
        if (status != STATUS_OK) return status;
    }
    write_header(packer, author, packer->codec == COMPRESSION_NONE ? packer->data : packer->packed, batch->size);
    return STATUS_OK;
}
