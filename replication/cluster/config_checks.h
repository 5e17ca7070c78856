/* replication/cluster/config_checks.h   What may be set together, of a topic or of a broker. A single value of a topic:
 * topic_config_check (configs.h). All give STATUS_INVALID with `*why` in Kafka's words, or STATUS_NO_MEMORY. */
#ifndef REPLICATION_CLUSTER_CONFIG_CHECKS_H
#define REPLICATION_CLUSTER_CONFIG_CHECKS_H

#include "cluster/configs.h"

/* All configs that a topic would have: nulls, then names, then values, then what fits together, as Kafka looks at them;
 * `place` says what holds where the topic says nothing. */
must_check enum status topic_configs_check(const struct config_place *place, const struct image_config *configs,
                                           uint32_t count, struct arena *arena, struct text *why);
/* All that one broker (`one`) or all brokers would have set while they run. */
must_check enum status broker_configs_check(const struct config_place *place, const struct image_config *configs,
                                            uint32_t count, bool one, struct arena *arena, struct text *why);
/* All that a group would have. */
must_check enum status group_configs_check(const struct config_place *place, const struct image_config *configs,
                                           uint32_t count, struct arena *arena, struct text *why);
/* All that a subscription to client metrics would have. Also STATUS_INVALID_REQUEST. */
must_check enum status metrics_configs_check(const struct image_config *configs, uint32_t count, struct arena *arena,
                                             struct text *why);

/* STATUS_INVALID with these words; STATUS_NO_MEMORY when there was none for them. */
must_check enum status config_refuse(struct text *why, struct text words);
/* The value of a broker's setting that holds now; TEXT_NULL: none, or no memory. */
struct text broker_value_now(const struct config_place *place, const char *name, struct arena *arena);

#endif
