/* perf/micro_log.h   One log on a shard of its own over a directory under $TMPDIR, stepped by its caller's thread. */
#ifndef PERF_MICRO_LOG_H
#define PERF_MICRO_LOG_H

#include "log/log.h"

struct micro_log;

struct micro_log *micro_log_begin(void);
/* Its directory goes with it. */
void micro_log_end(struct micro_log *bench);

/* Steps the shard whenever there is no room, so an append has its share of the group commits. */
void micro_log_append(struct micro_log *bench, struct bytes batch);
/* Until everything is durable. */
void micro_log_settle(struct micro_log *bench);
/* What is durable, from memory; the next one goes on behind it, and from the start again at the end. Returns the
 * bytes. */
uint32_t micro_log_fetch(struct micro_log *bench, uint32_t size_max);

#endif
