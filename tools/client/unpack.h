/* client/unpack.h   The records of a batch, whatever its codec: what a reader does first. */
#ifndef CLIENT_UNPACK_H
#define CLIENT_UNPACK_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/heap.h"
#include "log/batch.h"

/* Points into the batch, or into the arena. STATUS_TOO_LARGE: more than 512 MiB would come out. `heap` lends scratch
 * memory. */
must_check enum status unpack_records(const struct batch *batch, struct arena *arena, struct heap *heap,
                                      struct bytes *records);

#endif
