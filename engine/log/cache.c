/* engine/log/cache.c   A file's length need not be a multiple of a block, but a direct read's must be. A read that
 * reaches past the end of the file is told STATUS_TRUNCATED with all bytes there are in place: that is success here,
 * since the segment's size says how many there must be, and every batch's CRC is checked before it leaves. */
#include "log/cache.h"

#include "log/reader.h"

enum { BLOCK = 4096 };

struct piece_key {
    const struct log *log;
    int64_t base;
    uint32_t number;
};

static bool piece_has_key(const void *value, const void *key)
{
    const struct piece *piece = value;
    const struct piece_key *wanted = key;
    return piece->log == wanted->log && piece->base == wanted->base && piece->number == wanted->number;
}

/* By names, not by addresses: two runs of one seed behave alike. */
static uint64_t piece_hash(const struct piece_key *key)
{
    uint64_t hash = hash_partition(key->log->key.topic, key->log->key.partition);
    return hash_join(hash_join(hash, (uint64_t)key->base), key->number);
}

static void cache_settle(struct ready *ready);

void cache_init(struct cache *cache, struct store *store)
{
    *cache = (struct cache){ .store = store };
    map_init(&cache->pieces, &store->shard->heap, piece_has_key);
    list_init(&cache->recent);
    list_init(&cache->spent);
    list_init(&cache->rooms);
    list_init(&cache->free);
    ready_init(&cache->settle, cache_settle);
}

/* A piece came to rest, or a place in the queue is free: there may be room for the first. */
static void cache_stir(struct cache *cache)
{
    list_remove(&cache->settle.node); /* It may wait for the budget. */
    if (!list_empty(&cache->rooms)) shard_ready(cache->store->shard, &cache->settle);
}

/* Its last reader but the cache itself let go of it. */
static void piece_idle(struct block *block)
{
    struct reader *reader = block->shard->store->reader;
    if (reader) cache_stir(&reader->cache);
}

static void piece_free(struct piece *piece)
{
    invariant(piece->orphan && piece->users == 0 && !piece->reading);
    piece->block->idle = NULL;
    block_unpin(piece->block);
    piece->block = NULL;
    list_append(&piece->cache->free, &piece->recent);
}

/* Out of the map; freed when nobody holds it any more. */
static void piece_drop(struct piece *piece)
{
    struct piece_key key = { piece->log, piece->base, piece->number };
    invariant(!piece->orphan);
    map_remove(&piece->cache->pieces, piece_hash(&key), &key);
    piece->cache->size -= piece->block->size;
    piece->log->segments->pieces--;
    list_remove(&piece->recent);
    piece->orphan = true;
    if (piece->users == 0 && !piece->reading) piece_free(piece);
}

void cache_end(struct cache *cache)
{
    struct heap *heap = &cache->store->shard->heap;

    invariant(list_empty(&cache->rooms) && !list_linked(&cache->settle.node));
    list_join(&cache->recent, &cache->spent);
    list_each(&cache->recent, node) piece_drop(container_of(node, struct piece, recent));
    list_each(&cache->free, node)
    {
        list_remove(node);
        heap_give(heap, container_of(node, struct piece, recent));
    }
    map_end(&cache->pieces);
}

static void pieces_forget(struct list *pieces, const struct log *log)
{
    list_each(pieces, node)
    {
        struct piece *piece = container_of(node, struct piece, recent);
        if (!log->segments || log->segments->pieces == 0) return; /* Most logs that are deleted have none. */
        if (piece->log != log) continue;
        invariant(!piece->reading);
        piece_drop(piece);
    }
}

void cache_forget(struct cache *cache, const struct log *log)
{
    pieces_forget(&cache->recent, log);
    pieces_forget(&cache->spent, log);
}

static bool piece_busy(const struct piece *piece)
{
    return piece->users > 0 || piece->reading || piece->block->pins > 1;
}

static struct piece *piece_unused(const struct list *pieces)
{
    list_each(pieces, node)
    {
        struct piece *piece = container_of(node, struct piece, recent);
        if (!piece_busy(piece)) return piece;
    }
    return NULL;
}

/* False when nothing can go. `spent`: of those only. */
static bool cache_evict(struct cache *cache, bool spent)
{
    struct piece *piece = piece_unused(&cache->spent);
    if (!piece && !spent) piece = piece_unused(&cache->recent);
    if (piece) piece_drop(piece);
    return piece != NULL;
}

static bool pieces_busy(const struct list *pieces)
{
    list_each(pieces, node)
    {
        if (piece_busy(container_of(node, struct piece, recent))) return true;
    }
    return false;
}

static struct block *block_make(struct cache *cache, size_t size, bool spent)
{
    struct block *block;
    do {
        block = block_take(cache->store->shard->memory, MEMORY_CACHE, size);
    } while (!block && cache_evict(cache, spent));
    return block;
}

static struct block *room_block(struct cache_room *room, size_t size)
{
    for (uint32_t i = 0; i < room->count; i++) {
        struct block *block = room->blocks[i];
        if (block->size < size) continue;
        room->blocks[i] = room->blocks[--room->count];
        return block;
    }
    return NULL;
}

struct block *cache_block(struct cache *cache, size_t size, struct cache_room *room)
{
    struct block *block = room ? room_block(room, size) : NULL;
    return block || !list_empty(&cache->rooms) ? block : block_make(cache, size, !room);
}

/* ---- who waits for memory ---- */

/* Something is used that the first of the queue does not hold itself: there will be more room than there is now. */
static bool cache_used(const struct cache *cache, const struct cache_room *first)
{
    size_t idle = cache->size;

    for (uint32_t i = 0; i < first->count; i++) idle += first->blocks[i]->size;
    bool used = memory_used(cache->store->shard->memory, MEMORY_CACHE) > idle;
    return used || pieces_busy(&cache->recent) || pieces_busy(&cache->spent);
}

static bool room_fits(const struct cache *cache, const struct cache_room *room)
{
    const struct memory *memory = cache->store->shard->memory;
    size_t budget = memory_used(memory, MEMORY_CACHE) + memory_free(memory, MEMORY_CACHE), wanted = 0;

    for (uint32_t i = 0; i < room->wanted; i++) wanted += room->sizes[i];
    return wanted <= budget;
}

/* What is there is kept: the rest comes from those who never wait for this one. */
static bool room_fill(struct cache *cache, struct cache_room *room)
{
    while (room->count < room->wanted) {
        struct block *block = block_make(cache, room->sizes[room->count], false);
        if (!block) return false;
        room->blocks[room->count++] = block;
    }
    return true;
}

static void cache_settle(struct ready *ready)
{
    struct cache *cache = container_of(ready, struct cache, settle);
    struct shard *shard = cache->store->shard;
    struct list_node *node;

    while ((node = list_first(&cache->rooms)) != NULL) {
        struct cache_room *room = container_of(node, struct cache_room, node);
        bool fits = room_fits(cache, room);
        bool filled = fits && room_fill(cache, room);
        if (fits && !filled && cache_used(cache, room)) break;
        room->refused = !filled;
        list_remove(node);
        shard_ready(shard, room->ready);
    }
    if (node) memory_wait(shard->memory, MEMORY_CACHE, &cache->settle);
}

void room_clear(struct cache_room *room)
{
    invariant(room->count == 0 && !list_linked(&room->node));
    room->wanted = 0;
}

void room_ask(struct cache_room *room, size_t size)
{
    invariant(room->wanted < CACHE_ROOM_BLOCKS);
    room->sizes[room->wanted++] = size;
}

void room_wait(struct cache *cache, struct cache_room *room, struct ready *ready)
{
    invariant(room->wanted > 0 && room->count == 0);
    room->ready = ready;
    room->refused = false;
    cache->wait_count++;
    list_append(&cache->rooms, &room->node);
    cache_stir(cache);
}

void room_leave(struct cache *cache, struct cache_room *room)
{
    bool stir = room->count > 0 || list_linked(&room->node);

    list_remove(&room->node);
    while (room->count > 0) block_unpin(room->blocks[--room->count]);
    if (stir) cache_stir(cache);
}

/* ---- pieces ---- */

static void piece_resume(struct completion *io)
{
    struct piece *piece = container_of(io, struct piece, io);
    struct segment *segment = segments_at(piece->log, piece->base);
    struct cache *cache = piece->cache;
    struct shard *shard = cache->store->shard;
    struct list_node *node;

    invariant(piece->reading && segment && segment->readers > 0);
    piece->reading = false;
    piece->status = io->status == STATUS_TRUNCATED ? STATUS_OK : io->status;
    segment->readers--;
    while ((node = list_take_first(&piece->waiters)) != NULL) {
        shard_ready(shard, container_of(node, struct piece_wait, node)->ready);
    }
    struct log *log = piece->log;
    if (piece->status != STATUS_OK && !piece->orphan) {
        piece_drop(piece);
    } else if (piece->orphan && piece->users == 0) {
        piece_free(piece);
    }
    cache_stir(cache);
    reader_release(log);
}

/* `size`: bytes of the file that it is for. */
static struct piece *piece_make(struct cache *cache, const struct piece_key *key, struct log *log, uint32_t size,
                                struct cache_room *room)
{
    struct block *block = cache_block(cache, max_of(size, (uint32_t)CACHE_BLOCK_LEAST), room);
    if (!block) return NULL;
    block->idle = piece_idle;

    struct list_node *node = list_take_first(&cache->free);
    struct piece *piece =
        node ? container_of(node, struct piece, recent) : heap_take(&cache->store->shard->heap, sizeof *piece);
    *piece = (struct piece){
        .cache = cache,
        .log = log,
        .base = key->base,
        .number = key->number,
        .size = size,
        .block = block,
        .io.resume = piece_resume,
    };
    list_init(&piece->waiters);
    list_node_init(&piece->recent);
    map_add(&cache->pieces, piece_hash(key), key, piece);
    cache->size += block->size;
    log->segments->pieces++;
    list_append(&cache->recent, &piece->recent);
    return piece;
}

static void piece_read(struct piece *piece, struct segment *segment)
{
    uint64_t position = (uint64_t)piece->number * CACHE_PIECE;
    struct cache *cache = piece->cache;

    invariant(segment->file >= 0 && round_up(piece->size, (uint32_t)BLOCK) <= piece->block->size);
    piece->reading = true;
    segment->readers++;
    reader_hold(piece->log);
    cache->read_count++;
    cache->read_bytes += piece->size;
    io_read(cache->store->shard->io, &piece->io, segment->file, piece->block->data,
            round_up(piece->size, (uint32_t)BLOCK), position);
}

struct piece *cache_piece(struct cache *cache, struct log *log, struct segment *segment, uint32_t number,
                          struct cache_room *room)
{
    struct piece_key key = { log, segment->base, number };
    uint64_t position = (uint64_t)number * CACHE_PIECE;
    struct piece *piece = map_find(&cache->pieces, piece_hash(&key), &key);

    bool short_of = piece && piece->size < CACHE_PIECE && position + piece->size < segment->written;
    if (short_of) {
        piece_drop(piece);
        piece = NULL;
    }
    if (piece) {
        cache->hit_count++;
        list_remove(&piece->recent);
        list_append(&cache->recent, &piece->recent);
    } else {
        invariant(segment->written > position);
        uint64_t size = min_of(segment->written - position, (uint64_t)CACHE_PIECE);
        piece = piece_make(cache, &key, log, (uint32_t)size, room);
        if (!piece) return NULL;
        piece_read(piece, segment);
    }
    piece->users++;
    return piece;
}

void piece_leave(struct piece *piece)
{
    invariant(piece->users > 0);
    piece->users--;
    if (piece->users > 0 || piece->reading) return;
    struct cache *cache = piece->cache;
    if (piece->orphan) piece_free(piece);
    cache_stir(cache);
}

void piece_spent(struct piece *piece)
{
    invariant(piece->users > 0);
    if (piece->orphan) return;
    list_remove(&piece->recent);
    list_append(&piece->cache->spent, &piece->recent);
}

void piece_wait(struct piece *piece, struct piece_wait *wait)
{
    invariant(piece->reading);
    list_append(&piece->waiters, &wait->node);
}
