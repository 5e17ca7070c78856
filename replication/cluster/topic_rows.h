/* replication/cluster/topic_rows.h   Where a topic's config comes from when the topic says nothing. Private to the
 * configs. */
#ifndef REPLICATION_CLUSTER_TOPIC_ROWS_H
#define REPLICATION_CLUSTER_TOPIC_ROWS_H

#include <stdint.h>

/* The broker's setting behind a topic's config; a number of it times `unit` is the config's. Those of one config stand
 * together, the strongest first. */
struct topic_synonym {
    const char *topic, *broker;
    int64_t unit;
};

extern const struct topic_synonym topic_synonyms[];
extern const uint32_t topic_synonym_count;

#endif
