/* replication/raft/history.c   Terms and where they begin, in an array that grows with every election. */
#include "raft/history.h"

#include "base/check.h"

void history_init(struct history *history, struct heap *heap)
{
    *history = (struct history){ .heap = heap };
}

void history_end(struct history *history)
{
    heap_give(history->heap, history->terms);
    *history = (struct history){ .heap = history->heap };
}

void history_note(struct history *history, int32_t term, int64_t start)
{
    if (history->count > 0) {
        const struct history_term *last = &history->terms[history->count - 1];
        if (last->term == term) return;
        invariant(term > last->term && start >= last->start);
        if (start == last->start) history->count--; /* a term that left no record */
    }
    if (history->count == history->room) {
        history->room = max_of(2 * history->room, 4u);
        history->terms = heap_resize(history->heap, history->terms, history->room * sizeof(*history->terms));
    }
    history->terms[history->count++] = (struct history_term){ term, start };
}

void history_cut(struct history *history, int64_t offset)
{
    while (history->count > 0 && history->terms[history->count - 1].start >= offset) history->count--;
}

struct position history_find(const struct history *history, int32_t term, int64_t end)
{
    for (uint32_t i = history->count; i > 0; i--) {
        if (history->terms[i - 1].term > term) continue;
        int64_t limit = i == history->count ? end : history->terms[i].start;
        return (struct position){ limit, history->terms[i - 1].term };
    }
    return (struct position){ 0, -1 };
}

int position_compare(struct position a, struct position b)
{
    if (a.term != b.term) return a.term < b.term ? -1 : 1;
    if (a.offset != b.offset) return a.offset < b.offset ? -1 : 1;
    return 0;
}
