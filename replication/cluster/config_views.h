/* replication/cluster/config_views.h   A config as DescribeConfigs shows it: what holds, from where, and what else was
 * said. */
#ifndef REPLICATION_CLUSTER_CONFIG_VIEWS_H
#define REPLICATION_CLUSTER_CONFIG_VIEWS_H

#include "cluster/configs.h"

/* From which of Kafka's sources a value comes; the numbers are those of DescribeConfigs. */
enum config_origin {
    CONFIG_TOPIC = 1,
    CONFIG_BROKER = 2,
    CONFIG_BROKERS = 3,
    CONFIG_FILE = 4,
    CONFIG_DEFAULT = 5,
    CONFIG_METRICS = 7,
    CONFIG_GROUP = 8,
};

struct config_synonym {
    struct text name, value;
    enum config_origin origin;
};

struct config_view {
    const struct setting *row;
    struct text value; /* null: it has none, or it is a secret */
    enum config_origin origin;
    bool read_only, sensitive;
    struct config_synonym *synonyms; /* the one that holds first */
    uint32_t synonym_count;
};

/* As DescribeConfigs shows it: a config of whom the place says. STATUS_NO_MEMORY. */
must_check enum status config_describe(const struct config_place *place, const struct setting *row,
                                       struct config_view *view, struct arena *arena);
/* a, b: what Kafka prints between the brackets of a list. TEXT_NULL when the arena is full. */
struct text config_list_text(const struct text_list *list, struct arena *arena);

#endif
