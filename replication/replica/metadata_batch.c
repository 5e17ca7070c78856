/* replication/replica/metadata_batch.c   Records to bytes and back. */
#include "replica/metadata_batch.h"

#include <string.h>

#include "base/heap.h"

/* Attributes, deltas and lengths of a record: at most 1 + 10 + 5 + 5 + 5 + 5 bytes, and its own length before it. */
enum { RECORD_OVERHEAD = 40 };

void record_list_init(struct record_list *list, struct arena *arena)
{
    *list = (struct record_list){ .arena = arena };
}

static void list_grow(struct record_list *list)
{
    uint32_t room = max_of(2 * list->room, 8u);
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

struct any_record *record_list_add(struct record_list *list, enum record_type type)
{
    if (list->count == RECORD_LIST_MAX) {
        list->full = true;
        list->count = 0;
    }
    if (list->count == list->room) list_grow(list);
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

struct bytes record_batch_make(struct heap *heap, const struct record_list *list, int64_t timestamp_ms)
{
    size_t total = BATCH_HEADER_SIZE, largest = 0;
    invariant(list->count > 0 && !list->full);
    for (uint32_t i = 0; i < list->count; i++) {
        size_t size = record_size(&list->items[i]);
        total += size + RECORD_OVERHEAD;
        largest = max_of(largest, size);
    }

    uint8_t *data = heap_take(heap, total), *scratch = heap_take(heap, largest);
    struct batch_builder builder;
    batch_begin(&builder, data, total, 0, timestamp_ms);
    for (uint32_t i = 0; i < list->count; i++) {
        struct writer writer = { .start = scratch, .at = scratch, .limit = scratch + largest };
        record_write(&list->items[i], &writer);
        invariant(!writer.overrun);
        struct bytes value = { scratch, (size_t)(writer.at - scratch) };
        batch_add(&builder, BYTES_NULL, value, timestamp_ms);
    }
    return batch_done(heap, &builder, scratch);
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

enum status metadata_apply(struct image *image, struct bytes batches, struct arena *arena)
{
    size_t at = 0;
    while (at < batches.size) {
        struct batch batch;
        enum status status = batch_read(batches.data + at, batches.size - at, &batch);
        if (status != STATUS_OK) return status;
        at += batch.size;
        if (!batch_plausible(&batch)) return STATUS_DAMAGED;
        if (batch_limit(&batch) <= image->offset) continue;
        if (batch.base_offset != image->offset || batch.leader_epoch < image->epoch) return STATUS_DAMAGED;

        status = apply_batch(image, &batch, arena);
        arena_reset(arena);
        if (status != STATUS_OK) return status;
        image_advance(image, batch_limit(&batch), batch.leader_epoch);
    }
    return STATUS_OK;
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
