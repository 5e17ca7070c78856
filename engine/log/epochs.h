/* engine/log/epochs.h   The leader epochs of a log: which epoch began at which offset (KIP-101). Growing in both
 * columns. A follower that diverged finds the last common point with it; a consumer notices that it read what was cut
 * (KIP-320). */
#ifndef ENGINE_LOG_EPOCHS_H
#define ENGINE_LOG_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/status.h"

struct heap;

struct epoch {
    int32_t epoch;
    int64_t start;
};

struct epochs {
    struct heap *heap;
    struct epoch *items;
    uint32_t count, capacity;
    bool kept; /* as the log's leader-epoch-checkpoint has them */
};

struct epochs *epochs_make(struct heap *heap);
void epochs_end(struct epochs *epochs); /* NULL is fine */

/* `epoch` begins at `start`. False when nothing changed: it is not newer than the latest. Entries that `start` makes
 * void go. */
bool epochs_begin(struct epochs *epochs, int32_t epoch, int64_t start);
int32_t epochs_latest(const struct epochs *epochs); /* -1: none */
/* The epoch of the record at `offset`; -1: unknown. */
int32_t epochs_at(const struct epochs *epochs, int64_t offset);
/* Kafka's OffsetForLeaderEpoch: *epoch becomes the largest known one <= the asked (or stays, when all known are
 * newer), *end where the next one begins, or `log_end` for the latest. STATUS_NOT_FOUND: above the latest, or nothing
 * is known. */
must_check enum status epochs_end_offset(const struct epochs *epochs, int64_t log_end, int32_t *epoch, int64_t *end);
/* They were read from the log's file, and may not be written again while nothing of them changes. */
void epochs_keep(struct epochs *epochs);
void epochs_truncate_end(struct epochs *epochs, int64_t end);
/* DeleteRecords and retention: the first entry is moved up to `start`. */
void epochs_truncate_start(struct epochs *epochs, int64_t start);

#endif
