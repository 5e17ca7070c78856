/* tools/topic_command.h   What the parts of `sluice topic` share. */
#ifndef TOOLS_TOPIC_COMMAND_H
#define TOOLS_TOPIC_COMMAND_H

#include "options.h"

struct topic_options {
    struct common common;
    int64_t partitions, replication;
    struct words configs;
    bool if_not_exists, if_exists, internal, validate;
};

int topic_describe(void *given);

/* What the controller has done, brokers hear of a moment later. It is done when they have: the topics are there, led,
 * and with at least as many partitions as `wanted` says (NULL: any). */
struct session;
struct create_partitions_ask;
void topics_settle(struct session *session, const struct words *names, const struct create_partitions_ask *wanted);

#endif
