/* engine/log/cache.h   The read cache of one shard: pieces of segment files, read direct, each in one block of
 * MEMORY_CACHE. A piece is {log, segment, number}, CACHE_PIECE bytes from number * CACHE_PIECE on, fewer at the end of
 * a file: then its block is smaller, so that thousands of small logs have room. It stays until memory is wanted: one
 * that was read to its end goes first (what was read ahead for others is still to be used), then the one unused for
 * longest. Extents of fetches pin the block, so what is being sent outlives its place in the
 * cache.
 *
 *     (absent) --cache_piece--> READING --io--> READY --stale, evicted, forgotten--> (absent, freed when unused)
 *
 * Whoever finds no memory may queue for it with a cache_room. The first of the queue gets what comes free until it has
 * all that it asked for, whole, and meanwhile nobody else takes any: so nobody is overtaken, and what a granted read
 * does next finds its room. README.md says why nobody waits forever. */
#ifndef ENGINE_LOG_CACHE_H
#define ENGINE_LOG_CACHE_H

#include "base/map.h"
#include "log/segment.h"
#include "log/store.h"

enum {
    CACHE_PIECE = 256 << 10,
    CACHE_BLOCK_LEAST = 16 << 10, /* of the block of a piece that is shorter: bounds how many there are */
    CACHE_ROOM_BLOCKS = 4,        /* that one asks for at a time */
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
    struct list waiters;     /* struct piece_wait */
    struct list_node recent; /* in cache->recent or spent, or cache->free */
};

/* A read that waits for a piece. */
struct piece_wait {
    struct list_node node;
    struct ready *ready;
};

/* A place in the queue for memory, then the memory. Who waits holds no other memory of any cache.
 *
 *     (none) --room_wait--> waiting --> granted: blocks; or refused --room_leave--> (none) */
struct cache_room {
    struct list_node node; /* in cache->rooms, while it waits */
    struct ready *ready;
    size_t sizes[CACHE_ROOM_BLOCKS];
    struct block *blocks[CACHE_ROOM_BLOCKS];
    uint32_t wanted, count; /* blocks asked for, and there */
    bool refused;           /* it is more than there is */
};

struct cache {
    struct store *store;
    struct map pieces;
    size_t size;         /* of their blocks */
    struct list recent;  /* the one unused for longest first */
    struct list spent;   /* those that a read has gone through, until the next one: the same */
    struct list rooms;   /* struct cache_room: who waits for memory, in order */
    struct ready settle; /* there may be room for the first of them; else waits for the budget while there are any */
    struct list free;    /* struct piece without a block */
    uint64_t hit_count, read_count, read_bytes, wait_count;
};

void cache_init(struct cache *cache, struct store *store);
/* No read may be in flight. */
void cache_end(struct cache *cache);

/* The piece, held (piece_leave); begins to read it when it isn't there or lacks bytes that the file has. NULL: no
 * memory. The segment's file is open. `room`: as for cache_block. */
struct piece *cache_piece(struct cache *cache, struct log *log, struct segment *segment, uint32_t number,
                          struct cache_room *room);
void piece_leave(struct piece *piece);
/* Its holder has read it to its end. */
void piece_spent(struct piece *piece);
/* Becomes ready when the piece was read; only while `reading`. */
void piece_wait(struct piece *piece, struct piece_wait *wait);
/* A block of this size, out of the room or, when nobody waits, out of the budget, where less recent pieces make way;
 * without a room, which is for what is read ahead, only those that were gone through. NULL: no memory. */
struct block *cache_block(struct cache *cache, size_t size, struct cache_room *room);
/* Truncation and deletion: nothing of this log is known any more. No read of it may be in flight. */
void cache_forget(struct cache *cache, const struct log *log);

/* What is asked for: emptied, then filled, then waited for. */
void room_clear(struct cache_room *room);
void room_ask(struct cache_room *room, size_t size);
/* `ready` runs when all of it is there, or never will be (refused). */
void room_wait(struct cache *cache, struct cache_room *room, struct ready *ready);
/* Gives back what is left of it, or its place in the queue. */
void room_leave(struct cache *cache, struct cache_room *room);

#endif
