/* replication/replica/metadata_batch.h   Metadata records as batches of the log, both ways. One batch is one atomic
 * change; its records carry Kafka's frame (cluster/record.h), its control records those of raft (cluster/control.h). */
#ifndef REPLICATION_REPLICA_METADATA_BATCH_H
#define REPLICATION_REPLICA_METADATA_BATCH_H

#include "base/arena.h"
#include "base/bytes.h"
#include "cluster/control.h"
#include "cluster/image.h"
#include "cluster/record.h"
#include "log/batch.h"

/* What one operation writes: as many records as Kafka puts into one batch. */
enum { RECORD_LIST_MAX = 10000 };

struct record_list {
    struct arena *arena;
    struct any_record *items;
    uint32_t count, room;
    bool full; /* no memory, or more than RECORD_LIST_MAX: then nothing of it may be written */
};

void record_list_init(struct record_list *list, struct arena *arena);
/* A new record with every field at its fallback. When the list is full, one that nobody will see. */
struct any_record *record_list_add(struct record_list *list, enum record_type type);

/* The batch of these records with base offset 0, in memory from the heap: batches.data is what to give back. */
struct bytes record_batch_make(struct heap *heap, const struct record_list *list, int64_t timestamp_ms);
struct bytes control_batch_make(struct heap *heap, const struct any_control *controls, uint32_t count,
                                int64_t timestamp_ms);

/* Applies whole, stamped batches that follow each other, beginning at image->offset; earlier ones are passed over. The
 * arena is reset after each batch. STATUS_DAMAGED: a gap, a falling epoch, a record that contradicts;
 * STATUS_UNSUPPORTED, STATUS_MALFORMED, STATUS_BAD_RECORD, STATUS_TRUNCATED, STATUS_BAD_MAGIC. image->offset says
 * where. */
must_check enum status metadata_apply(struct image *image, struct bytes batches, struct arena *arena);
/* A whole snapshot file into an empty image, which then stands at `end`. STATUS_TRUNCATED: it has no footer. */
must_check enum status metadata_apply_snapshot(struct image *image, struct bytes file, int64_t end, int32_t epoch,
                                               struct arena *arena);

#endif
