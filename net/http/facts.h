/* net/http/facts.h   What a shard knows of itself, read on the shard. */
#ifndef NET_HTTP_FACTS_H
#define NET_HTTP_FACTS_H

#include "http/survey.h"

void facts_note(const struct shard *shard, const struct metric_cells *cells);
/* Every partition of the shard but the metadata log, up to `room`. Returns how many. */
uint32_t facts_note_logs(const struct shard *shard, struct log_fact *facts, uint32_t room);
/* The connections of the shard, up to `room`, the oldest first. */
uint32_t facts_note_clients(const struct shard *shard, struct client_fact *facts, uint32_t room);

#endif
