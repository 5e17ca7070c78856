/* engine/log/spill.h   Writing out: bytes go from the tail's memory to the segments, off the acknowledgement path, in
 * large aligned pieces; so memory and WAL files become free again. */
#ifndef ENGINE_LOG_SPILL_H
#define ENGINE_LOG_SPILL_H

#include "log/segment.h"
#include "log/state.h"
#include "log/store.h"
#include "log/tail.h"

/* What is written out shares the device with flushes, which wait behind it: as long as there is time, it goes one small
 * piece after the other. */
enum {
    SPILL_SLOTS = 4,
    SPILL_SLOT_SIZE = 512 << 10,
    SPILL_PIECE_SIZE = 128 << 10,
};

/* One log at a time goes through a slot; so at most one write in flight touches a block.
 *
 *     FREE --take--> PREPARING (a job: file, name, space) --> READING (the partial block before) --> WRITING --> FREE
 *                                                                                  ^---- more to write ----/      */
enum spill_stage { SPILL_FREE, SPILL_PREPARING, SPILL_READING, SPILL_WRITING };

struct spill_slot {
    struct spill *spill;
    enum spill_stage stage;
    struct log *log;
    struct segment_work work;
    struct completion io;
    struct iovec part;
    uint8_t *staging;         /* SPILL_SLOT_SIZE, aligned */
    int64_t segment;          /* base of the segment that is written */
    uint64_t position, limit; /* bytes of the segment under way: [position, limit) */
    uint64_t part_size;       /* of the write under way, in blocks */
};

struct spill {
    struct store *store;
    struct block *block; /* of the staging */
    struct spill_slot slots[SPILL_SLOTS];
    struct list queue; /* tails that are to be written out, in order */
    uint32_t running;
    uint64_t bytes_written, write_count;
};

void spill_init(struct spill *spill, struct store *store);
void spill_end(struct spill *spill);
static inline bool spill_has_staging(const struct spill *spill)
{
    return spill->block != NULL;
}

/* Everything the log has in memory now goes to its segments; soon. */
void spill_log(struct spill *spill, struct log *log);
/* Begins what can begin. */
void spill_go(struct spill *spill);
/* At start and stop: the same, at once; blocks. */
must_check enum status spill_now(struct spill *spill, struct log *log);
/* Lets go of blocks whose bytes are all written, oldest first, until `size` bytes of the budget are free; queues the
 * logs that stand in the way. */
void spill_for_memory(struct spill *spill, size_t size);
/* The same for blocks that were taken before that time. */
void spill_old(struct spill *spill, int64_t before_ns);

#endif
