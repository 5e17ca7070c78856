/* tools/kafka_tools.h   Kafka's own command lines, under their own names: a link kafka-topics (or kafka-topics.sh) to
 * sluice reads Kafka's flags and prints what Kafka's tool prints, without a JVM to start. */
#ifndef TOOLS_KAFKA_TOOLS_H
#define TOOLS_KAFKA_TOOLS_H

#include "options.h"
#include "session.h"

struct kafka_tool {
    const char *name;
    const struct verb *verb;
    const char *before; /* a complaint about the command line, */
    bool aloud;         /* on standard output */
};
/* By the last part of argv[0]; NULL: that is no tool of Kafka's. */
const struct kafka_tool *kafka_tool_find(const char *path);

/* Runs it. As with Kafka's, a wrong command line ends with 1, and --version prints Kafka's. */
int kafka_tool_run(const struct kafka_tool *tool, int count, char **arguments);

extern const struct verb kafka_topics_verb, kafka_configs_verb, kafka_producer_verb, kafka_consumer_verb;
extern const struct verb kafka_offsets_verb, kafka_log_dirs_verb;

/* Was the option of that name said? Of numbers, those above 0 count. */
bool kafka_option_given(const struct verb *verb, const void *options, struct text name);
/* Options that exclude each other: `others` are words with blanks between them. */
struct kafka_conflict {
    const char *option, *others;
};
/* False: two of them were given, which is told as Kafka's tools tell it. */
must_check bool kafka_conflicts_none(const char *called, const struct verb *verb, const void *options,
                                     const struct kafka_conflict *conflicts, size_t count);

/* What stands in a file of properties (--command-config; NULL: there is none), below what `properties` says already;
 * and whether a tool that knows no security may go on. False: complained about. */
must_check bool kafka_properties_read(struct session *session, const char *path, struct words *properties);

/* Kafka's lists of topics: names or regular expressions, with commas between them. NULL matches all. False: it is no
 * regular expression. */
must_check bool kafka_match(const char *list, struct text name, bool *matches);
must_check bool kafka_expression(const char *list); /* is it one? NULL is */
/* The topics that match, in the order of their names; false: complained about. */
must_check bool kafka_topics_matching(struct session *session, const char *list, bool internal,
                                      struct metadata_answer *answer);
/* "name=value" pairs as --property takes them: the value of a name, or `otherwise`. The last one wins. */
const char *kafka_property(const struct words *properties, const char *name, const char *otherwise);
bool kafka_truth(const struct words *properties, const char *name, bool otherwise);

#endif
