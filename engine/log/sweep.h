/* engine/log/sweep.h   Directories that are named -delete: what a removal has renamed, when its time has come, and what
 * a start finds; thousands, when a large topic went. They go while the node serves, one after the other, by jobs.
 * Nothing waits for that: the name alone says that they are nobody's, to us and to Apache Kafka, so what a stop or a
 * crash leaves is found by the next start. */
#ifndef ENGINE_LOG_SWEEP_H
#define ENGINE_LOG_SWEEP_H

#include "log/store.h"
#include "shard/jobs.h"

struct sweep_name;

struct sweep {
    struct store *store;
    struct list waiting, due; /* struct sweep_name */
    struct sweep_name *going; /* what the job removes; or NULL */
    struct ready ready;
    struct job job;
};

void sweep_init(struct sweep *sweep, struct store *store);
/* `name` is in the log directory, for this many nanoseconds more; at a start, until the store's first step at least. */
void sweep_add(struct sweep *sweep, const char *name, int64_t delay_ns);
/* What is still there is left to the next start. */
void sweep_end(struct sweep *sweep);

#endif
