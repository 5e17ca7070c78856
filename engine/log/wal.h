/* engine/log/wal.h   The files of one shard's write-ahead log: of fixed size, written once with zeros when they are
 * made, then overwritten again and again, because an overwrite of written blocks needs neither a journal commit nor a
 * worker thread.
 *
 *     FREE --current--> CURRENT --no room--> FULL --checkpoint covers it--> FREE
 *
 * Its last block is kept for the link to the file that comes after it (chunk.h), so that a file that is gone is missed.
 * They are made one ahead of need, by a job; the first one of a new directory is small, so that a fresh node starts at
 * once. Names: `sluice-wal-<shard>-<number>` in the root of the log directory, where Kafka ignores them. */
#ifndef ENGINE_LOG_WAL_H
#define ENGINE_LOG_WAL_H

#include "log/checkpoint.h"
#include "log/chunk.h"
#include "log/store.h"
#include "shard/jobs.h"

enum {
    WAL_FILES_MIN = 2,
    WAL_FILES_MAX = 256,
    WAL_FIRST_SIZE = 2 << 20,
    WAL_ZEROS_SIZE = 128 << 10,
};

enum wal_file_state { WAL_FREE, WAL_CURRENT, WAL_FULL };

struct wal_file {
    int file;
    uint32_t number;
    uint64_t size, used;
    enum wal_file_state state;
    uint64_t last; /* sequence of the last chunk in it */
};

/* Makes one file, on a helper thread or at start. The zeros are written in step with the file that is being filled, so
 * that they and the chunks don't wait for the device at once; what is hungry for the file has them written at once. */
struct wal_making {
    struct job job;
    struct wal *wal;
    uint8_t *zeros, *zeros_memory; /* WAL_ZEROS_SIZE */
    uint32_t number;
    uint64_t size;
    uint64_t done, limit; /* zeros written, and to be written by the job under way */
    int file;             /* `.new`, or -1 */
    bool begun, running;  /* there is such a file; the job has it */
    bool placed;          /* its blocks are allocated: it will come */
};

/* Removes a file that a start made beyond the plan. */
struct wal_removing {
    struct job job;
    struct wal *wal;
    uint32_t number;
    int file;
    bool running;
};

/* Where a chunk goes; and, when it begins a file, the file that was left for it and is owed a link. */
struct wal_place {
    int file;
    uint64_t position;
    uint32_t number;
    bool left;
    int left_file;
    uint64_t left_position; /* of the link */
};

struct wal {
    struct store *store;
    uint64_t size, file_size;          /* wanted: all files, one file */
    uint64_t size_min, size_max, each; /* of size: as planned; for each log */
    struct wal_file files[WAL_FILES_MAX];
    uint32_t file_count;
    struct wal_file *current; /* or NULL */
    uint32_t first_number;    /* of the file that this incarnation began with, or WAL_NUMBER_NONE */
    uint32_t next_number;
    struct wal_making making;
    struct wal_removing removing;
    uint64_t bytes_written;
};

void wal_init(struct wal *wal, struct store *store, const struct plan *plan);
/* There are so many logs now: the more, the larger it may be, so that each has gathered something by the next cut. */
void wal_fit(struct wal *wal, uint32_t log_count);
void wal_end(struct wal *wal);
/* At start, before the shard runs: blocks. */
must_check enum status wal_make_now(struct wal *wal, uint64_t size);
/* A file that exists and whose content nobody needs. */
void wal_adopt(struct wal *wal, int file, uint32_t number, uint64_t size);

/* Room for one more file of that size among those the plan allows. */
bool wal_wants(const struct wal *wal, uint64_t size);

/* At start: the incarnation begins in the file of this number, which is there already. */
void wal_begin_in(struct wal *wal, uint32_t number);

/* Where a chunk of `size` bytes with `sequence` goes. False: nowhere yet; flush_go is called when that has changed. */
must_check bool wal_place(struct wal *wal, size_t size, uint64_t sequence, struct wal_place *place);
/* The largest chunk. */
static inline uint64_t wal_chunk_max(const struct wal *wal)
{
    return wal->file_size - CHUNK_BLOCK;
}
/* The largest append: a file takes it and the table of what is in it. */
static inline uint64_t wal_batch_max(const struct wal *wal)
{
    return wal->file_size / 2;
}
/* A checkpoint is durable: chunks below its cut and its `resume` are not needed any more. */
void wal_release(struct wal *wal, uint64_t cut, const struct checkpoint_resume *resume);
/* Bytes that are taken in files that aren't free, and of all files that may be. */
uint64_t wal_used(const struct wal *wal);
uint32_t wal_full_count(const struct wal *wal);
void wal_file_name(uint32_t shard, uint32_t number, char name[64]);

#endif
