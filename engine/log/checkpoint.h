/* engine/log/checkpoint.h   What lets WAL files be reused: a picture of all logs of a shard at one moment (the cut),
 * written once everything below the cut is in segments and synced. Each shard has its own two slots, so shards share
 * nothing here; what binds them together is the root (root.h), which says whose incarnation is in force.
 *
 *     IDLE --WAL half full, or closing--> SPILLING --> SYNCING (jobs) --> WRITING (a job) --> IDLE, WAL files below the
 *         cut free */
#ifndef ENGINE_LOG_CHECKPOINT_H
#define ENGINE_LOG_CHECKPOINT_H

#include "log/state.h"
#include "log/store.h"
#include "shard/jobs.h"

enum { CHECKPOINT_SLOTS = 2, CHECKPOINT_SYNCS = 4, CHECKPOINT_VERSION = 1 };

enum checkpoint_stage { CHECKPOINT_IDLE, CHECKPOINT_SPILLING, CHECKPOINT_SYNCING, CHECKPOINT_WRITING };

/* Bytes of a slot in the making: header, then a record per log. Aligned, in whole blocks. */
struct checkpoint_image {
    struct heap *heap;
    uint8_t *memory, *data; /* data: aligned into memory */
    size_t size, room;
    uint32_t log_count;
};

struct checkpoint_sync {
    struct checkpoint *checkpoint;
    struct segment_work work;
    bool running;
};

/* A segment that is to be synced; log == NULL: it was deleted meanwhile. */
struct checkpoint_dirty {
    struct log *log;
    int64_t base;
};

/* Where the chain of chunks goes on after the cut. */
struct checkpoint_resume {
    uint64_t sequence; /* of the chunk that stands there, or would */
    uint32_t number;   /* of the WAL file; it is there as long as this checkpoint is in force */
    uint32_t previous_crc;
    uint64_t position;
};
#define WAL_NUMBER_NONE UINT32_MAX

struct checkpoint {
    struct store *store;
    enum checkpoint_stage stage;
    struct checkpoint_image image;
    uint64_t sequence; /* of the slot written last */
    uint64_t cut;      /* chunks below it are covered */
    struct checkpoint_resume resume;
    uint64_t stream_size; /* what the store had of it at the cut */
    bool final;           /* the one that store_close asked for */
    uint32_t slot;        /* where the next one goes */
    uint32_t spilling;    /* logs whose bytes below the cut are not written yet */
    struct checkpoint_dirty *dirty;
    uint32_t dirty_room, dirty_count, dirty_next, syncing;
    struct checkpoint_sync syncs[CHECKPOINT_SYNCS];
    struct job job;
    bool outdated; /* the picture names bytes that were cut off since */
    bool closed;   /* the one that store_close asked for is done */
    uint64_t count, byte_count;
};

void checkpoint_init(struct checkpoint *checkpoint, struct store *store);
void checkpoint_end(struct checkpoint *checkpoint);
/* Begins one if there is a reason, or goes on. */
void checkpoint_go(struct checkpoint *checkpoint);
/* spill.c is through with what the log had when its round began. */
void checkpoint_spilled(struct checkpoint *checkpoint, struct log *log);
/* Bytes below the cut were truncated away; `waited`: the tail was in the cut before. */
void checkpoint_truncated(struct checkpoint *checkpoint, struct log *log, bool waited);
/* The log loses its end. Until the entry that says so is durable, a start would look for the bytes that the picture
 * names, and they will be in no segment: the cut is taken anew. */
void checkpoint_outdate(struct checkpoint *checkpoint);
/* The log is about to be freed. */
void checkpoint_forget(struct checkpoint *checkpoint, struct log *log);

/* At start: the picture of logs as they were recovered, one by one, before anything is appended to them again. */
void checkpoint_add(struct checkpoint_image *image, const struct log *log);
/* Its start was lowered after all. */
void checkpoint_amend(struct checkpoint_image *image, const struct log *log);
must_check enum status checkpoint_write_now(struct checkpoint *checkpoint);

/* One slot as bytes. */
void checkpoint_image_begin(struct checkpoint_image *image, struct heap *heap);
/* It was written: a large one's memory goes back, a small one's waits for the next. */
void checkpoint_image_rest(struct checkpoint_image *image);
void checkpoint_image_end(struct checkpoint_image *image);
struct checkpoint_header;
/* Header and padding; returns the size in whole blocks. */
size_t checkpoint_image_seal(struct checkpoint_image *image, const struct checkpoint_header *header);

struct checkpoint_header {
    struct uuid directory;
    uint64_t incarnation, sequence, cut;
    struct checkpoint_resume resume;
    uint64_t body_size;
    uint32_t shard, log_count, body_crc;
};
struct checkpoint_record {
    struct log_key key;
    struct text topic;
    uint64_t incarnation;
    int64_t start, committed, end;
    int32_t leader_epoch;
    struct bytes state;
};
/* A slot's first CHUNK_BLOCK bytes, which say how large it is: header->body_size more. STATUS_NOT_FOUND: no checkpoint;
 * STATUS_CORRUPT, STATUS_MISMATCH. */
must_check enum status checkpoint_read_header(struct bytes file, struct checkpoint_header *header);
/* All of it. STATUS_TRUNCATED, too. */
must_check enum status checkpoint_read(struct bytes file, struct checkpoint_header *header);
/* Record after record, from *at == 0 on; false at the end. */
must_check bool checkpoint_next(struct bytes file, const struct checkpoint_header *header, size_t *at,
                                struct checkpoint_record *record);
void checkpoint_file_name(uint32_t shard, uint32_t slot, char name[64]);

#endif
