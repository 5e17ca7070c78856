/* engine/log/index.c   Entries ascend in offset and position; the largest timestamp never falls. On disk, big-endian:
 *
 *     .index       relative offset i32 | position i32        the last offset of a batch, the byte where it begins
 *     .timeindex   timestamp i64 | relative offset i32       strictly growing: an entry that adds nothing is left out
 */
#include "log/index.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/heap.h"

enum { OFFSET_ENTRY = 8, TIME_ENTRY = 12 };

uint32_t index_spacing(int64_t interval_bytes, int64_t segment_bytes)
{
    int64_t spacing = max_of(interval_bytes, segment_bytes / INDEX_ENTRIES_AIM);
    return (uint32_t)min_of(max_of(spacing, (int64_t)INDEX_SPACING_LEAST), (int64_t)INT32_MAX);
}

uint32_t index_entries_max(int64_t file_bytes)
{
    return (uint32_t)max_of(file_bytes / TIME_ENTRY - 1, INT64_C(0));
}

void index_reserve(struct index *index, struct heap *heap, uint32_t capacity)
{
    if (capacity <= index->capacity) return;
    index->capacity = capacity;
    index->entries = heap_resize(heap, index->entries, capacity * sizeof *index->entries);
}

void index_note(struct index *index, struct heap *heap, uint32_t spacing, uint32_t batch_size, struct index_entry entry)
{
    if (index->since > spacing) {
        if (index->count == index->capacity) index_reserve(index, heap, max_of(8u, index->capacity * 2));
        invariant(index->count == 0 || index->entries[index->count - 1].position < entry.position);
        index->entries[index->count++] = entry;
        index->since = 0;
    }
    index->since += batch_size;
}

void index_end(struct index *index, struct heap *heap)
{
    heap_give(heap, index->entries);
    *index = (struct index){ .from = 0 };
}

void index_truncate(struct index *index, uint32_t position)
{
    while (index->count > 0 && index->entries[index->count - 1].position >= position) index->count--;
    index->from = min_of(index->from, position);
    uint32_t last = index->count > 0 ? index->entries[index->count - 1].position : index->from;
    index->since = position - last;
}

const struct index_entry *index_find(const struct index *index, uint32_t offset, bool *missing)
{
    uint32_t low = 0, high = index->count; /* The first entry above `offset` lies in [low, high]. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->entries[middle].offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *missing = low == 0 && index->from > 0;
    return low > 0 ? &index->entries[low - 1] : NULL;
}

uint32_t index_find_time(const struct index *index, int64_t timestamp_ms, bool *missing)
{
    uint32_t low = 0, high = index->count; /* The first entry that reaches the time lies in [low, high]. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->entries[middle].max_timestamp_ms < timestamp_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *missing = low == 0 && index->from > 0;
    return low > 0 ? index->entries[low - 1].offset : 0;
}

size_t index_offsets_size(const struct index *index)
{
    return OFFSET_ENTRY * (size_t)index->count;
}

void index_offsets_write(const struct index *index, uint8_t *to)
{
    for (uint32_t i = 0; i < index->count; i++, to += OFFSET_ENTRY) {
        store_u32(to, index->entries[i].offset);
        store_u32(to + 4, index->entries[i].position);
    }
}

/* Counts the entries, and writes them where `to` is given. */
static size_t index_times(const struct index *index, struct index_entry last, uint8_t *to)
{
    int64_t latest = -1;
    size_t size = 0;

    for (uint32_t i = 0; i <= index->count; i++) {
        struct index_entry entry = i < index->count ? index->entries[i] : last;
        if (entry.max_timestamp_ms <= latest) continue;
        if (to) {
            store_i64(to + size, entry.max_timestamp_ms);
            store_u32(to + size + 8, entry.timestamp_offset);
        }
        latest = entry.max_timestamp_ms;
        size += TIME_ENTRY;
    }
    return size;
}

size_t index_times_size(const struct index *index, struct index_entry last)
{
    return index_times(index, last, NULL);
}

void index_times_write(const struct index *index, struct index_entry last, uint8_t *to)
{
    (void)index_times(index, last, to);
}
