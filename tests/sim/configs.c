/* tests/sim/configs.c   What the administrator sets of its topics, at their birth and later. A set value is one that
 * was told to be set, or one of those that were asked for since; at the end DescribeConfigs must show one of them. */
#include <string.h>

#include "messages/create_topics.h"
#include "messages/describe_configs.h"
#include "messages/incremental_alter_configs.h"
#include "sim/demand.h"

enum { OPERATION_SET, OPERATION_DELETE, RESOURCE_TOPIC = 2 };

struct config_row {
    const char *name;
    const char *values[3];
};

/* clang-format off */
static const struct config_row rows[DEMAND_CONFIGS] = {
    { "segment.bytes",        { "1048576", "1500000", "3000000" } },
    { "retention.bytes",      { "1500000", "3000000", "-1" } },
    { "segment.ms",           { "100", "5000", "604800000" } },
    { "file.delete.delay.ms", { "0", "100", "60000" } },
    { "index.interval.bytes", { "100", "4096", "100000" } },
};
/* clang-format on */

enum { RETENTION_BYTES = 1 };

/* From now on its logs may begin anywhere. */
static void retained(struct demand *demand, const struct demand_topic *topic)
{
    for (int32_t i = 0; i < topic->partitions; i++)
        ledger_log(&demand->ledger, topic->number, topic->place, i)->start_asked = INT64_MAX;
}

static void config_asked(struct demand *demand, struct demand_topic *topic, int row, int value)
{
    topic->configs[row].asked |= (uint8_t)(1u << value);
    if (row == RETENTION_BYTES) retained(demand, topic);
}

uint32_t admin_config_draw(struct demand *demand, struct demand_topic *topic, struct create_topics_config_ask *asks)
{
    uint32_t count = 0;

    for (int row = 0; row < DEMAND_CONFIGS; row++) {
        topic->configs[row] = (struct demand_config){ .told = CONFIG_UNSET };
        if (!sim_chance(&demand->prng, 1, row == RETENTION_BYTES ? 8 : 4)) continue;
        int value = (int)prng_below(&demand->prng, array_count(rows[row].values));
        config_asked(demand, topic, row, value);
        topic->configs[row].told = value; /* The topic is made with it or not at all. */
        topic->configs[row].asked = 0;
        asks[count++] = (struct create_topics_config_ask){ text_of(rows[row].name), text_of(rows[row].values[value]) };
    }
    return count;
}

/* ---- changing ---- */

static void altered(struct client_request *request, const void *message)
{
    struct demand *demand = request->context;
    const struct incremental_alter_configs_answer *answer = message;
    struct demand_topic *topic = demand->asked;
    struct demand_config *config = &topic->configs[demand->altering];

    if (answer && answer->resources.count == 1)
        sim_told(demand->world, rows[demand->altering].name, "topic %lu: value %lu is asked for: error %lu",
                 topic->number, (uint64_t)demand->altering_value, (uint64_t)answer->resources.items[0].error, 0);
    if (!answer) config->lost |= config->asked; /* It may still happen, at any time. */
    if (answer && answer->resources.count == 1 && answer->resources.items[0].error == 0) {
        config->told = demand->altering_value;
        config->asked = config->lost;
    }
    admin_again(demand);
}

void admin_config_change(struct demand *demand, struct demand_topic *topic)
{
    struct incremental_alter_configs_config config;
    struct incremental_alter_configs_resource_ask resource;
    struct incremental_alter_configs_ask ask;
    int row = (int)prng_below(&demand->prng, DEMAND_CONFIGS);
    int value = (int)prng_below(&demand->prng, array_count(rows[row].values) + 1);
    bool unset = value == CONFIG_UNSET;

    demand->asked = topic;
    demand->altering = row;
    demand->altering_value = value;
    config_asked(demand, topic, row, value);
    message_clear(&incremental_alter_configs_ask_schema, &ask);
    memset(&resource, 0, sizeof resource);
    config = (struct incremental_alter_configs_config){
        .name = text_of(rows[row].name),
        .operation = unset ? OPERATION_DELETE : OPERATION_SET,
        .value = unset ? TEXT_NULL : text_of(rows[row].values[value]),
    };
    resource.type = RESOURCE_TOPIC;
    resource.name = text_of(topic->name);
    resource.configs.items = &config;
    resource.configs.count = 1;
    ask.resources.items = &resource;
    ask.resources.count = 1;
    demand->admin_asking =
        client_ask(&demand->admin, API_INCREMENTAL_ALTER_CONFIGS,
                   demand_version(demand, API_INCREMENTAL_ALTER_CONFIGS, 0, 1), &ask, false, altered, demand);
    if (!demand->admin_asking) admin_again(demand);
}

/* ---- looking ---- */

static void config_check(struct demand *demand, const struct demand_topic *topic, int row,
                         const struct describe_configs_config *shown)
{
    const struct demand_config *config = &topic->configs[row];
    bool set = shown->source == CONFIG_SOURCE_TOPIC;

    for (int value = 0; value <= CONFIG_UNSET; value++) {
        if (config->told != value && !(config->asked >> value & 1)) continue;
        if (value == CONFIG_UNSET ? !set : set && text_equal(shown->value, text_of(rows[row].values[value]))) return;
    }
    sim_fail(demand->world, "topic %s (%lu): %s is %.*s (source %d), told value %d, asked %x", topic->name,
             topic->number, rows[row].name, TEXT_ARGS(shown->value), shown->source, (int)config->told,
             (unsigned)config->asked);
}

static void described(struct client_request *request, const void *message)
{
    struct demand *demand = request->context;
    const struct describe_configs_answer *answer = message;

    demand->configs_asking = false;
    if (!answer) return;
    for (int32_t i = 0; i < answer->resources.count; i++) {
        const struct describe_configs_resource_answer *result = &answer->resources.items[i];
        for (int k = 0; k < DEMAND_SLOTS; k++) {
            const struct demand_topic *topic = demand->slots[k];
            if (result->error || !topic_usable(topic) || topic->uncertain) continue;
            if (!text_equal(result->name, text_of(topic->name))) continue;
            for (int32_t c = 0; c < result->configs.count; c++)
                for (int row = 0; row < DEMAND_CONFIGS; row++)
                    if (text_equal(result->configs.items[c].name, text_of(rows[row].name)))
                        config_check(demand, topic, row, &result->configs.items[c]);
        }
    }
    demand->configs_seen++;
}

void admin_config_look(struct demand *demand)
{
    struct describe_configs_resource_ask resources[DEMAND_SLOTS];
    struct describe_configs_ask ask;
    int32_t count = 0;

    message_clear(&describe_configs_ask_schema, &ask);
    memset(resources, 0, sizeof resources);
    for (int i = 0; i < DEMAND_SLOTS; i++) {
        if (!topic_usable(demand->slots[i])) continue;
        resources[count].type = RESOURCE_TOPIC;
        resources[count].name = text_of(demand->slots[i]->name);
        resources[count++].keys.count = -1;
    }
    ask.resources.items = resources;
    ask.resources.count = count;
    if (count == 0) demand->configs_seen++;
    if (count == 0) return;
    demand->configs_asking =
        client_ask(&demand->admin, API_DESCRIBE_CONFIGS, demand_version(demand, API_DESCRIBE_CONFIGS, 1, 4), &ask,
                   false, described, demand);
}
