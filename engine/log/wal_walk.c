/* engine/log/wal_walk.c   Following the chain of chunks in the WAL files of one shard. A chunk is the next one when it
 * stands where the last one ended (or first in a file, when it did not fit behind), is whole, has the next sequence,
 * and names its predecessor's CRC.
 *
 * The chain's end is where no such chunk is. That is an honest end only if nothing later exists: the chunk after the
 * last one was never acknowledged, so it may be torn or missing. But a later chunk whose `completed` lies above the
 * break says that the broken chunk had been durable: then the disk has lost what was acknowledged, and the directory is
 * refused.
 *
 * A file that is gone takes its later chunks with it, so it has to be missed by name: the checkpoint names the file in
 * which the chain goes on, and a file that was left names the next one. Both names are older than any acknowledgement
 * of a chunk in the file that they name. */
#include "base/canary.h"
#include "log/recovery.h"

#include "io/files.h"
#include "log/wal.h"

struct walk {
    struct recovery *recovery;
    const struct checkpoint_header *from;
    struct old_wal *wal;
    uint64_t position, sequence;
    uint32_t previous_crc;
    bool chained; /* previous_crc is known */
};

static struct old_wal *wal_of(struct recovery *recovery, uint32_t shard, uint32_t number)
{
    for (uint32_t i = 0; i < recovery->wal_count; i++) {
        struct old_wal *wal = &recovery->wals[i];
        if (wal->shard == shard && wal->number == number) return wal;
    }
    return NULL;
}

static bool header_ours(const struct recovery *recovery, uint32_t shard, const struct chunk_header *header)
{
    bool of_this_start = header->incarnation == recovery->root.incarnation || CANARY(CANARY_STALE_CHUNK_BELIEVED);
    return of_this_start && header->shard == shard &&
           uuid_equal(header->directory, recovery->directory->identity.directory);
}

/* The file that begins with the chunk of this sequence. */
static struct old_wal *wal_beginning(struct recovery *recovery, uint32_t shard, uint64_t sequence)
{
    for (uint32_t i = 0; i < recovery->wal_count; i++) {
        struct old_wal *wal = &recovery->wals[i];
        if (wal->shard == shard && wal->first.sequence == sequence && header_ours(recovery, shard, &wal->first))
            return wal;
    }
    return NULL;
}

/* The whole chunk at a place, checked. STATUS_NOT_FOUND: none of ours stands there whole; other statuses: the device
 * failed. */
static enum status chunk_load(struct recovery *recovery, uint32_t shard, const struct old_wal *wal, uint64_t position,
                              struct chunk_header *header, const uint8_t **chunk)
{
    if (position + CHUNK_BLOCK > wal->size) return STATUS_NOT_FOUND;
    enum status status = window_read(&recovery->window, wal->file, position, CHUNK_BLOCK, chunk);
    if (status == STATUS_TRUNCATED) return STATUS_NOT_FOUND;
    if (status != STATUS_OK) return status;
    if (chunk_read_header(*chunk, header) != STATUS_OK || !header_ours(recovery, shard, header))
        return STATUS_NOT_FOUND;

    size_t size = chunk_size(header->payload_size, header->entry_count);
    if (size > wal->size - position) return STATUS_NOT_FOUND;
    status = window_read(&recovery->window, wal->file, position, size, chunk);
    if (status == STATUS_TRUNCATED) return STATUS_NOT_FOUND;
    if (status != STATUS_OK) return status;
    return chunk_check(*chunk, size, header) == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

static bool chunk_follows(const struct walk *walk, const struct chunk_header *header)
{
    bool chained = !walk->chained || header->previous_crc == walk->previous_crc || CANARY(CANARY_STALE_CHUNK_BELIEVED);
    return header->sequence == walk->sequence && chained;
}

/* The next chunk: here, or at the beginning of another file. */
static enum status walk_next(struct walk *walk, struct chunk_header *header, const uint8_t **chunk)
{
    uint32_t shard = walk->from->shard;

    if (walk->wal) {
        enum status status = chunk_load(walk->recovery, shard, walk->wal, walk->position, header, chunk);
        if (status != STATUS_NOT_FOUND && status != STATUS_OK) return status;
        if (status == STATUS_OK && chunk_follows(walk, header)) return STATUS_OK;
    }
    struct old_wal *wal = wal_beginning(walk->recovery, shard, walk->sequence);
    if (!wal || wal == walk->wal) return STATUS_NOT_FOUND;

    enum status status = chunk_load(walk->recovery, shard, wal, 0, header, chunk);
    if (status != STATUS_OK) return status;
    if (!chunk_follows(walk, header)) return STATUS_NOT_FOUND;
    walk->wal = wal;
    walk->position = 0;
    return STATUS_OK;
}

static enum status chunk_apply(struct walk *walk, const struct chunk_header *header, const uint8_t *chunk,
                               const char **why)
{
    walk->wal->used = true;
    walk->recovery->promised = header->completed > 0;
    if (header->sequence < walk->from->cut) return STATUS_OK; /* The checkpoint says it all. */
    for (uint32_t i = 0; i < header->entry_count; i++) {
        struct chunk_entry entry;
        chunk_entry_at(chunk, header, i, &entry);
        enum status status = recovery_entry(walk->recovery, &entry, chunk + CHUNK_HEADER_SIZE + entry.position,
                                            walk->wal, walk->position + CHUNK_HEADER_SIZE + entry.position, why);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static bool says_durable(const struct walk *walk, const struct chunk_header *header)
{
    return header->sequence > walk->sequence && header->completed > walk->sequence;
}

/* A later durable chunk in the file, from `position` on. */
static enum status scan(struct walk *walk, const struct old_wal *wal, uint64_t position, bool *damaged)
{
    struct chunk_header header;
    const uint8_t *chunk;

    for (uint64_t at = position; at < wal->size && !*damaged; at += CHUNK_BLOCK) {
        enum status status = chunk_load(walk->recovery, walk->from->shard, wal, at, &header, &chunk);
        if (status == STATUS_NOT_FOUND) continue;
        if (status != STATUS_OK) return status;
        *damaged = says_durable(walk, &header);
    }
    return STATUS_OK;
}

static enum status refuse(const struct walk *walk, const char **why)
{
    struct text text =
        text_format(walk->recovery->arena,
                    "the write-ahead log of shard %u is damaged: chunk %llu was durable and is gone or does not "
                    "match its checksum (%s, position %llu), while a later one is there",
                    walk->from->shard, (unsigned long long)walk->sequence, walk->wal ? walk->wal->name : "no file",
                    (unsigned long long)walk->position);
    *why = text.data;
    return STATUS_DAMAGED;
}

static enum status missing(const struct walk *walk, uint32_t number, const char *who, const char **why)
{
    char name[64];

    wal_file_name(walk->from->shard, number, name);
    *why = text_format(walk->recovery->arena,
                       "%s is missing: %s says that the write-ahead log of shard %u goes on there, at chunk %llu", name,
                       who, walk->from->shard, (unsigned long long)walk->sequence)
               .data;
    return STATUS_DAMAGED;
}

/* The link in the file where the chain ends, if the chain was to go on in another one: `next`, or NULL. A link of
 * before the file was used again names an older chunk. */
static enum status walk_look_at_link(const struct walk *walk, const struct old_wal **next, bool *damaged,
                                     const char **why)
{
    const struct old_wal *wal = walk->wal;
    struct chunk_link link;
    const uint8_t *block;

    enum status status = window_read(&walk->recovery->window, wal->file, wal->size - CHUNK_BLOCK, CHUNK_BLOCK, &block);
    if (status != STATUS_OK) return status;
    if (chunk_link_read(block, &link) != STATUS_OK || link.shard != wal->shard) return STATUS_OK;
    if (link.incarnation != walk->recovery->root.incarnation) return STATUS_OK;
    if (!uuid_equal(link.directory, walk->recovery->directory->identity.directory)) return STATUS_OK;

    *damaged = link.sequence > walk->sequence && link.completed > walk->sequence;
    if (link.sequence != walk->sequence) return STATUS_OK;
    *next = wal_of(walk->recovery, wal->shard, link.number);
    return *next ? STATUS_OK : missing(walk, link.number, wal->name, why);
}

/* Whether the file begins with a chunk from behind the break that was durable. */
static enum status begins_behind(struct walk *walk, const struct old_wal *wal, bool *damaged)
{
    struct chunk_header header;
    const uint8_t *chunk;

    if (!header_ours(walk->recovery, walk->from->shard, &wal->first) || !says_durable(walk, &wal->first))
        return STATUS_OK;
    enum status status = chunk_load(walk->recovery, walk->from->shard, wal, 0, &header, &chunk);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    *damaged = status == STATUS_OK;
    return status;
}

/* Looks on behind the break: in the rest of the file, in the one that its link names, and at the beginnings of the
 * others: what was written behind the break stands there, or behind what stands there. */
static enum status walk_look_on(struct walk *walk, const char **why)
{
    struct recovery *recovery = walk->recovery;
    const struct old_wal *next = NULL;
    bool damaged = false;
    enum status status = STATUS_OK;

    if (walk->wal) status = walk_look_at_link(walk, &next, &damaged, why);
    if (walk->wal && status == STATUS_OK) status = scan(walk, walk->wal, walk->position, &damaged);
    if (next && status == STATUS_OK) status = scan(walk, next, 0, &damaged);
    for (uint32_t i = 0; i < recovery->wal_count && !damaged && status == STATUS_OK; i++) {
        const struct old_wal *wal = &recovery->wals[i];
        if (wal->shard == walk->from->shard) status = begins_behind(walk, wal, &damaged);
    }
    if (status != STATUS_OK) return status;
    return damaged && !CANARY(CANARY_DAMAGE_IS_END) ? refuse(walk, why) : STATUS_OK;
}

enum status wal_walk(struct recovery *recovery, const struct checkpoint_header *from, const char **why)
{
    struct walk walk = {
        .recovery = recovery,
        .from = from,
        .sequence = from->resume.sequence,
        .position = from->resume.position,
        .previous_crc = from->resume.previous_crc,
        .chained = from->resume.sequence > 1,
    };
    if (from->resume.number != WAL_NUMBER_NONE) {
        walk.wal = wal_of(recovery, from->shard, from->resume.number);
        if (!walk.wal) return missing(&walk, from->resume.number, "the checkpoint", why);
    }

    for (;;) {
        struct chunk_header header;
        const uint8_t *chunk;
        enum status status = walk_next(&walk, &header, &chunk);
        if (status == STATUS_NOT_FOUND) break;
        if (status == STATUS_OK) status = chunk_apply(&walk, &header, chunk, why);
        if (status != STATUS_OK) return status;
        walk.position += chunk_size(header.payload_size, header.entry_count);
        walk.sequence++;
        walk.previous_crc = header.crc;
        walk.chained = true;
    }
    return walk_look_on(&walk, why);
}
