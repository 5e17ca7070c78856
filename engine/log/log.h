/* engine/log/log.h   One partition's log on its shard: what was appended, what is durable, where its bytes are.
 *
 *     start <= committed <= durable <= end        (offsets)
 *     start      first offset that may be read (retention and DeleteRecords raise it)
 *     committed  the high watermark: what consumers may read; raised by the replication floor
 *     durable    everything below is on this node's device
 *     end        the next offset
 *
 * An append is logical: offsets are given and the bytes stand in the tail. A flush makes it durable. Both the WAL and
 * fetches refer to the tail's bytes by extent. Segments get the bytes later (or at once, when there are many). */
#ifndef ENGINE_LOG_LOG_H
#define ENGINE_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "log/batch.h"
#include "log/log_settings.h"
#include "log/traffic.h"
#include "shard/memory.h"
#include "shard/shard.h"
#include "shard/watermark.h"

struct arena;
struct directory;
struct producer_state;
struct segments;
struct store;
struct stream;
struct tail;

struct log {
    struct store *store;
    struct directory *directory;
    const struct log_settings *settings;
    struct log_key key;
    struct text topic;    /* its name: of the directory on disk */
    uint64_t incarnation; /* of the log: a new one for each creation, truncation and move */
    int64_t start, end;
    struct watermark committed, durable;
    int64_t last_stable;  /* LSO: first offset of the oldest open transaction (not below start), else committed */
    int32_t leader_epoch; /* of the last append */
    bool offline;         /* its directory failed: everything answers STATUS_OFFLINE */
    bool deleted;
    bool opened;                      /* the WAL or the checkpoint knows it */
    struct tail *tail;                /* NULL while nothing is in memory */
    struct segments *segments;        /* NULL until there is one */
    struct producer_state *producers; /* NULL until a producer id was seen */
    struct epochs *epochs;            /* leader epoch cache */
    struct stream *stream;            /* while much of it is on its way */
    uint64_t waiting;                 /* bytes appended that are not durable yet */
    struct traffic traffic;           /* of clients */
    struct list_node node;            /* in the store */
};

enum append_origin {
    APPEND_CLIENT,      /* produced: one batch, checked by the rules for clients */
    APPEND_COORDINATOR, /* made by this node: markers, group and metadata records; control batches allowed */
    APPEND_REPLICA,     /* fetched from the leader: offsets and epochs as they come, any number of batches */
};

struct log_append {
    /* in */
    struct bytes batches;
    enum append_origin origin;
    int32_t leader_epoch;
    /* out */
    int64_t first, limit;   /* offsets given: [first, limit) */
    int64_t append_time_ms; /* -1 unless LogAppendTime */
    bool duplicate;         /* an idempotent producer's retry: first and limit are the original ones */
};

/* Checks, stamps and places one batch. The bytes are copied (and their CRC checked in the same pass) before it returns.
 * Then wait at log->durable or log->committed for `limit`.
 * STATUS_BUSY: no memory in the tail's budget (memory_wait, MEMORY_TAIL) or no room in the WAL; STATUS_NO_SPACE: the
 * disk's reserve is reached; STATUS_OFFLINE; STATUS_CORRUPT, STATUS_BAD_MAGIC, STATUS_BAD_RECORD, STATUS_BAD_TIMESTAMP,
 * STATUS_TOO_LARGE, STATUS_BEYOND_SEGMENT, STATUS_UNSUPPORTED: the batch; STATUS_OUT_OF_ORDER, STATUS_FENCED,
 * STATUS_DUPLICATE (older than what is remembered): its sequence. Nothing is changed unless it returns STATUS_OK. */
must_check enum status log_append(struct log *log, struct log_append *append);
/* What the topic asks of a client's batch at this moment. */
struct batch_rules log_rules(const struct log *log);

/* A read of whole batches from `offset` on; begun, then finished at once or later. */
struct log_read {
    /* in */
    struct log *log;
    int64_t offset;    /* may lie inside a batch: the whole batch is given */
    int64_t limit;     /* batches that begin at or above are not given (committed, last_stable or end) */
    uint32_t size_max; /* bytes; */
    bool first_whole;  /* ... but the first batch even when it is larger */
    bool ahead;        /* the bytes come into memory, as far as there is room; none is given, no extents are used */
    bool hasty;        /* STATUS_BUSY rather than a wait for memory. Who is not, holds nothing of any read cache */
    struct extent *extents; /* room for extent_max, the caller's */
    uint32_t extent_max;
    struct ready ready; /* run when a read that had to wait is finished */
    /* out */
    enum status status;    /* OK, OUT_OF_RANGE, CORRUPT, IO_ERROR, OFFLINE, NO_MEMORY, BUSY */
    uint32_t extent_count; /* pinned: block_unpin each (on this shard) when sent */
    uint32_t size;
    /* the reader's own */
    void *work;
};

/* True: finished (look at status). False: the bytes are cold and on their way; read->ready will run. */
must_check bool log_read_begin(struct log_read *read);
/* Asks a waiting read to finish early, with STATUS_CANCELLED or its result. */
void log_read_cancel(struct log_read *read);
/* A waiting read becomes hasty: when it waits for memory it finishes with STATUS_BUSY, else it goes on. */
void log_read_hurry(struct log_read *read);

/* ListOffsets by time: the first batch whose maximum timestamp is at least `timestamp_ms`, then the first such record
 * in it. */
struct log_search {
    struct log *log;
    int64_t timestamp_ms; /* LOG_SEARCH_MAX: the record with the largest timestamp (KIP-734) */
    struct ready ready;
    enum status status; /* NOT_FOUND: no such record */
    int64_t offset, found_timestamp_ms;
    int32_t leader_epoch;
    void *work;
};
#define LOG_SEARCH_MAX INT64_MIN
must_check bool log_search_begin(struct log_search *search);

/* DeleteRecords and retention: raises `start`, up to committed. Durable when store_flushed reaches *sequence.
 * STATUS_OUT_OF_RANGE. */
must_check enum status log_raise_start(struct log *log, int64_t start, int64_t *sequence);
/* Cuts everything from `end` on (replication: a diverging follower). Begins a new incarnation. Durable as above. */
must_check enum status log_truncate(struct log *log, int64_t end, int64_t *sequence);
/* The replication floor says what is committed; never above durable. Also moves last_stable. */
void log_commit(struct log *log, int64_t committed);

/* The leader epoch cache: end offset of `epoch` (KIP-101, KIP-320): *epoch becomes the largest known one <= the
 * asked. */
enum status log_epoch_end(const struct log *log, int32_t *epoch, int64_t *end);
int32_t log_epoch_at(const struct log *log, int64_t offset);
/* A new leader epoch begins at `end`, even without records. */
must_check enum status log_begin_epoch(struct log *log, int32_t epoch);

struct aborted {
    int64_t producer_id, first_offset;
};
/* Transactions aborted in [from, to), for read_committed; in the arena. May need cold index files, which are loaded at
 * start. */
must_check enum status log_aborted(const struct log *log, int64_t from, int64_t to, struct arena *arena,
                                   struct aborted **aborted, uint32_t *count);
int64_t log_size(const struct log *log); /* bytes in segments and tail */

#endif
