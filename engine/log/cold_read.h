/* engine/log/cold_read.h   One cold read, as read.c (its stages) and cold_window.c (the pieces that it holds) know
 * it. */
#ifndef ENGINE_LOG_COLD_READ_H
#define ENGINE_LOG_COLD_READ_H

#include "log/reader.h"

enum cold_stage { COLD_IDLE, COLD_OPENING, COLD_INDEXING, COLD_READING, COLD_MEMORY, COLD_LARGE };

struct cold_read {
    struct list_node node; /* reader->reads, while it waits */
    struct ready ready;    /* looks again */
    struct reader *reader;
    struct log_read *read; /* NULL: cancelled while LARGE */
    struct log *log;
    enum cold_stage stage;
    int64_t base;      /* of the segment */
    int64_t expected;  /* no batch begins below; most begin here */
    int64_t named;     /* where the batch at the position ends by the index; -1: it names another one */
    uint64_t position; /* where the walk goes on */
    uint64_t wanted;   /* the window must reach to here */
    uint64_t written;  /* of the segment, when the walk began */
    bool placed, sequential, scanned;
    uint32_t first_piece, piece_count;
    struct piece *pieces[READER_PIECES];
    struct piece_wait waits[READER_PIECES];
    struct reader_wait wait; /* OPENING, INDEXING */
    struct cache_room room;  /* MEMORY, and what it gave */
    struct completion io;    /* LARGE */
    struct block *block;
    uint32_t lead, large_size; /* the batch in `block`, or for which there was no room */
};

/* Position behind the last byte of the window. */
uint64_t cold_window_limit(const struct cold_read *cold);
void cold_window_leave(struct cold_read *cold);
/* The bytes at `position` within one piece: where they are and how many, at most `size`. */
const uint8_t *cold_window_at(const struct cold_read *cold, uint64_t position, uint32_t *size, struct piece **piece);
void cold_window_copy(const struct cold_read *cold, uint64_t position, uint8_t *to, uint32_t size);
/* The CRC of the batch at the read's position, which lies in the window; what was proved once is not summed again. */
bool cold_window_proved(const struct cold_read *cold, const struct batch *batch);
/* The read has gone through all pieces that end at or before its position. */
void cold_window_spent(struct cold_read *cold);
/* Some piece is on its way; what became of those that came. */
bool cold_window_reading(const struct cold_read *cold);
enum status cold_window_status(const struct cold_read *cold);

#endif
