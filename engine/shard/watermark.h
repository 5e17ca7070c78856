/* engine/shard/watermark.h   An offset that only moves forward, and those who wait for it: produce for durability,
 * fetch for new records, replication for both. Waiters are intrusive and ordered by offset; a deadline is a timer of
 * the waiter's owner. Reaching a mark puts the waiter on the shard's ready list; nothing runs inside the advance. */
#ifndef ENGINE_SHARD_WATERMARK_H
#define ENGINE_SHARD_WATERMARK_H

#include <stdint.h>

#include "base/status.h"
#include "shard/shard.h"

struct watermark {
    int64_t at;          /* everything below this offset has reached the mark */
    struct list waiters; /* ascending by offset */
};

struct watermark_wait {
    struct ready ready; /* its `run` is set by the waiter: resumes it */
    struct list_node node;
    int64_t offset;
    enum status status; /* OK: reached; else why it never will be (watermark_fail) */
    bool impatient;     /* watermark_turn_away ends it; set by the waiter */
};

void watermark_init(struct watermark *watermark, int64_t at);
/* Becomes ready (ready.run) once at >= offset; at once, through the ready list, if it is there already. */
void watermark_wait(struct shard *shard, struct watermark *watermark, struct watermark_wait *wait, int64_t offset);
/* Takes a waiter back, also from the ready list. Nothing when it does not wait. */
void watermark_leave(struct watermark_wait *wait);
void watermark_advance(struct shard *shard, struct watermark *watermark, int64_t at);
/* A truncation: the mark moves back; waiters stay. */
void watermark_retreat(struct watermark *watermark, int64_t at);
/* All waiters become ready with `status`. */
void watermark_fail(struct shard *shard, struct watermark *watermark, enum status status);
/* The mark stands still for a time that nobody knows: those who would rather not wait become ready with `status`. */
void watermark_turn_away(struct shard *shard, struct watermark *watermark, enum status status);

#endif
