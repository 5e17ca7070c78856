/* engine/log/stream.h   Large appends: bytes go straight to the log's segment with DSYNC, and only an entry that says
 * so (an extent) goes into the WAL. So a large stream is written once instead of twice.
 *
 * A log has a stream while much is on its way; then every append of it goes here, so that its entries stay in order.
 *
 * A *turn* is a piece from the beginning of its write until it is durable: some six operations of the device, whatever
 * its size. A producer has a few batches on their way and sends the next one when one is acknowledged. If each turn
 * began as soon as it could, two groups of batches would alternate for ever, one at the device and one in the
 * sockets, at twice the cost. So a turn begins when the one before has ended and as much has come as that one let
 * go; but it waits for that no longer than the last one took. */
#ifndef ENGINE_LOG_STREAM_H
#define ENGINE_LOG_STREAM_H

#include "log/gather.h"
#include "log/segment.h"
#include "log/state.h"
#include "log/tail.h"
#include "shard/timers.h"
#include "shard/watermark.h"

enum {
    STREAM_WAITING_MIN = 192 << 10, /* bytes of one log on their way, from which on it pays: one batch "of 256 KiB" */
    STREAM_AHEAD = 16 << 20,        /* blocks that are allocated ahead of the writes */
    STREAM_SPARE = 4 * CHUNK_BLOCK, /* that a block has beyond the batch it is taken for */
    STREAM_HOLD_NS_MAX = 10000000,
};

/* One write: bytes that lie together in memory and in the segment, at the same place within a page. */
struct stream_piece {
    struct list_node node;
    struct gather *gather;
    uint32_t at, size; /* in the block */
    uint32_t position; /* in the segment; position % 4096 == at % 4096 */
    int64_t segment;
    int64_t first, limit; /* offsets */
    int32_t leader_epoch;
    uint32_t crc; /* over the heads of its batches */
};

/*     IDLE --append--> SPILLING    what the tail had before
 *      ^                PREPARING   a job: the file, and room in it
 *      |                READING     the partial block before
 *      |                HOLDING     a turn's worth, or as long as a turn takes
 *      |                WRITING     ... then the extent is entered
 *      +--- nothing left; else from SPILLING on, each step only if it is needed ---+ */
enum stream_stage { STREAM_IDLE, STREAM_SPILLING, STREAM_PREPARING, STREAM_READING, STREAM_HOLDING, STREAM_WRITING };

struct stream {
    struct list_node node; /* in the store */
    struct log *log;
    enum stream_stage stage;
    struct ready ready;        /* the end of the step that appended; or memory for an entry */
    struct gather *gather;     /* new pieces go here; or NULL */
    struct list pieces;        /* oldest first; the first one is being written in stage WRITING */
    struct stream_piece *done; /* written, its entry waits for memory */
    struct timer hold;
    int64_t hold_limit_ns;          /* when the next turn begins with what there is; 0: it does not wait yet */
    struct watermark_wait turn_end; /* the turn under way is durable */
    uint64_t turn_size;             /* bytes of the one under way */
    uint64_t turn_whole;            /* bytes that the next one waits for */
    int64_t turn_begun_ns, turn_ns; /* the one under way; how long the last one took, 0: there was none */
    struct segment_work work;
    struct completion io;
    struct iovec part;
    uint64_t part_limit;           /* where the write under way ends in the file */
    uint8_t *block_memory, *block; /* the last partial block of the file, 4096 aligned bytes */
    int64_t block_segment;         /* ... of this segment, */
    uint64_t block_limit;          /* ... up to this position; 0: none */
};

/* True when an append of `size` bytes is to go through the log's stream, which is made if there is none. */
bool stream_takes(struct log *log, size_t size);
/* Room for a batch, as gather_room; NULL: no memory. */
uint8_t *stream_room(struct stream *stream, size_t size);
/* A batch that lies there joins the stream at its place in the segment; *data may move. Returns its block. */
struct gather *stream_join(struct stream *stream, uint8_t **data, const struct chunk_entry *entry, uint32_t size);
/* spill.c is through with the log. */
void stream_spilled(struct stream *stream);
static inline bool stream_busy(const struct stream *stream)
{
    return stream->stage != STREAM_IDLE || stream->done || !list_empty(&stream->pieces);
}
/* Gives back the memory of those that have ended, at the store's end. */
void streams_free(struct store *store);
/* An idle one ends. */
void stream_end(struct stream *stream);
/* All go on, after there was no space. */
void streams_go(struct store *store);
/* Ends those that are idle. */
void streams_trim(struct store *store);
bool streams_busy(const struct store *store);

#endif
