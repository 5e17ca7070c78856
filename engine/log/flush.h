/* engine/log/flush.h   Group commit: while one chunk is on its way to the device, the next one gathers.
 *
 * A device can be so quick that, of a steady trickle, a chunk carries one batch. If that is a little larger than a
 * block, the WAL is written twice for each byte, half of it padding. So while batches come faster than FLUSH_HOLD_NS, a
 * lone one that is more than a block, in a chunk that would be padding for more than a third, waits for company:
 * until the next one is there, but no longer than that. After waiting in vain (for a client that sends one at a time)
 * it is tried again after one flush, then after 3, 7 ... 1,023. */
#ifndef ENGINE_LOG_FLUSH_H
#define ENGINE_LOG_FLUSH_H

#include "base/metrics.h"
#include "log/checkpoint.h"
#include "log/gather.h"
#include "log/store.h"
#include "shard/timers.h"

enum {
    FLUSH_HOLD_NS = 100000,
    FLUSH_PAUSE_NS = 2000000, /* what counts of a longer pause between two flushes */
    FLUSH_MISSES_MAX = 10,
};

enum flush_stage { FLUSH_IDLE, FLUSH_HOLDING, FLUSH_WRITING, FLUSH_FAILED };

struct flush {
    struct store *store;
    enum flush_stage stage;
    struct ready ready; /* the end of the step that appended */
    struct completion io, link_io;
    struct iovec part, link_part;
    uint8_t *link, *link_memory; /* a block */
    uint32_t writing;            /* of the two */
    enum status status;          /* of what is written */
    struct draft *draft;         /* being written */
    uint32_t previous_crc;
    uint64_t flushed; /* every chunk below is written */
    uint64_t chunk_count, byte_count;
    int64_t begun_ns;
    uint64_t times[METRIC_BUCKETS]; /* how many writes took how long, as base/metrics.h cuts it; for people */
    uint64_t time_ns;               /* all of them together */
    bool hungry;                    /* no place in the WAL: waits for wal.c */
    struct timer hold;
    uint32_t arrived; /* entries since the last flush began */
    int64_t gap_ns;   /* between two of them, on average */
    uint32_t misses;  /* held in vain one after the other */
    uint32_t skips;   /* flushes that won't be held for that */
};

void flush_init(struct flush *flush, struct store *store);
void flush_end(struct flush *flush);
/* One more entry was gathered: written at the end of this step, or when the flush in flight is done, or held. */
void flush_soon(struct flush *flush);
/* The WAL has room again. */
void flush_go(struct flush *flush);
/* Where the next chunk that has no place yet will go, if its file has the room. */
struct checkpoint_resume flush_resume_point(const struct flush *flush);
/* Writes everything that waits; blocks. At start and when no shard runs. */
must_check enum status flush_now(struct flush *flush);

#endif
