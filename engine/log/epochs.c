/* engine/log/epochs.c   Invariant: items[i].epoch < items[i + 1].epoch and items[i].start < items[i + 1].start. */
#include "log/epochs.h"

#include <string.h>

#include "base/heap.h"
#include "log/log.h"

struct epochs *epochs_make(struct heap *heap)
{
    struct epochs *epochs = heap_take(heap, sizeof *epochs);
    epochs->heap = heap;
    return epochs;
}

void epochs_end(struct epochs *epochs)
{
    if (!epochs) return;
    heap_give(epochs->heap, epochs->items);
    heap_give(epochs->heap, epochs);
}

int32_t epochs_latest(const struct epochs *epochs)
{
    return epochs && epochs->count > 0 ? epochs->items[epochs->count - 1].epoch : -1;
}

bool epochs_begin(struct epochs *epochs, int32_t epoch, int64_t start)
{
    invariant(start >= 0);
    if (epoch < 0 || epoch <= epochs_latest(epochs)) return false;

    /* An epoch in which nothing was written has its place taken by the next. */
    epochs_truncate_end(epochs, start);
    if (epochs->count == epochs->capacity) {
        epochs->capacity = max_of(2u, epochs->capacity * 2);
        epochs->items = heap_resize(epochs->heap, epochs->items, epochs->capacity * sizeof *epochs->items);
    }
    epochs->items[epochs->count++] = (struct epoch){ epoch, start };
    epochs->kept = false;
    return true;
}

int32_t epochs_at(const struct epochs *epochs, int64_t offset)
{
    for (uint32_t i = epochs ? epochs->count : 0; i > 0; i--) {
        if (epochs->items[i - 1].start <= offset) return epochs->items[i - 1].epoch;
    }
    return -1;
}

enum status epochs_end_offset(const struct epochs *epochs, int64_t log_end, int32_t *epoch, int64_t *end)
{
    /* -1 is Kafka's "no epoch"; what is below is older than all. */
    if (!epochs || *epoch == -1 || *epoch > epochs_latest(epochs)) return STATUS_NOT_FOUND;

    uint32_t above = 0;
    while (above < epochs->count && epochs->items[above].epoch <= *epoch) above++;
    *end = above < epochs->count ? epochs->items[above].start : log_end;
    if (above > 0) *epoch = epochs->items[above - 1].epoch;
    return STATUS_OK;
}

void epochs_keep(struct epochs *epochs)
{
    epochs->kept = true;
}

void epochs_truncate_end(struct epochs *epochs, int64_t end)
{
    uint32_t before = epochs->count;
    while (epochs->count > 0 && epochs->items[epochs->count - 1].start >= end) epochs->count--;
    if (epochs->count < before) epochs->kept = false;
}

void epochs_truncate_start(struct epochs *epochs, int64_t start)
{
    uint32_t below = 0;
    while (below < epochs->count && epochs->items[below].start <= start) below++;
    if (below == 0 || (below == 1 && epochs->items[0].start == start)) return;

    epochs->kept = false;
    epochs->count -= below - 1;
    memmove(epochs->items, epochs->items + below - 1, epochs->count * sizeof *epochs->items);
    epochs->items[0].start = start;
}

enum status log_epoch_end(const struct log *log, int32_t *epoch, int64_t *end)
{
    return epochs_end_offset(log->epochs, log->end, epoch, end);
}

int32_t log_epoch_at(const struct log *log, int64_t offset)
{
    return epochs_at(log->epochs, offset);
}
