/* engine/log/record.c   The records inside a batch, where they are not compressed. Varints are zigzag.
 *
 *     length | attributes (1) | timestamp delta | offset delta | key length, key | value length, value |
 *     header count | { key length, key | value length, value } ...
 *
 * A length below zero is null (a header's key can't be null). Every record must be used up exactly by its fields, and
 * the batch by its records: what a consumer's decoder would refuse must not get past here. */
#include "log/batch.h"

/* The readers below move `*at`; false when the bytes end first. Most varints are one byte long. */
static inline bool read_i32(const uint8_t **at, const uint8_t *limit, int32_t *n)
{
    if (*at < limit && **at < 0x80) {
        *n = (int32_t)(**at >> 1) ^ -(int32_t)(**at & 1);
        ++*at;
        return true;
    }
    size_t used = varint_read_i32(*at, limit, n);
    *at += used;
    return used > 0;
}

static inline bool read_i64(const uint8_t **at, const uint8_t *limit, int64_t *n)
{
    size_t used = varint_read_i64(*at, limit, n);
    *at += used;
    return used > 0;
}

static inline bool read_bytes(const uint8_t **at, const uint8_t *limit, struct bytes *bytes)
{
    int32_t size;
    if (!read_i32(at, limit, &size)) return false;
    if (size < 0) {
        *bytes = BYTES_NULL;
        return true;
    }
    if (size > limit - *at) return false;
    *bytes = (struct bytes){ *at, (size_t)size };
    *at += size;
    return true;
}

static bool read_headers(const uint8_t **at, const uint8_t *limit)
{
    int32_t count;
    if (!read_i32(at, limit, &count) || count < 0) return false;
    if (count > limit - *at) return false;

    for (int32_t i = 0; i < count; i++) {
        struct bytes key, value;
        if (!read_bytes(at, limit, &key) || !key.data) return false;
        if (!read_bytes(at, limit, &value)) return false;
    }
    return true;
}

void record_walk_begin(struct record_walk *walk, const struct batch *batch, struct bytes records)
{
    *walk = (struct record_walk){
        .at = records.data,
        .limit = records.data + records.size,
        .batch = batch,
        .left = batch->record_count,
    };
}

static bool record_read(struct record_walk *walk, struct record *record)
{
    const uint8_t *at = walk->at;
    const struct batch *batch = walk->batch;
    int32_t length, offset_delta;
    int64_t timestamp_delta;

    if (!read_i32(&at, walk->limit, &length)) return false;
    if (length < 1 || length > walk->limit - at) return false;
    const uint8_t *limit = at + length;
    at++; /* Attributes: none are known. */

    if (!read_i64(&at, limit, &timestamp_delta) || !read_i32(&at, limit, &offset_delta)) return false;
    if (!read_bytes(&at, limit, &record->key) || !read_bytes(&at, limit, &record->value)) return false;

    record->headers.data = at;
    if (!read_headers(&at, limit) || at != limit) return false;
    record->headers.size = (size_t)(at - record->headers.data);

    record->offset = batch->base_offset + offset_delta;
    record->timestamp_ms = (int64_t)((uint64_t)batch->base_timestamp_ms + (uint64_t)timestamp_delta);
    if (batch->attributes & BATCH_APPEND_TIME) record->timestamp_ms = batch->max_timestamp_ms;
    walk->at = at;
    return true;
}

bool record_walk_next(struct record_walk *walk, struct record *record, enum status *status)
{
    *status = STATUS_OK;
    if (walk->left <= 0) {
        if (walk->at != walk->limit) *status = STATUS_BAD_RECORD;
        return false;
    }
    if (!record_read(walk, record)) {
        *status = STATUS_BAD_RECORD;
        return false;
    }
    walk->left--;
    return true;
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

/* Deltas wrap like the timestamps that come of them. */
static int64_t timestamp_delta(const struct batch *batch, const struct record *record)
{
    return (int64_t)((uint64_t)record->timestamp_ms - (uint64_t)batch->base_timestamp_ms);
}

static size_t record_length(const struct batch *batch, const struct record *record)
{
    return 1 + varint_size_i64(timestamp_delta(batch, record)) + varint_size_i32(batch->record_count) +
           bytes_size(record->key) + bytes_size(record->value) + record->headers.size;
}

size_t batch_record_size(const struct batch *batch, const struct record *record)
{
    size_t length = record_length(batch, record);
    return length > INT32_MAX ? SIZE_MAX / 2 : varint_size_i32((int32_t)length) + length;
}

void batch_add_record(struct batch_builder *builder, const struct record *record)
{
    struct batch *batch = &builder->batch;
    size_t size = batch_record_size(batch, record);

    if (builder->overrun || size > builder->capacity - builder->size) {
        builder->overrun = true;
        return;
    }

    uint8_t *at = builder->data + builder->size;
    at += varint_write_i32(at, (int32_t)record_length(batch, record));
    *at++ = 0; /* attributes */
    at += varint_write_i64(at, timestamp_delta(batch, record));
    at += varint_write_i32(at, batch->record_count);
    at = write_bytes(at, record->key);
    at = write_bytes(at, record->value);
    memcpy(at, record->headers.data, record->headers.size);

    batch->record_count++;
    batch->max_timestamp_ms = max_of(batch->max_timestamp_ms, record->timestamp_ms);
    builder->size += size;
}

void batch_add(struct batch_builder *builder, struct bytes key, struct bytes value, int64_t timestamp_ms)
{
    static const uint8_t no_headers[1] = { 0 };
    struct record record = { .timestamp_ms = timestamp_ms, .key = key, .value = value, .headers = { no_headers, 1 } };
    batch_add_record(builder, &record);
}

enum status batch_control(const struct batch *batch, enum control_type *type, int32_t *coordinator_epoch)
{
    struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    struct record_walk walk;
    struct record record;
    enum status status;

    invariant(batch->attributes & BATCH_CONTROL);
    record_walk_begin(&walk, batch, records);
    if (!record_walk_next(&walk, &record, &status) || record.key.size < 4) return STATUS_BAD_RECORD;

    int16_t kind = load_i16(record.key.data + 2);
    *type = kind == 0 ? CONTROL_ABORT : kind == 1 ? CONTROL_COMMIT : CONTROL_OTHER;
    *coordinator_epoch = -1;
    if (*type == CONTROL_OTHER) return STATUS_OK;

    if (record.value.size < 6) return STATUS_BAD_RECORD;
    *coordinator_epoch = load_i32(record.value.data + 2);
    return STATUS_OK;
}
