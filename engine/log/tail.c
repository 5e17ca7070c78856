/* engine/log/tail.c   Spans of one log, and reads from them. Invariants:
 *
 *   - offsets ascend without overlap;
 *   - a tail is in the list of the block of its oldest span, and exists only while it has spans;
 *   - the first `written` spans are in the segment's file whole, no other is. */
#include "log/tail.h"

#include <string.h>

#include "log/batch.h"

enum { TAIL_ROOM_FIRST = 4 };

void tails_init(struct tails *tails, struct heap *heap)
{
    *tails = (struct tails){ .heap = heap };
    list_init(&tails->free);
}

void tails_end(struct tails *tails)
{
    list_each(&tails->free, node) heap_give(tails->heap, container_of(node, struct tail, node));
    list_init(&tails->free);
    for (uint32_t i = 0; i < TAIL_CLASSES; i++) {
        for (void *spans = tails->free_spans[i]; spans;) {
            void *next = *(void **)spans;
            heap_give(tails->heap, spans);
            spans = next;
        }
        tails->free_spans[i] = NULL;
    }
}

static uint32_t spans_class(uint32_t room)
{
    return (uint32_t)__builtin_ctz(room / TAIL_ROOM_FIRST);
}

static struct span *spans_take(struct tails *tails, uint32_t room)
{
    uint32_t class = spans_class(room);
    invariant(class < TAIL_CLASSES);

    void *spans = tails->free_spans[class];
    if (!spans) return heap_take(tails->heap, room * sizeof(struct span));
    tails->free_spans[class] = *(void **)spans;
    return spans;
}

static void spans_give(struct tails *tails, struct span *spans, uint32_t room)
{
    uint32_t class = spans_class(room);
    *(void **)(void *)spans = tails->free_spans[class];
    tails->free_spans[class] = spans;
}

static struct tail *tail_make(struct tails *tails, struct log *log)
{
    struct list_node *node = list_take_first(&tails->free);
    struct tail *tail = node ? container_of(node, struct tail, node) : heap_take(tails->heap, sizeof *tail);

    *tail = (struct tail){ .log = log, .room = TAIL_ROOM_FIRST };
    list_node_init(&tail->node);
    list_node_init(&tail->spill);
    tail->spans = spans_take(tails, tail->room);
    log->tail = tail;
    return tail;
}

static void tail_end(struct tails *tails, struct tail *tail)
{
    invariant(tail->count == 0 && !tail->spilling);
    list_remove(&tail->node);
    list_remove(&tail->spill);
    spans_give(tails, tail->spans, tail->room);
    tail->log->tail = NULL;
    list_append(&tails->free, &tail->node);
}

static void tail_widen(struct tails *tails, struct tail *tail)
{
    if (tail->count < tail->room) return;

    struct span *wider = spans_take(tails, tail->room * 2);
    for (uint32_t i = 0; i < tail->count; i++) wider[i] = *tail_span(tail, i);
    spans_give(tails, tail->spans, tail->room);
    tail->spans = wider;
    tail->first = 0;
    tail->room *= 2;
}

/* Neighbours in memory, in the segment and in offsets become one span. */
static bool span_join(struct span *last, const struct span *span)
{
    if (last->direct != span->direct) return false;
    if (last->gather != span->gather || last->at + last->size != span->at) return false;
    if (last->segment != span->segment || last->segment_position + last->size != span->segment_position) return false;
    if (last->limit != span->first || last->size + span->size > TAIL_SPAN_SIZE) return false;
    last->limit = span->limit;
    last->size += span->size;
    return true;
}

void tail_add(struct tails *tails, struct log *log, const struct span *span)
{
    struct tail *tail = log->tail ? log->tail : tail_make(tails, log);

    tails->unwritten_size += span->size;
    if (tail->count > tail->written && !tail->spilling && span_join(tail_span(tail, tail->count - 1), span)) return;

    if (tail->count > 0) invariant(tail_span(tail, tail->count - 1)->limit <= span->first);
    tail_widen(tails, tail);
    *tail_span(tail, tail->count) = *span;
    tail->count++;
    span->gather->spans++;
    if (tail->count == 1) list_append(&span->gather->tails, &tail->node);
}

int64_t tail_find(const struct tail *tail, int64_t offset)
{
    if (tail->count == 0 || offset < tail_span(tail, 0)->first) return -1;

    uint32_t low = 0, high = tail->count; /* the first span whose limit is above the offset */
    if (tail->count > 1 && tail_span(tail, tail->count - 2)->limit <= offset) low = tail->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tail_span(tail, middle)->limit <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < tail->count ? (int64_t)low : -1;
}

void tail_wrote(struct tails *tails, struct tail *tail, int64_t segment, uint64_t limit)
{
    while (tail->written < tail->count) {
        const struct span *span = tail_span(tail, tail->written);
        if (span->segment != segment || (uint64_t)span->segment_position + span->size > limit) break;
        tails->unwritten_size -= span->size;
        tail->written++;
    }
}

void tail_hand_over(struct tail *tail, int64_t segment)
{
    for (uint32_t i = tail->written; i < tail->count && tail_span(tail, i)->segment != segment; i++)
        tail_span(tail, i)->direct = false;
}

bool tail_leave(struct tails *tails, struct tail *tail, struct gather *gather)
{
    while (tail->written > 0 && tail_span(tail, 0)->gather == gather) {
        gather->spans--;
        tail->first = (tail->first + 1) & (tail->room - 1);
        tail->count--;
        tail->written--;
    }
    if (tail->count > 0 && tail_span(tail, 0)->gather == gather) return false;

    if (tail->count > 0) {
        list_remove(&tail->node);
        list_append(&tail_span(tail, 0)->gather->tails, &tail->node);
    } else {
        tail_end(tails, tail);
    }
    return true;
}

/* Bytes of the span's batches that begin below `limit`. */
static uint32_t span_size_below(const struct span *span, int64_t limit)
{
    if (span->limit <= limit) return span->size;

    const uint8_t *data = span->gather->block->data + span->at;
    uint32_t at = 0;
    while (at < span->size && load_i64(data + at) < limit) at += BATCH_PREFIX_SIZE + load_u32(data + at + 8);
    return at;
}

static void span_cut(struct tails *tails, struct span *span, int64_t end, bool written)
{
    uint32_t size = span_size_below(span, end);

    invariant(size > 0 && size <= span->size);
    if (!written) tails->unwritten_size -= span->size - size;
    span->size = size;
    span->limit = min_of(span->limit, end);
}

void tail_truncate(struct tails *tails, struct log *log, int64_t end)
{
    struct tail *tail = log->tail;
    if (!tail) return;

    invariant(!tail->spilling);
    while (tail->count > 0 && tail_span(tail, tail->count - 1)->first >= end) {
        struct span *span = tail_span(tail, tail->count - 1);
        if (tail->count > tail->written) tails->unwritten_size -= span->size;
        span->gather->spans--;
        tail->count--;
        tail->written = min_of(tail->written, tail->count);
    }
    if (tail->count == 0) {
        tail_end(tails, tail);
    } else {
        span_cut(tails, tail_span(tail, tail->count - 1), end, tail->written == tail->count);
    }
}

void tail_drop(struct tails *tails, struct log *log)
{
    if (log->tail) tail_truncate(tails, log, INT64_MIN);
}

/* Bytes of whole batches at `data` that fit into `room`; the first one counts whatever its size if `whole`. */
static uint32_t batches_within(const uint8_t *data, uint32_t size, uint32_t room, bool whole)
{
    if (size <= room) return size;

    uint32_t at = 0;
    while (at < size) {
        uint32_t batch = BATCH_PREFIX_SIZE + load_u32(data + at + 8);
        if (batch > room - at && !(whole && at == 0)) break;
        at += batch;
        if (at > room) break;
    }
    return at;
}

/* One more piece of memory for the reader: joined with the last when they touch. False: no room for another extent. */
static bool read_give(struct log_read *read, const uint8_t *data, uint32_t size, struct block *block)
{
    struct extent *last = read->extent_count > 0 ? &read->extents[read->extent_count - 1] : NULL;

    if (last && last->block == block && last->data + last->size == data) {
        last->size += size;
    } else {
        if (read->extent_count == read->extent_max) return false;
        invariant(read->extents != NULL);
        block_pin(block);
        read->extents[read->extent_count++] = (struct extent){ .data = data, .size = size, .block = block };
    }
    read->size += size;
    return true;
}

void tail_read(const struct tail *tail, struct log_read *read)
{
    int64_t index = tail_find(tail, read->offset);
    invariant(index >= 0);

    for (uint32_t i = (uint32_t)index; i < tail->count; i++) {
        const struct span *span = tail_span(tail, i);
        if (span->first >= read->limit) break;

        const uint8_t *data = span->gather->block->data + span->at;
        uint32_t size = span_size_below(span, read->limit);
        uint32_t skip = 0; /* batches that end at or below the offset: only in the first span */
        while (skip < size && load_i64(data + skip) + load_i32(data + skip + 23) < read->offset)
            skip += BATCH_PREFIX_SIZE + load_u32(data + skip + 8);

        uint32_t room = read->size_max > read->size ? read->size_max - read->size : 0;
        uint32_t take = batches_within(data + skip, size - skip, room, read->first_whole && read->size == 0);
        if (take == 0 || !read_give(read, data + skip, take, span->gather->block)) break;
        if (take < size - skip) break;
    }
}
