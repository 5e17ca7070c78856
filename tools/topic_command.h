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

int topic_describe(void *options);

#endif
