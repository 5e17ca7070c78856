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

void cache_init(struct cache *cache, struct store *store)
{
    *cache = (struct cache){ .store = store };
    map_init(&cache->pieces, &store->shard->heap, piece_has_key);
    list_init(&cache->recent);
    list_init(&cache->waiters);
    list_init(&cache->free);
}

/* A piece came to rest: the first who waits may take its place. It may stand in the memory's own list as well. */
static void cache_wake(struct cache *cache)
{
    struct list_node *node = list_take_first(&cache->waiters);
    if (!node) return;

    struct ready *ready = container_of(node, struct piece_wait, node)->ready;
    list_remove(&ready->node);
    shard_ready(cache->store->shard, ready);
}

/* Its last reader but the cache itself let go of it. */
static void piece_idle(struct block *block)
{
    struct reader *reader = block->shard->store->reader;
    if (reader) cache_wake(&reader->cache);
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

    list_each(&cache->recent, node) piece_drop(container_of(node, struct piece, recent));
    list_each(&cache->free, node)
    {
        list_remove(node);
        heap_give(heap, container_of(node, struct piece, recent));
    }
    map_end(&cache->pieces);
}

void cache_forget(struct cache *cache, const struct log *log)
{
    list_each(&cache->recent, node)
    {
        struct piece *piece = container_of(node, struct piece, recent);
        if (!log->segments || log->segments->pieces == 0) return; /* Most logs that are deleted have none. */
        if (piece->log != log) continue;
        invariant(!piece->reading);
        piece_drop(piece);
    }
}

bool cache_evict(struct cache *cache)
{
    list_each(&cache->recent, node)
    {
        struct piece *piece = container_of(node, struct piece, recent);
        if (piece->users > 0 || piece->reading || piece->block->pins > 1) continue;
        piece_drop(piece);
        return true;
    }
    return false;
}

static struct block *cache_block(struct cache *cache, size_t size)
{
    for (;;) {
        struct block *block = block_take(cache->store->shard->memory, MEMORY_CACHE, size);
        if (block) block->idle = piece_idle;
        if (block || !cache_evict(cache)) return block;
    }
}

bool cache_used(const struct cache *cache)
{
    const struct memory *memory = cache->store->shard->memory;
    bool used = memory_used(memory, MEMORY_CACHE) > cache->size;

    list_each(&cache->recent, node)
    {
        const struct piece *piece = container_of(node, struct piece, recent);
        used = used || piece->users > 0 || piece->reading || piece->block->pins > 1;
    }
    return used;
}

bool cache_wait(struct cache *cache, struct piece_wait *wait)
{
    if (!cache_used(cache)) return false;
    list_append(&cache->waiters, &wait->node);
    memory_wait(cache->store->shard->memory, MEMORY_CACHE, wait->ready);
    return true;
}

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
    cache_wake(cache);
    reader_release(log);
}

/* `size`: bytes of the file that it is for. */
static struct piece *piece_make(struct cache *cache, const struct piece_key *key, struct log *log, uint32_t size)
{
    struct block *block = cache_block(cache, max_of(size, (uint32_t)CACHE_BLOCK_LEAST));
    if (!block) return NULL;

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

struct piece *cache_piece(struct cache *cache, struct log *log, struct segment *segment, uint32_t number)
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
        piece = piece_make(cache, &key, log, (uint32_t)size);
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
    if (piece->orphan) piece_free(piece);
    cache_wake(piece->cache);
}

void piece_wait(struct piece *piece, struct piece_wait *wait)
{
    invariant(piece->reading);
    list_append(&piece->waiters, &wait->node);
}
