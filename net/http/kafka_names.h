/* net/http/kafka_names.h   What dashboards, alerts and exporters around Kafka read, under the names that they read. */
#ifndef NET_HTTP_KAFKA_NAMES_H
#define NET_HTTP_KAFKA_NAMES_H

#include "http/survey.h"

struct sink;

/* Of one topic on this node. */
struct topic_fact {
    const char *name;
    int64_t partitions;
    struct traffic traffic;
};

/* `topic="a",partition="0"`: the same for many rows, so written once. Names of topics have 249 characters at most. */
struct partition_labels {
    char text[304];
};

/* What the rows are read from: one survey, one look at the faces. */
struct names_facts {
    const struct node *node;
    const struct survey *survey; /* with logs, when `listed` */
    bool surveyed;               /* false: the node stops, only the faces are known */
    bool listed;                 /* partitions are few enough to have series of their own */
    const struct metric_cells *faces;
    uint32_t face_count;
    double idle;                           /* the shards' share of time without work, 0 to 1 */
    const struct partition_labels *labels; /* of the survey's logs, one after the other */
    const struct topic_fact *topics;
    uint32_t topic_count;
};

void kafka_names_write(const struct names_facts *facts, struct sink *sink);

#endif
