/* engine/log/store.h   All logs of one shard and what they share: the WAL with its flush, the tail's memory, the read
 * cache, the writing-out to segments.
 *
 *     append -> tail (memory) --flush--> WAL --watermark durable--> answers
 *                    \--- spill, later: segment file -> sync (job) -> checkpoint -> WAL file may be reused
 *
 * Start and stop are drawn in directory.h: the log directory belongs to all stores of a node. */
#ifndef ENGINE_LOG_STORE_H
#define ENGINE_LOG_STORE_H

#include "log/directory.h"
#include "log/log.h"
#include "shard/plan.h"

struct checkpoint;
struct closing;
struct flush;
struct gathers;
struct reader;
struct retention;
struct spill;
struct sweep;
struct tails;
struct upkeep;
struct wal;

/* Somebody whose append found no room. */
struct store_wait {
    struct list_node node;
    struct ready *ready;
};

/* A walk over all logs of a store in several steps, between which logs come and go. */
struct store_walk {
    struct list_node node; /* in the store */
    struct store *store;
    struct list_node *next; /* of store->logs, maybe its head */
};

struct store {
    struct shard *shard;
    struct directory *directory; /* one per node for now; logs name theirs */
    struct list logs;
    struct list walks; /* struct store_walk */
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
    bool lazy;     /* the last cut, of many logs: what is written from now on is synced all at once (directory_close) */
    bool no_space; /* a write found none: writing out rests until upkeep.c has looked */
    bool hurry;    /* the node stops: lack of space is a failure */
    bool full;     /* the disk's reserve is reached: appends are refused, reads go on */
    /* Told when the directory failed; set by the floor above. */
    void (*on_failure)(struct store *store, enum status status);
    struct list streams; /* of large appends */
    struct list free_streams, free_tasks;
    uint32_t files_max;   /* segments that are open at a time, about */
    uint64_t stream_size; /* bytes that extents above the cut of the last slot stand for */
    struct list crowded;  /* struct store_wait */
    struct list removals; /* logs that are to be deleted */
    uint32_t removing;    /* logs whose files are going */
    struct sweep *sweep;  /* directories that are named -delete */
    struct ready settle;  /* store_settle behind this step */
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
/* Another time after which an idle producer is forgotten, from the next round on. */
void store_keep_producers(struct store *store, int64_t producer_ms);

/* After STATUS_BUSY: wait->ready runs when something has changed that may let an append go on: memory came back, bytes
 * were written, the disk is full, the directory failed, the node stops. To be asked for again after each try. */
void store_wait(struct store *store, struct store_wait *wait);
/* Takes it back; also first thing when it is ready. */
void store_leave(struct store_wait *wait);

void store_walk_begin(struct store_walk *walk, struct store *store);
/* The next log: each that was there when the walk began, and stays, is met once; one that comes later perhaps. NULL:
 * that were all, and the walk has ended. Each is to be walked to its end. */
struct log *store_walk_next(struct store_walk *walk);

/* The node is going to stop: nothing waits for space any more; a directory without has failed. On its shard. */
void store_hurry(struct store *store);
/* Stops taking appends, writes everything out; `ready` runs when the store is empty-handed, or when its directory has
 * failed: then reads, writes and jobs may still be on their way back. On its shard. */
void store_close(struct store *store, struct ready *ready);
void store_end(struct store *store);

/* For this room. Frees a log at start, without a trace on disk. */
void log_close_now(struct log *log);
/* A chunk became durable. */
void store_flushed(struct store *store);
/* Nothing is gathered, nothing is on its way to the WAL. */
bool store_quiet(const struct store *store);
/* Lets work go on that waits for memory, the WAL or the end of a job. */
void store_go_on(struct store *store);
/* The same when something of these has changed: those whose appends found no room try again, too. */
void store_settle(struct store *store);

#endif
