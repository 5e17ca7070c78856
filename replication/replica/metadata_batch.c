/* replication/replica/metadata_batch.c   Records to bytes and back. */
#include "replica/metadata_batch.h"

#include <string.h>

#include "base/heap.h"

/* Attributes, deltas and lengths of a record: at most 1 + 10 + 5 + 5 + 5 + 5 bytes, and its own length before it. */
enum { RECORD_OVERHEAD = 40 };

/* A record about a client is copied in pieces, to its place in a sorted array of them all; a topic has its place in an
 * array of so many pointers. */
enum { WEIGHT_CLIENT = 8, WEIGHT_POINTERS = 2048, WEIGHT_BYTES = 128 };

void record_list_init(struct record_list *list, struct arena *arena)
{
    *list = (struct record_list){ .arena = arena };
}

static void list_grow(struct record_list *list, uint32_t room)
{
    struct any_record *items = arena_take(list->arena, room * sizeof(*items));
    if (!items) {
        list->full = true;
        list->count = 0;
        return;
    }
    if (list->count > 0) memcpy(items, list->items, list->count * sizeof(*items));
    list->items = items;
    list->room = room;
}

void record_list_reserve(struct record_list *list, uint32_t count)
{
    uint32_t room = list->count + min_of(count, (uint32_t)RECORD_LIST_MAX - list->count);
    if (room > list->room) list_grow(list, max_of(room, 2 * list->room));
}

struct any_record *record_list_add(struct record_list *list, enum record_type type)
{
    if (list->count == RECORD_LIST_MAX) {
        list->full = true;
        list->count = 0;
    }
    if (list->count == list->room) list_grow(list, max_of(2 * list->room, 8u));
    invariant(list->room > 0);

    struct any_record *record = &list->items[list->count++];
    record_clear(record, type);
    return record;
}

static struct bytes batch_done(struct heap *heap, struct batch_builder *builder, uint8_t *scratch)
{
    struct bytes batch = batch_end(builder);
    invariant(batch.size > 0);
    heap_give(heap, scratch);
    return batch;
}

void batch_making_begin(struct batch_making *making, struct heap *heap, const struct record_list *list,
                        int64_t timestamp_ms)
{
    invariant(list->count > 0 && !list->full);
    *making = (struct batch_making){
        .list = list, .heap = heap, .timestamp_ms = timestamp_ms, .total = BATCH_HEADER_SIZE, .batch = BYTES_NULL
    };
}

static void making_count(struct batch_making *making, uint32_t limit)
{
    for (; making->next < limit; making->next++) {
        size_t size = record_size(&making->list->items[making->next]);
        making->total += size + RECORD_OVERHEAD;
        making->largest = max_of(making->largest, size);
    }
}

static void making_write(struct batch_making *making, uint32_t portion)
{
    uint8_t *scratch = making->scratch;

    for (uint32_t spent = 0; making->next < making->list->count && spent < portion; making->next++) {
        struct writer writer = { .start = scratch, .at = scratch, .limit = scratch + making->largest };
        record_write(&making->list->items[making->next], &writer);
        invariant(!writer.overrun);
        struct bytes value = { scratch, (size_t)(writer.at - scratch) };
        batch_add(&making->builder, BYTES_NULL, value, making->timestamp_ms);
        spent += 1 + (uint32_t)(value.size / WEIGHT_BYTES);
    }
}

bool batch_making_go(struct batch_making *making, uint32_t portion)
{
    uint32_t count = making->list->count;

    if (!making->scratch) {
        making_count(making, making->next + min_of(portion, count - making->next));
        if (making->next < count) return false;
        uint8_t *data = heap_take_raw(making->heap, making->total);
        making->batch = (struct bytes){ data, 0 };
        making->scratch = heap_take_raw(making->heap, making->largest);
        making->next = 0;
        batch_begin(&making->builder, data, making->total, 0, making->timestamp_ms);
        return false;
    }
    making_write(making, portion);
    if (making->next < count) return false;
    making->batch = batch_done(making->heap, &making->builder, making->scratch);
    making->scratch = NULL;
    return true;
}

void batch_making_drop(struct batch_making *making)
{
    heap_give(making->heap, making->scratch);
    heap_give(making->heap, (void *)making->batch.data);
    making->scratch = NULL;
    making->batch = BYTES_NULL;
}

struct bytes record_batch_make(struct heap *heap, const struct record_list *list, int64_t timestamp_ms)
{
    struct batch_making making;

    batch_making_begin(&making, heap, list, timestamp_ms);
    while (!batch_making_go(&making, UINT32_MAX)) continue;
    return making.batch;
}

struct bytes control_batch_make(struct heap *heap, const struct any_control *controls, uint32_t count,
                                int64_t timestamp_ms)
{
    size_t total = BATCH_HEADER_SIZE, largest = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = control_size(&controls[i]);
        total += size + CONTROL_KEY_SIZE + RECORD_OVERHEAD;
        largest = max_of(largest, size);
    }

    uint8_t *data = heap_take(heap, total), *scratch = heap_take(heap, largest);
    struct batch_builder builder;
    batch_begin(&builder, data, total, BATCH_CONTROL, timestamp_ms);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t key[CONTROL_KEY_SIZE];
        struct writer writer = { .start = scratch, .at = scratch, .limit = scratch + largest };
        control_key(controls[i].type, key);
        control_write(&controls[i], &writer);
        invariant(!writer.overrun);
        struct bytes value = { scratch, (size_t)(writer.at - scratch) };
        batch_add(&builder, (struct bytes){ key, sizeof(key) }, value, timestamp_ms);
    }
    return batch_done(heap, &builder, scratch);
}

/* Types of control records that we don't know say nothing about the image. */
static enum status apply_control(struct image *image, const struct record *record, struct arena *arena)
{
    struct any_control control;
    enum status status = control_read(record->key, record->value, &control, arena);
    if (status == STATUS_UNSUPPORTED) return STATUS_OK;
    if (status == STATUS_OK) image_hear(image, &control);
    return status;
}

static enum status apply_batch(struct image *image, const struct batch *batch, struct arena *arena)
{
    bool control = batch->attributes & BATCH_CONTROL;
    struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    struct record_walk walk;
    struct record record;
    enum status status = STATUS_OK;

    if (batch->attributes & BATCH_CODEC) return STATUS_UNSUPPORTED; /* nobody compresses this log */
    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, &record, &status)) {
        struct any_record any;
        if (!record.value.data || (control && !record.key.data)) return STATUS_BAD_RECORD;
        if (control) {
            status = apply_control(image, &record, arena);
        } else {
            status = record_read(record.value, &any, arena);
            if (status == STATUS_OK) status = image_apply(image, &any);
        }
        if (status != STATUS_OK) return status;
    }
    return status;
}

/* Offsets and times can be added to without running over. */
static bool batch_plausible(const struct batch *batch)
{
    return batch->base_offset >= 0 && batch->base_offset < INT64_MAX / 2 && batch->last_delta >= 0 &&
           batch->leader_epoch >= -1;
}

/* The batch at *at, which moves behind it. *passed: the image has it already. */
static enum status batch_next(const struct image *image, struct bytes batches, size_t *at, struct batch *batch,
                              bool *passed)
{
    enum status status = batch_read(batches.data + *at, batches.size - *at, batch);
    if (status != STATUS_OK) return status;
    *at += batch->size;
    if (!batch_plausible(batch)) return STATUS_DAMAGED;
    *passed = batch_limit(batch) <= image->offset;
    if (*passed) return STATUS_OK;
    return batch->base_offset != image->offset || batch->leader_epoch < image->epoch ? STATUS_DAMAGED : STATUS_OK;
}

/* A record that was read and waits for the others of its batch. */
struct kept_record {
    struct any_record record;
    size_t size; /* of its bytes */
    struct kept_record *next;
};

void metadata_reading_begin(struct metadata_reading *reading, struct bytes batches, struct arena *arena)
{
    *reading = (struct metadata_reading){ .batches = batches, .arena = arena };
}

static enum status reading_open(struct metadata_reading *reading, const struct image *image)
{
    struct batch *batch = &reading->batch;
    bool passed = false;

    enum status status = batch_next(image, reading->batches, &reading->at, batch, &passed);
    if (status != STATUS_OK || passed) return status;
    if (batch->attributes & BATCH_CODEC) return STATUS_UNSUPPORTED;

    struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    record_walk_begin(&reading->walk, batch, records);
    reading->open = reading->apart = true;
    reading->read = false;
    return STATUS_OK;
}

static bool about_client(enum record_type type)
{
    return type == RECORD_CLIENT_QUOTA || type == RECORD_USER_SCRAM_CREDENTIAL ||
           type == RECORD_REMOVE_USER_SCRAM_CREDENTIAL;
}

/* About one topic, one resource or one client: nobody misses the others of its batch. */
static bool record_apart(enum record_type type)
{
    return type == RECORD_TOPIC || type == RECORD_REMOVE_TOPIC || type == RECORD_PARTITION ||
           type == RECORD_PARTITION_CHANGE || type == RECORD_CONFIG || about_client(type);
}

/* Whether a record goes on with what the one before it speaks of. A topic's own record comes first, then its configs,
 * then its partitions. */
static bool record_goes_on(const struct any_record *record, const struct any_record *before)
{
    const struct config_record *config = &record->config;

    switch (record->type) {
    case RECORD_CONFIG:
        if (before->type == RECORD_TOPIC) return text_equal(before->topic.name, config->resource_name);
        return before->type == RECORD_CONFIG && before->config.resource_type == config->resource_type &&
               text_equal(before->config.resource_name, config->resource_name);
    case RECORD_PARTITION:
        if (before->type == RECORD_PARTITION) return uuid_equal(before->partition.topic_id, record->partition.topic_id);
        return before->type == RECORD_TOPIC || before->type == RECORD_CONFIG;
    case RECORD_PARTITION_CHANGE:
        return before->type == RECORD_PARTITION_CHANGE &&
               uuid_equal(before->partition_change.topic_id, record->partition_change.topic_id);
    default: return false;
    }
}

uint32_t record_weight(const struct image *image, const struct any_record *record, size_t size)
{
    bool sorted = record->type == RECORD_TOPIC || record->type == RECORD_REMOVE_TOPIC;
    uint32_t weight = 1 + (uint32_t)(size / WEIGHT_BYTES);

    if (about_client(record->type)) return weight + WEIGHT_CLIENT;
    return sorted ? weight + image->topic_count / WEIGHT_POINTERS : weight;
}

static enum status reading_keep(struct metadata_reading *reading, const struct record *record)
{
    struct kept_record *kept = record->value.data ? arena_take(reading->arena, sizeof(*kept)) : NULL;
    if (!kept) return record->value.data ? STATUS_NO_MEMORY : STATUS_BAD_RECORD;

    enum status status = record_read(record->value, &kept->record, reading->arena);
    if (status != STATUS_OK) return status;
    kept->size = record->value.size;
    reading->apart = reading->apart && record_apart(kept->record.type);
    if (reading->last) reading->last->next = kept;
    if (!reading->first) reading->first = kept;
    reading->last = kept;
    return STATUS_OK;
}

/* Everything of the batch is read: the image takes it in, at once or (what is apart) about a portion of it. */
static enum status reading_apply(struct metadata_reading *reading, struct image *image, uint32_t portion)
{
    const struct any_record *before = NULL;
    enum status status = STATUS_OK;

    for (uint32_t spent = 0; reading->first && status == STATUS_OK; reading->first = reading->first->next) {
        const struct any_record *record = &reading->first->record;
        if (reading->apart && before && spent >= portion && !record_goes_on(record, before)) return STATUS_OK;
        spent += record_weight(image, record, reading->first->size);
        status = image_apply(image, record);
        before = record;
    }
    reading->open = false;
    reading->first = reading->last = NULL;
    arena_reset(reading->arena);
    if (status == STATUS_OK) image_advance(image, batch_limit(&reading->batch), reading->batch.leader_epoch);
    return status;
}

/* A control batch has a few records, and is heard as it is read. */
static enum status reading_hear(struct metadata_reading *reading, struct image *image)
{
    enum status status = apply_batch(image, &reading->batch, reading->arena);
    return status == STATUS_OK ? reading_apply(reading, image, 0) : status;
}

static enum status reading_read(struct metadata_reading *reading, uint32_t record_max)
{
    struct record record;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < record_max && status == STATUS_OK; i++) {
        reading->read = !record_walk_next(&reading->walk, &record, &status);
        if (reading->read) break;
        status = reading_keep(reading, &record);
    }
    return status;
}

enum status metadata_reading_go(struct metadata_reading *reading, struct image *image, uint32_t record_max,
                                bool *through)
{
    enum status status = STATUS_OK;

    if (!reading->open && reading->at < reading->batches.size) status = reading_open(reading, image);
    if (status == STATUS_OK && reading->open) {
        if (reading->batch.attributes & BATCH_CONTROL) {
            status = reading_hear(reading, image);
        } else {
            if (!reading->read) status = reading_read(reading, record_max);
            if (status == STATUS_OK && reading->read) status = reading_apply(reading, image, record_max);
        }
    }
    *through = reading->at == reading->batches.size && !reading->open;
    return status;
}

enum status metadata_apply(struct image *image, struct bytes batches, struct arena *arena)
{
    struct metadata_reading reading;
    enum status status = STATUS_OK;
    bool through = false;

    metadata_reading_begin(&reading, batches, arena);
    while (status == STATUS_OK && !through) status = metadata_reading_go(&reading, image, UINT32_MAX, &through);
    return status;
}

static bool is_footer(const struct batch *batch)
{
    struct record_walk walk;
    struct record record;
    enum status status;

    if (!(batch->attributes & BATCH_CONTROL)) return false;
    record_walk_begin(&walk, batch, (struct bytes){ batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE });
    return record_walk_next(&walk, &record, &status) && record.key.data && record.key.size == CONTROL_KEY_SIZE &&
           load_i16(record.key.data + 2) == CONTROL_SNAPSHOT_FOOTER;
}

enum status metadata_apply_snapshot(struct image *image, struct bytes file, int64_t end, int32_t epoch,
                                    struct arena *arena)
{
    bool complete = false;

    for (size_t at = 0; at < file.size && !complete;) {
        struct batch batch;
        enum status status = batch_read(file.data + at, file.size - at, &batch);
        if (status == STATUS_OK && !batch_plausible(&batch)) status = STATUS_DAMAGED;
        if (status == STATUS_OK) status = batch_check_crc(&batch);
        if (status == STATUS_OK) status = apply_batch(image, &batch, arena);
        arena_reset(arena);
        if (status != STATUS_OK) return status;
        complete = is_footer(&batch);
        at += batch.size;
    }
    if (!complete) return STATUS_TRUNCATED;
    image_advance(image, end, epoch);
    return STATUS_OK;
}
