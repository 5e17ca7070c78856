/* tests/fuzz/engine/log/chunk_fuzz.c   Any bytes as a chunk of the write-ahead log. A fuzzer can't guess a sum, so the
 * chunk's own is put right when the first byte asks for it: then the table's fields get through. A chunk that is
 * accepted holds entries whose bytes lie inside its payload, and whose batches can be walked. */
#include <stdlib.h>
#include <string.h>

#include "mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void entry_walk(const uint8_t *chunk, const struct chunk_header *header, const struct chunk_entry *entry)
{
    const uint8_t *bytes = chunk + CHUNK_HEADER_SIZE + entry->position;
    struct batch batch;

    invariant(entry->kind > 0 && entry->kind < CHUNK_KINDS);
    if (entry->kind != CHUNK_APPEND && entry->kind != CHUNK_OPEN) return;
    invariant((uint64_t)entry->position + entry->size <= header->payload_size);
    if (entry->kind != CHUNK_APPEND) return;

    int64_t next = entry->first;
    for (size_t at = 0; at < entry->size; at += batch.size) {
        invariant(batch_read(bytes + at, entry->size - at, &batch) == STATUS_OK);
        invariant(batch.base_offset >= next && batch_limit(&batch) <= entry->limit);
        next = batch_limit(&batch);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    size_t room = max_of(size - 1, (size_t)CHUNK_BLOCK); /* recovery reads a block before it knows more */
    uint8_t *chunk = calloc(1, room);
    invariant(chunk);
    memcpy(chunk, data + 1, size - 1);
    if (data[0] & 1) memcpy(chunk, "SLUICEWL\0\1", 10);
    if (data[0] & 2) mend_chunk(chunk, room);

    struct chunk_header header;
    if (chunk_check(chunk, room, &header) == STATUS_OK) {
        for (uint32_t i = 0; i < header.entry_count; i++) {
            struct chunk_entry entry;
            chunk_entry_at(chunk, &header, i, &entry);
            entry_walk(chunk, &header, &entry);
        }
    }
    free(chunk);
    return 0;
}
