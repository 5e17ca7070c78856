/* engine/log/inspect_parts.h   What inspect.c lends to verify.c. */
#ifndef ENGINE_LOG_INSPECT_PARTS_H
#define ENGINE_LOG_INSPECT_PARTS_H

#include "log/inspect.h"

/* Counted and told. `where`: a file; `offset`: of the batch, or the byte's position where there is none. */
void inspect_fault(struct inspect *inspect, const char *where, int64_t offset, const char *what);
/* The records of a batch: parsed, counted, and printed if wanted. */
void inspect_records(struct inspect *inspect, const char *path, const struct batch *batch, bool print);

#endif
