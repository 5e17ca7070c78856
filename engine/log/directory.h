/* engine/log/directory.h   The log directory, which all stores of a node share at start and stop.
 *
 * Start:  directory_open -> directory_recover (every log's state, from checkpoint + WALs, or by Kafka's rules)
 *         -> store_make per shard -> log_open per known log
 *         -> directory_begin (new incarnation durable, WALs drained) -> shards run
 * Stop:   shards stop -> store_close (everything in segments, indexes, snapshots)
 *         -> directory_close (Kafka's marker) */
#ifndef ENGINE_LOG_DIRECTORY_H
#define ENGINE_LOG_DIRECTORY_H

#include "log/log.h"

struct files;

/* A subdirectory: Apache Kafka refuses to start on a log directory that has it. */
#define GUARD_NAME "sluice.open"

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
    void (*say)(void *context, const char *line); /* what a start changed that people should know of; may be NULL */
    void *say_context;
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
    bool buffered; /* its file system has no O_DIRECT */
    void (*say)(void *context, const char *line);
    void *say_context;
    _Atomic bool unsynced; /* a clean stop has left it to directory_close to sync what it wrote */
    _Atomic bool failed;   /* an I/O error took it out of service */
    _Atomic bool full;     /* some shard refuses records for want of space: for people */
    _Atomic uint64_t owed; /* bytes that a start would write anew, of all shards (upkeep.c) */
    struct log_found *found;
    uint32_t found_count;
    struct closed_log *closed; /* directory_note_closed (state.h) */
    uint32_t closed_count, closed_capacity;
    void *work; /* directory.c's own */
};

/* One line for people, of up to 512 bytes. */
void directory_say(const struct directory *directory, const char *format, ...) printf_like(2, 3);

/* Locks, checks or makes the directory (meta.properties, guard). `why`: a sentence for people, in the arena, when it
 * fails: STATUS_LOCKED, STATUS_READ_ONLY, STATUS_MISMATCH, STATUS_DAMAGED, STATUS_NO_SPACE ... */
must_check enum status directory_open(struct files *files, const struct directory_settings *settings, struct heap *heap,
                                      struct arena *arena, struct directory **directory, const char **why);
/* Reads what is there into directory->found, which stays until directory_begin is through, or the end. Refuses damage
 * with a clear word; changes nothing on disk that a second try could miss. */
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

#endif
