/* engine/log/cache.h   The read cache of one shard: pieces of segment files, read direct, each in one block of
 * MEMORY_CACHE. A piece is {log, segment, number}, CACHE_PIECE bytes from number * CACHE_PIECE on, fewer at the end of
 * a file: then its block is smaller, so that thousands of small logs have room. It stays until memory is wanted; the
 * one unused for longest goes first. Extents of fetches pin the block, so what is being sent outlives its place in the
 * cache.
 *
 *     (absent) --cache_piece--> READING --io--> READY --stale, evicted, forgotten--> (absent, freed when unused) */
#ifndef ENGINE_LOG_CACHE_H
#define ENGINE_LOG_CACHE_H

#include "base/map.h"
#include "log/segment.h"
#include "log/store.h"

enum {
    CACHE_PIECE = 256 << 10,
    CACHE_BLOCK_LEAST = 16 << 10, /* of the block of a piece that is shorter: bounds how many there are */
};

struct cache;

struct piece {
    struct cache *cache;
    struct log *log;
    int64_t base; /* of the segment */
    uint32_t number;
    uint32_t size;                 /* bytes of batches in it; the file may have grown since */
    uint32_t users;                /* reads that hold it */
    uint32_t proved, proved_limit; /* the CRC of the batches in these bytes was right */
    bool reading, orphan;          /* orphan: not in the map any more */
    enum status status;
    struct block *block;
    struct completion io;
    struct list waiters; /* struct piece_wait */
    struct list_node recent;
};

/* A read that waits for a piece. */
struct piece_wait {
    struct list_node node;
    struct ready *ready;
};

struct cache {
    struct store *store;
    struct map pieces;
    size_t size;         /* of their blocks */
    struct list recent;  /* the one unused for longest first */
    struct list waiters; /* struct piece_wait: for any piece to come to rest */
    struct list free;    /* struct piece without a block */
    uint64_t hit_count, read_count, read_bytes;
};

void cache_init(struct cache *cache, struct store *store);
/* No read may be in flight. */
void cache_end(struct cache *cache);

/* The piece, held (piece_leave); begins to read it when it isn't there or lacks bytes that the file has. NULL: no
 * memory. The segment's file is open. */
struct piece *cache_piece(struct cache *cache, struct log *log, struct segment *segment, uint32_t number);
void piece_leave(struct piece *piece);
/* Becomes ready when the piece was read; only while `reading`. */
void piece_wait(struct piece *piece, struct piece_wait *wait);
/* Frees room in the budget: false when nothing can go. */
bool cache_evict(struct cache *cache);
/* Something of the budget is in use: there will be more room than there is now. */
bool cache_used(const struct cache *cache);
/* Becomes ready when there may be room. False: there will not be more. */
must_check bool cache_wait(struct cache *cache, struct piece_wait *wait);
/* Truncation and deletion: nothing of this log is known any more. No read of it may be in flight. */
void cache_forget(struct cache *cache, const struct log *log);

#endif
