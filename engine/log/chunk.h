/* engine/log/chunk.h   The format of a WAL chunk: what one flush writes, and all that recovery goes by. Encoding and
 * decoding only; no file is touched here. The byte tables stand in chunk.c. */
#ifndef ENGINE_LOG_CHUNK_H
#define ENGINE_LOG_CHUNK_H

#include "base/bytes.h"
#include "base/status.h"
#include "log/log.h"

enum {
    CHUNK_BLOCK = 4096, /* chunks begin and end on blocks */
    CHUNK_HEADER_SIZE = 128,
    CHUNK_ENTRY_SIZE = 80,
    CHUNK_VERSION = 1,
    CHUNK_ENTRY_SIZE_AT = 60, /* where an entry says the size of its bytes */
    BATCH_HEAD_SIZE = 21,     /* the bytes of a batch that its own CRC does not cover */
};

enum chunk_kind {
    CHUNK_OPEN = 1, /* a log exists: payload is the topic's name; first = limit = its first offset */
    CHUNK_APPEND,   /* payload is batches of [first, limit), which belong to `segment` at `segment_position` */
    CHUNK_EXTENT,   /* the same, but the bytes stand in the segment; payload is what lies behind its last whole block */
    CHUNK_TRUNCATE, /* everything from `first` on is void; the log goes on under `next_incarnation` (in limit) */
    CHUNK_START,    /* offsets below `first` are gone */
    CHUNK_EPOCH,    /* `leader_epoch` begins at `first` */
    CHUNK_DROP,     /* the log is gone, with everything it holds */
    CHUNK_KINDS,
};

struct chunk_entry {
    enum chunk_kind kind;
    struct log_key key;
    uint64_t incarnation; /* of the log */
    int64_t first, limit;
    int32_t leader_epoch;
    uint32_t crc;            /* append, extent: over the 21-byte heads of its batches; open: over the name */
    uint32_t position, size; /* in the payload */
    int64_t segment;         /* base of the segment the bytes belong to */
    uint32_t segment_position;
    uint32_t rest_crc; /* extent: over its bytes in the payload */
};

struct chunk_header {
    struct uuid directory;
    uint32_t shard;
    uint64_t incarnation; /* of the start */
    uint64_t sequence;
    uint64_t completed; /* every chunk below is known durable; 0: nothing is known */
    uint32_t previous_crc;
    uint32_t payload_size;
    uint32_t entry_count;
    uint32_t crc; /* of the header and the table */
};

/* The last block of a WAL file: where the chain went on when the file was left. */
struct chunk_link {
    struct uuid directory;
    uint32_t shard;
    uint64_t incarnation;
    uint64_t sequence;     /* of the first chunk in the next file */
    uint64_t completed;    /* as a chunk of that sequence says it */
    uint32_t previous_crc; /* of the last chunk in this file */
    uint32_t number;       /* of the next file */
};

/* Bytes of a whole chunk, its padding included. */
static inline size_t chunk_size(size_t payload_size, uint32_t entry_count)
{
    return round_up(CHUNK_HEADER_SIZE + round_up(payload_size, 8) + (size_t)entry_count * CHUNK_ENTRY_SIZE,
                    CHUNK_BLOCK);
}
/* Where the table stands, from the beginning of the chunk. */
static inline size_t chunk_table_position(size_t payload_size)
{
    return CHUNK_HEADER_SIZE + round_up(payload_size, 8);
}

/* The payload of an extent: how many of its bytes lie behind the last whole block of the file. */
static inline uint32_t chunk_extent_rest(uint32_t segment_position, uint32_t size)
{
    uint32_t rest = (segment_position + size) % CHUNK_BLOCK;
    return rest < size ? rest : size;
}

void chunk_entry_write(uint8_t *to, const struct chunk_entry *entry);
must_check enum status chunk_entry_read(const uint8_t *from, struct chunk_entry *entry);

/* Finishes the chunk at `chunk`, whose payload and table are in place: zeros in the gaps, the header, its CRC (also
 * left in header->crc). Returns the chunk's size. */
size_t chunk_seal(uint8_t *chunk, struct chunk_header *header);

/* Reads the header only; looks at the first CHUNK_BLOCK bytes. STATUS_NOT_FOUND: there is no chunk here. */
must_check enum status chunk_read_header(const uint8_t *chunk, struct chunk_header *header);
/* Checks a whole chunk of `size` bytes: header, table, and every entry against its payload. STATUS_CORRUPT,
 * STATUS_TRUNCATED, STATUS_MALFORMED. */
must_check enum status chunk_check(const uint8_t *chunk, size_t size, struct chunk_header *header);
/* Entry `index` of a chunk that was checked. */
void chunk_entry_at(const uint8_t *chunk, const struct chunk_header *header, uint32_t index, struct chunk_entry *entry);
/* A whole block. */
void chunk_link_write(uint8_t block[CHUNK_BLOCK], const struct chunk_link *link);
/* STATUS_NOT_FOUND: no link is here; STATUS_CORRUPT. */
must_check enum status chunk_link_read(const uint8_t block[CHUNK_BLOCK], struct chunk_link *link);
/* The sum that proves an append's bytes together with the CRC in each batch. STATUS_CORRUPT when a batch's own CRC
 * fails. */
must_check enum status chunk_sum_batches(const uint8_t *data, size_t size, int64_t first, int64_t limit, uint32_t *crc);

#endif
