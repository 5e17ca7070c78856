/* engine/log/state.h   What the two halves of this room give each other. The memory half (tail, flush, WAL, spill,
 * checkpoint, recovery) knows offsets, bytes and positions; the file half (segments, indexes, epochs, producers,
 * Kafka's files) knows formats.
 *
 * Of log.h, the file half gives log_search_begin, log_epoch_end, log_epoch_at, log_aborted and log_size; the memory
 * half the rest.
 *
 * A log's *state* is what recovery needs of it without reading a segment: its segments with their sizes, the leader
 * epochs, the producers. It is taken at one end offset, kept as opaque bytes in the checkpoint, and given back at the
 * next start; batches that the WAL holds beyond that end are then placed and applied again, in order, exactly as they
 * were the first time. */
#ifndef ENGINE_LOG_STATE_H
#define ENGINE_LOG_STATE_H

#include "log/log.h"
#include "log/store.h"
#include "shard/jobs.h"

/* Given by the file half. */

/* The state at the log's present end, as bytes; the size may be an upper bound, `save` returns what it used. */
size_t log_state_size(const struct log *log);
size_t log_state_save(const struct log *log, uint8_t *to);
/* Into a log that has none yet. Everything the segments hold up to that end counts as written and synced.
 * STATUS_MALFORMED. */
must_check enum status log_state_load(struct log *log, struct bytes saved);
void log_state_end(struct log *log);
/* The state that was just loaded was read from files that a clean stop left. */
void log_state_closed(struct log *log);

/* A batch joins the log's end (its final bytes, stamped): indexes, epochs, producers, timestamps. Called for every
 * batch, also when recovery replays it; what was decided about the batch (duplicate, sequence) was decided before. */
void log_state_apply(struct log *log, const struct batch *batch, enum append_origin origin);
/* The producer's rules for a batch from a client: STATUS_OK, or *append is the original (append->duplicate), or
 * STATUS_OUT_OF_ORDER, STATUS_FENCED, STATUS_DUPLICATE. Changes nothing. */
must_check enum status log_state_check(const struct log *log, const struct batch *batch, struct log_append *append);
/* A new leader epoch begins at the log's end (log_begin_epoch writes the WAL's entry and calls this). */
void log_state_begin_epoch(struct log *log, int32_t epoch);
/* The log's start was raised: as Kafka does, its first leader epoch begins there from now on. */
void log_state_raised(struct log *log);
/* First offset that read_committed may not see yet: of the oldest transaction that is open, or ended above `committed`;
 * INT64_MAX when there is none; never below the log's start. log_commit makes last_stable of it. */
int64_t log_state_first_unstable(const struct log *log, int64_t committed);
/* Forgets everything from `end` on (segments, epochs, producers). May read files: start-up, or a log that is out of
 * service. Not while log_state_busy: jobs or reads hold the log's files; STATUS_BUSY is then the answer to the one
 * who asked. */
must_check enum status log_state_truncate(struct log *log, int64_t end);
bool log_state_busy(const struct log *log);

/* Reads from segments: log_read_begin when the offset is below the tail. May give fewer bytes than asked, never into
 * the tail. */
must_check bool read_cold_begin(struct log_read *read);
void read_cold_cancel(struct log_read *read);
void read_cold_hurry(struct log_read *read);
/* In store_end, before memory_end: the read cache goes. No read waits any more. */
void reader_end(struct store *store);
/* Kafka's rules, for a directory without our guard: fills directory->found; each `open` is a struct recovered
 * (recovery.h). */
must_check enum status load_directory(struct directory *directory, struct arena *arena, const char **why);

/* File work of one segment, by jobs, in the log's lane; one at a time per struct. `done` runs on the shard. */
struct segment_work {
    struct job job;
    struct log *log;
    int64_t base;  /* which segment */
    uint64_t size; /* prepare: bytes it must be able to take */
    enum status status;
    void (*done)(struct segment_work *work);
    void *task; /* the file half's own */
};
/* Directory, partition.metadata, the .log: made, names durable, blocks allocated up to `size`. segment->file is open
 * after. */
void segment_prepare(struct segment_work *work);
/* Memory of jobs that are done, at the store's end. */
void segment_tasks_free(struct store *store);
/* Everything up to segment->written is on the device: segment->synced. A segment that was rolled is cut to its size
 * and its indexes are written in the same job (sealed), once all of it is written. */
void segment_sync(struct segment_work *work);
/* The same at start and stop, where no shard runs yet or any more. */
must_check enum status segment_prepare_now(struct log *log, int64_t base, uint64_t size);
must_check enum status segment_sync_now(struct log *log, int64_t base);

/* A clean stop of one log whose segments hold everything: cuts, indexes, snapshot, epoch file. By a job; all work of
 * one log. */
void log_files_close(struct log *log, struct segment_work *work);
/* Nothing has changed since the last clean stop: there is nothing to close. */
bool log_files_closed(const struct log *log);
/* Removal: renames to -delete, and unlinks after the log's file.delete.delay.ms. The log's files are closed when `done`
 * runs. */
void log_files_delete(struct log *log, struct segment_work *work);
/* Tells the directory of a log that was closed, with its final offsets: from store_end, before the log is freed. */
void directory_note_closed(struct directory *directory, const struct log *log);
/* The text checkpoints of a clean stop, from every log that was closed; called by directory_close before the marker. */
must_check enum status directory_write_checkpoints(struct directory *directory);

/* Given by the memory half. */

/* First offset that is still in memory; log->end when nothing is. Below it, bytes are in segments. */
int64_t log_tail_first(const struct log *log);
/* An unexpected failure of the log directory: it is out of service from now on. From the shard of `store`. */
void directory_fail(struct store *store, enum status status);

#endif
