/* engine/log/retention.h   Old data goes: whole segments, by time, by size, and by a start that was raised
 * (DeleteRecords). The decision is a pure function; what follows is the same for all three:
 *
 *     decided --log_raise_start--> durable --> segments below leave the table --job--> .deleted --delay--> gone */
#ifndef ENGINE_LOG_RETENTION_H
#define ENGINE_LOG_RETENTION_H

#include "log/segment.h"
#include "log/store.h"

/* The first offset that stays, by Kafka's rules: from the oldest on, segments that are wholly below `committed` and
 * whose largest timestamp is more than retention.ms before `now_ms`, or without which the log still has
 * retention.bytes. At least `start`. */
int64_t retention_decide(const struct log_settings *settings, const struct segment *segments, uint32_t count,
                         int64_t start, int64_t committed, int64_t now_ms);

/* One round over all logs of the store, now. */
void retention_run(struct store *store);
/* No more rounds, also not for what was renamed: the next start finishes that. */
void retention_end(struct store *store);

#endif
