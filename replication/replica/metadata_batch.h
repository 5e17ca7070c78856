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
/* Room for `count` records at once, of many that are about to be added. */
void record_list_reserve(struct record_list *list, uint32_t count);
/* A new record with every field at its fallback. When the list is full, one that nobody will see. */
struct any_record *record_list_add(struct record_list *list, enum record_type type);

/* How much of a step it takes the image to apply it, with its size in bytes; most records: 1. */
uint32_t record_weight(const struct image *image, const struct any_record *record, size_t size);

/* A batch that is made in portions: the records are counted, then written. */
struct batch_making {
    const struct record_list *list;
    struct heap *heap;
    int64_t timestamp_ms;
    size_t total, largest; /* of what is counted: an upper bound of the batch, the largest value */
    uint32_t next;         /* to count, or to write */
    uint8_t *scratch;      /* for one value; NULL: counting */
    struct batch_builder builder;
    struct bytes batch; /* out: in memory from the heap, base offset 0 */
};

void batch_making_begin(struct batch_making *making, struct heap *heap, const struct record_list *list,
                        int64_t timestamp_ms);
/* Goes on by `portion` records, fewer where they are long; true: the batch is made. */
bool batch_making_go(struct batch_making *making, uint32_t portion);
/* Gives back what was made until now. */
void batch_making_drop(struct batch_making *making);
/* The same in one go. */
struct bytes record_batch_make(struct heap *heap, const struct record_list *list, int64_t timestamp_ms);
struct bytes control_batch_make(struct heap *heap, const struct any_control *controls, uint32_t count,
                                int64_t timestamp_ms);

/* Applies whole, stamped batches that follow each other, beginning at image->offset; earlier ones are passed over. The
 * arena is reset after each batch. STATUS_DAMAGED: a gap, a falling epoch, a record that contradicts;
 * STATUS_UNSUPPORTED, STATUS_MALFORMED, STATUS_BAD_RECORD, STATUS_TRUNCATED, STATUS_BAD_MAGIC. image->offset says
 * where. */
must_check enum status metadata_apply(struct image *image, struct bytes batches, struct arena *arena);
/* The same in portions: the records of a batch are read a portion at a time, and when all are read the image takes them
 * in at once, so that nobody sees half of a batch. Those about different topics, resources and clients mean nothing to
 * each other: a batch of nothing else is taken in a portion at a time too, but each topic and each resource's configs
 * at once. */
struct kept_record;
struct metadata_reading {
    struct bytes batches;
    size_t at;
    struct arena *arena;
    struct batch batch; /* if open: the one that is read */
    struct record_walk walk;
    struct kept_record *first, *last; /* of it, in the arena: not taken in yet */
    bool open;
    bool read;  /* all of its records are */
    bool apart; /* they may be taken in a portion at a time */
};
void metadata_reading_begin(struct metadata_reading *reading, struct bytes batches, struct arena *arena);
/* Goes on by a portion of about so many records; *through: the image has all batches. Statuses as above. */
must_check enum status metadata_reading_go(struct metadata_reading *reading, struct image *image, uint32_t record_max,
                                           bool *through);
/* A whole snapshot file into an empty image, which then stands at `end`. STATUS_TRUNCATED: it has no footer. */
must_check enum status metadata_apply_snapshot(struct image *image, struct bytes file, int64_t end, int32_t epoch,
                                               struct arena *arena);

#endif
