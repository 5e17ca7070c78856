/* tests/sim/ledger.h   What clients sent, what they were told, and what they have read: enough to say what must be true
 * of a node, and nothing of how it works.
 *
 *     a batch:  sent --answered--> told (at an offset)        must stand there for good
 *                    \--lost-----> unknown                    may stand somewhere, once
 *               read (at an offset)                           must stand there for good
 *
 * Every record has a key that no other has, so a batch that is read is known by its first record. */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "sim/story.h"

struct ledger_batch {
    uint64_t value;     /* of the key of its first record */
    uint32_t size, sum; /* CRC-32C of the bytes from the attributes on */
    uint32_t records;
    int64_t told;     /* offset, or -1 */
    int64_t read;     /* offset, or -1 */
    int32_t producer; /* -1: not idempotent */
    int32_t sequence;
};

/* One partition of one topic id. */
struct ledger_log {
    struct ledger_log *next;
    uint64_t number; /* of the topic in the ledger */
    int32_t family;  /* topics that had the same name, one after the other */
    int32_t partition;
    struct ledger_batch *batches;
    uint32_t count, room;
    int64_t start_told, start_asked; /* DeleteRecords */
    int64_t committed;               /* the largest high watermark that was told */
};

struct ledger {
    struct sim_world *world;
    struct ledger_log *logs;
    uint64_t values;
    bool relaxed; /* promises need not hold */
};

struct ledger_log *ledger_log(struct ledger *ledger, uint64_t topic, int32_t family, int32_t partition);
/* A batch as a client sends it; `records` values of `value_size` bytes; in the world's heap. */
uint8_t *ledger_batch_make(struct ledger *ledger, struct ledger_log *log, int64_t producer_id, int16_t epoch,
                           int32_t producer, int32_t sequence, uint32_t records, uint32_t value_size, uint32_t *size,
                           uint64_t *value);
void ledger_told(struct ledger *ledger, struct ledger_log *log, uint64_t value, int64_t offset);
/* Whole batches (the last may be cut) from an answer to a fetch at `offset`; gives the offset after them. */
int64_t ledger_read(struct ledger *ledger, struct ledger_log *log, int64_t offset, const uint8_t *data, size_t size);
/* The log was read from `start` to `end` and nothing is in flight: what was told must have been read, in order. */
void ledger_check(struct ledger *ledger, struct ledger_log *log, int64_t start, int64_t end);

#endif
