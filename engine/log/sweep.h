/* engine/log/sweep.h   What a start finds named -delete: thousands of directories, when a large topic was removed
 * before the node stopped. They go while the node serves, one after the other, by jobs. Nothing waits for that: the
 * name alone says that they are nobody's, to us and to Apache Kafka, so what a stop or a crash leaves is found by the
 * next start. */
#ifndef ENGINE_LOG_SWEEP_H
#define ENGINE_LOG_SWEEP_H

#include "log/store.h"

/* At a start. `name` is in the log directory. */
void sweep_add(struct store *store, const char *name);
/* Everything is durable that the start had to write: what was added goes from the store's first step on. */
void sweep_begin(struct store *store);
/* In store_end. */
void sweep_end(struct store *store);

#endif
