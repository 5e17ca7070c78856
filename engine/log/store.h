/* engine/log/store.h   All logs of one shard and what they share: the WAL with its flush, the tail's memory, the read
 * cache, the writing-out to segments. And the log directory, which all stores of a node share at start and stop.
 *
 *     append -> tail (memory) --flush--> WAL --watermark durable--> answers
 *                    \--- spill, later: segment file -> sync (job) -> checkpoint -> WAL file may be reused
 *
 * Start:  directory_open -> directory_recover (every log's state, from checkpoint + WALs, or by Kafka's rules) ->
 * store_make per
 *         shard -> log_open per known log -> directory_begin (new incarnation durable, WALs drained) -> shards run.
 * Stop:   shards stop -> store_close (everything in segments, indexes, snapshots) -> directory_close (Kafka's
 * marker). */
#ifndef ENGINE_LOG_STORE_H
#define ENGINE_LOG_STORE_H

#include "log/log.h"
#include "shard/plan.h"

struct checkpoint;
struct closing;
struct files;
struct flush;
struct gathers;
struct reader;
struct retention;
struct spill;
struct tails;
struct upkeep;
struct wal;

/* meta.properties. */
struct directory_identity {
    int32_t node;
    struct text cluster; /* 22 characters */
    struct uuid directory;
};

struct directory_settings {
    const char *path;
    int32_t node;        /* node.id from the settings: the directory must be of this node; -1: any */
    struct text cluster; /* wanted cluster id, or null: any; a new directory gets this one or a drawn one */
    bool relaxed;        /* sluice.durability=relaxed: no DSYNC */
    uint64_t wal_size, wal_file_size;
    uint64_t reserve_size; /* disk space below which Produce is refused */
    int64_t wall_ms;
    uint64_t seed;
};

/* One log as recovery found it; `open` is for log_open, everything else to read. */
struct log_found {
    struct log_key key;
    struct text topic;
    uint64_t incarnation;
    int64_t start, committed, end;
    int32_t leader_epoch;
    void *open;
};

/* A log that was closed cleanly: for the text checkpoints. */
struct closed_log {
    struct text topic;
    int32_t partition;
    int64_t start, committed, end;
    bool raised; /* start is above the first segment's base */
};

struct directory {
    struct files *files;
    struct heap *heap; /* of the thread that starts and stops the node */
    const char *path;
    int handle, lock;
    bool guarded;     /* `sluice.open` is there */
    char cluster[64]; /* behind identity.cluster */
    size_t cluster_size;
    uint64_t reserve_size;
    struct directory_identity identity;
    bool fresh;           /* just made: no metadata in it yet */
    bool clean;           /* stopped cleanly, by us or by Kafka */
    int64_t clean_epoch;  /* broker epoch in Kafka's marker; -1 */
    uint64_t incarnation; /* of this start */
    bool relaxed;
    _Atomic bool failed; /* an I/O error took it out of service */
    struct log_found *found;
    uint32_t found_count;
    struct closed_log *closed; /* directory_note_closed (state.h) */
    uint32_t closed_count, closed_capacity;
    void *work; /* directory.c's own */
};

/* Locks, checks or makes the directory (meta.properties, guard). `why`: a sentence for people, in the arena, when it
 * fails: STATUS_LOCKED, STATUS_READ_ONLY, STATUS_MISMATCH, STATUS_DAMAGED, STATUS_NO_SPACE ... */
must_check enum status directory_open(struct files *files, const struct directory_settings *settings, struct heap *heap,
                                      struct arena *arena, struct directory **directory, const char **why);
/* Reads what is there into directory->found. Refuses damage with a clear word; changes nothing on disk that a second
 * try could miss. */
must_check enum status directory_recover(struct directory *directory, struct arena *arena, const char **why);
/* After every log that goes on living was opened: what recovery read becomes durable under the new incarnation. Logs
 * that nobody opened are set aside (renamed -stray), never deleted; unless forgotten first. Runs before the shards
 * do. */
must_check enum status directory_begin(struct directory *directory, struct store **stores, uint32_t store_count,
                                       struct arena *arena, const char **why);
/* All batches of a found log as one piece in the arena, from its start to its end: the metadata log, which is read
 * before any shard runs. Every batch's CRC is checked; `why` says which one is bad. STATUS_DAMAGED, STATUS_IO_ERROR,
 * STATUS_NO_MEMORY. */
must_check enum status log_load(struct directory *directory, const struct log_found *found, struct arena *arena,
                                struct bytes *batches, const char **why);
/* A topic whose removal was seen: its files may go. */
void directory_forget(struct directory *directory, struct log_key key);
/* After all stores were closed: checkpoints, our own state removed, the guard removed, then Kafka's clean-shutdown
 * marker. */
must_check enum status directory_close(struct directory *directory, int64_t broker_epoch);
void directory_abandon(struct directory *directory); /* lets go without a clean stop; leaves the disk as it is */

struct store {
    struct shard *shard;
    struct directory *directory; /* one per node for now; logs name theirs */
    struct list logs;
    uint32_t log_count;
    struct gathers *gathers; /* blocks of the tail's memory, chunks in the making */
    struct tails *tails;
    struct wal *wal;
    struct flush *flush;
    struct spill *spill;
    struct reader *reader;       /* of cold bytes; NULL until there was one. reader_end(store) in store_end. */
    struct retention *retention; /* NULL until store_retain */
    struct checkpoint *checkpoint;
    struct upkeep *upkeep;
    struct watermark flushed; /* in entry sequences: control entries wait here */
    bool starting;            /* until directory_begin is through: no shard runs, calls may block */
    bool closing, failed;
    bool no_space; /* a write found none: writing out rests until upkeep.c has looked */
    bool full;     /* the disk's reserve is reached: appends are refused, reads go on */
    /* Told when the directory failed or recovered space; set by the floor above. */
    void (*on_failure)(struct store *store, enum status status);
    struct list streams;  /* of large appends */
    uint64_t stream_size; /* bytes that extents since the last cut stand for */
    struct list removals; /* logs that are being deleted */
    struct ready *closed; /* store_close: run at its end */
    struct closing *closings;
};

/* On the starting thread, before the shard runs. */
must_check enum status store_make(struct shard *shard, struct directory *directory, const struct plan *plan,
                                  struct store **store);
/* A log that recovery found, or (found == NULL) a new one: then nothing is on disk until it is first written. The
 * settings stay the caller's and live as long as the log. A new log's incarnation is durable with its first flushed
 * entry. */
must_check enum status log_open(struct store *store, const struct log_found *found, struct log_key key,
                                struct text topic, const struct log_settings *settings, struct log **log);
void log_change_settings(struct log *log, const struct log_settings *settings);
/* Drops the log: its WAL entry, then (by a job) its files. `ready` runs when no pin, read or write refers to it any
 * more and the removal is durable; the struct log is gone then. Appends and reads answer STATUS_NOT_FOUND from now
 * on. */
void log_delete(struct log *log, struct ready *ready);

/* The sequence number up to which control entries (start, truncate, drop ...) are durable is store->flushed.at. */

/* Retention from now on: a round over all logs every `interval_ms` (log.retention.check.interval.ms), the first after
 * at most 30 s. It also forgets producers that were silent for `producer_ms` (producer.id.expiration.ms). */
void store_retain(struct store *store, int64_t interval_ms, int64_t producer_ms);

/* Stops taking appends, writes everything out; `ready` runs when the store is empty-handed. On its shard. */
void store_close(struct store *store, struct ready *ready);
void store_end(struct store *store);

/* For this room. Frees a log at start, without a trace on disk. */
void log_close_now(struct log *log);
/* A chunk became durable. */
void store_flushed(struct store *store);
/* Nothing is gathered, nothing is on its way to the WAL. */
bool store_quiet(const struct store *store);
/* Something changed that may let waiting work go on: memory, WAL, the end of a job. */
void store_settle(struct store *store);

#endif
