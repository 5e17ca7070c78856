/* engine/log/checkpoint_image.c   A checkpoint slot, byte for byte. All numbers are big-endian.
 *
 *     [header, 4096 bytes][records, each padded to 8][zeros up to 4096]
 *
 *     header                                        record
 *      at size                                       at size
 *       0   8  "SLUICECP"                             0   4  size of the record, padding included
 *       8   4  version 1                              4   4  partition
 *      12   4  shard                                  8  16  topic id
 *      16  16  directory id                          24   8  incarnation of the log
 *      32   8  incarnation of the start              32   8  start
 *      40   8  sequence                              40   8  high watermark
 *      48   8  cut: chunks below are covered         48   8  end
 *      56   8  size of the records                   56   4  leader epoch
 *      64   4  number of records                     60   4  size of the name
 *      68   4  CRC-32C of the records                64   4  size of the state
 *      72   8  sequence to go on with                68      name, then state
 *      80   8  its position in
 *      88   4  the WAL file of this number
 *      92   4  CRC of the chunk before it
 *      96   4  CRC-32C of bytes 0..95
 *
 * A slot is written over the older of the two, so one of them is always whole; the newer whole one counts. Its size has
 * no bound but that of what it describes, which is in memory; the file is as long as the longest one yet. */
#include "log/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "log/chunk.h"

static const char CHECKPOINT_MAGIC[8] = { 'S', 'L', 'U', 'I', 'C', 'E', 'C', 'P' };

enum {
    HEADER_SIZE = CHUNK_BLOCK,
    HEADER_CRC_AT = 96,
    RECORD_SIZE = 68,
    IMAGE_ROOM_FIRST = 64 << 10,
    IMAGE_ROOM_KEPT = 1 << 20
};

void checkpoint_file_name(uint32_t shard, uint32_t slot, char name[64])
{
    snprintf(name, 64, "sluice-checkpoint-%u-%u", shard, slot);
}

static void image_room(struct checkpoint_image *image, size_t size)
{
    size_t wanted = round_up(image->size + size, (size_t)CHUNK_BLOCK);
    if (wanted <= image->room) return;

    size_t room = max_of(image->room, (size_t)IMAGE_ROOM_FIRST);
    while (room < wanted) room *= 2;
    uint8_t *memory = heap_take(image->heap, room + CHUNK_BLOCK);
    uint8_t *data = (uint8_t *)round_up((uintptr_t)memory, (uintptr_t)CHUNK_BLOCK);
    if (image->size > 0) memcpy(data, image->data, image->size);
    heap_give(image->heap, image->memory);
    image->memory = memory;
    image->data = data;
    image->room = room;
}

void checkpoint_image_begin(struct checkpoint_image *image, struct heap *heap)
{
    image->heap = heap;
    image->size = 0;
    image->log_count = 0;
    image_room(image, HEADER_SIZE);
    image->size = HEADER_SIZE;
}

void checkpoint_image_rest(struct checkpoint_image *image)
{
    if (image->room > IMAGE_ROOM_KEPT) checkpoint_image_end(image);
    image->size = 0;
    image->log_count = 0;
}

void checkpoint_image_end(struct checkpoint_image *image)
{
    heap_give(image->heap, image->memory);
    *image = (struct checkpoint_image){ .heap = image->heap };
}

void checkpoint_add(struct checkpoint_image *image, const struct log *log)
{
    image_room(image, RECORD_SIZE + log->topic.size + log_state_size(log) + 8);

    uint8_t *at = image->data + image->size;
    uint8_t *name = at + RECORD_SIZE;
    memcpy(name, log->topic.data, log->topic.size);
    size_t state_size = log_state_save(log, name + log->topic.size);
    size_t size = RECORD_SIZE + log->topic.size + state_size;
    size_t whole = round_up(size, (size_t)8);

    invariant(whole <= UINT32_MAX);
    memset(at + size, 0, whole - size);
    store_u32(at, (uint32_t)whole);
    store_i32(at + 4, log->key.partition);
    memcpy(at + 8, log->key.topic.byte, 16);
    store_u64(at + 24, log->incarnation);
    store_i64(at + 32, log->start);
    store_i64(at + 40, log->committed.at);
    store_i64(at + 48, log->end);
    store_i32(at + 56, log->leader_epoch);
    store_u32(at + 60, (uint32_t)log->topic.size);
    store_u32(at + 64, (uint32_t)state_size);
    image->size += whole;
    image->log_count++;
}

void checkpoint_amend(struct checkpoint_image *image, const struct log *log)
{
    for (size_t at = HEADER_SIZE; at < image->size; at += load_u32(image->data + at)) {
        uint8_t *record = image->data + at;
        bool same = load_i32(record + 4) == log->key.partition && memcmp(record + 8, log->key.topic.byte, 16) == 0;
        if (same) store_i64(record + 32, log->start);
    }
}

size_t checkpoint_image_seal(struct checkpoint_image *image, const struct checkpoint_header *header)
{
    size_t whole = round_up(image->size, (size_t)CHUNK_BLOCK);
    uint8_t *data = image->data;

    memset(data + image->size, 0, whole - image->size);
    memset(data, 0, HEADER_SIZE);
    memcpy(data, CHECKPOINT_MAGIC, sizeof CHECKPOINT_MAGIC);
    store_u32(data + 8, CHECKPOINT_VERSION);
    store_u32(data + 12, header->shard);
    memcpy(data + 16, header->directory.byte, 16);
    store_u64(data + 32, header->incarnation);
    store_u64(data + 40, header->sequence);
    store_u64(data + 48, header->cut);
    store_u64(data + 56, image->size - HEADER_SIZE);
    store_u32(data + 64, image->log_count);
    store_u32(data + 68, crc32c(0, data + HEADER_SIZE, image->size - HEADER_SIZE));
    store_u64(data + 72, header->resume.sequence);
    store_u64(data + 80, header->resume.position);
    store_u32(data + 88, header->resume.number);
    store_u32(data + 92, header->resume.previous_crc);
    store_u32(data + HEADER_CRC_AT, crc32c(0, data, HEADER_CRC_AT));
    return whole;
}

/* Records lie one behind the other up to the end, each with its name and state inside. */
static bool records_fit(const uint8_t *records, size_t size)
{
    for (size_t at = 0; at < size; at += load_u32(records + at)) {
        size_t left = size - at;
        if (left < RECORD_SIZE) return false;
        size_t record = load_u32(records + at), name = load_u32(records + at + 60), state = load_u32(records + at + 64);
        if (record < RECORD_SIZE || record > left || name + state > record - RECORD_SIZE) return false;
    }
    return true;
}

enum status checkpoint_read_header(struct bytes file, struct checkpoint_header *header)
{
    const uint8_t *data = file.data;

    if (file.size < HEADER_SIZE || memcmp(data, CHECKPOINT_MAGIC, sizeof CHECKPOINT_MAGIC) != 0)
        return STATUS_NOT_FOUND;
    if (crc32c(0, data, HEADER_CRC_AT) != load_u32(data + HEADER_CRC_AT)) return STATUS_CORRUPT;
    if (load_u32(data + 8) != CHECKPOINT_VERSION) return STATUS_MISMATCH;

    header->shard = load_u32(data + 12);
    memcpy(header->directory.byte, data + 16, 16);
    header->incarnation = load_u64(data + 32);
    header->sequence = load_u64(data + 40);
    header->cut = load_u64(data + 48);
    header->body_size = load_u64(data + 56);
    header->log_count = load_u32(data + 64);
    header->body_crc = load_u32(data + 68);
    header->resume.sequence = load_u64(data + 72);
    header->resume.position = load_u64(data + 80);
    header->resume.number = load_u32(data + 88);
    header->resume.previous_crc = load_u32(data + 92);
    return STATUS_OK;
}

enum status checkpoint_read(struct bytes file, struct checkpoint_header *header)
{
    const uint8_t *data = file.data;
    enum status status = checkpoint_read_header(file, header);

    if (status != STATUS_OK) return status;
    if (header->body_size > file.size - HEADER_SIZE) return STATUS_TRUNCATED;
    if (crc32c(0, data + HEADER_SIZE, header->body_size) != header->body_crc) return STATUS_CORRUPT;
    return records_fit(data + HEADER_SIZE, header->body_size) ? STATUS_OK : STATUS_CORRUPT;
}

bool checkpoint_next(struct bytes file, const struct checkpoint_header *header, size_t *at,
                     struct checkpoint_record *record)
{
    const uint8_t *data = file.data + HEADER_SIZE + *at;
    if (*at >= header->body_size) return false;

    size_t left = header->body_size - *at;
    invariant(left >= RECORD_SIZE && load_u32(data) <= left); /* checkpoint_read has looked. */
    size_t name_size = load_u32(data + 60);
    size_t state_size = load_u32(data + 64);
    invariant(RECORD_SIZE + name_size + state_size <= load_u32(data));

    record->key.partition = load_i32(data + 4);
    memcpy(record->key.topic.byte, data + 8, 16);
    record->incarnation = load_u64(data + 24);
    record->start = load_i64(data + 32);
    record->committed = load_i64(data + 40);
    record->end = load_i64(data + 48);
    record->leader_epoch = load_i32(data + 56);
    record->topic = (struct text){ (const char *)data + RECORD_SIZE, name_size };
    record->state = (struct bytes){ data + RECORD_SIZE + name_size, state_size };
    *at += load_u32(data);
    return true;
}
