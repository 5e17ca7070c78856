/* engine/log/batch.c   The header of a record batch, format v2; numbers are big-endian.
 *
 *      at  size  field
 *       0     8  base offset               stamped by the leader
 *       8     4  length                    of what follows; the whole batch is 12 more
 *      12     4  partition leader epoch    stamped by the leader
 *      16     1  magic                     2; at this place in formats 0 and 1 as well
 *      17     4  CRC-32C                   of byte 21 to the end
 *      21     2  attributes                0-2 codec, 3 append time, 4 transactional, 5 control, 6 delete horizon
 *      23     4  last offset delta
 *      27     8  base timestamp
 *      35     8  maximum timestamp
 *      43     8  producer id               -1: none
 *      51     2  producer epoch
 *      53     4  base sequence
 *      57     4  record count
 *      61        records
 */
#include "log/batch.h"

#include "base/crc32c.h"

enum batch_at {
    AT_BASE_OFFSET = 0,
    AT_LENGTH = 8,
    AT_LEADER_EPOCH = 12,
    AT_MAGIC = 16,
    AT_CRC = 17,
    AT_ATTRIBUTES = 21,
    AT_LAST_DELTA = 23,
    AT_BASE_TIMESTAMP = 27,
    AT_MAX_TIMESTAMP = 35,
    AT_PRODUCER_ID = 43,
    AT_PRODUCER_EPOCH = 51,
    AT_BASE_SEQUENCE = 53,
    AT_RECORD_COUNT = 57,
};

enum {
    MAGIC = 2,
    LENGTH_LEAST = 14, /* Kafka's "minimum record overhead": of a message of format 0 */
    HEAD_SIZE = 17,    /* up to the magic and with it */
    CODEC_LAST = CODEC_ZSTD,
};

enum status batch_read(const uint8_t *data, size_t size, struct batch *batch)
{
    if (size < HEAD_SIZE) return STATUS_TRUNCATED;

    int32_t length = load_i32(data + AT_LENGTH);
    if (length < BATCH_HEADER_SIZE - BATCH_PREFIX_SIZE) return STATUS_MALFORMED;
    if (data[AT_MAGIC] != MAGIC) return STATUS_BAD_MAGIC;
    if ((size_t)length + BATCH_PREFIX_SIZE > size) return STATUS_TRUNCATED;

    batch_decode(data, batch);
    return STATUS_OK;
}

void batch_decode(const uint8_t *data, struct batch *batch)
{
    *batch = (struct batch){
        .data = data,
        .size = load_u32(data + AT_LENGTH) + BATCH_PREFIX_SIZE,
        .base_offset = load_i64(data + AT_BASE_OFFSET),
        .leader_epoch = load_i32(data + AT_LEADER_EPOCH),
        .crc = load_u32(data + AT_CRC),
        .attributes = load_u16(data + AT_ATTRIBUTES),
        .last_delta = load_i32(data + AT_LAST_DELTA),
        .base_timestamp_ms = load_i64(data + AT_BASE_TIMESTAMP),
        .max_timestamp_ms = load_i64(data + AT_MAX_TIMESTAMP),
        .producer_id = load_i64(data + AT_PRODUCER_ID),
        .producer_epoch = load_i16(data + AT_PRODUCER_EPOCH),
        .base_sequence = load_i32(data + AT_BASE_SEQUENCE),
        .record_count = load_i32(data + AT_RECORD_COUNT),
    };
}

enum status batch_check_crc(const struct batch *batch)
{
    uint32_t crc = crc32c(0, batch->data + BATCH_CRC_FROM, batch->size - BATCH_CRC_FROM);
    return crc == batch->crc ? STATUS_OK : STATUS_CORRUPT;
}

/* Kafka reads batch after batch with these rules, in this order; TRUNCATED is its "no further batch". */
static enum status batch_probe(const uint8_t *data, size_t size)
{
    if (size < BATCH_PREFIX_SIZE) return STATUS_TRUNCATED;
    int32_t length = load_i32(data + AT_LENGTH);
    if (length < LENGTH_LEAST) return STATUS_CORRUPT;
    if (size < HEAD_SIZE) return STATUS_TRUNCATED;
    if (data[AT_MAGIC] > MAGIC) return STATUS_CORRUPT;
    return (size_t)length + BATCH_PREFIX_SIZE > size ? STATUS_TRUNCATED : STATUS_OK;
}

enum status batch_read_produced(struct bytes records, struct batch *batch)
{
    enum status first = batch_probe(records.data, records.size);
    if (first == STATUS_TRUNCATED) return STATUS_BAD_RECORD;
    if (first != STATUS_OK) return first;
    if (records.data[AT_MAGIC] != MAGIC) return STATUS_BAD_MAGIC;

    enum status status = batch_read(records.data, records.size, batch);
    if (status != STATUS_OK) return STATUS_CORRUPT; /* A length that is enough for format 0, not for ours. */

    enum status second = batch_probe(records.data + batch->size, records.size - batch->size);
    if (second == STATUS_OK) return STATUS_BAD_RECORD;
    return second == STATUS_TRUNCATED ? STATUS_OK : second;
}

static enum status batch_check_header(const struct batch *batch)
{
    if (batch->base_offset != 0) return STATUS_BAD_RECORD;
    if (batch->record_count <= 0) return STATUS_BAD_RECORD;
    if ((int64_t)batch->last_delta + 1 != batch->record_count) return STATUS_BAD_RECORD;
    if (batch->attributes & BATCH_CONTROL) return STATUS_BAD_RECORD;
    if (batch->producer_id >= 0 && batch->base_sequence < 0) return STATUS_BAD_RECORD;
    return (batch->attributes & BATCH_CODEC) > CODEC_LAST ? STATUS_UNSUPPORTED : STATUS_OK;
}

static bool timestamp_fits(int64_t timestamp_ms, const struct batch_rules *rules)
{
    if (rules->append_time || timestamp_ms == -1) return true;
    return timestamp_ms >= rules->timestamp_min_ms && timestamp_ms <= rules->timestamp_max_ms;
}

/* Kafka asks for the key first. */
static enum status record_judge(const struct record *record, const struct batch_rules *rules)
{
    if (rules->keys_wanted && !record->key.data) return STATUS_BAD_RECORD;
    return timestamp_fits(record->timestamp_ms, rules) ? STATUS_OK : STATUS_BAD_TIMESTAMP;
}

static enum status records_judge(const struct batch *batch, struct bytes records, const struct batch_rules *rules,
                                 struct batch_verdict *verdict)
{
    enum status broken = STATUS_OK, status;
    struct record_walk walk;
    struct record record;

    verdict->max_timestamp_ms = -1;
    record_walk_begin(&walk, batch, records);
    for (int32_t i = 0; record_walk_next(&walk, &record, &status); i++) {
        verdict->max_timestamp_ms = max_of(verdict->max_timestamp_ms, record.timestamp_ms);
        enum status one = record_judge(&record, rules);
        if (one == STATUS_OK) continue;

        if (broken == STATUS_OK) verdict->bad_record = i;
        if (broken != STATUS_BAD_TIMESTAMP) broken = one;
    }
    if (status != STATUS_OK) verdict->bad_record = -1;
    return status != STATUS_OK ? status : broken;
}

enum status batch_judge_opened(const struct batch *batch, struct bytes records, const struct batch_rules *rules,
                               struct batch_verdict *verdict)
{
    *verdict = (struct batch_verdict){ .max_timestamp_ms = batch->max_timestamp_ms, .bad_record = -1 };

    enum status status = batch_check_header(batch);
    return status == STATUS_OK ? records_judge(batch, records, rules, verdict) : status;
}

enum status batch_judge(const struct batch *batch, const struct batch_rules *rules, struct batch_verdict *verdict)
{
    if ((batch->attributes & BATCH_CODEC) == CODEC_NONE) {
        struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
        return batch_judge_opened(batch, records, rules, verdict);
    }
    *verdict = (struct batch_verdict){ .max_timestamp_ms = batch->max_timestamp_ms, .bad_record = -1 };

    enum status status = batch_check_header(batch);
    if (status != STATUS_OK) return status;
    if (timestamp_fits(batch->max_timestamp_ms, rules)) return STATUS_OK;

    verdict->bad_record = 0;
    return STATUS_BAD_TIMESTAMP;
}

uint32_t batch_faults(const struct batch *batch, const struct batch_rules *rules, struct batch_fault *faults,
                      uint32_t room)
{
    struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    struct batch_verdict verdict;
    struct record_walk walk;
    struct record record;
    enum status status;
    uint32_t count = 0;

    if (batch_judge(batch, rules, &verdict) == STATUS_OK || verdict.bad_record < 0) return 0;
    if ((batch->attributes & BATCH_CODEC) != CODEC_NONE) {
        if (room > 0) faults[0] = (struct batch_fault){ .timestamp_ms = batch->max_timestamp_ms };
        return 1;
    }
    record_walk_begin(&walk, batch, records);
    for (int32_t i = 0; record_walk_next(&walk, &record, &status); i++) {
        enum status one = record_judge(&record, rules);
        if (one == STATUS_OK) continue;
        if (count < room) faults[count] = (struct batch_fault){ i, one == STATUS_BAD_RECORD, record.timestamp_ms };
        count++;
    }
    return count;
}

enum status batch_check_produced(const struct batch *batch)
{
    static const struct batch_rules none = { .append_time = true };
    struct batch_verdict verdict;
    return batch_judge(batch, &none, &verdict);
}

void batch_stamp(uint8_t *data, int64_t base_offset, int32_t leader_epoch)
{
    store_i64(data + AT_BASE_OFFSET, base_offset);
    store_i32(data + AT_LEADER_EPOCH, leader_epoch);
}

/* A CRC is linear: with the header's share before and after, the records need not be summed again. */
static void batch_restamp(uint8_t *data, uint32_t size, uint16_t attributes, int64_t max_timestamp_ms)
{
    invariant(size >= BATCH_HEADER_SIZE);
    enum { SHARE = BATCH_HEADER_SIZE - BATCH_CRC_FROM };

    uint32_t before = crc32c(0, data + BATCH_CRC_FROM, SHARE);
    store_u16(data + AT_ATTRIBUTES, attributes);
    store_i64(data + AT_MAX_TIMESTAMP, max_timestamp_ms);
    uint32_t after = crc32c(0, data + BATCH_CRC_FROM, SHARE);

    uint32_t crc = load_u32(data + AT_CRC);
    store_u32(data + AT_CRC, crc32c_join(before ^ after, crc, size - BATCH_HEADER_SIZE));
}

void batch_stamp_time(uint8_t *data, uint32_t size, int64_t append_time_ms)
{
    uint16_t attributes = load_u16(data + AT_ATTRIBUTES);
    batch_restamp(data, size, attributes | BATCH_APPEND_TIME, append_time_ms);
}

void batch_stamp_create_time(uint8_t *data, uint32_t size, int64_t max_timestamp_ms)
{
    uint16_t attributes = load_u16(data + AT_ATTRIBUTES);
    batch_restamp(data, size, (uint16_t)(attributes & ~BATCH_APPEND_TIME), max_timestamp_ms);
}

void batch_begin(struct batch_builder *builder, uint8_t *memory, size_t capacity, uint16_t attributes,
                 int64_t timestamp_ms)
{
    *builder = (struct batch_builder){
        .data = memory,
        .size = BATCH_HEADER_SIZE,
        .capacity = capacity,
        .overrun = capacity < BATCH_HEADER_SIZE,
        .batch = {
            .leader_epoch = -1,
            .attributes = attributes,
            .base_timestamp_ms = timestamp_ms,
            .max_timestamp_ms = timestamp_ms,
            .producer_id = -1,
            .producer_epoch = -1,
            .base_sequence = -1,
        },
    };
}

struct bytes batch_end(struct batch_builder *builder)
{
    const struct batch *batch = &builder->batch;
    uint8_t *data = builder->data;

    if (builder->overrun) return (struct bytes){ data, 0 };
    invariant(batch->record_count > 0);

    batch_stamp(data, 0, batch->leader_epoch);
    store_u32(data + AT_LENGTH, (uint32_t)(builder->size - BATCH_PREFIX_SIZE));
    data[AT_MAGIC] = MAGIC;
    store_u16(data + AT_ATTRIBUTES, batch->attributes);
    store_i32(data + AT_LAST_DELTA, batch->record_count - 1);
    store_i64(data + AT_BASE_TIMESTAMP, batch->base_timestamp_ms);
    store_i64(data + AT_MAX_TIMESTAMP, batch->max_timestamp_ms);
    store_i64(data + AT_PRODUCER_ID, batch->producer_id);
    store_i16(data + AT_PRODUCER_EPOCH, batch->producer_epoch);
    store_i32(data + AT_BASE_SEQUENCE, batch->base_sequence);
    store_i32(data + AT_RECORD_COUNT, batch->record_count);
    store_u32(data + AT_CRC, crc32c(0, data + BATCH_CRC_FROM, builder->size - BATCH_CRC_FROM));
    return (struct bytes){ data, builder->size };
}
