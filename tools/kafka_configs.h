/* tools/kafka_configs.h   What kafka-configs was asked about, for its two halves: settings (kafka_configs.c), quotas
 * and credentials (kafka_quotas.c). */
#ifndef TOOLS_KAFKA_CONFIGS_H
#define TOOLS_KAFKA_CONFIGS_H

#include "kafka_tools.h"
#include "messages/incremental_alter_configs.h"

enum { KAFKA_KINDS_MAX = 16 };

/* The kinds that the flags name ("users"), and the names; a name that is empty means the default of its kind, and a
 * kind without a name all of it. */
struct kafka_named {
    const char *plurals[KAFKA_KINDS_MAX], *names[KAFKA_KINDS_MAX];
    uint32_t plural_count, name_count;
};

/* What --add-config and --delete-config said. */
enum kafka_change { KAFKA_CHANGE_SET, KAFKA_CHANGE_DELETE };

/* Is it a kind of kafka_quotas.c: users, clients, ips? */
bool kafka_quotas_has(const char *plural);
/* False: complained about, an address that is none. */
must_check bool kafka_quotas_check(const char *called, const struct kafka_named *named);
/* Exit statuses. */
int kafka_quotas_describe(struct session *session, const struct kafka_named *named);
int kafka_quotas_alter(struct session *session, const struct kafka_named *named,
                       const struct incremental_alter_configs_resource_ask *changes);

#endif
