/* engine/log/index.h   The sparse index of one segment: every so many bytes, which batch stands where and the largest
 * timestamp up to it. One array in memory serves both of Kafka's files, .index (offset -> position) and .timeindex
 * (timestamp -> offset).
 *
 * An index may lack its beginning: batches before position `from` are in no entry, because they were placed before a
 * crash, or because a sealed segment's entries were dropped to save memory. index_file.c brings them back, from the
 * files or by a scan. */
#ifndef ENGINE_LOG_INDEX_H
#define ENGINE_LOG_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct heap;

enum { INDEX_SPACING_LEAST = 32 << 10, INDEX_ENTRIES_AIM = 4096 };

struct index_entry {
    int64_t max_timestamp_ms;  /* of all batches up to this one, and it */
    uint32_t timestamp_offset; /* relative last offset of the batch that has it */
    uint32_t offset;           /* relative last offset of this batch */
    uint32_t position;         /* where this batch begins */
};

struct index {
    struct index_entry *entries;
    uint32_t count, capacity;
    uint32_t from;  /* batches before this position have no entries; 0: the index is whole */
    uint32_t since; /* bytes since the last entry */
};

/* Bytes between two entries: index.interval.bytes, but no more entries than a segment of this size should need. */
uint32_t index_spacing(int64_t interval_bytes, int64_t segment_bytes);
/* How many entries an index may have so that neither of its files becomes larger than this: .timeindex gets one more
 * when the segment ends (Kafka counts the same way). */
uint32_t index_entries_max(int64_t file_bytes);
/* One batch, in order: an entry when more than `spacing` bytes stand since the last. The first batch never gets one
 * (as in Kafka). */
void index_note(struct index *index, struct heap *heap, uint32_t spacing, uint32_t batch_size,
                struct index_entry entry);
/* Room for so many entries at once: as many as the segment before took, so that only a log's first one grows in
 * steps. */
void index_reserve(struct index *index, struct heap *heap, uint32_t capacity);
void index_end(struct index *index, struct heap *heap);
/* The batches from `position` on are gone. */
void index_truncate(struct index *index, uint32_t position);

/* Where to begin reading for a relative offset: the last entry at or below it; NULL: at the segment's beginning.
 * *missing: it is below the first entry, and what stands there is not in the index; then NULL. */
const struct index_entry *index_find(const struct index *index, uint32_t offset, bool *missing);
/* A relative offset from which on to look for the first batch whose maximum timestamp is at least `timestamp_ms`. */
uint32_t index_find_time(const struct index *index, int64_t timestamp_ms, bool *missing);

/* As Kafka's files. `last`: the segment's final {maximum timestamp, its offset}, added behind the entries (timestamp
 * -1: none). Sizes are what the write functions fill. */
size_t index_offsets_size(const struct index *index);
void index_offsets_write(const struct index *index, uint8_t *to);
size_t index_times_size(const struct index *index, struct index_entry last);
void index_times_write(const struct index *index, struct index_entry last, uint8_t *to);

#endif
