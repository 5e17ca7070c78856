/* engine/log/flush.h   Group commit: while one chunk is on its way to the device, the next one gathers. */
#ifndef ENGINE_LOG_FLUSH_H
#define ENGINE_LOG_FLUSH_H

#include "base/metrics.h"
#include "log/checkpoint.h"
#include "log/gather.h"
#include "log/store.h"

enum flush_stage { FLUSH_IDLE, FLUSH_WRITING, FLUSH_FAILED };

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
};

void flush_init(struct flush *flush, struct store *store);
void flush_end(struct flush *flush);
/* Something was gathered: written at the end of this step, or when the flush in flight is done. */
void flush_soon(struct flush *flush);
/* The WAL has room again. */
void flush_go(struct flush *flush);
/* Where the next chunk that has no place yet will go, if its file has the room. */
struct checkpoint_resume flush_resume_point(const struct flush *flush);
/* Writes everything that waits; blocks. At start and when no shard runs. */
must_check enum status flush_now(struct flush *flush);

#endif
