/* engine/log/producer_entry.h   What producer_state.c lends to producer_snapshot.c, which fills a state from bytes;
 * of no use to others. */
#ifndef ENGINE_LOG_PRODUCER_ENTRY_H
#define ENGINE_LOG_PRODUCER_ENTRY_H

#include "log/producer_state.h"

/* A new producer without batches; the stalest one goes when there are too many. */
struct producer *producer_add(struct producer_state *state, int64_t id, int16_t epoch, int64_t now_ms);
/* A transaction that ended at `last`, above all that ended before. */
void producer_state_decide(struct producer_state *state, int64_t first, int64_t last);

#endif
