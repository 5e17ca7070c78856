/* engine/base/trace.h   Diagnostics for people, in the shape that every log shipper knows from Kafka:
 *
 *     [2026-11-20 19:59:34,123] INFO started in 41 ms (shard)
 *
 * The clock is the caller's; so is the sink; so is the memory of a rate limit, one per call site. A message is one
 * line: control characters become blanks. */
#ifndef ENGINE_BASE_TRACE_H
#define ENGINE_BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct sink;

enum trace_level { TRACE_DEBUG, TRACE_INFO, TRACE_WARN, TRACE_ERROR, TRACE_FATAL };

struct trace {
    struct sink *sink;
    enum trace_level least; /* what is below is not printed */
    int32_t zone_s;         /* local time minus UTC, in seconds */
};

/* Zeroed: the first line of each window of `window_ms` passes; the next one that passes tells how many did not. */
struct trace_limit {
    int64_t window_ms; /* 0: 1000 */
    int64_t next_ms;
    uint64_t dropped;
};

enum { TRACE_LINE_MAX = 1024 };

/* `now_ms`: wall clock since 1970. `room`: who speaks. Longer messages are cut to TRACE_LINE_MAX. */
void trace_line(struct trace *trace, int64_t now_ms, enum trace_level level, const char *room, const char *format, ...)
    printf_like(5, 6);
void trace_limited(struct trace *trace, struct trace_limit *limit, int64_t now_ms, enum trace_level level,
                   const char *room, const char *format, ...) printf_like(6, 7);

#endif
