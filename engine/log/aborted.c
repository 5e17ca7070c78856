/* engine/log/aborted.c   Which transactions in a range were aborted (KIP-98): what a read_committed consumer is told
 * to skip. All of a log's aborts are in memory, ascending by marker; they are rare. On disk they are Kafka's
 * .txnindex, 34 bytes each:
 *
 *     version i16 = 0 | producer id i64 | first offset i64 | last offset i64, the marker's | last stable offset i64,
 *     right after it */
#include "log/aborted.h"

#include "base/arena.h"
#include "log/segment.h"

enum { ENTRY_SIZE = 34 };

enum status log_aborted(const struct log *log, int64_t from, int64_t to, struct arena *arena, struct aborted **aborted,
                        uint32_t *count)
{
    const struct segments *segments = log->segments;
    uint32_t first = 0;

    *aborted = NULL;
    *count = 0;
    if (!segments) return STATUS_OK;

    while (first < segments->abort_count && segments->aborts[first].last < from) first++;
    uint32_t limit = first;
    while (limit < segments->abort_count) {
        /* Every transaction that began below `to` is decided once the stable offset has passed it. */
        if (segments->aborts[limit++].last_stable >= to) break;
    }
    if (first == limit) return STATUS_OK;

    *aborted = arena_take(arena, (limit - first) * sizeof **aborted);
    if (!*aborted) return STATUS_NO_MEMORY;
    for (uint32_t i = first; i < limit; i++) {
        const struct abort_entry *entry = &segments->aborts[i];
        if (entry->first < to) (*aborted)[(*count)++] = (struct aborted){ entry->producer_id, entry->first };
    }
    return STATUS_OK;
}

size_t aborted_file_size(uint32_t count)
{
    return ENTRY_SIZE * (size_t)count;
}

void aborted_file_write(const struct abort_entry *entries, uint32_t count, uint8_t *to)
{
    for (uint32_t i = 0; i < count; i++, to += ENTRY_SIZE) {
        store_i16(to, 0);
        store_i64(to + 2, entries[i].producer_id);
        store_i64(to + 10, entries[i].first);
        store_i64(to + 18, entries[i].last);
        store_i64(to + 26, entries[i].last_stable);
    }
}

bool aborted_file_entry(struct bytes file, uint32_t index, struct abort_entry *entry)
{
    if (file.size % ENTRY_SIZE != 0 || (size_t)index >= file.size / ENTRY_SIZE) return false;

    const uint8_t *at = file.data + ENTRY_SIZE * (size_t)index;
    *entry = (struct abort_entry){
        .producer_id = load_i64(at + 2),
        .first = load_i64(at + 10),
        .last = load_i64(at + 18),
        .last_stable = load_i64(at + 26),
    };
    return load_i16(at) == 0 && entry->first >= 0 && entry->first <= entry->last;
}
