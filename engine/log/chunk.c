/* engine/log/chunk.c   The WAL chunk, byte for byte. All numbers are big-endian.
 *
 *     [header 128][payload, padded to 8][table: 80 bytes per entry][zeros up to 4096]
 *
 *     header                                        entry
 *      at size                                       at size
 *       0   8  "SLUICEWL"                             0   1  kind
 *       8   2  version 1                              1   3  0
 *      10   2  0                                      4   4  partition
 *      12   4  shard                                  8  16  topic id
 *      16  16  directory id                          24   8  incarnation of the log
 *      32   8  incarnation of the start              32   8  first
 *      40   8  sequence                              40   8  limit
 *      48   8  completed                             48   4  leader epoch
 *      56   4  CRC of the chunk before               52   4  CRC
 *      60   4  payload size                          56   4  position in the payload
 *      64   4  entry count                           60   4  size
 *      68  56  0                                     64   8  base of the segment
 *     124   4  CRC-32C of 0..123 and the table       72   4  extent: CRC of its bytes in the payload
 *                                                    76   4  position in the segment
 *
 * The last block of a WAL file holds no chunk but, once the file was left, the link to the next one:
 *
 *      at size                                       at size
 *       0   8  "SLUICELK"                            48   8  completed
 *       8   2  version 1                             56   4  CRC of the chunk before
 *      12   4  shard                                 60   4  number of the next file
 *      16  16  directory id                          64   4  CRC-32C of bytes 0..63, then zeros
 *      32   8  incarnation of the start
 *      40   8  sequence of the first chunk there
 *
 * The payload has no sum of its own: the bytes of a batch were summed when they came in, and are proved by the batch's
 * CRC; the 21 bytes before, which that CRC leaves out, are proved by the entry's. So no byte is summed twice on its way
 * to the disk. What is no batch (a name, a partial block) is small and summed whole. */
#include "log/chunk.h"

#include <string.h>

#include "base/crc32c.h"
#include "log/batch.h"

static const char CHUNK_MAGIC[8] = { 'S', 'L', 'U', 'I', 'C', 'E', 'W', 'L' };

static const char LINK_MAGIC[8] = { 'S', 'L', 'U', 'I', 'C', 'E', 'L', 'K' };

enum { CRC_AT = 124, LINK_CRC_AT = 64 };

void chunk_entry_write(uint8_t *to, const struct chunk_entry *entry)
{
    to[0] = (uint8_t)entry->kind;
    memset(to + 1, 0, 3);
    store_i32(to + 4, entry->key.partition);
    memcpy(to + 8, entry->key.topic.byte, 16);
    store_u64(to + 24, entry->incarnation);
    store_i64(to + 32, entry->first);
    store_i64(to + 40, entry->limit);
    store_i32(to + 48, entry->leader_epoch);
    store_u32(to + 52, entry->crc);
    store_u32(to + 56, entry->position);
    store_u32(to + 60, entry->size);
    store_i64(to + 64, entry->segment);
    store_u32(to + 72, entry->rest_crc);
    store_u32(to + 76, entry->segment_position);
}

enum status chunk_entry_read(const uint8_t *from, struct chunk_entry *entry)
{
    if (from[0] == 0 || from[0] >= CHUNK_KINDS) return STATUS_MALFORMED;
    entry->kind = (enum chunk_kind)from[0];
    entry->key.partition = load_i32(from + 4);
    memcpy(entry->key.topic.byte, from + 8, 16);
    entry->incarnation = load_u64(from + 24);
    entry->first = load_i64(from + 32);
    entry->limit = load_i64(from + 40);
    entry->leader_epoch = load_i32(from + 48);
    entry->crc = load_u32(from + 52);
    entry->position = load_u32(from + 56);
    entry->size = load_u32(from + 60);
    entry->segment = load_i64(from + 64);
    entry->rest_crc = load_u32(from + 72);
    entry->segment_position = load_u32(from + 76);
    return STATUS_OK;
}

static uint32_t header_crc(const uint8_t *chunk, const struct chunk_header *header)
{
    uint32_t crc = crc32c(0, chunk, CRC_AT);
    return crc32c(crc, chunk + chunk_table_position(header->payload_size),
                  (size_t)header->entry_count * CHUNK_ENTRY_SIZE);
}

size_t chunk_seal(uint8_t *chunk, struct chunk_header *header)
{
    size_t payload_limit = CHUNK_HEADER_SIZE + (size_t)header->payload_size;
    size_t table = chunk_table_position(header->payload_size);
    size_t table_limit = table + (size_t)header->entry_count * CHUNK_ENTRY_SIZE;
    size_t size = chunk_size(header->payload_size, header->entry_count);

    memset(chunk + payload_limit, 0, table - payload_limit);
    memset(chunk + table_limit, 0, size - table_limit);

    memset(chunk, 0, CHUNK_HEADER_SIZE);
    memcpy(chunk, CHUNK_MAGIC, sizeof CHUNK_MAGIC);
    store_u16(chunk + 8, CHUNK_VERSION);
    store_u32(chunk + 12, header->shard);
    memcpy(chunk + 16, header->directory.byte, 16);
    store_u64(chunk + 32, header->incarnation);
    store_u64(chunk + 40, header->sequence);
    store_u64(chunk + 48, header->completed);
    store_u32(chunk + 56, header->previous_crc);
    store_u32(chunk + 60, header->payload_size);
    store_u32(chunk + 64, header->entry_count);
    header->crc = header_crc(chunk, header);
    store_u32(chunk + CRC_AT, header->crc);
    return size;
}

enum status chunk_read_header(const uint8_t *chunk, struct chunk_header *header)
{
    if (memcmp(chunk, CHUNK_MAGIC, sizeof CHUNK_MAGIC) != 0) return STATUS_NOT_FOUND;
    if (load_u16(chunk + 8) != CHUNK_VERSION) return STATUS_MISMATCH;
    header->shard = load_u32(chunk + 12);
    memcpy(header->directory.byte, chunk + 16, 16);
    header->incarnation = load_u64(chunk + 32);
    header->sequence = load_u64(chunk + 40);
    header->completed = load_u64(chunk + 48);
    header->previous_crc = load_u32(chunk + 56);
    header->payload_size = load_u32(chunk + 60);
    header->entry_count = load_u32(chunk + 64);
    header->crc = load_u32(chunk + CRC_AT);
    return STATUS_OK;
}

enum status chunk_sum_batches(const uint8_t *data, size_t size, int64_t first, int64_t limit, uint32_t *crc)
{
    uint32_t sum = 0;
    int64_t next = first;

    for (size_t at = 0; at < size;) {
        struct batch batch;
        enum status status = batch_read(data + at, size - at, &batch);
        if (status != STATUS_OK) return STATUS_CORRUPT;
        status = batch_check_crc(&batch);
        if (status != STATUS_OK) return STATUS_CORRUPT;
        if (batch.base_offset < next || batch_limit(&batch) > limit) return STATUS_CORRUPT;
        sum = crc32c(sum, batch.data, BATCH_HEAD_SIZE);
        next = batch_limit(&batch);
        at += batch.size;
    }
    *crc = sum;
    return next == limit ? STATUS_OK : STATUS_CORRUPT;
}

static enum status entry_check(const struct chunk_entry *entry, const uint8_t *payload, size_t payload_size)
{
    /* Most of an extent's bytes stand elsewhere, and are proved when they are read (restore.c). */
    uint32_t size = entry->kind == CHUNK_EXTENT ? chunk_extent_rest(entry->segment_position, entry->size) : entry->size;
    if (entry->position > payload_size || size > payload_size - entry->position) return STATUS_MALFORMED;

    const uint8_t *data = payload + entry->position;
    uint32_t crc = 0;
    switch (entry->kind) {
    case CHUNK_APPEND: {
        enum status status = chunk_sum_batches(data, entry->size, entry->first, entry->limit, &crc);
        if (status != STATUS_OK) return status;
        return crc == entry->crc ? STATUS_OK : STATUS_CORRUPT;
    }
    case CHUNK_EXTENT: return crc32c(0, data, size) == entry->rest_crc ? STATUS_OK : STATUS_CORRUPT;
    case CHUNK_OPEN: return crc32c(0, data, entry->size) == entry->crc ? STATUS_OK : STATUS_CORRUPT;
    default: return STATUS_OK;
    }
}

enum status chunk_check(const uint8_t *chunk, size_t size, struct chunk_header *header)
{
    enum status status = chunk_read_header(chunk, header);
    if (status != STATUS_OK) return status;
    if (header->payload_size > size || header->entry_count > size / CHUNK_ENTRY_SIZE) return STATUS_TRUNCATED;
    if (chunk_size(header->payload_size, header->entry_count) > size) return STATUS_TRUNCATED;
    if (header_crc(chunk, header) != header->crc) return STATUS_CORRUPT;

    for (uint32_t i = 0; i < header->entry_count; i++) {
        struct chunk_entry entry;
        const uint8_t *at = chunk + chunk_table_position(header->payload_size) + (size_t)i * CHUNK_ENTRY_SIZE;
        status = chunk_entry_read(at, &entry);
        if (status != STATUS_OK) return status;
        status = entry_check(&entry, chunk + CHUNK_HEADER_SIZE, header->payload_size);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

void chunk_entry_at(const uint8_t *chunk, const struct chunk_header *header, uint32_t index, struct chunk_entry *entry)
{
    invariant(index < header->entry_count);
    enum status status =
        chunk_entry_read(chunk + chunk_table_position(header->payload_size) + (size_t)index * CHUNK_ENTRY_SIZE, entry);
    invariant(status == STATUS_OK); /* chunk_check looked at each. */
}

void chunk_link_write(uint8_t block[CHUNK_BLOCK], const struct chunk_link *link)
{
    memset(block, 0, CHUNK_BLOCK);
    memcpy(block, LINK_MAGIC, sizeof LINK_MAGIC);
    store_u16(block + 8, CHUNK_VERSION);
    store_u32(block + 12, link->shard);
    memcpy(block + 16, link->directory.byte, 16);
    store_u64(block + 32, link->incarnation);
    store_u64(block + 40, link->sequence);
    store_u64(block + 48, link->completed);
    store_u32(block + 56, link->previous_crc);
    store_u32(block + 60, link->number);
    store_u32(block + LINK_CRC_AT, crc32c(0, block, LINK_CRC_AT));
}

enum status chunk_link_read(const uint8_t block[CHUNK_BLOCK], struct chunk_link *link)
{
    if (memcmp(block, LINK_MAGIC, sizeof LINK_MAGIC) != 0) return STATUS_NOT_FOUND;
    if (load_u32(block + LINK_CRC_AT) != crc32c(0, block, LINK_CRC_AT)) return STATUS_CORRUPT;
    if (load_u16(block + 8) != CHUNK_VERSION) return STATUS_CORRUPT;
    link->shard = load_u32(block + 12);
    memcpy(link->directory.byte, block + 16, 16);
    link->incarnation = load_u64(block + 32);
    link->sequence = load_u64(block + 40);
    link->completed = load_u64(block + 48);
    link->previous_crc = load_u32(block + 56);
    link->number = load_u32(block + 60);
    return STATUS_OK;
}
