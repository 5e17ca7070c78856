/* engine/log/tail.h   The part of a log that is in memory: spans of batches in the blocks of gather.h, oldest first.
 * Fetches are served from here without a copy; spill.c takes the bytes from here to the segments.
 *
 *     spans   |w w w w|. . . . .|      w: its bytes are in the segment's file; it stays for readers until memory is
 *         short
 *              first            newest
 *
 * A log without bytes in memory has no tail at all, so an idle partition costs nothing here. */
#ifndef ENGINE_LOG_TAIL_H
#define ENGINE_LOG_TAIL_H

#include "log/gather.h"
#include "log/log.h"

enum {
    TAIL_SPAN_SIZE = 64 << 10, /* appends join up to this size, so that a read walks few batches */
    TAIL_CLASSES = 20,         /* sizes of span arrays: 4 << class */
};

struct span {
    int64_t first, limit; /* offsets */
    struct gather *gather;
    uint32_t at, size; /* in its block */
    uint32_t segment_position;
    bool direct; /* stream.c writes it, not spill.c */

    int64_t segment; /* base of the segment it belongs to */
};

struct tail {
    struct list_node node;  /* in the list of the block that holds its oldest span */
    struct list_node spill; /* spill.c's queue */
    struct log *log;
    struct span *spans; /* a ring */
    uint32_t room, first, count;
    uint32_t written; /* of these, the oldest that are in the segment's file */
    bool spilling;    /* spill.c writes from it */
    bool cut;         /* the checkpoint under way waits for its bytes below cut_limit */
    int64_t cut_limit;
};

/* Tails and span arrays that were given back. */
struct tails {
    struct heap *heap;
    struct list free;
    void *free_spans[TAIL_CLASSES];
    uint64_t unwritten_size; /* bytes in all tails that no segment has yet */
};

void tails_init(struct tails *tails, struct heap *heap);
void tails_end(struct tails *tails);

static inline struct span *tail_span(const struct tail *tail, uint32_t index)
{
    return &tail->spans[(tail->first + index) & (tail->room - 1)];
}

/* The batches just gathered join the log's end; the log gets a tail when it has none. */
void tail_add(struct tails *tails, struct log *log, const struct span *span);
/* The span that holds `offset`, or the next one above (a gap in the offsets); -1 when it lies outside. */
int64_t tail_find(const struct tail *tail, int64_t offset);
/* The spans that end in the segment at or below `limit` are in the file now. */
void tail_wrote(struct tails *tails, struct tail *tail, int64_t segment, uint64_t limit);
/* stream.c leaves its unwritten spans to spill.c, but for those in `segment` (-1: all). */
void tail_hand_over(struct tail *tail, int64_t segment);
/* Lets the written spans in `gather` go. True when nothing of the log is left in that block. */
bool tail_leave(struct tails *tails, struct tail *tail, struct gather *gather);
/* Forgets all batches from `end` on (which begins a batch). */
void tail_truncate(struct tails *tails, struct log *log, int64_t end);
/* Forgets everything. */
void tail_drop(struct tails *tails, struct log *log);

/* A batch that lies whole and stamped at gather_room's or (stream != NULL) stream_room's place gets its place in a
 * segment and joins the log (log.c). */
void log_join(struct log *log, uint8_t *data, uint32_t size, enum append_origin origin, struct stream *stream);

/* Fills read->extents from the tail, pinned; the offset is inside. */
void tail_read(const struct tail *tail, struct log_read *read);

#endif
