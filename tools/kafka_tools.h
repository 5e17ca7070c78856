/* tools/kafka_tools.h   Kafka's own command lines, under their own names: a link kafka-topics (or kafka-topics.sh) to
 * sluice reads Kafka's flags and prints what Kafka's tool prints, without a JVM to start. */
#ifndef TOOLS_KAFKA_TOOLS_H
#define TOOLS_KAFKA_TOOLS_H

#include "options.h"
#include "session.h"

struct kafka_tool {
    const char *name;
    const struct verb *verb;
};
/* By the last part of argv[0]; NULL: that is no tool of Kafka's. */
const struct kafka_tool *kafka_tool_find(const char *path);

extern const struct verb kafka_topics_verb, kafka_configs_verb, kafka_producer_verb, kafka_consumer_verb;
extern const struct verb kafka_offsets_verb, kafka_log_dirs_verb;

/* Kafka's lists of topics: names or regular expressions, with commas between them. NULL matches all. False: it is no
 * regular expression. */
must_check bool kafka_match(const char *list, struct text name, bool *matches);
/* The topics that match, in the order of their names; false: complained about. */
must_check bool kafka_topics_matching(struct session *session, const char *list, bool internal,
                                      struct metadata_answer *answer);
/* "name=value" pairs as --property takes them: the value of a name, or `otherwise`. The last one wins. */
const char *kafka_property(const struct words *properties, const char *name, const char *otherwise);
bool kafka_truth(const struct words *properties, const char *name, bool otherwise);

#endif
