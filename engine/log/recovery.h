/* engine/log/recovery.h   What a start finds: each log's state at its last checkpoint, and where the WAL holds what
 * came after. Reading is apart from doing: recovery.c and wal_walk.c decide what is true (the truth table stands in
 * recovery.c) and change nothing; restore.c brings it back into memory under the new incarnation: each log's state when
 * it is opened, then the ranges of all logs in the order of the WAL, so that the WAL is read from its beginning to its
 * end whatever the number of logs. */
#ifndef ENGINE_LOG_RECOVERY_H
#define ENGINE_LOG_RECOVERY_H

#include "base/arena.h"
#include "base/map.h"
#include "log/checkpoint.h"
#include "log/chunk.h"
#include "log/root.h"
#include "log/store.h"

/* An append, extent or epoch that the WAL holds beyond the state. */
struct recovered_range {
    struct recovered_range *next;        /* of the log */
    struct recovered_range *next_in_wal; /* of any log */
    struct log_found *found;
    struct chunk_entry entry;
    struct old_wal *wal;
    uint64_t position; /* of the bytes in that file */
    int64_t limit;     /* as it was written; a truncation lowers entry.limit */
    bool promised;     /* written when durability was not relaxed: what is missing is damage */
    bool cut;          /* truncated away as a whole */
};

/* What log_found.open points to. */
struct recovered {
    struct bytes state;                   /* for log_state_load; BYTES_NULL: nothing was written out yet */
    int64_t end;                          /* the log's end at that state */
    int64_t cut;                          /* the state is to be truncated here first; INT64_MAX: not */
    struct recovered_range *first, *last; /* beyond min(end, cut), ascending */
    bool closed;                          /* a clean stop left all its files, and would leave the same ones */
    bool opened, forgotten;
    bool stray;      /* opened only to be set aside */
    bool ended;      /* before what was never promised to be there */
    struct log *log; /* open, and wants its ranges; or NULL */
};

/* A WAL file that was there at start. */
struct old_wal {
    char name[64];
    uint32_t shard, number;
    uint64_t size;
    int file;
    bool used;                 /* in force: holds chunks of the incarnation that recovery goes by */
    struct chunk_header first; /* of its first block; sequence 0: none of ours */
};

/* A log whose DROP was seen: its files may still be there. */
struct dropped {
    struct dropped *next;
    struct log_key key;
    struct text topic;
};

/* A read-ahead over one file, in aligned memory. */
struct window {
    struct files *files;
    struct heap *heap;
    uint8_t *memory, *data;
    size_t room, size;
    size_t ahead; /* the last read's size: it grows while reads go on where the last one ended */
    int file, last_file;
    uint64_t position;
};
void window_init(struct window *window, struct files *files, struct heap *heap);
void window_end(struct window *window);
/* `size` bytes at `position` of `file`, which need not be aligned; NULL with STATUS_TRUNCATED past its end. */
must_check enum status window_read(struct window *window, int file, uint64_t position, size_t size,
                                   const uint8_t **data);

struct recovery {
    struct directory *directory;
    struct arena *arena; /* for what is found, and the words about it: `memory` */
    struct arena memory; /* bounded by what checkpoints and WAL hold */
    struct heap *heap;
    bool guarded;
    struct root root;  /* sequence 0: none */
    struct map by_key; /* struct log_found */
    struct recovered_range *first, *last;
    struct old_wal *wals;
    uint32_t wal_count;
    const char **half_made; /* names of WAL files that a crash left half made (wal.c) */
    uint32_t half_made_count;
    struct dropped *dropped;
    uint32_t *slot_in_force;
    struct window window;
    uint8_t *joined; /* an extent's bytes */
    bool promised;   /* of the chunk that is being looked at */
};

/* With the guard: checkpoints and WAL. */
must_check enum status recovery_read(struct recovery *recovery, const char **why);
/* The files of WALs that are there, in or out of force. */
must_check enum status recovery_list_wals(struct recovery *recovery);
void recovery_end(struct recovery *recovery);
struct log_found *recovery_find(struct recovery *recovery, struct log_key key);
struct log_found *recovery_add(struct recovery *recovery, struct log_key key, struct text topic);

/* One entry of a chunk at or above the cut, in order. */
must_check enum status recovery_entry(struct recovery *recovery, const struct chunk_entry *entry,
                                      const uint8_t *payload, struct old_wal *wal, uint64_t payload_position,
                                      const char **why);
/* The chain of chunks of one shard, from the place that its checkpoint names. */
must_check enum status wal_walk(struct recovery *recovery, const struct checkpoint_header *from, const char **why);

/* The bytes of an append or extent, proved; in the window until the next call. STATUS_DAMAGED. */
must_check enum status recovery_range_bytes(struct recovery *recovery, const struct log_found *found,
                                            const struct recovered_range *range, const uint8_t **data);
/* The state, into a log that log_open makes. */
must_check enum status recovery_restore(struct log *log, const struct log_found *found);
/* What the WAL holds beyond, into all logs that are open. */
must_check enum status recovery_replay(struct recovery *recovery, const char **why);
/* The store goes on behind the numbers of the WAL files that are there. */
must_check enum status recovery_adopt_wal(struct directory *directory, struct store *store);

#endif
