/* engine/log/repack.c   Opening a batch and making it anew.
 *
 *     produced --CRC, unpack--> records --judge--> plain batch --pack--> made
 *                                                     \--(no codec wanted)--> made */
#include "log/repack.h"

#include <string.h>

#include "log/inspect.h"

void repack_init(struct repack *repack)
{
    *repack = (struct repack){ .bad_record = -1 };
    heap_init(&repack->heap);
}

void repack_end(struct repack *repack)
{
    heap_end(&repack->heap);
}

/* What the records take as one plain batch; the shape is what its writer will be in. */
static size_t plain_size(const struct batch *batch, struct bytes records, const struct batch *form)
{
    size_t size = BATCH_HEADER_SIZE;
    struct batch shape = *form;
    struct record_walk walk;
    struct record record;
    enum status status;

    record_walk_begin(&walk, batch, records);
    for (; record_walk_next(&walk, &record, &status); shape.record_count++) size += batch_record_size(&shape, &record);
    return size;
}

static void plain_make(struct batch_builder *builder, const struct batch *batch, struct bytes records,
                       struct heap *heap)
{
    uint16_t attributes = batch->attributes & BATCH_TRANSACTIONAL;
    struct record_walk walk;
    struct record record;
    enum status status;

    record_walk_begin(&walk, batch, records);
    bool first = record_walk_next(&walk, &record, &status);
    invariant(first); /* It was judged. */

    struct batch form = { .base_timestamp_ms = record.timestamp_ms };
    size_t size = plain_size(batch, records, &form);
    batch_begin(builder, heap_take(heap, size), size, attributes, record.timestamp_ms);
    builder->batch.producer_id = batch->producer_id;
    builder->batch.producer_epoch = batch->producer_epoch;
    builder->batch.base_sequence = batch->base_sequence;

    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, &record, &status)) batch_add_record(builder, &record);
    invariant(!builder->overrun && builder->size == size && builder->batch.record_count == batch->record_count);
}

/* The plain batch becomes a packed one: its records are replaced, its header told so. */
static enum status plain_pack(struct repack *repack, struct batch_builder *builder)
{
    struct bytes plain = { builder->data + BATCH_HEADER_SIZE, builder->size - BATCH_HEADER_SIZE };
    size_t room = compression_bound(repack->codec, plain.size), size;
    uint8_t *to = heap_take(&repack->heap, BATCH_HEADER_SIZE + room);

    enum status status =
        compression_pack(repack->codec, repack->level, plain, to + BATCH_HEADER_SIZE, room, &size, &repack->heap);
    heap_give(&repack->heap, builder->data);
    builder->data = to;
    if (status != STATUS_OK) return status;

    builder->size = BATCH_HEADER_SIZE + size;
    builder->batch.attributes |= (uint16_t)repack->codec;
    return STATUS_OK;
}

static enum status batch_remake(struct repack *repack, const struct batch *batch, struct bytes records, void *memory)
{
    struct batch_verdict verdict;
    struct batch_builder builder;

    enum status status = batch_judge_opened(batch, records, &repack->rules, &verdict);
    repack->bad_record = verdict.bad_record;
    if (status != STATUS_OK) return status;

    plain_make(&builder, batch, records, &repack->heap);
    heap_give(&repack->heap, memory); /* What was opened is not needed any more: room for what is packed. */
    if (repack->codec != COMPRESSION_NONE) status = plain_pack(repack, &builder);
    if (status != STATUS_OK) return status;
    if (builder.size > repack->size_max) return STATUS_TOO_LARGE;

    repack->made = batch_end(&builder);
    return STATUS_OK;
}

void repack_run(struct repack *repack)
{
    struct bytes records;
    struct batch batch;
    void *memory;

    repack->status = batch_read_produced(repack->produced, &batch);
    if (repack->status == STATUS_OK) repack->status = batch_check_crc(&batch);
    if (repack->status != STATUS_OK) return;

    repack->status = batch_open_within(&batch, repack->open_max, &repack->heap, &records, &memory);
    if (repack->status == STATUS_CORRUPT) repack->status = STATUS_BAD_RECORD;
    if (repack->status == STATUS_OK) repack->status = batch_remake(repack, &batch, records, memory);
    if (repack->status == STATUS_OK) return;

    heap_end(&repack->heap); /* A bomb must not lie about until its turn to be refused. */
    heap_init(&repack->heap);
}
